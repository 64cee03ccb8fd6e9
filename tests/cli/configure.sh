#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034  # what is set is used by the commands that 'check' evaluates
# configure: what it writes for each runtime, that it writes it once, and that it can be taken out again. With
# containerd and ctr in the PATH, these are asked what they make of it.
# Usage: configure.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

tree=$work/tree
hook=/opt/jettison/jettison-hook
toml=$tree/etc/containerd/config.toml
spec=$tree/etc/containerd/jettison-spec.json
v2='plugins."io.containerd.grpc.v1.cri"'

# A tree with nothing but the hook.
plant() {
        rm -rf "$tree"
        mkdir -p "$tree/opt/jettison"
        cp /bin/true "$tree$hook"
}

# configure RUNTIME [OPTION]...
configure() {
        runtime=$1
        shift
        run configure --runtime "$runtime" --root "$tree" --hook $hook "$@"
}

# put FILE: standard input becomes that file of the tree.
put() {
        mkdir -p "$(dirname "$tree$1")"
        cat >"$tree$1"
}

# Every file with its mode and content, as one text.
photo() { (cd "$tree" && find . -type f -exec stat -c '%n %a' {} + -exec cksum {} + | sort); }
before() { photo >"$work/before"; }
same() { photo | cmp -s - "$work/before"; }
has() { grep -qF -- "$2" "$tree$1"; }
nothing() { exits 0 && says "Nothing to do." && silent; }

# there_and_back RUNTIME TITLE: dry run, run, run again, undo.
there_and_back() {
        before
        configure "$1" --dry-run
        check "$2: a dry run shows a difference and writes nothing" eval 'exits 0 && says "+++ " && same'
        sed -n '/^--- /,/^$/p' "$work/out" >"$work/diff"
        configure "$1"
        check "$2: the same difference is written" eval 'exits 0 && silent && ! same &&
                sed -n "/^--- /,/^\$/p" "$work/out" | cmp -s - "$work/diff"'
        photo >"$work/after"
        configure "$1"
        check "$2: a second run has nothing to do" eval 'nothing && photo | cmp -s - "$work/after"'
        configure "$1" --undo
        check "$2: --undo brings back every byte" eval 'exits 0 && silent && same'
        configure "$1" --undo
        check "$2: a second --undo has nothing to do" eval 'nothing && same'
        configure "$1"
}

# Usage and refusals.
run configure
check "no runtime" fails 2 "--runtime is missing"
run configure --runtime lxc
check "an unknown runtime" fails 2 "'lxc' is not a runtime"
run configure --runtime podman x
check "an argument" fails 2 "unexpected argument 'x'"
run configure --runtime podman --hook bin/hook
check "a relative hook" fails 2 "is not an absolute path"
run configure --runtime podman --root "$work/none"
check "no such root" fails 1 "No such file or directory"
plant
rm "$tree$hook"
before
for runtime in podman crio containerd docker; do
        configure $runtime
        check "$runtime without the hook" eval 'fails 1 "the hook is not there; install it" && same'
done
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        mkdir -m 755 "$work/bin"
        cp "$jettison" "$work/bin"
        chmod 755 "$work"
        setpriv --reuid 65534 --regid 65534 --clear-groups "$work/bin/jettison" configure --runtime podman \
                >"$work/out" 2>"$work/err"
        code=$?
        check "without root" fails 1 "only root can do that; --dry-run shows"
else
        skip "without root" "needs root and setpriv"
fi

