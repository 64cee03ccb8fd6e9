# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# Twenty containers like those of a Kubernetes node: eight of no guarantee, eight in between, four guaranteed,
# each of another size; then a guaranteed one takes more than is left, and something has to make room.
ROOM=300

load_plan() {
        held=0
        for number in 1 2 3 4 5 6 7 8; do
                draw 1 50 && worth=$drawn && draw 5 20
                steady best-effort-$number "$worth" "$drawn"
                held=$((held + drawn))
        done
        for number in 1 2 3 4 5 6 7 8; do
                draw 100 400 && worth=$drawn && draw 5 20
                steady burstable-$number "$worth" "$drawn"
                held=$((held + drawn))
        done
        for number in 1 2 3; do
                draw 700 1000 && worth=$drawn && draw 5 15
                steady guaranteed-$number "$worth" "$drawn"
                held=$((held + drawn))
        done
        # What is left of the room, and 5 MiB that are not there, besides half a MiB for each process.
        container guaranteed-4 utility=900 demand=$((ROOM - held + 5)).5 start=3000 -- \
                exec hog --polite --rate 40M --max $((ROOM - held + 5))M
}
