# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside guest-load.sh
#
# A job of eight workers beside an unrelated process and a service. The workers grow together until the
# machine is short; the unrelated process is the largest one, the job the largest and least valuable container.
# Whoever kills single processes kills the wrong one, or leaves a job that is half dead.
ROOM=240

load_plan() {
        draw 10 30
        container job utility="$drawn" demand=208 processes=8 start=1500 -- \
                exec hog --polite --shape fork --workers 8 --rate 60M --max 200M
        draw 50 70
        steady unrelated "$drawn" 45
        draw 80 100
        steady service "$drawn" 20
}
