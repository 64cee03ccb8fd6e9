# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# Jettison as it is installed, with nothing configured but where its facts come from: the kernel's files.
# The containers carry their utility as trusted.jettison.utility, which nobody else here reads.
contestant_start() {
        CONTESTANT_UNIT=jettisond.service

        mkdir -p /etc/jettison/jettison.d
        echo '{ "feed": "files" }' >/etc/jettison/jettison.d/arena.json
        systemctl start jettisond
}

contestant_stop() {
        systemctl stop jettisond
        rm -f /etc/jettison/jettison.d/arena.json

}
