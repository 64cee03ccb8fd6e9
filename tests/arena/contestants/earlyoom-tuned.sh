# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# earlyoom, tuned for containers. The lines stay at 10 and 5 %: the referee's own, and a higher one would kill
# before there is a shortage.
#   -g               the whole process group dies: a container is one here, so no job is left half dead
#   -p               highest priority, as its manual advises
#   --avoid          the system's own services; what was -300 points by name is the only protection it knows
#   oom_score_adj    from the utility (see adjust_scores): what earlyoom ranks by
contestant_start() {
        CONTESTANT_UNIT=earlyoom.service
        adjust_scores
        setting earlyoom.service "[Service]
ExecStart=
ExecStart=/usr/bin/earlyoom -r 3600 -m 10,5 -s 10,5 -g -p --avoid ^(systemd.*|dbus-daemon|agetty|cron)\$\$
AmbientCapabilities=CAP_KILL CAP_IPC_LOCK CAP_SYS_NICE CAP_SYS_RESOURCE"
        systemctl start earlyoom
}

contestant_stop() {
        systemctl stop earlyoom
}
