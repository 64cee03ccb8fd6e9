# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# The same, with the kernel module loaded and its facts coming from there.
# The containers carry their utility as trusted.jettison.utility, which nobody else here reads.
contestant_start() {
        CONTESTANT_UNIT=jettisond.service
        insmod "$BIN/jettison.ko"
        mkdir -p /etc/jettison/jettison.d
        echo '{ "feed": "module" }' >/etc/jettison/jettison.d/arena.json
        systemctl start jettisond
}

contestant_stop() {
        systemctl stop jettisond
        rm -f /etc/jettison/jettison.d/arena.json
        rmmod jettison
}
