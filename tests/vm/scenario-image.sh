#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=none psi=1 lane=full timeout=240
# vm: packages=podman,crun,runc,containerd,netavark,uidmap,dbus-user-session,catatonit,curl,protobuf-compiler,libmicrohttpd12,openssl
# brings: image-build.sh
#
# The controller as a container, from the image of the Dockerfile, with the rights and mounts of
# examples/podman/run.sh and no others: it can do all that it can do as a service, and sheds the right one of
# podman's containers. The tool on the host calls them by their names. Only one controller acts, in a
# container or not.
#
# /
# └── machine.slice
#     ├── libpod-….scope      jettisond
#     ├── libpod-….scope      web, utility 500, 60 MiB
#     └── libpod-….scope      batch, utility 5, leaks
. "${0%/*}/lib.sh"

need systemd psi cgroup.kill || skip "not the full lane"
need podman crun || skip "no podman in this image"
[ -e "${0%/*}/jettison.oci" ] || skip "the image was not built"

# The VM has no module for overlays.
mkdir -p /etc/containers
cat >/etc/containers/storage.conf <<'END'
[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
END

# pod NAME OPTION-OF-HOG...: starts a container that takes memory. Its id is kept: to ask podman takes long.
pod() {
        pod_name=$1
        shift
        podman run --detach --name "$pod_name" --network=none localhost/work:1 "$@" >"$WORK/$pod_name.id"
}

scope_of() {
        echo "/machine.slice/libpod-$(cat "$WORK/$1.id").scope"
}

running() {
        grep -q '^populated 1' "/sys/fs/cgroup$(scope_of "$1")/cgroup.events" 2>/dev/null
}

# One line of the daemon's /proc/PID/status.
line_of() {
        sed -n "s/^$1:[[:space:]]*//p" "/proc/$daemon/status"
}

# KILL, DAC_OVERRIDE, SYS_ADMIN and SYS_RESOURCE.
has_four() {
        [ $((0x$(line_of CapEff))) -eq $((1 << 5 | 1 << 1 | 1 << 21 | 1 << 24)) ]
}

# The utility that the daemon sees on a container.
utility_of() {
        jettison snapshot --json | tr '{' '\n' | grep -F "\"path\":\"$(scope_of "$1")" |
                sed 's/.*"utility":\([0-9]*\).*/\1/'
}

began=$(now_ms)
podman load --quiet --input "${0%/*}/jettison.oci" >/dev/null
root=$WORK/root
for file in $BIN/hog $(ldd $BIN/hog | sed -n 's|^[^/]*\(/[^ ]*\) (.*|\1|p'); do
        mkdir -p "$root${file%/*}"
        cp -L "$file" "$root$file"
done
tar -C "$root" -cf - . |
        podman import --quiet --change "ENTRYPOINT [\"$BIN/hog\"]" - localhost/work:1 >/dev/null
echo "# images loaded in $((($(now_ms) - began) / 1000)) s"

before=$(oom_kills)
"${0%/*}/run.sh" localhost/jettison --sandbox kill >"$WORK/jettisond.id"
expect "the container starts and has rehearsed a kill under both filters" wait_for 60 daemon_ready
daemon=$(cat /run/jettison/lock)
podman logs jettisond >"$WORK/jettisond.log" 2>&1
expect "nothing of its start went wrong" test "$(wc -l <"$WORK/jettisond.log")" -eq 2
expect "it does without nothing" grep -qF '"degraded":[]' "$JOURNAL"
expect "pressure is watched" test "$(jettison status --json | grep -c '"pressure":true')" -eq 1
expect "its health check passes" podman healthcheck run jettisond
expect "it stays in its container" grep -q "^0::$(scope_of jettisond)" "/proc/$daemon/cgroup"
expect "which has four capabilities" has_four
expect "no way to more" test "$(line_of NoNewPrivs)" -eq 1
expect "two filters" test "$(line_of Seccomp_filters)" -ge 2
expect "what it needs is locked" test "$(line_of VmLck | tr -dc 0-9)" -ge 1024
expect "the kernel's killer passes it over" test "$(cat "/proc/$daemon/oom_score_adj")" -eq -1000
expect "it is the first to run" test "$(cut -d ' ' -f 19 "/proc/$daemon/stat")" -eq -20

# Calls that a kill need not come to: pidfd_send_signal, pidfd_open, process_mrelease. What is wrong with them
# is their arguments (EBADF, EINVAL), not that they are made (EPERM, ENOSYS).
# shellcheck disable=SC2016  # the variables are perl's
calls='for (424, 434, 448) { syscall($_, -1, 0, 0, 0); print $! + 0, " " }'
expect "podman's filter lets a killer through" test "$(podman exec jettisond perl -e "$calls")" = '9 22 9 '

pod web --max 60M --rate 0
jettison label "/sys/fs/cgroup$(scope_of web)" 500
jettison plan --need 10M >"$WORK/plan.log"
expect "a plan calls containers by their names" grep -q ' podman web, localhost/work:1 ' "$WORK/plan.log"

pod batch --rate 40M
jettison label "/sys/fs/cgroup$(scope_of batch)" 5
expect "trusted labels are read" test "$(utility_of web) $(utility_of batch)" = '500 5'
expect "a leak is shed" wait_for 60 not running batch
expect "web lives" running web
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "by cgroup.kill" wait_for 10 journal_has '"what":"victim"' "$(scope_of batch)" '"method":"cgroup.kill"'
expect "and all is well again" wait_for 10 journal_has '"what":"outcome"' '"result":"recovered"' '"victims":1'

jettison journal --container batch >"$WORK/rounds.log"
expect "the journal finds it by name" grep -q recovered "$WORK/rounds.log"
jettison journal --container "$(cut -c 1-12 "$WORK/batch.id")" >"$WORK/rounds.log"
expect "and by id" grep -q recovered "$WORK/rounds.log"
expect "but not web" test "$(jettison journal --container web)" = 'No rounds.'
jettison journal last >"$WORK/last.log"
expect "and explains by name" grep -q 'podman batch, localhost/work:1 .*cgroup.kill' "$WORK/last.log"

expect "a second controller, on the host, leaves" not jettisond 2>"$WORK/second.log"
expect "and says why" grep -q "already running, as process $daemon" "$WORK/second.log"
expect "the first goes on" jettison status
expect "and stops when told to" podman stop --time 20 jettisond
expect "in order" journal_has '"what":"stop"' SIGTERM
expect "the host's may act now" start_daemon

podman rm --force --all --time 0 >/dev/null
podman rmi --all --force >/dev/null
echo "# after $((($(now_ms) - began) / 1000)) s"
