# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# One leak among fifty innocents, all worth the same: the leak alone has to go.
ROOM=280

load_plan() {
        draw 1 50
        leak=$drawn
        for number in $(seq 1 50); do
                draw 1 4
                steady innocent-$number 10 "$drawn" start=$((number * 20))
                [ "$number" -ne "$leak" ] ||
                        container leak utility=10 demand=100000 start=2500 -- exec hog --polite --rate 30M
        done
}
