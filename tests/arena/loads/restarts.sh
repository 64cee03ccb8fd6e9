# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# A leak whose supervisor starts it again a second after each death.
ROOM=240 LIMIT_MS=16000 AFTER_MS=16000

load_plan() {
        for name in web database queue; do
                draw 40 90
                steady $name "$drawn" 30
        done
        draw 5 20
        container crashing utility="$drawn" demand=100000 restart=1000 start=1500 -- \
                exec hog --polite --rate 60M
}
