#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tool makes of the control socket's answers. The other end is a few lines of Python that note the
# request and give an answer in the protocol's form: answers of all kinds, wrong ones as well. The daemon
# itself is on the other end in tests/vm.
# Usage: live.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

if ! command -v python3 >/dev/null; then
        skip "answers of the control socket" "python3 is not there"
        finish
        exit
fi

socket=$work/socket
peer=
trap '[ -z "$peer" ] || kill "$peer" 2>/dev/null; rm -rf "$work"' EXIT

# answer TEXT [PLAN]: a peer that answers every request with TEXT and a newline, that for a plan with PLAN if given,
# or hangs up when TEXT is empty.
answer() {
        [ -z "$peer" ] || { kill "$peer"; wait "$peer" 2>/dev/null; }
        rm -f "$socket"
        printf '%s' "$1" >"$work/answer"
        printf '%s' "${2:-$1}" >"$work/plan-answer"
        python3 - "$socket" "$work/request" "$work/answer" "$work/plan-answer" <<'END' &
import socket, sys
path, request, answer, plan = sys.argv[1:]
answer, plan = open(answer, "rb").read(), open(plan, "rb").read()
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(8)
while True:
    client, _ = listener.accept()
    with client, open(request, "wb") as note:
        line = client.makefile("rb").readline()
        note.write(line)
        note.flush()
        text = plan if b'"plan"' in line else answer
        client.sendall(text + b"\n" if text else b"")
END
        peer=$!
        await_socket "$socket"
}
row() { grep -qE "^$1" "$work/out"; }
asked() { [ "$(cat "$work/request")" = "$1" ]; }

answer "$(tr -d '\n' <<'END'
{"ok":true,"version":"0.1.0","pid":42,"uptime_usec":7200000000,"feed":"files","dry_run":true,"rounds":3,
"victims":4,"wakeups":5,"journal_dropped":6,"bad_labels":7,"candidates":8,"config":"/etc/x",
"degraded":["no pressure information: boot with psi=1\u001b[2J"],
"domains":[{"path":"/","level":"armed","state":"watching",
"memory_total":8589934592,"memory_available":2147483648,
"swap_total":0,"swap_free":0,"stall":12.34,"act_available":858993459,"target_available":1288490188},
{"path":"/machine\u00ff.slice","level":"short","state":"acting",
"memory_total":1073741824,"memory_available":0,
"swap_total":1073741824,"swap_free":536870912,"stall":0,"act_available":107374182,"target_available":1}]}
END
)"
run status --socket "$socket"
check "status asks for it" asked '{"verb":"status"}'
check "status: the daemon" says "jettisond 0.1.0, process 42, up 2 h, feed files, DRY RUN"
check "status: its configuration" says "configuration: /etc/x"
check "status: its counters" \
        says "8 candidates, 3 rounds, 4 victims, 5 wake-ups, 6 journal lines dropped, 7 bad labels"
check "status: a domain" eval \
        'row "/ +\[#{15}-{5}\]  75% +2 GiB of 8 GiB +none +12\.34% +819 MiB +1\.1 GiB +armed +watching$"'
check "status: a full one with a hostile name" eval \
        'row "/machine.xff\.slice +\[#{20}\] 100% +0 B of 1 GiB +512 MiB of 1 GiB"'
check "status: what is lacking" says 'Degraded: no pressure information: boot with psi=1\x1b[2J'
check "status: harmless" eval 'exits 0 && silent && harmless "$work/out"'
run status --socket "$socket" --json
check "status --json" eval 'exits 0 && says "\"domains\":[" && [ "$(wc -l <"$work/out")" -eq 1 ]'
timeout -s INT 2.5 "$jettison" status --follow --socket "$socket" >"$work/out" 2>"$work/err"
code=$?
check "status --follow in a pipe: a line per domain and second" eval \
        '[ "$(grep -c " / available 2 GiB of 8 GiB, swap none, stall 12.34%, armed" "$work/out")" -ge 2 ]'
check "... without steering a terminal" harmless "$work/out"
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
        script -qec "timeout -s INT 1.5 '$jettison' status --follow --socket '$socket'" /dev/null \
                </dev/null >"$work/out" 2>"$work/err"
        check "status --follow on a terminal: in place" eval \
                '[ "$(grep -c "$(printf "^\033\\[H\033\\[J")jettisond" "$work/out")" -eq 2 ]'
        script -qec "TERM=dumb timeout -s INT 1.5 '$jettison' status --follow --socket '$socket'" /dev/null \
                </dev/null | tr -d '\r' >"$work/out" 2>"$work/err"
        check "... unless its cursor cannot be moved" eval 'says " / available 2 GiB" && harmless "$work/out"'
else
        skip "status --follow on a terminal" "script(1) does not work here"
fi

