# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# Nothing happens: what a contestant costs when there is plenty.
ROOM=400 IDLE_MS=20000 LIMIT_MS=1000

load_plan() {
        draw 50 90
        steady web "$drawn" 20
}
