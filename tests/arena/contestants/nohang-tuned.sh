# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# nohang, tuned for containers, on top of the file that Debian ships:
#   10 and 5 % for memory and swap   the referee's line, as for earlyoom
#   zram and pressure checked        this is what it is for; the pressure must hold for 3 s, not 30, and
#                                    the next action may follow after 10 s, not 15: the shortest it takes
#   max_sleep 1                      it looks at least each second
#   a rule for each container        badness follows the utility by the container's path, as oom_score_adj
#                                    does for the others (see adjust_scores)
#   its own services                 out of reach
rule_of() {
        echo "@BADNESS_ADJ_RE_CGROUP_V2 $(((9000 - 18 * $2) / 10)) /// /containers/$1\$"
}

contestant_start() {
        CONTESTANT_UNIT=nohang.service
        {
                sed -e 's/^soft_threshold_min_mem .*/soft_threshold_min_mem = 10 %/' \
                        -e 's/^hard_threshold_min_mem .*/hard_threshold_min_mem = 5 %/' \
                        -e 's/^hard_threshold_min_swap .*/hard_threshold_min_swap = 5 %/' \
                        -e 's/^warning_threshold_min_mem .*/warning_threshold_min_mem = 20 %/' \
                        -e 's/^zram_checking_enabled .*/zram_checking_enabled = True/' \
                        -e 's/^psi_checking_enabled .*/psi_checking_enabled = True/' \
                        -e 's/^psi_excess_duration .*/psi_excess_duration = 3/' \
                        -e 's/^psi_post_action_delay .*/psi_post_action_delay = 10/' \
                        -e 's/^max_sleep .*/max_sleep = 1/' /etc/nohang/nohang.conf
                echo '@BADNESS_ADJ_RE_CGROUP_V2 -900 /// ^/system.slice/(systemd|dbus|cron)'
                on_plan rule_of
        } >/etc/nohang/arena.conf
        setting nohang.service "[Service]
ExecStart=
ExecStart=/usr/sbin/nohang --monitor --config /etc/nohang/arena.conf"
        systemctl start nohang
}

contestant_stop() {
        systemctl stop nohang
}
