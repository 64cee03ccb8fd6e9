# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# nohang as Debian ships it: SIGTERM below 5 % of memory and 10 % of swap, SIGKILL below 2 % and 4 %.
contestant_start() {
        CONTESTANT_UNIT=nohang.service
        systemctl start nohang
}

contestant_stop() {
        systemctl stop nohang
}
