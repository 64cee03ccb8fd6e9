# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# earlyoom as Debian ships it: -r 3600, SIGTERM below 10 % of memory and of swap, SIGKILL below 5 %.
contestant_start() {
        CONTESTANT_UNIT=earlyoom.service
        systemctl start earlyoom
}

contestant_stop() {
        systemctl stop earlyoom
}
