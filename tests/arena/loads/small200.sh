# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# Two hundred small containers of all sorts of utility, a MiB each with its process, and one that grows by more than
# is left.
ROOM=350

load_plan() {
        for number in $(seq 1 200); do
                draw 10 500
                container small-$number utility="$drawn" demand=1 start=$((number * 20)) -- \
                        exec hog --polite --rate 0 --max 512K
        done
        container grown utility=600 demand=200 start=7000 -- exec hog --polite --rate 60M --max 200M
}
