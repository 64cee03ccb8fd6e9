# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# The report's: two trainings, two hogs that ignore SIGTERM and never have enough. Both hogs have to go, one
# after the other, and nobody else has to.
ROOM=240 AFTER_MS=9000

load_plan() {
        for name in training-a training-b; do
                draw 50 100
                training $name "$drawn" 60
        done
        container hog-8 utility=8 demand=100000 start=2000 -- exec hog --rate 25M
        container hog-5 utility=5 demand=100000 start=2000 -- exec hog --rate 30M
}
