# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# A container that thrashes at its own memory.max, with swap, while the machine has plenty: the machine's
# pressure is high, and it is nobody else's affair. What becomes of that one is not counted.
ROOM=300 SWAP=zram:128M LIMIT_MS=14000

load_plan() {
        draw 5 20
        container tight utility="$drawn" demand=40 own=1 memory.max=40M start=1500 -- exec load thrash 100
        draw 50 90
        steady web "$drawn" 40
        draw 50 90
        steady database "$drawn" 60
}
