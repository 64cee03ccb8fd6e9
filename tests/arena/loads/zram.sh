# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# A batch job that writes all of its memory again and again, more than fits beside the others even with what
# swap in compressed memory holds: the machine swaps in circles.
ROOM=200 SWAP=zram:96M LIMIT_MS=30000

load_plan() {
        draw 60 90
        steady web "$drawn" 40
        draw 60 90
        steady database "$drawn" 60
        draw 5 20
        container batch utility="$drawn" demand=100000 start=2500 -- exec load thrash 500
}
