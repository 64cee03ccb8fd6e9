# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# A copy larger than memory, and no shortage at all: the page cache fills up and can be dropped at any moment.
# Nobody may die.
ROOM=200 LIMIT_MS=14000

load_plan() {
        draw 1 20
        container copy utility="$drawn" demand=2 processes=0 start=500 -- exec load readcache /root/arena-copy 400
        draw 50 90
        steady web "$drawn" 40
        draw 50 90
        steady database "$drawn" 60
}