# podman and CRI-O.
entry=/etc/containers/oci/hooks.d/jettison-hook.json
for engine in podman:/etc/containers/containers.conf crio:/etc/crio/crio.conf; do
        main=${engine#*:}
        engine=${engine%%:*}
        drop_in=$main.d/99-jettison.conf
        plant
        there_and_back $engine "$engine, no configuration"
        check "$engine: the entry" has $entry "\"$hook\""
        check "$engine: the built-in folder stays, the administrator's comes behind" has "$drop_in" \
                'hooks_dir = ["/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d"]'
        echo '# mine' >>"$tree$drop_in"
        configure $engine --undo
        check "$engine: a drop-in with a line more is removed all the same" [ ! -e "$tree$drop_in" ]
        configure $engine
        sed -i 's/5/9/' "$tree$entry"
        configure $engine --undo
        check "$engine: an entry that was changed is left" eval \
                'exits 0 && says "left as it is" && [ -e "$tree$entry" ]'

        plant
        table='[engine]'
        [ $engine = podman ] || table='[crio.runtime]'
        printf '# c\n%s\nhooks_dir = [ "/a", # first\n  "/b", ]\n' "$table" | put "$main"
        there_and_back $engine "$engine, a list of folders"
        check "$engine: the list that counted is repeated" has "$drop_in" \
                'hooks_dir = ["/a", "/b", "/etc/containers/oci/hooks.d"]'
        check "$engine: whose list it was is said" has "$drop_in" "that of $main,"
        sed -i 's|"/b"|"/d"|' "$tree$main"
        configure $engine
        check "$engine: a list that has changed is followed" has "$drop_in" '"/d", "/etc/'
        check "$engine: ... with no file besides in the folder" [ "$(ls "$tree$main.d")" = 99-jettison.conf ]

        plant
        printf '%s\nhooks_dir = ["/etc/containers/oci/hooks.d"]\n' "$table" | put "$main.d/50-mine.conf"
        there_and_back $engine "$engine, the folder is listed already"
        check "$engine: no drop-in is needed then" [ ! -e "$tree$drop_in" ]

        plant
        printf '%s\nhooks_dir = ["/a"]\n' "$table" | put "$main.d/99-k.conf"
        before
        configure $engine
        check "$engine: a later drop-in with a list is named" eval \
                'fails 3 "99-k.conf:2: hooks_dir: counts after" && same'
        printf '%s\nhooks_dir = ["/a", {append=true}]\n' "$table" | put "$main.d/99-k.conf"
        configure $engine
        check "$engine: a list that is not understood" \
                fails 3 "99-k.conf:2: hooks_dir: expected a list of strings"
        printf '\n%s\nhooks_dir = [\n' "$table" | put "$main.d/99-k.conf"
        configure $engine
        check "$engine: a broken file is named by its line" fails 3 "99-k.conf:4: expected a value"

        plant
        echo "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"$hook\"}}" |
                put /usr/share/containers/oci/hooks.d/10-hand.json
        before
        configure $engine
        check "$engine: configured by hand" eval \
                'nothing && says "10-hand.json calls the hook already" && same'
        plant
        echo '{"version":"1.0.0","hook":{"path":"/bin/other"}}' | put $entry
        before
        configure $engine
        check "$engine: another hook of that name" eval 'fails 3 "jettison-hook.json: does not call" && same'
done
plant
configure podman
configure crio
configure podman --undo
check "CRI-O keeps the entry that podman no longer needs" eval 'says "stays" && [ -e "$tree$entry" ]'
configure crio --undo
check "... and takes it along in the end" [ ! -e "$tree$entry" ]
built=$programs/../hooks/jettison-hook.json
if [ -e "$built" ]; then
        mkdir -p "$work/default"
        installed=$(sed -n 's/.*"path": "\(.*\)".*/\1/p' "$built")
        mkdir -p "$work/default${installed%/*}"
        cp /bin/true "$work/default$installed"
        run configure --runtime podman --root "$work/default"
        check "the entry is the one that a package installs" cmp -s "$built" "$work/default$entry"
else
        skip "the entry is the one that a package installs" "no hook was built"
fi

# containerd.
mkdir -p "$work/image"
if command -v ctr >/dev/null; then
        ctr oci spec >"$work/spec.json"
        cp "$(command -v ctr)" "$work/ctr"
else
        cat >"$work/spec.json" <<'END'
{
    "ociVersion": "1.0.2-dev",
    "process": { "user": { "uid": 0, "gid": 0 }, "cwd": "/", "capabilities": { "bounding": [ "CAP_KILL" ] } },
    "root": { "path": "rootfs" },
    "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" } ],
    "linux": { "namespaces": [ { "type": "pid" } ], "maskedPaths": [ "/proc/keys" ] }
}
END
        printf '#!/bin/sh\n[ "$*" = "oci spec" ] && cat %s\n' "$work/spec.json" >"$work/ctr"
        chmod +x "$work/ctr"
fi

