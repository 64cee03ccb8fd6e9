#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none psi=1 lane=fast timeout=270
#
# What the daemon takes when it starts, what it gives away before it is ready, whom it lets in; and that it
# can do its work afterwards. A system call that its filter does not know would end it.
#
# /                    the host, no swap
# ├── jettison         the daemon: memory.min 16M, four capabilities, one system-call filter for all threads
# ├── batch            utility 5, leaks
# ├── web              utility 50
# └── outer
#     └── inner        the daemon again, where the group above it protects nothing
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

capabilities=0000000001200022   # DAC_OVERRIDE, KILL, SYS_ADMIN, SYS_RESOURCE
locked_max_kib=20480
staff=12345

# field FILE NAME: of a status file of /proc, without its unit.
field() {
        sed -n "s/^$2:[[:space:]]*\([^ ]*\).*/\1/p" "/proc/$1/status"
}

# every_thread NAME VALUE: whether this field has this value in each thread of the daemon.
every_thread() {
        for thread in "/proc/$daemon"/task/*; do
                [ "$(field "$daemon/task/${thread##*/}" "$1")" = "$2" ] || return 1
        done
}

in_group() {
        grep -qx "0::$1" "/proc/$daemon/cgroup"
}

# as USER COMMAND: runs it as one of the two made below.
as() {
        su -s /bin/sh "$1" -c "PATH=$PATH $2" >/dev/null
}

second() {
        status=0
        jettisond --config "$WORK/jettison.json" >"$WORK/second.log" 2>&1 || status=$?
        [ "$status" -eq 1 ] && grep -q "already running, as process $daemon:" "$WORK/second.log"
}

printf '%s\n' "member:x:1000:$staff::/:/bin/sh" "stranger:x:1001:1001::/:/bin/sh" >>/etc/passwd
group web utility=50
group batch utility=5
spawn web sleep 1000
before=$(oom_kills)
expect "the daemon starts" start_daemon \
        "{ \"group\": { \"memory_min\": \"16M\" }, \"control\": { \"group\": \"$staff\" } }"
daemon=$(cat "$WORK/jettisond.pid")

locked_kib=$(field "$daemon" VmLck)
echo "# locked $locked_kib KiB"
expect "its memory is locked" test "$locked_kib" -gt 1024
expect "and is at most 20 MiB" test "$locked_kib" -le $locked_max_kib
expect "it is in a group of its own" in_group /jettison
expect "whose memory is protected" test "$(value_of jettison memory.min)" -eq $((16 << 20))
expect "the kernel's killer leaves it alone" test "$(cat "/proc/$daemon/oom_score_adj")" -eq -1000
expect "it runs before others" test "$(awk '{ print $19 }' "/proc/$daemon/stat")" -eq -20

expect "every thread has four capabilities" every_thread CapEff $capabilities
expect "and permits itself no more" every_thread CapPrm $capabilities
expect "and cannot be given more" every_thread CapBnd 0000000000000000
expect "nor gain any by a program" every_thread NoNewPrivs 1
expect "every thread is under a filter" every_thread Seccomp 2

expect "a second daemon is told who is there" second
expect "a member of its group may ask" as member "jettison status"
expect "a stranger may not" not as stranger "jettison status"

reloads=$(lines_of '"what":"reload"')
kill -HUP "$daemon"
expect "SIGHUP reads the configuration again" wait_for 5 journal_has '"what":"reload"' '"ok":true'
expect "once" test "$(lines_of '"what":"reload"')" -eq $((reloads + 1))
mv "$JOURNAL" "$JOURNAL.1"
kill -USR1 "$daemon"
expect "SIGUSR1 opens a new journal" wait_for 5 test -e "$JOURNAL"

spawn batch hog --rate 200M
expect "a leak is shed" wait_for 60 dead batch
expect "web lives" alive web
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "the outcome is in the new journal" wait_for 5 journal_has '"what":"outcome"' '"result":"recovered"'

expect "the daemon stops when asked" stop_daemon
expect "its socket is gone" not test -e "$SOCKET"

expect "it starts below another group" \
        start_daemon '{ "group": { "path": "/outer/inner", "memory_min": "8M" } }'
daemon=$(cat "$WORK/jettisond.pid")
expect "it is there" in_group /outer/inner
expect "it says that the group above protects nothing" \
        grep -q 'memory.min of /outer, 0, limits' "$WORK/jettisond.log"
expect "it stops again" stop_daemon
