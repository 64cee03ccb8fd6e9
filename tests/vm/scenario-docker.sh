#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=none psi=1 lane=full timeout=600
# vm: packages=podman,crun,runc,containerd,netavark,uidmap,dbus-user-session,catatonit,curl,protobuf-compiler,docker.io,apparmor
#
# Docker with jettison-runtime as its default runtime, as jettison configure leaves it. Debian's Docker passes
# no annotations on, so its containers are labelled from outside; that an annotation is a label before the
# container begins is shown with ctr, which calls the runtime through the same shim.
#
# /
# ├── jettisond.service                   as installed
# └── system.slice
#     ├── docker-….scope                  early, by runc: never labelled; hog-5, train: 5, 900
#     └── scenarios.service               ours, delegated
#         ├── filler                      no candidate: locked memory
#         └── ctr                         what ctr makes
. "${0%/*}/containers.sh"

need docker dockerd || skip "not the lane with Docker"
RUNTIME=$PREFIX/sbin/jettison-runtime
MOBY=/etc/docker/daemon.json

containers_end() {
        fill_none || true
        docker ps -aq | xargs -r docker rm -f
        ctr -n jettison tasks kill -s KILL asking || true
        systemctl stop docker.socket docker
}

# Without what the kernel has as a module: no bridge, no rules for packets, no overlay.
docker_configure() {
        systemctl stop docker.socket docker
        systemctl reset-failed docker docker.socket || true
        mkdir -p /etc/docker
        cat >$MOBY <<-'END'
		{
		    "bridge": "none",
		    "exec-opts": ["native.cgroupdriver=systemd"],
		    "iptables": false,
		    "storage-driver": "vfs"
		}
	END
        cp $MOBY "$WORK/daemon.json"
        systemctl start docker && wait_for 60 eval 'docker info >/dev/null 2>&1'
}

default_is() {
        [ "$(docker info -f '{{.DefaultRuntime}}')" = "$1" ]
}

# docker_run NAME IMAGE [ARGUMENT]...: starts a container, and notes it and its group.
docker_run() {
        run_name=$1 run_image=$2
        shift 2
        normally docker run -d --name "$run_name" --network none --cgroupns host \
                "localhost/jettison/$run_image:1" "$@" >"$WORK/$run_name.id" && note_group "$run_name"
}

# runtime_of NAME RUNTIME: whether it was made with this one.
runtime_of() {
        [ "$(docker inspect -f '{{.HostConfig.Runtime}}' "$1")" = "$2" ]
}

# docker_label NAME UTILITY: from outside, as an older Docker needs it.
docker_label() {
        jettison label --pid "$(docker inspect -f '{{.State.Pid}}' "$1")" "$2"
}