# plant_containerd: with ctr, and standard input as the configuration.
plant_containerd() {
        plant
        mkdir -p "$tree/usr/bin"
        cp "$work/ctr" "$tree/usr/bin/ctr"
        put /etc/containerd/config.toml
}

# holds: what containerd makes of the configuration, or else that the lines are there.
holds() {
        if command -v containerd >/dev/null; then
                containerd --config "$toml" config dump >"$work/dump" 2>"$work/err" || return 1
                tr "'" '"' <"$work/dump" | sed -n '/runtimes.runc\]/,/options\]/p' >"$work/runc"
        else
                tr "'" '"' <"$toml" >"$work/runc"
        fi
        grep -qF 'runtime_type = "io.containerd.runc.v2"' "$work/runc" &&
                grep -qF 'base_runtime_spec = "/etc/containerd/jettison-spec.json"' \
                        "$work/runc" &&
                [ "$(grep -cF '"io.jettison.*", "jettison.io/*"' "$work/runc")" -eq 2 ]
}

# layout TITLE: the configuration on standard input, there and back.
layout() {
        plant_containerd
        chmod 640 "$toml"
        there_and_back containerd "containerd, $1"
        check "containerd, $1: the keys hold" holds
        check "containerd, $1: the mode stays" [ "$(stat -c %a "$toml")" = 640 ]
}

layout "as Debian has it" <<END
version = 2

[plugins]
  [$v2]
    [$v2.cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
END
layout "every default written out" <<END
version = 2
imports = []
[$v2.containerd]
      default_runtime_name = "runc"
      [$v2.containerd.runtimes]

        [$v2.containerd.runtimes.runc]
          base_runtime_spec = ""
          container_annotations = []
          pod_annotations = []   # none
          runtime_type = "io.containerd.runc.v2"

          [$v2.containerd.runtimes.runc.options]
            SystemdCgroup = true
END
check "... the comment is where it was" has /etc/containerd/config.toml \
        'pod_annotations = ["io.jettison.*", "jettison.io/*"]   # none'
layout "only the options of runc" <<END
version = 2 # two
[$v2.containerd.runtimes.runc.options]
  SystemdCgroup = true
END
layout "other annotations, odd blanks, no line end" <<END
version=2
[ plugins . 'io.containerd.grpc.v1.cri' . containerd . runtimes . "runc" ] # here
	runtime_type = 'io.containerd.runc.v2'
	pod_annotations = [
		"a.b/*", # keep
	]
	container_annotations = [ 'x' ]
$(printf '[metrics]\n  address = ""')
END
check "... the list has all three" eval 'tr -d "\n\t" <"$toml" | grep -qF "[\"a.b/*\", \"io.jettison.*\","'
layout "empty" </dev/null
layout "comments alone" <<END
# nothing yet
END
plant_containerd </dev/null
rm "$toml"
there_and_back containerd "containerd, no configuration"
check "containerd, no configuration: the keys hold" holds
check "the specification is ctr's and has the hook" eval 'grep -qF "\"path\": \"$hook\"" "$spec" &&
        grep -qF "\"ociVersion\"" "$spec"'
if command -v jq >/dev/null; then
        check "... and nothing else is in it" eval \
                '[ "$(jq -S "del(.hooks)" "$spec")" = "$(jq -S . "$work/spec.json")" ]'
else
        skip "... and nothing else is in it" "no jq"
fi

v3="plugins.'io.containerd.cri.v1.runtime'"
v3_table="version = 3
[$v3.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'"
plant_containerd <<END
$v3_table
END
there_and_back containerd "containerd, version 3"
check "containerd, version 3: below the handler's table" has /etc/containerd/config.toml \
        'pod_annotations = ["io.jettison.*", "jettison.io/*"]'
# Debian 12 has no containerd 2; where it is, it has the last word.
if command -v containerd >/dev/null && containerd --version | grep -q ' v*2\.'; then
        check "containerd, version 3: the keys hold" holds
fi

# What somebody else did in the meantime stays.
plant_containerd <<END
version = 2
[$v2.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["a"]
END
cp "$toml" "$work/expected"
configure containerd
check "the first text is kept" cmp -s "$toml.jettison-backup" "$work/expected"
printf '# later\n[debug]\n  level = "info"\n' | tee -a "$toml" >>"$work/expected"
configure containerd --undo
check "--undo keeps what was added since" eval \
        'exits 0 && says "has been changed since" && cmp -s "$toml" "$work/expected" && [ ! -e "$spec" ]'
check "... and the backup has served" [ ! -e "$toml.jettison-backup" ]
configure containerd
sed -i '/base_runtime_spec/d' "$toml"
configure containerd --undo
check "--undo says what it does not find" eval 'exits 0 && says "1 of 3 additions are not found" &&
        ! has /etc/containerd/config.toml jettison && [ -e "$toml.jettison-backup" ]'

# An administrator's own specification.
plant_containerd <<END
version = 2
[$v2.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "/etc/containerd/own.json"
END
configure containerd
check "a specification that is not there" fails 3 "own.json: base_runtime_spec names it, but it is not there"
put /etc/containerd/own.json <"$work/spec.json"
there_and_back containerd "containerd, an own specification"
check "... it is the one that gets the hook" eval 'has /etc/containerd/own.json "$hook" && [ ! -e "$spec" ]'
echo '{ "ociVersion": "1.0.2", }' | put /etc/containerd/own.json
before
configure containerd
check "a broken specification" eval 'fails 3 "own.json: line 1:" && same'
plant_containerd <<END
version = 2
[$v2.containerd.runtimes.runc]
  base_runtime_spec = "/etc/containerd/own.json"
  pod_annotations = ["jettison.io/*", "io.jettison.*"]
  container_annotations = ["jettison.io/*", "io.jettison.*"]
END
echo "{\"ociVersion\":\"1.0.2\",\"hooks\":{\"prestart\":[{\"path\":\"$hook\"}]}}" |
        put /etc/containerd/own.json
before
configure containerd
check "containerd: configured by hand" eval 'nothing && same'
configure containerd --undo
check "... is not undone" eval 'nothing && same'

# Without ctr.
plant
before
configure containerd
check "no ctr: refused with the remedy" eval 'fails 1 "put the output of '\''ctr oci spec'\''" && same'
put /etc/containerd/jettison-spec.json <"$work/spec.json"
there_and_back containerd "containerd, the remedy"
plant_containerd </dev/null
printf '#!/bin/sh\nexit 1\n' >"$tree/usr/bin/ctr"
before
configure containerd
check "a ctr that fails" eval 'fails 1 "oci spec'\'' failed" && same'

# refused TITLE TEXT: the configuration on standard input is left alone, for that reason.
refused() {
        reason=$2
        plant_containerd
        before
        configure containerd
        check "containerd, $1" eval 'fails 3 "$reason" && same'
}
refused "version 1" "config.toml: no version is the old version 1" <<END
[plugins.cri.containerd]
END
refused "version 9" "config.toml:2: this version is not understood" <<END

version = 9
END
refused "broken" "config.toml:3: a string without its end" <<END
version = 2

root = "/var
END
refused "twice" "config.toml:3: version is there already" <<END
version = 2
root = "/x"
version = 2
END
refused "an inline table" "config.toml:3: an inline table or dotted key" <<END
version = 2
[$v2.containerd]
  runtimes = { runc = { runtime_type = "io.containerd.runc.v2" } }
END
refused "a list that is none" "config.toml:3: expected a list of strings" <<END
version = 2
[$v2.containerd.runtimes.runc]
  pod_annotations = "a"
END
refused "a default runtime without a table" "the default runtime nv has no table" <<END
version = 2
[$v2.containerd]
  default_runtime_name = "nv"
END
printf '[%s.registry]\n  x = 1\n' "$v2" >"$work/import.toml"
plant_containerd <<END
version = 2
imports = ["conf.d/*.toml"]
END
put /etc/containerd/conf.d/a.toml <"$work/import.toml"
before
configure containerd
check "containerd, an imported file replaces the section" eval \
        'fails 3 "conf.d/a.toml:1: imported by /etc/containerd/config.toml" && same'
plant_containerd <<END
imports = ["/etc/containerd/conf.d/*.toml"]
$v3_table
END
printf "[%s.containerd.runtimes.nv]\n  runtime_type = 'x'\n" "$v3" | put /etc/containerd/conf.d/a.toml
configure containerd
check "... but not in version 3, if it is about others" eval 'exits 0 && silent'
plant_containerd </dev/null
rm "$toml"
ln -s ../other.toml "$toml"
configure containerd
check "a symbolic link is not replaced" fails 1 "config.toml: a symbolic link is not replaced"

# Docker.
moby=/etc/docker/daemon.json
plant
configure docker
check "docker without the runtime" fails 1 "the runtime that Docker is to call is not there; install it"
wrapper=$(sed -n "s|^jettison configure: $tree\(/[^:]*\):.*|\1|p" "$work/err")

# plant_docker: with that runtime, and standard input as the configuration.
plant_docker() {
        plant
        mkdir -p "$tree${wrapper%/*}"
        cp /bin/true "$tree$wrapper"
        put $moby
}

# All that is not said of a default, nor of ours.
moby_rest() {
        jq -cS 'del(."default-runtime", .runtimes.jettison) | del(.runtimes | select(. == {}))'
}

# docker_holds: it is the default, by a path of its own, and all else is what $work/moby holds.
docker_holds() {
        if command -v jq >/dev/null; then
                [ "$(jq -r '."default-runtime", .runtimes.jettison.path' "$tree$moby" | tr '\n' ' ')" = \
                        "jettison $wrapper " ] &&
                        [ "$(moby_rest <"$tree$moby")" = "$(moby_rest <"$work/moby")" ]
        else
                has $moby '"default-runtime": "jettison"' && has $moby "\"path\": \"$wrapper\""
        fi
}

# moby_layout TITLE: the configuration on standard input, there and back.
moby_layout() {
        cat >"$work/moby"
        plant_docker <"$work/moby"
        chmod 600 "$tree$moby"
        there_and_back docker "docker, $1"
        check "docker, $1: it is the default" docker_holds
        check "docker, $1: the mode stays" [ "$(stat -c %a "$tree$moby")" = 600 ]
}

plant_docker </dev/null
rm "$tree$moby"
there_and_back docker "docker, no configuration"
echo '{}' >"$work/moby"
check "docker, no configuration: it is the default" docker_holds
check "... and calls this hook" has $moby "\"runtimeArgs\": [\"--jettison-hook\", \"$hook\"]"
check "what to do, and with which Docker, is said" eval 'configure docker --undo && configure docker &&
        says "systemctl reload docker" && says "needs Docker 24" && says "jettison label --pid"'
configure docker --undo
check "... and when it is taken out" eval 'says "systemctl restart docker" && says "create them anew"'
moby_layout "an empty object" <<END
{}
END
moby_layout "on one line" <<END
{"debug":true,"default-ulimits":{"memlock":{"Hard":-1,"Soft":18446744073709551615}}}
END
moby_layout "other runtimes" <<END
{
  "runtimes": { "nv": { "path": "/usr/bin/nv", "runtimeArgs": [] } },
  "debug": false
}
END
moby_layout "an empty list of runtimes" <<END
{ "runtimes": {} }
END
moby_layout "runc by its name" <<END
{
        "log-driver" : "journald",
        "default-runtime" : "runc",
        "runtimes": {
                "crun": { "path": "crun" }
        }
}
END
moby_layout "no name" <<END
{ "default-runtime": "" }
END
installed=$(sed -n 's/.*"path": "\(.*\)".*/\1/p' "$built" 2>/dev/null)
if [ -n "$installed" ]; then
        plant_docker </dev/null
        mkdir -p "$tree${installed%/*}"
        cp /bin/true "$tree$installed"
        run configure --runtime docker --root "$tree"
        check "docker: no arguments, and so no shell, where the hook is in its place" eval \
                'exits 0 && ! has $moby runtimeArgs'
else
        skip "docker: the hook in its place" "no hook was built"
fi

# What somebody else did in the meantime stays.
plant_docker <<END
{
  "default-runtime": "runc",
  "debug": true
}
END
configure docker
sed -i 's/"debug": true/"debug": false/' "$tree$moby"
configure docker --undo
check "docker: --undo keeps what was changed since" eval 'exits 0 && says "has been changed since" &&
        has $moby "\"debug\": false" && has $moby "\"default-runtime\": \"runc\"" && ! has $moby jettison &&
        [ ! -e "$tree$moby.jettison-backup" ]'
plant_docker </dev/null
rm "$tree$moby"
configure docker
sed -i 's/^{/{ "debug": true,/' "$tree$moby"
before
configure docker --undo
check "docker: what --undo cannot take out is said" eval \
        'exits 0 && says "still names jettison-runtime" && same'

plant_docker <<END
{ "default-runtime": "mine",
  "runtimes": { "mine": { "path": "/opt/jettison-runtime",
                          "runtimeArgs": ["--jettison-runtime", "/bin/crun"] } } }
END
before
configure docker
check "docker: configured by hand" eval 'nothing && same'
configure docker --undo
check "... is not undone" eval 'exits 0 && same'

# moby_refused TITLE TEXT: the configuration on standard input is left alone, for that reason.
moby_refused() {
        reason=$2
        plant_docker
        before
        configure docker
        check "docker, $1" eval 'fails 3 "$reason" && same'
}
moby_refused "another default" "default-runtime is nv, which is not replaced; by hand, add a runtime with \
the path $wrapper and the runtimeArgs --jettison-runtime /usr/bin/nv, and" <<END
{ "default-runtime": "nv", "runtimes": { "nv": { "path": "/usr/bin/nv" } } }
END
moby_refused "another default with arguments" "--jettison-runtime /PATH/TO/nv and its own," <<END
{ "default-runtime": "nv", "runtimes": { "nv": { "path": "nv", "runtimeArgs": ["-x"] } } }
END
moby_refused "a shim" "default-runtime is kata, which is not replaced and has no program here" <<END
{ "default-runtime": "kata", "runtimes": { "kata": { "runtimeType": "io.containerd.kata.v2" } } }
END
moby_refused "the name is taken" "there is a jettison that is not" <<END
{ "runtimes": { "jettison": { "path": "/bin/crun" } } }
END
moby_refused "broken" "daemon.json:3: " <<END
{
  "debug": true,
}
END
moby_refused "a name twice" "daemon.json:1: duplicate" <<END
{ "debug": true, "debug": false }
END
moby_refused "a list" "expected an object" <<END
[]
END
moby_refused "a default that is none" "default-runtime: expected the name" <<END
{ "default-runtime": null }
END
moby_refused "runtimes that are none" "runtimes: expected an object" <<END
{ "runtimes": [] }
END
moby_refused "a name with an escape" "runtimes: expected a name without escapes" <<END
{ "r\u0075ntimes": { "nv": { "path": "nv" } } }
END
for unit in /etc/systemd/system/docker.service.d/nv.conf /usr/lib/systemd/system/docker.service; do
        plant_docker </dev/null
        printf '[Service]\nExecStart=/usr/bin/dockerd --add-runtime=nv=/usr/bin/nv\n' | put $unit
        before
        configure docker
        check "docker, a runtime on dockerd's command line in ${unit##*/}" eval \
                'fails 3 "${unit##*/}: --add-runtime: dockerd would not start" && same'
done
put /etc/systemd/system/docker.service <<END
[Service]
# ExecStart=/usr/bin/dockerd --add-runtime=nv=/usr/bin/nv
ExecStart=/usr/bin/dockerd
END
configure docker
check "... unless another unit counts" eval 'exits 0 && silent'

# Nothing leaves the tree, whatever links the image has.
plant
mkdir "$work/outside"
ln -s "$work/outside" "$tree/etc"
configure podman
check "a link out of the tree is not followed" eval '! exits 0 && [ -z "$(ls "$work/outside")" ]'

plant
configure crio --json
check "--json says what was done" eval 'exits 0 && [ "$(wc -l <"$work/out")" -eq 1 ] &&
        says "\"path\":\"/etc/crio/crio.conf.d/99-jettison.conf\",\"action\":\"create\"" &&
        says "\"restart\":\"systemctl restart crio\""'
configure crio --json
check "... or that nothing was" eval \
        'exits 0 && says "\"files\":[],\"notes\":[]" && says "\"restart\":null"'
configure podman
configure crio --undo --json
check "... and what there is to say besides" eval 'exits 0 && says "\"notes\":[\"/etc/" && says "too\"]"'

finish
