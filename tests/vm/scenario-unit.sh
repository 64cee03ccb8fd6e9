#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=768M swap=zram:128M psi=1 lane=full timeout=540
#
# From "meson install" and "systemctl start jettisond" on, with nothing configured, the host is protected.
# And what systemd is to do for the daemon happens: it comes back when it was killed and when it hangs, and it
# does not when its configuration is wrong.
#
# /
# ├── jettisond.service              the daemon, as installed
# └── system.slice
#     └── scenarios.service          ours, delegated
#         ├── batch, again           utility 5, leak
#         └── web                    utility 500
. "${0%/*}/lib.sh"

need systemd psi swap cgroup.kill || skip "not the full lane"
tree=${0%/*}/install.tar
[ -e "$tree" ] || skip "meson has not made this build"

unit() {
        systemctl show -P "$1" jettisond
}

# Whether a daemon that is not the process $1 is ready.
other_than() {
        other_pid=$(unit MainPID)
        [ "$other_pid" != 0 ] && [ "$other_pid" != "$1" ] && [ "$(unit ActiveState)" = active ]
}

unit_is() {
        [ "$(unit "$1")" = "$2" ]
}

logged() {
        journalctl -u jettisond -o cat --no-pager | grep -qF "$1"
}

verified() {
        systemd-analyze verify --man=no jettisond.service >"$WORK/verify.log" 2>&1 &&
                [ ! -s "$WORK/verify.log" ]
}

# The tool as installed, not the one beside this script.
answers() {
        PATH=/usr/local/bin:/usr/bin jettison status >"$WORK/status.log"
}

# Shows why, if it fails.
start() {
        systemctl start jettisond || { systemctl status jettisond >&2 && return 1; }
}

tar -C / -xf "$tree" --keep-directory-symlink --no-overwrite-dir
systemctl daemon-reload
group web utility=500
group batch utility=5
group again utility=5
spawn web sleep 1000
before=$(oom_kills)

expect "systemd has nothing to say against the unit" verified
expect "the daemon starts" start
daemon=$(unit MainPID)
expect "in a group that memory.min counts in" grep -qx 0::/jettisond.service "/proc/$daemon/cgroup"
expect "which has 32 MiB of it" test "$(cat /sys/fs/cgroup/jettisond.service/memory.min)" -eq $((32 << 20))
expect "its session comes before all others" grep -q ' nice -20$' "/proc/$daemon/autogroup"
expect "it answers" answers
spawn batch hog --rate 200M
expect "a leak is shed" wait_for 60 dead batch
expect "web lives" alive web
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "it was recorded" wait_for 5 journal_has '"what":"outcome"' '"result":"recovered"' '"victims":1'

expect "a reload is answered" systemctl reload jettisond
expect "and done" wait_for 5 journal_has '"what":"reload"' '"ok":true'
expect "by the same process" unit_is MainPID "$daemon"

kill -KILL "$daemon"
expect "killed, it comes back" wait_for 30 other_than "$daemon"
daemon=$(unit MainPID)
kill -STOP "$daemon"
stopped=$(now_ms)
expect "hanging, it comes back" wait_for 30 other_than "$daemon"
echo "# after $((($(now_ms) - stopped) / 1000)) s"
expect "because of the watchdog" logged 'Watchdog timeout'
daemon=$(unit MainPID)
spawn again hog --rate 200M
expect "it sheds again" wait_for 60 dead again
expect "web still lives" alive web

echo '{ "trigger": { "avaliable": "10%" } }' >/etc/jettison/jettison.d/mistake.json
expect "a reload with a mistake" systemctl reload jettisond
expect "is refused" wait_for 5 journal_has '"what":"reload"' '"ok":false' mistake.json
expect "and the daemon goes on" unit_is MainPID "$daemon"
expect "a start with a mistake fails" not systemctl restart jettisond
expect "and says so" unit_is ExecMainStatus 3
sleep 3
expect "it is not repeated" unit_is NRestarts 0
expect "the unit has failed" unit_is ActiveState failed

rm /etc/jettison/jettison.d/mistake.json
expect "without the mistake it starts" start
expect "and stops when asked" systemctl stop jettisond
expect "for good" unit_is ActiveState inactive
