#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# The OCI hook, given the states that runtimes give it, labels real containers; the daemon reads the labels
# and goes by them. What fails keeps nobody from starting and is one line of the system log.
#
# /
# ├── filler                              no candidate: locked memory
# ├── docker
# │   ├── aaaa…                           annotated 90
# │   └── bbbb…                           annotated protect, its namespace's ceiling is 5
# ├── machine.slice
# │   └── libpod-cccc….scope              annotated 2:7
# │       └── container                   where crun puts the process
# ├── user@1000.service                   uid 1000
# │   └── libpod-dddd….scope              annotated 40 by a hook without root
# └── session-1.scope                     no container
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon jettison-hook syslogd unshare || skip "no hook or no syslogd in this build"

sixty_four() {
        printf '%064d' 0 | tr 0 "$1"
}
web=docker/$(sixty_four a)
batch=docker/$(sixty_four b)
pod=machine.slice/libpod-$(sixty_four c).scope
mine=user@1000.service/libpod-$(sixty_four d).scope
log=$WORK/syslog

# hook GROUP-WITH-PROCESS ID ANNOTATIONS [COMMAND]...: the hook as a runtime calls it, at createRuntime.
hook() {
        hook_state="{\"ociVersion\":\"1.0.2\",\"id\":\"$2\",\"status\":\"creating\",\"pid\":$(pid_of "$1"),\
\"bundle\":\"/none\",\"annotations\":{$3}}"
        shift 3
        echo "$hook_state" | "$@" jettison-hook
}

# labels GROUP TRUSTED USER: what there is, as JSON values.
labels() {
        [ "$(jettison label --show --json "$CG/$1")" = \
                "{\"path\":\"$CG/$1\",\"trusted\":$2,\"user\":$3}" ]
}

# facts_of GROUP: tier and utility as the daemon holds them.
facts_of() {
        jettison snapshot --json | tr '{' '\n' |
                grep -F "\"path\":\"$(path_of "$1")\"," |
                sed 's|.*"tier":\([0-9]*\),"utility":\([0-9]*\).*|\1:\2|'
}

logged() {
        wait_for 5 grep -qF -e "$1" "$log"
}

syslogd -n -O "$log" &
syslog_pid=$!
wait_for 5 test -S /dev/log
mkdir -p /etc/jettison
cat >/etc/jettison/hook.json <<-'END'
	{ "default": "15:1000", "ceilings": [ { "namespace": "batch-*", "utility": 5 } ] }
END
for name in $web $batch $pod $pod/container $mine session-1.scope; do
        group "$name"
done
chown -R 1000:1000 "$CG/user@1000.service"
for name in $web $batch; do
        spawn "$name" hog --max 60M --rate 0
        wait_for 10 holds "$name" 60
done
for name in $pod/container $mine session-1.scope; do
        spawn "$name" sleep 1000
done

expect "an annotation becomes a label" hook $web "$(sixty_four a)" '"io.jettison.utility":"90"'
expect "... that counts, and is mirrored" labels $web '"90"' '"90"'
expect "nothing is said of it" lacks "$log" jettison-hook
expect "a ceiling lowers one" hook $batch "$(sixty_four b)" \
        '"jettison.io/utility":"protect","io.kubernetes.cri.sandbox-namespace":"batch-1"'
expect "... to itself" labels $batch '"5"' '"5"'
expect "... and says so" logged "protect is above the ceiling, 5 is written"
expect "under crun" hook $pod/container "$(sixty_four c)" '"io.jettison.utility":"2:7"'
expect "... it is the container's own cgroup" labels $pod '"2:7"' '"2:7"'
expect "... and not the one inside" labels $pod/container null null
expect "without root" hook $mine "$(sixty_four d)" '"io.jettison.utility":"40"' load as 1000
expect "... it is what its user may write" labels $mine null '"40"'

expect "the daemon starts" start_daemon
expect "it reads 90" test "$(facts_of $web)" = 0:90
expect "it reads 5" test "$(facts_of $batch)" = 0:5
expect "it reads 2:7" test "$(facts_of $pod)" = 2:7
expect "and 40, within what the user is worth" test "$(facts_of $mine)" = 0:10

: >"$log"
expect "a container without a cgroup of its own starts" \
        hook session-1.scope "$(sixty_four e)" '"io.jettison.utility":"1"'
expect "... its starter's is not labelled" labels session-1.scope null null
expect "... and it is said" logged "expected a cgroup with the container's id in its name"
# shellcheck disable=SC2016  # expanded by the shell that it is for
expect "with a read-only hierarchy it starts" hook $web "$(sixty_four a)" '"io.jettison.utility":"1"' \
        unshare -m sh -c 'mount -o remount,bind,ro /sys/fs/cgroup && exec "$@"' sh
expect "... and it is said" logged "cannot write its label: Read-only file system"
expect "... the label stays" labels $web '"90"' '"90"'
echo '{ "cielings": [] }' >/etc/jettison/hook.json
expect "with a broken hook.json it starts" hook $pod/container "$(sixty_four c)" '"io.jettison.utility":"900"'
expect "... with no more than the default" labels $pod '"10"' '"10"'
expect "... and it is said" logged "/etc/jettison/hook.json:1: cielings: unknown key"
rm /etc/jettison/hook.json
kill "$(pid_of $mine)"
wait_for 5 dead $mine
reap $mine || true
expect "a container that has ended already" hook $mine "$(sixty_four d)" '"io.jettison.utility":"1"'
expect "... and it is said" logged "No such file or directory"

# More lines than the log's socket holds while nobody reads them.
kill -STOP $syslog_pid
flood() {
        flood_count=0 flood_most=0
        while [ $flood_count -lt 40 ]; do
                flood_count=$((flood_count + 1)) flood_began=$(now_ms)
                hook session-1.scope "$(sixty_four e)" '"io.jettison.utility":"1"' 2>>"$WORK/flood.log" ||
                        return 1
                flood_took=$(($(now_ms) - flood_began))
                if [ $flood_took -gt $flood_most ]; then flood_most=$flood_took; fi
        done
}
expect "a log that does not answer holds nobody up" flood
echo "# the longest of $flood_count took $flood_most ms"
expect "... for five seconds" test "$flood_most" -lt 5000
kill -CONT $syslog_pid

fill_to 35
expect "the one with the low ceiling dies" wait_for 15 dead $batch
expect "the one annotated 90 lives" alive $web
kill $syslog_pid
