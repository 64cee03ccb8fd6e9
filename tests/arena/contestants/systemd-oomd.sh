# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# systemd-oomd as Debian ships it: swap of the root slice at 90 %, pressure of user sessions only.
contestant_start() {
        CONTESTANT_UNIT=systemd-oomd.service
        systemctl start systemd-oomd
}

contestant_stop() {
        systemctl stop systemd-oomd.socket systemd-oomd
}
