# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# 511 processes that start each other again while they are killed one by one; they ignore SIGTERM.
ROOM=200

load_plan() {
        draw 60 90
        steady web "$drawn" 60
        draw 60 90
        steady database "$drawn" 90
        draw 1 9
        container bomb utility="$drawn" demand=100000 processes=0 start=2500 -- exec load forkbomb 8
}
