# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Verbs for the scenarios of the kernel module by itself, on top of lib.sh. Whatever happens to a scenario
# that includes this, its programs are ended and the module is taken out. What a program of device_start
# prints lies in $WORK/NAME.log; an event is a line of it: its kind, then fields as FIELD=VALUE.

# shellcheck source=./lib.sh
. "${0%/*}/lib.sh"

need psi cgroup.kill module device || skip "no module in this build"

# shellcheck disable=SC2034  # for scenarios
ATTRIBUTES=/sys/class/misc/jettison

# module_load [PARAMETER=VALUE]...
# shellcheck disable=SC2120  # it may have none
module_load() {
        insmod "$BIN/jettison.ko" "$@"
        wait_for 5 test -c /dev/jettison
}

# How often the module has said so.
said() {
        dmesg | grep -c "jettison: $1" || true
}

# device_start NAME VERB [ARGUMENT]...: runs a verb in the background; returns when it is ready.
device_start() {
        start_name=$1
        shift
        : >"$WORK/$start_name.log"
        device "$@" >"$WORK/$start_name.log" 2>&1 &
        echo $! >"$WORK/$start_name.device"
        wait_for 10 grep -q '^ready' "$WORK/$start_name.log"
}

device_stop() {
        kill -KILL "$(cat "$WORK/$1.device")" 2>/dev/null || true
        wait "$(cat "$WORK/$1.device")" || true
        rm "$WORK/$1.device"
}

info() {
        device info "$1"
}

# events_of NAME KIND [TEXT]: how many events of this kind it has seen, with this text.
events_of() {
        grep -c "^$2 .*${3:-}" "$WORK/$1.log" || true
}

# has_event NAME KIND [TEXT]
has_event() {
        [ "$(events_of "$@")" -gt 0 ]
}

# field_of NAME KIND FIELD: of the last event of this kind.
field_of() {
        sed -n "s/^$2 .*\\b$3=\\([0-9]*\\).*/\\1/p" "$WORK/$1.log" | tail -n 1
}

# expect_rows COMMAND...: one test for each line "ok LABEL" or "not ok LABEL" that the command prints.
expect_rows() {
        rows_status=0 rows=0
        "$@" >"$WORK/rows" || rows_status=$?
        while IFS= read -r rows_line; do
                rows=$((rows + 1))
                case $rows_line in
                'ok '*) ok "${rows_line#ok }" ;;
                'not ok '*) not_ok "${rows_line#not ok }" ;;
                *) echo "$rows_line" ;;
                esac
        done <"$WORK/rows"
        if [ $rows_status -gt 1 ] || [ $rows -eq 0 ]; then
                not_ok "$* came to its end (status $rows_status)"
        fi
}

# Ends everything in a group, which stays.
empty() {
        echo 1 >"$CG/$1/cgroup.kill"
        wait_for 40 dead "$1"
}

module_end() {
        module_status=$?
        trap - EXIT
        if [ $module_status -ne 0 ]; then
                not_ok "${0##*/} ended early, status $module_status"
        fi
        for module_note in "$WORK"/*.device; do
                module_note=${module_note##*/}
                [ "$module_note" = '*.device' ] || device_stop "${module_note%.device}"
        done
        if [ -e /sys/module/jettison ]; then
                wait_for 10 rmmod jettison || not_ok "the module can be unloaded"
        fi
        scenario_end
}

trap module_end EXIT
