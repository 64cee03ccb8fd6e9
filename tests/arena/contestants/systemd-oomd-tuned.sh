# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# systemd-oomd told to watch the unit that holds the containers:
#   ManagedOOMMemoryPressure, limit 20 %   of full stall, for the shortest duration it takes, 1 s
#   ManagedOOMSwap                         with both, memory and swap, 90 % used, as shipped
#   user.oomd_avoid                        for the upper half of the utilities; it has no finer scale
#   memory.oom.group                       a container is one candidate
# It has no line for available memory.
systemd_oomd_label() {
        echo 1 >"$3/memory.oom.group"
        if [ "$2" -gt "$avoid_above" ]; then
                setfattr -n user.oomd_avoid -v 1 "$3"
        fi
}

contestant_start() {
        CONTESTANT_UNIT=systemd-oomd.service
        avoid_above=$(cut -d '|' -f 2 "$PLAN" | sort -n | sed -n "$((($(wc -l <"$PLAN") + 1) / 2))p")
        on_plan systemd_oomd_label
        mkdir -p /run/systemd/oomd.conf.d
        printf '[OOM]\nDefaultMemoryPressureDurationSec=1s\nDefaultMemoryPressureLimit=20%%\n' \
                >/run/systemd/oomd.conf.d/arena.conf
        systemctl set-property --runtime scenarios.service ManagedOOMSwap=kill ManagedOOMMemoryPressure=kill \
                ManagedOOMMemoryPressureLimit=20%
        systemctl start systemd-oomd
}

contestant_stop() {
        systemctl stop systemd-oomd.socket systemd-oomd
        systemctl set-property --runtime scenarios.service ManagedOOMSwap=auto ManagedOOMMemoryPressure=auto
        rm -f /run/systemd/oomd.conf.d/arena.conf
}
