#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=none psi=1 lane=full timeout=240
# vm: packages=podman,crun,runc,containerd,netavark,uidmap,dbus-user-session,catatonit,curl,protobuf-compiler,libmicrohttpd12,openssl
#
# crun and runc with bundles made by hand: what they do when something is wrong with the hook, what
# jettison-runtime does in front of them, and how much longer a container takes to start with the hook.
#
# /
# └── system.slice
#     └── scenarios.service       ours, delegated
#         └── bundles
#             └── NAME            a container
. "${0%/*}/containers.sh"

CALL="{ \"path\": \"$HOOK\", \"args\": [\"jettison-hook\"], \"timeout\": 5 }"

# bundle NAME HOOKS ARGUMENT...: a container that asks for 77; hooks and arguments are JSON, the latter a word
# each.
bundle() {
        bundle_name=$1 bundle_hooks=$2
        shift 2
        mkdir -p "$WORK/$bundle_name"
        cat >"$WORK/$bundle_name/config.json" <<-END
		{ "ociVersion": "1.0.2",
		  "process": { "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": ["PATH=/bin"],
		               "args": [$(printf '"%s",' "$@" | sed 's/,$//')] },
		  "root": { "path": "$WORK/root" },
		  "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" },
		              { "destination": "/sys", "type": "none", "source": "/sys",
		                "options": ["rbind", "ro"] } ],
		  "annotations": { "io.jettison.utility": "77" },
		  "hooks": { "createRuntime": [$bundle_hooks] },
		  "linux": { "namespaces": [ { "type": "pid" }, { "type": "mount" } ],
		             "cgroupsPath": "$(path_of "bundles/$bundle_name")" } }
	END
}

# play RUNTIME NAME: runs it to its end.
play() {
        normally "$1" run --bundle "$WORK/$2" "$2" >"$WORK/$2.out" 2>&1
}

# wrapped RUNTIME NAME: the same, through Jettison's own runtime.
wrapped() {
        normally $PREFIX/sbin/jettison-runtime --jettison-runtime "$(command -v "$1")" \
                run --bundle "$WORK/$2" "$2" >"$WORK/$2.out" 2>&1
}

# fails RUNTIME NAME: it does not even begin, and says why.
fails() {
        ! play "$1" "$2" && ! grep -q '^first:' "$WORK/$2.out" && show head -n 2 "$WORK/$2.out"
}

# timed NAME: how long it takes crun to run it, in microseconds.
timed() {
        timed_began=$(date +%s%N)
        play crun "$1"
        timed_ended=$(date +%s%N)
        echo $(((timed_ended - timed_began) / 1000)) >>"$WORK/$1.times"
}

# compare N: what N percent of each stay within, in milliseconds.
compare() {
        sort -n "$WORK/without.times" >"$WORK/1"
        sort -n "$WORK/with.times" >"$WORK/2"
        paste "$WORK/1" "$WORK/2" | awk -v at="$1" '
                { without[NR] = $1 / 1000; with[NR] = $2 / 1000 }
                END {
                        i = int((NR * at + 99) / 100)
                        printf "p%d without %.1f ms, with %.1f ms: %.1f ms more, %.2f times\n", at,
                               without[i], with[i], with[i] - without[i], with[i] / without[i]
                }'
}

group bundles
root_tree "$WORK/root"
tar -C / -xf "$tree" --keep-directory-symlink --no-overwrite-dir

missing='{ "path": "/nowhere/jettison-hook" }'
sealed="{ \"path\": \"/usr/bin/unshare\", \"args\": [\"unshare\", \"-m\", \"sh\", \"-c\",
          \"mount -o remount,bind,ro /sys/fs/cgroup && exec $HOOK\"] }"
# shellcheck disable=SC2016  # for that shell
fatal='{ "path": "/bin/sh", "args": ["sh", "-c",
         "kill -KILL $(sed \"s/.*\\\"pid\\\": *\\([0-9]*\\).*/\\1/\")"] }'
for runtime in crun runc; do
        bundle $runtime-label "$CALL" first true
        expect "$runtime: with the hook a container runs" play $runtime $runtime-label
        expect "... labelled before it begins" grep -qx 'first: label 77' "$WORK/$runtime-label.out"
        bundle $runtime-missing "$missing" first true
        expect "$runtime: without the hook's program none begins" fails $runtime $runtime-missing
        bundle $runtime-wrong "${CALL%]*}, \"--$runtime\"] }" first true
        expect "$runtime: with an option unknown to the hook one runs" play $runtime $runtime-wrong
        expect "... unlabelled" grep -qx 'first: label ' "$WORK/$runtime-wrong.out"
        expect "... and it is said" wait_for 5 hook_said "unknown or incomplete option '--$runtime'"
        bundle $runtime-sealed "$sealed" first true
        expect "$runtime: where the hierarchy is read-only one runs" play $runtime $runtime-sealed
        expect "... unlabelled" grep -qx 'first: label ' "$WORK/$runtime-sealed.out"
        expect "... and it is said" wait_for 5 hook_said "container $runtime-sealed: /"
        bundle $runtime-gone "$fatal, $CALL" first true
        expect "$runtime: one that dies early is the runtime's to report" fails $runtime $runtime-gone
        expect "... and not the hook's" not hook_said "container $runtime-gone"

        bundle $runtime-asking '' first true
        expect "$runtime: through jettison-runtime a container runs" wrapped $runtime $runtime-asking
        expect "... labelled before it begins" grep -qx 'first: label 77' "$WORK/$runtime-asking.out"
        expect "... by the hook that was put in" grep -qF "$HOOK" "$WORK/$runtime-asking/config.json"
        bundle $runtime-silent '' first true
        sed -i '/io.jettison.utility/d' "$WORK/$runtime-silent/config.json"
        cp "$WORK/$runtime-silent/config.json" "$WORK/silent.json"
        expect "$runtime: without an annotation one runs" wrapped $runtime $runtime-silent
        expect "... unlabelled" grep -qx 'first: label ' "$WORK/$runtime-silent.out"
        expect "... and its specification is as it was" \
                cmp "$WORK/silent.json" "$WORK/$runtime-silent/config.json"
done

# In turns, so that what else the machine does falls on both; fewer where it is slow.
bundle with "$CALL" true
bundle without '' true
rounds=0 measured=$(now_ms)
while [ $rounds -lt 100 ] && [ $(($(now_ms) - measured)) -lt 90000 ]; do
        timed without
        timed with
        rounds=$((rounds + 1))
done
expect "containers are started with and without, in turns" test $rounds -ge 10
echo "# $rounds each"
show compare 50
show compare 99
