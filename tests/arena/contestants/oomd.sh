# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# oomd as Debian ships it: for a desktop, it watches user.slice and system.slice for 30 and 60 s, and swap.
contestant_start() {
        CONTESTANT_UNIT=oomd.service
        systemctl start oomd
}

contestant_stop() {
        systemctl stop oomd
}