facts=$(tr -d '\n' <"$data/two-small.json")
answer "{\"ok\":true,\"snapshot\":$facts}"
run snapshot --socket "$socket" --domain /machine.slice
check "snapshot asks for its domain" asked '{"verb":"snapshot","domain":"/machine.slice"}'
check "snapshot: containers" eval 'says "/machine.slice/large.scope" && says "4 cgroups."'
run snapshot --socket "$socket" --json
cp "$work/out" "$work/snapshot.json"
echo '{}' >"$work/defaults.json"
run plan --config "$work/defaults.json" --snapshot "$work/snapshot.json" --json
plan=$(cat "$work/out")
check "snapshot --json can be planned on" says '"verdict":"act"'

answer "{\"ok\":true,\"snapshot\":$facts,\"plan\":$plan}"
run plan --socket "$socket" --need 2G
check "plan asks for its need" asked '{"verb":"plan","need":2147483648}'
check "plan: who would be shed" eval 'exits 0 && grep -qE "^shed +/machine.slice/small-a.scope" "$work/out"'
run plan --socket "$socket" --json
check "plan --json is the plan alone" eval '[ "$(cat "$work/out")" = "$plan" ]'

answer "{\"ok\":true,\"snapshot\":$facts,\"plan\":$plan,\"domains\":[$(tr -d '\n' <<'END'
{"path":"/","level":"calm","state":"watching","memory_total":8589934592,"memory_available":4294967296,
"swap_total":0,"swap_free":0,"stall":0,"act_available":858993459,"target_available":1288490188},
{"path":"/a","level":"short","state":"watching","memory_total":1073741824,"memory_available":0,
"swap_total":0,"swap_free":0,"stall":0,"act_available":107374182,"target_available":214748364}
END
)]}"
run top --socket "$socket"
check "top asks for the need of a first round" asked '{"verb":"plan","domain":"/","need":429496729}'
check "top: the domain, and no other" eval 'row "/ +\[#{10}-{10}\]  50%" && ! row "/a "'
check "top: what would be needed" says "At the acting line 2 GiB would be needed; 2 would go and free 2.1 GiB."
check "top: who would go first" eval 'row "first +/machine.slice/small-a.scope" && row "next +/machine.slice/small-b.scope"'
check "top: the heaviest of the kept stands first" eval \
        '[ "$(grep ^kept "$work/out" | head -n 1 | grep -c large.scope)" -eq 1 ]'
check "top: printed once, and harmless" eval 'exits 0 && silent && [ "$(grep -c ^FATE "$work/out")" -eq 1 ] && harmless "$work/out"'
run top --socket "$socket" --domain /a
check "top of a domain that is short asks for its plan" asked '{"verb":"plan","domain":"/a"}'
check "... and says so" says "Short: 2 GiB are needed"
run top --socket "$socket" --domain /b
check "top of a domain that is not watched" fails 1 "no such domain is watched"
timeout -s INT 2.5 "$jettison" top --json --socket "$socket" >"$work/out" 2>"$work/err"
check "top --json: a line each second" eval \
        '[ "$(grep -c "^{\"domain\":{.*\"snapshot\":{.*\"plan\":{" "$work/out")" -ge 2 ]'
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
        script -qec "stty cols 100 rows 12; timeout -s INT 1.5 '$jettison' top --socket '$socket'" /dev/null \
                </dev/null >"$work/out" 2>"$work/err"
        check "top on a terminal: in place, and no longer than it" eval \
                '[ "$(grep -c "$(printf "^\033\\[H\033\\[J")" "$work/out")" -eq 2 ] && says "... and 2 more" && ! says kept'
else
        skip "top on a terminal" "script(1) does not work here"
fi
answer '{"ok":true,"domains":[{"path":"/","state":"acting"}]}' '{"ok":false,"error":"a round is under way"}'
run top --socket "$socket"
check "top while a round is under way" eval 'exits 0 && silent && row "/ .* acting" && says "No plan: a round is under way."'

: >"$work/journal"
answer '{"ok":true}'
run reload --socket "$socket" --file "$work/none"
check "reload asks for it" eval 'exits 0 && asked "{\"verb\":\"reload\"}" && says "Asked for"'
{ sleep 0.5; echo '{"what":"reload","time_usec":1,"ok":true}' >>"$work/journal"; } &
run reload --socket "$socket" --file "$work/journal"
check "reload that was taken" eval 'exits 0 && says "The new configuration is in force."'
{ sleep 0.5; echo '{"what":"reload","time_usec":1,"ok":false,"error":"x: unknown key"}' >>"$work/journal"; } &
run reload --socket "$socket" --file "$work/journal"
check "reload that was refused" fails 3 "x: unknown key; the old configuration stays in force"

answer '{"ok":false,"error":"no such domain\u001b[2J"}'
run plan --socket "$socket" --domain /x
check "a refusal is passed on" fails 1 'the daemon says: no such domain\x1b[2J'
answer 'nonsense'
run status --socket "$socket"
check "nonsense" fails 1 "the daemon's answer makes no sense"
answer '[]'
run status --socket "$socket"
check "no object" fails 1 "it is not an object"
answer ''
run status --socket "$socket"
check "the daemon hangs up" fails 5 "Connection reset by peer"
answer '{"ok":true}'
for verb in snapshot plan; do
        run $verb --socket "$socket"
        check "$verb: an answer without one" fails 1 "the daemon's answer has no $verb"
done

finish
