#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Labels on a real cgroup: an empty one is made below the cgroup2 mount, and removed.
# Usage: label.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
name=/jettison-test-$$
group=$mount$name
if [ -z "$mount" ] || ! mkdir "$group" 2>/dev/null; then
        skip "labels" "no cgroup2 mount that can be written"
        finish
        exit
fi
trap 'rmdir "$group"; rm -rf "$work"' EXIT

# shows TRUSTED USER: what the labels are, as JSON values.
shows() {
        run label --show --json "$group"
        [ "$(cat "$work/out")" = "{\"path\":\"$group\",\"trusted\":$1,\"user\":$2}" ]
}

check "no label at first" shows null null
if [ "$(id -u)" -eq 0 ]; then
        run label "$group" 90
        check "set by its directory" eval 'exits 0 && silent'
        check "... trusted, and mirrored" shows '"90"' '"90"'
        run label "$name" 2:15
        check "set by its path below the mount" eval 'exits 0 && shows "\"2:15\"" "\"2:15\""'
        run label "$group" protect
        check "protect" eval 'exits 0 && shows "\"protect\"" "\"protect\""'
        run label --show "$group"
        check "--show for people" eval 'exits 0 && says "trusted.jettison.utility" && says protect'
        run label "$group" 1001
        check "a bad value changes nothing" eval \
                'fails 2 "not a utility" && shows "\"protect\"" "\"protect\""'
        run label --remove "$group"
        check "--remove" eval 'exits 0 && silent && shows null null'
        run label --remove "$group"
        check "--remove of none" exits 0
        sleep 60 &
        sleeper=$!
        if echo "$sleeper" >"$group/cgroup.procs" 2>/dev/null; then
                run label --pid "$sleeper" 7
                check "--pid says which cgroup it is" eval 'exits 0 && says "$name: 7"'
                check "... and labels it" shows '"7"' '"7"'
                scope=libpod-$(printf '%064d' 0).scope
                mkdir -p "$group/$scope/container"
                echo "$sleeper" >"$group/$scope/container/cgroup.procs"
                run label --pid "$sleeper" 8
                check "--pid in a part of a container: the container's own cgroup" eval 'exits 0 && says "$name/$scope: 8"'
                echo "$sleeper" >"$group/cgroup.procs"
                rmdir "$group/$scope/container" "$group/$scope"
        else
                skip "--pid" "processes cannot be moved here"
        fi
        kill "$sleeper"
        wait "$sleeper" 2>/dev/null
        run label --remove "$group"
else
        skip "the label that counts" "takes root"
fi

if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
        chown 65534 "$group"
        chmod 755 "$work"
        cp "$jettison" "$work/jettison"
        user() {
                setpriv --reuid 65534 --clear-groups "$work/jettison" "$@" \
                        >"$work/out" 2>"$work/err" </dev/null
                code=$?
        }
        user label "$group" 33
        check "an owner without root is told what the label is worth" eval \
                'exits 0 && complains "delegated user subtree" && one_line'
        check "... which is user.* only" shows null '"33"'
        user label --remove "$group"
        check "... and can remove it" eval 'exits 0 && shows null null'
        chown 0 "$group"
        user label "$group" 34
        check "who does not own it cannot label it" fails 1 "Permission denied"
else
        skip "labels of an owner without root" "setpriv(1) does not work here"
fi

finish
