# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# The same without swap from four processes at once, beside two that hold what they have.
ROOM=240

load_plan() {
        draw 60 90
        steady web "$drawn" 40
        draw 60 90
        steady database "$drawn" 60
        draw 5 20
        container batch utility="$drawn" demand=100000 processes=4 start=2500 -- \
                exec hog --polite --shape fork --workers 4 --rate 0
}
