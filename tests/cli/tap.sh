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

finish() {
        echo "1..$number"
        [ "$failures" -eq 0 ]
}