# state_is NAME STATE: status, exit code, whether Docker says that the kernel ran out of memory.
state_is() {
        state_found=$(docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' "$1")
        [ "$state_found" = "$2" ] || { echo "$1: $state_found" >&2 && return 1; }
}

# says TEXT COMMAND...: whether it fails with this text.
says() {
        says_text=$1
        shift
        ! "$@" >"$WORK/says.log" 2>&1 && grep -F -e "$says_text" "$WORK/says.log"
}

# What the runtime itself has written to the system log, since this scenario began.
runtime_said() {
        journalctl -t jettison-runtime -o cat --no-pager --since "@$began" | grep -F -e "$1"
}

# ctr_run NAME [OPTION]...: runs the image to its end through Docker's shim, with our runtime in the place of
# runc and an annotation.
ctr_run() {
        ctr_name=$1
        shift
        normally ctr -n jettison run --rm --snapshotter native --runc-binary $RUNTIME \
                --cgroup "$(path_of "ctr/$ctr_name")" --annotation io.jettison.utility=77 \
                --mount type=bind,src=/sys,dst=/sys,options=rbind:ro "$@" \
                localhost/jettison/hog:1 "$ctr_name" /bin/first true >"$WORK/$ctr_name.out" 2>&1
}

expect "the daemon starts" install_jettison
expect "Docker starts" docker_configure
image training '"first", "faceswap"'
image hog '"first", "hog"'
for name in training hog; do
        expect "Docker takes the image $name" docker load -q -i "$WORK/$name.tar"
done
expect "a container runs under runc" docker_run early hog --max 1M
all_well

# Configured while it runs.
expect "a dry run changes nothing" eval 'jettison configure --runtime docker --dry-run &&
        cmp $MOBY "$WORK/daemon.json"'
expect "Docker is told of the runtime" jettison configure --runtime docker
expect "... and reads it again" systemctl reload docker
expect "... as its default" wait_for 20 default_is jettison
show docker info
expect "docker info shows it" eval 'docker info 2>/dev/null | grep -q "^ *Runtimes:.* jettison"'
expect "... and knows runc's version through it" eval \
        'docker info 2>/dev/null | grep -q "^ *runc version: .*[0-9a-z]"'
expect "... the container runs on" state_is early "running 0 false"
expect "... under runc" runtime_of early runc

expect "a hog starts through the runtime" docker_run hog-5 hog --max 120M --rate 0
expect "a training starts" docker_run train training --memory 60M --epochs 30 --steps 4 --pace 2
all_well
expect "... by that name" runtime_of hog-5 jettison
expect "a command is executed in it" docker exec hog-5 /bin/true
expect "without an annotation no hook is put into its specification" not grep -rqF jettison-hook \
        "/run/containerd/io.containerd.runtime.v2.task/moby/$(id_of hog-5)/config.json"
expect "it has no label" labels hog-5 null null
expect "it is labelled from outside" docker_label hog-5 5
expect "... the training, too" docker_label train 900
expect "the daemon knows it" wait_for 10 candidate hog-5 '"tier":0' '"utility":5,'
expect "... and the training" candidate train '"utility":900,'

before=$(oom_kills)
expect "hog-5 is shed" press_until_shed hog-5
expect "nobody else is" test "$(lines_of '"what":"victim"')" -eq 1
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "Docker knows that it is dead" wait_for 20 state_is hog-5 "exited 137 false"
expect "... and that the others live" state_is early "running 0 false"
show docker ps -a --format '{{.Names}}: {{.Status}}'
expect "docker ps tells" eval \
        'docker ps -a --format "{{.Names}}: {{.Status}}" | grep -q "^hog-5: Exited (137)"'
expect "what was shed can be started again" normally docker start hog-5
expect "the training finishes" docker wait train
expect "... well" state_is train "exited 0 false"
expect "the runtime had nothing to complain of" not runtime_said ''

# As Docker 24 and later call it for docker run --annotation.
group ctr
expect "ctr takes the image" ctr -n jettison images import --snapshotter native "$WORK/hog.tar"
expect "a container with an annotation runs" ctr_run asking
expect "... labelled before it begins" saw asking 77
mv "$HOOK" "$HOOK.away"
expect "without the hook's program one runs, too" ctr_run orphan
expect "... unlabelled" saw orphan ''
expect "... and it is said" wait_for 5 \
        runtime_said "container orphan: starts without a label: $HOOK: No such file"
mv "$HOOK.away" "$HOOK"

# A runtime that is not there is told as runc tells its errors.
cp $MOBY "$WORK/configured.json"
nowhere="{ \"path\": \"$RUNTIME\", \"runtimeArgs\": [\"--jettison-runtime\", \"/nowhere/runc\"] }"
sed "s|\"runtimes\": {|&\n\"nowhere\": $nowhere,|" "$WORK/configured.json" >$MOBY
systemctl reload docker
expect "a runtime that is not there is named" wait_for 20 says "/nowhere/runc: No such file or directory" \
        docker run --rm --runtime nowhere --network none localhost/jettison/hog:1 --max 1M
show cat "$WORK/says.log"
cp "$WORK/configured.json" $MOBY

expect "Docker forgets the runtime" jettison configure --runtime docker --undo
expect "... its configuration is as it was" cmp $MOBY "$WORK/daemon.json"
systemctl reload docker
sleep 3
expect "... which it does not do when it reads it again" default_is jettison
expect "... it starts without it" systemctl restart docker
expect "... with its own default" wait_for 60 default_is runc
expect "a container runs" docker_run unhooked hog --max 1M
expect "... under runc" runtime_of unhooked runc
expect "one of before starts again" normally docker start early
expect "one that asks for the runtime does not" says jettison docker start train
show cat "$WORK/says.log"
