#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon's command line, as jettisond(8) promises it: arguments, exit codes, and what is said when
# something is missing. And its unit for podman. What needs a real hierarchy is tried in the VM.
# Usage: daemon.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

jettisond=$programs/jettisond
[ -x "$jettisond" ] || { echo "Bail out! $jettisond is not there"; exit 1; }

# Ends by itself in all cases here; the time limit is for when it does not.
daemon() {
        timeout -k 1 20 "$jettisond" "$@" >"$work/out" 2>"$work/err" </dev/null
        code=$?
}

refuses() { fails 2 "$1" && complains "; see jettisond --help" && [ ! -s "$work/out" ]; }
is_json() { python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <"$work/out"; }

# --- arguments

daemon --help
check "--help exits 0 and is silent on standard error" eval 'exits 0 && silent && says "Usage: jettisond"'
for option in --config --check-config --dry-run --domain --feed --once --cgroup-root --proc-root --sandbox \
              --log-level --help --version; do
        daemon --help
        check "--help names $option" says " $option"
done
daemon -h
check "-h is --help" eval 'exits 0 && says "Usage: jettisond"'
daemon --version
check "--version" eval 'exits 0 && silent && grep -qxE "jettisond [0-9]+\.[0-9]+\.[0-9]+" "$work/out"'

daemon --no-such-option
check "an option that does not exist" refuses "'--no-such-option'"
daemon -x
check "a letter that does not exist" refuses "'-x'"
daemon superfluous
check "an argument" refuses "'superfluous'"
daemon --check-config superfluous
check "an argument behind an option" refuses "'superfluous'"
daemon --dry-run=yes
check "a value for an option that takes none" refuses "dry-run"
for option in --config --domain --feed --cgroup-root --proc-root --sandbox --log-level; do
        daemon $option
        check "$option without a value" refuses "${option#--}"
done
daemon --feed both
check "--feed both" refuses "auto, files or module"
daemon --sandbox maybe
check "--sandbox maybe" refuses "errno, kill or off"
daemon --log-level loud
check "--log-level loud" refuses "error, warning, notice, info or debug"
daemon --domain relative
check "--domain without a slash" refuses "'relative'"
daemon --check-config --feed both
check "a wrong value beside --check-config" refuses "auto, files or module"

# --- configuration

daemon --config "$work/none.json" --check-config
check "a configuration that is named must exist" fails 3 "$work/none.json"
file "$work/unknown.json" '{ "bogus": 1 }'
daemon --config "$work/unknown.json"
check "an unknown key" fails 3 "$work/unknown.json:1: bogus"
file "$work/broken.json" '{ "trigger": '
daemon --config "$work/broken.json"
check "broken JSON" fails 3 "$work/broken.json:"
file "$work/type.json" '{ "action": { "dry_run": "perhaps" } }'
daemon --config "$work/type.json"
check "a wrong type" fails 3 "action.dry_run"
file "$work/open.json" '{ }'
chmod 666 "$work/open.json"
daemon --config "$work/open.json"
check "a file that anybody can write" fails 3 "$work/open.json"
daemon --config "$work/unknown.json" --check-config
check "--check-config finds the same" fails 3 "bogus"

file "$work/good/jettison.json" '{ "action": { "dry_run": true } }'
file "$work/good/jettison.d/10-more.json" '{ "labels": { "default": 33 } }'
daemon --config "$work/good/jettison.json" --check-config
check "--check-config prints what is in force" eval 'exits 0 && says "\"dry_run\": true" && says "33"'
check "… without an empty line" eval '! grep -qx "" "$work/out"'
cp "$work/out" "$work/dump.json"
chmod 644 "$work/dump.json"
daemon --config "$work/dump.json" --check-config
check "what it prints can be loaded and means the same" eval 'exits 0 && cmp -s "$work/out" "$work/dump.json"'
file "$work/good/jettison.d/20-wrong.json" '{ "labels": { "default": "many" } }'
daemon --config "$work/good/jettison.json" --check-config
check "a wrong drop-in is named" fails 3 "20-wrong.json:1: labels.default"

