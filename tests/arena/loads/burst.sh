# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# Six agents, and one of them whose tool takes memory as fast as the machine gives it. No swap.
ROOM=240

load_plan() {
        for number in 1 2 3 4 5 6; do
                draw 30 90
                steady agent-$number "$drawn" 15
        done
        draw 10 25
        container agent-7 utility="$drawn" demand=100000 start=2000 -- \
                exec hog --polite --threads 2 --rate 0
}
