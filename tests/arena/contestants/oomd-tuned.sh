# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# oomd with oomd-tuned.json, see there, a look each second (its shortest), and the labels it knows: the third
# of the containers with the lowest utility is preferred, the third with the highest avoided.
oomd_label() {
        if [ "$2" -le "$oomd_low" ]; then
                setfattr -n trusted.oomd_prefer -v 1 "$3"
        elif [ "$2" -ge "$oomd_high" ]; then
                setfattr -n trusted.oomd_avoid -v 1 "$3"
        fi
}

contestant_start() {
        CONTESTANT_UNIT=oomd.service
        oomd_n=$(wc -l <"$PLAN")
        oomd_low=$(cut -d '|' -f 2 "$PLAN" | sort -n | sed -n "$(((oomd_n + 2) / 3))p")
        oomd_high=$(cut -d '|' -f 2 "$PLAN" | sort -n | sed -n "$((oomd_n - oomd_n / 3 + 1))p")
        oomd_high=${oomd_high:-1001}
        # where all are worth the same, none is better or worse
        [ "$oomd_low" -lt "$oomd_high" ] || { oomd_low=-1 oomd_high=1001; }
        on_plan oomd_label
        sed "s|@CONTAINERS@|${TOP#/sys/fs/cgroup/}|; s|@ABOVE@|${ROOM}M|" "$BOX/oomd-tuned.json" \
                >/etc/oomd/arena.json
        setting oomd.service "[Service]
ExecStart=
ExecStart=/usr/bin/oomd --interval 1 --config /etc/oomd/arena.json"
        systemctl start oomd
}

contestant_stop() {
        systemctl stop oomd
}
