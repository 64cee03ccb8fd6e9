# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# Twenty containers like those of a Kubernetes node: eight of no guarantee, eight in between, four guaranteed,
# a tier each, each of another size; then a guaranteed one takes 20 MiB more than is left, and something has to
# make room. The utilities follow the tiers, so that who knows no tiers does not have to guess: what has to go is
# one to three of no guarantee, worth less than the cheapest of the others.
ROOM=380

load_plan() {
        held=0
        for number in 1 2 3 4 5 6 7 8; do
                draw 1 25 && worth=$drawn && draw 10 24
                steady best-effort-$number "$worth" "$drawn" tier=0
                held=$((held + drawn))
        done
        for number in 1 2 3 4 5 6 7 8; do
                draw 100 400 && worth=$drawn && draw 8 16
                steady burstable-$number "$worth" "$drawn" tier=1
                held=$((held + drawn))
        done
        for number in 1 2 3; do
                draw 700 1000 && worth=$drawn && draw 8 14
                steady guaranteed-$number "$worth" "$drawn" tier=2
                held=$((held + drawn))
        done
        # What is left of the room, and 20 MiB that are not there, besides three quarters of one for each process.
        container guaranteed-4 utility=900 tier=2 demand=$((ROOM - held + 20)).75 start=3000 -- \
                exec hog --polite --rate 40M --max $((ROOM - held + 20))M
}
