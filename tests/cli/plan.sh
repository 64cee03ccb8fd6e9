#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Plans on the snapshots in tests/data. Usage: plan.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

echo '{}' >"$work/defaults.json"

# plan FILE ARGUMENT...: with the default policy, whatever this machine is configured for.
plan() {
        file=$1
        shift
        run plan --config "$work/defaults.json" --snapshot "$data/$file" "$@"
}

# fate WORD PATH: the line of that container begins with that word.
fate() { grep -qE "^$1 +$2 " "$work/out"; }

plan two-small.json
check "two small ones are shed for one large one" eval \
        'exits 0 && fate shed /machine.slice/small-a.scope && fate shed /machine.slice/small-b.scope'
check "... which is kept, being worth more" eval 'fate kept /machine.slice/large.scope && says "worth more"'
check "... and the loss is the least possible" says "loses a utility of 22, the least possible"
plan two-small.json --need 2560M
check "--need outranks the snapshot's need" eval \
        'fate shed /machine.slice/large.scope && fate kept /machine.slice/small-a.scope'
plan two-small.json --need 0
check "--need 0 is calm" eval 'exits 0 && says "Calm:" && ! fate shed ""'
plan two-small.json --json
cp "$work/out" "$work/first"
check "--json is one line" eval '[ "$(wc -l <"$work/out")" -eq 1 ] && says "\"verdict\":\"act\""'
plan two-small.json --json
for file in out first; do sed 's/"solve_usec":[0-9]*//' "$work/$file" >"$work/$file.timeless"; done
check "the same facts give the same plan" cmp -s "$work/out.timeless" "$work/first.timeless"
run plan --config "$work/defaults.json" --snapshot - --json <"$data/two-small.json"
"$jettison" plan --config "$work/defaults.json" --snapshot - --json <"$data/two-small.json" >"$work/out"
sed 's/"solve_usec":[0-9]*//' "$work/out" >"$work/out.timeless"
check "the same from standard input" cmp -s "$work/out.timeless" "$work/first.timeless"

plan tiers.json
check "a lower tier goes first, however dear" fate shed /batch/dear
check "the higher tier is kept, however cheap" eval 'fate kept /batch/cheap && says "of a higher tier"'
plan protect.json
check "the protected is kept" eval 'fate kept /db && says "protected by its label" && says "protect  "'
check "the controller is kept" eval 'fate kept /self && says "holds the controller itself"'
check "the dear candidate goes" fate shed /batch
plan insufficient.json
check "not enough: all must go" eval 'exits 0 && says "Insufficient:" && fate shed /a && fate shed /b'
check "... the cheapest first" eval \
        '[ "$(grep -n "/b" "$work/out" | cut -d: -f1)" -lt "$(grep -n "/a" "$work/out" | cut -d: -f1)" ]'
plan no-candidate.json
check "nothing may die" eval 'exits 0 && says "No candidate:" && fate kept /db'
check "... and its weight is a size" eval 'grep -qE "256 MiB +0 +256 MiB +256 MiB" "$work/out"'
plan calm.json
check "nothing is needed" eval 'exits 0 && says "Calm:" && says "nothing is needed"'
echo '{ "capacity": "64G", "cover": "weight" }' >"$work/capacity.json"
run plan --config "$work/capacity.json" --snapshot "$data/two-small.json"
check "a fixed capacity that holds all of it" eval \
        'exits 0 && says "Calm: all of it fits the capacity, nobody goes."'
plan by-policy.json
check "without a need the policy says" eval 'says "Act: 409 MiB are needed" && fate shed /a && fate kept /b'

report=$examples/config/report.json
if [ -e "$report" ]; then
        run plan --config "$report" --snapshot "$data/report-figure-11.json"
        check "the report's figure 11: the training with 673 points is kept" fate kept /report/training-b
        check "... and 906, 674 and 1132 go" eval \
                'fate shed /report/training-a && fate shed /report/hog-a && fate shed /report/hog-b'
        check "... of 3385 points 1000 may stay" says "Weight: 3385 in all, of which 1000 may stay"
else
        skip "the report's figure 11" "examples/config/report.json is not there"
fi

plan hostile.json
check "a hostile name is made harmless" eval \
        'says "/evil\\x1b[31m\\x07\\xff\\x9b2J\\x0a" && harmless "$work/out"'
plan hostile.json --json
check "... and whole in JSON" eval 'says "/evil\\u001B[31m\\u0007\\u00FF\\u009B2J" && harmless "$work/out"'

# refused TEXT COMPLAINT: a snapshot that must not be planned on.
refused() {
        printf '%s' "$1" >"$work/bad.json"
        run plan --snapshot "$work/bad.json"
        check "refused: $2" fails 1 "$work/bad.json: $2"
}
head='"jettison":"snapshot","version":1,"domain":{"memory_total":1000,"memory_available":1}'
refused '' "line 1, column 0"
refused '{' "line 1, column 1"
refused '{"jettison":"plan","version":1,"domain":{},"cgroups":[]}' \
        'jettison: expected "snapshot", found "plan"'
refused "{$head}" "cgroups: is missing"
refused "{$head,\"cgroups\":[{\"id\":1,\"path\":\"/a\",\"memory\":1,\"utility\":1001}]}" \
        "cgroups[0].utility: expected 0 to 1000, found 1001"
one='{"id":1,"path":"/a","memory":1}'
refused "{$head,\"cgroups\":[$one,$one]}" \
        "cgroups[1].id: 1 is already the id of cgroups[0]"
run plan --snapshot "$work/no-such-file"
check "a snapshot that is not there" fails 1 "no-such-file: No such file or directory"
run plan --snapshot /dev/zero
check "a snapshot without end" fails 1 "larger than 64 MiB"
run plan --snapshot "$data/calm.json" --config "$work/no-such-file"
check "a configuration that is not there" fails 3 "no-such-file"

# On a terminal: colours, unless they are not wanted, and no line beyond its edge.
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
        tty_plan() {
                script -qec "stty cols 76; $1 '$jettison' plan --config '$work/defaults.json' \
                        --snapshot '$data/two-small.json'" /dev/null </dev/null | tr -d '\r' >"$work/out"
        }
        tty_plan "TERM=xterm"
        check "colours on a terminal" grep -q "$(printf '\033\\[31mshed')" "$work/out"
        tty_plan "TERM=xterm NO_COLOR=1"
        check "no colours with NO_COLOR" harmless "$work/out"
        check "a table is cut at the terminal's edge" eval \
                '! grep -E "^(shed|kept|FATE)" "$work/out" | grep -q "^.\{77\}"'
        check "... and keeps the end of a path" says ".scope "
        tty_plan "TERM=dumb"
        check "no colours with TERM=dumb" harmless "$work/out"
else
        skip "colours" "script(1) does not work here"
fi
plan two-small.json
check "no colours in a file" harmless "$work/out"

finish
