# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034  # sourced: what is set here is used there
# What the scripts of this folder share. Sourced with the directory of the programs as $1; prints TAP.
set -u
export LC_ALL=C TZ=UTC TERM=xterm
unset NO_COLOR

programs=$(cd "${1:?usage: $0 DIRECTORY-OF-PROGRAMS}" && pwd) || exit 1
here=$(cd "$(dirname "$0")" && pwd)
data=$here/../data
examples=$here/../../examples
jettison=$programs/jettison
work=$(mktemp -d /tmp/jettison-cli-XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 143' INT TERM HUP    # dash runs no EXIT trap on a signal
number=0
failures=0

[ -x "$jettison" ] || { echo "Bail out! $jettison is not there"; exit 1; }

# run ARGUMENT...: the tool; leaves its output in $work/out and $work/err, its exit code in $code.
run() {
        "$jettison" "$@" >"$work/out" 2>"$work/err" </dev/null
        code=$?
}

ok() {
        number=$((number + 1))
        echo "ok $number - $1"
}

not_ok() {
        number=$((number + 1))
        failures=$((failures + 1))
        echo "not ok $number - $1"
        echo "# exit code $code"
        sed 's/^/# out: /' "$work/out" | cat -v | head -n 20
        sed 's/^/# err: /' "$work/err" | cat -v | head -n 20
}

skip() {
        number=$((number + 1))
        echo "ok $number - $1 # SKIP $2"
}

# check TITLE COMMAND...: the command must succeed.
check() {
        title=$1
        shift
        if "$@"; then ok "$title"; else not_ok "$title"; fi
}

exits() { [ "$code" -eq "$1" ]; }
says() { grep -qF -- "$1" "$work/out"; }
complains() { grep -qF -- "$1" "$work/err"; }
one_line() { [ "$(wc -l <"$work/err")" -eq 1 ]; }
silent() { [ ! -s "$work/err" ]; }

# The exit code, and one line on standard error that contains TEXT.
fails() { exits "$1" && complains "$2" && one_line; }

# No byte on a terminal's way that could steer it.
harmless() { ! LC_ALL=C tr -d '\n' <"$1" | grep -q '[^ -~]'; }

# A file with this in it, not writable by others whatever the umask.
file() {
        mkdir -p "$(dirname "$1")"
        printf '%s\n' "$2" >"$1"
        chmod 644 "$1"
}

# fake_host: a hierarchy of plain files and a /proc, in $work/cgroup and $work/proc, whose memory is short; $container, of
# Docker's $id, is one process that holds it.
fake_host() {
        id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        container=$work/cgroup/system.slice/docker-$id.scope
        file "$work/cgroup/cgroup.controllers" "cpu io memory pids"
        file "$work/cgroup/cgroup.procs" ""
        file "$container/cgroup.procs" "4242"
        file "$container/cgroup.events" "populated 1"
        : >"$container/cgroup.kill"
        file "$container/memory.current" "734003200"
        file "$container/memory.swap.current" "0"
        file "$container/memory.stat" "anon 734003200
file 0
shmem 0"
        file "$work/proc/meminfo" "MemTotal:        2048000 kB
MemFree:           40000 kB
MemAvailable:      50000 kB
SwapTotal:             0 kB
SwapFree:              0 kB"
        file "$work/proc/4242/oom_score" "700"
        file "$work/proc/4242/oom_score_adj" "0"
        file "$work/proc/4242/stat" "4242 (hog) R 1 4242 4242 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 1 0 0"
        file "$work/proc/4242/comm" "hog"
}

# await_socket PATH: until somebody listens there, on a busy machine as well.
await_socket() {
        tries=100
        until [ -S "$1" ] || [ $tries -eq 0 ]; do
                tries=$((tries - 1))
                sleep 0.2
        done
        sleep 0.2
}

finish() {
        echo "1..$number"
        [ "$failures" -eq 0 ]
}