file "$work/group.json" '{ "control": { "group": "nobody-s-group" } }'
daemon --config "$work/group.json"
check "a group that does not exist" fails 3 'control.group: there is no group "nobody-s-group"'
daemon --config "$work/group.json" --check-config
check "--check-config says the same" eval 'exits 3 && complains "there is no group \"nobody-s-group\""'
file "$work/journal.json" "{ \"journal\": { \"path\": \"$work\" } }"
daemon --config "$work/journal.json" --check-config
check "a journal that cannot be opened is no error" eval 'exits 0 && complains "journal $work: cannot be opened"'

# --- what the machine lacks

if grep -qsw memory /sys/fs/cgroup/cgroup.controllers; then
        skip "a hierarchy without the memory controller" "this machine's has it"
else
        daemon
        check "no unified hierarchy: one line" fails 4 "memory controller"
        check "… that says how to get it" eval 'complains "boot with" || complains "mount"'
        daemon --once
        check "no unified hierarchy: nor once" eval 'fails 4 "memory controller" && [ ! -s "$work/out" ]'
fi
daemon --cgroup-root "$work/nowhere" --once
check "a hierarchy that is not there" fails 4 "$work/nowhere"
mkdir "$work/empty"
daemon --cgroup-root "$work/empty" --once
check "a folder that is no hierarchy" fails 4 "cgroup.controllers"
file "$work/without/cgroup.controllers" "cpu io pids"
daemon --cgroup-root "$work/without" --once
check "a hierarchy without the memory controller" fails 4 "memory controller"

# --- a hierarchy of plain files

fake_host
on_files() { daemon --cgroup-root "$work/cgroup" --proc-root "$work/proc" "$@"; }

on_files --once --domain /
check "--once prints JSON, one line per domain" eval 'exits 0 && [ "$(wc -l <"$work/out")" -eq 1 ] && is_json'
check "… with the container in it" says "docker-$id.scope"
check "… and a plan that it goes" says '"verdict":"act","need"'
check "… and kills nobody" [ ! -s "$container/cgroup.kill" ]
file "$work/rule.json" '{ "rules": [ { "match": "/system.slice/docker-*", "utility": 50 },
                                     { "match": "/no.slice/*", "utility": 50 } ] }'
on_files --config "$work/rule.json" --check-config
check "--check-config says what a rule matches" complains 'rule 1, "/system.slice/docker-*": matches 1 live'
check "… and that another matches nothing" complains 'rule 2, "/no.slice/*": matches 0 live'

# --- the unit for podman says what the unit and run.sh say

quadlet=$examples/podman/jettisond.container
unit=$here/../../controller/jettisond.service.in
code=0 && : >"$work/out" && : >"$work/err"

# values FILE KEY: what stands behind KEY=, a word a line.
values() { sed -n "s/^$2=//p" "$1" | tr ' ' '\n' | sort; }

# options NAME: the values of run.sh's --NAME.
options() { grep -v '^#' "$examples/podman/run.sh" | grep -oE -- "--$1=[^ ]+" | sed "s/^[^=]*=//" | sort; }

values "$quadlet" PodmanArgs | sed 's/^--//' >"$work/arguments"
for key in StartLimitIntervalSec Restart RestartSec RestartPreventExitStatus TimeoutStopSec Slice MemoryMin Nice; do
        check "$key is the unit's" eval '[ -n "$(values "$unit" $key)" ] && [ "$(values "$quadlet" $key)" = "$(values "$unit" $key)" ]'
done
check "its capabilities are those of run.sh" \
        [ "$(values "$quadlet" AddCapability)" = "$(options cap-add | sed 's/^/CAP_/')" ]
check "… and of the unit, but for what is dropped at the start" \
        [ "$(values "$quadlet" AddCapability)" = "$(values "$unit" CapabilityBoundingSet | grep -v CHOWN)" ]
check "its volumes are those of run.sh" [ "$(values "$quadlet" Volume)" = "$(options volume)" ]
for option in cgroupns pid pids-limit oom-score-adj read-only-tmpfs ulimit; do
        check "--$option is that of run.sh" eval '[ -n "$(options $option)" ] &&
                [ "$(sed -n "s/^$option=//p" "$work/arguments")" = "$(options $option)" ]'
done
check "the health check is that of run.sh" [ "$(values "$quadlet" HealthCmd)" = "$(options health-cmd | tr -d \')" ]
check "its folders are made before they are mounted" \
        [ "$(grep -cE '^(Runtime|Logs|Configuration)Directory=jettison' "$quadlet")" -eq 3 ]

finish
