#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=none psi=1 lane=full timeout=240
# vm: packages=podman,crun,runc,containerd,netavark,uidmap,dbus-user-session,catatonit,curl,protobuf-compiler,libmicrohttpd12,openssl
#
# podman as root, with crun and with runc: annotations are labels before the containers' programs begin, the
# daemon goes by them, and podman tells what became of those that were shed.
#
# /
# ├── jettisond.service                   as installed
# ├── machine.slice
# │   ├── libpod-….scope                  train-1, hog-5: 900, 5; under crun, which makes "container" inside
# │   ├── libpod-….scope                  train-2, hog-8: 800, 8; under runc
# │   ├── libpod-conmon-….scope           podman's monitors
# │   └── machine-libpod_pod_….slice      a pod, with its pause container
# └── system.slice
#     └── scenarios.service               ours, delegated
#         └── filler                      no candidate: locked memory
. "${0%/*}/containers.sh"

containers_end() {
        fill_none || true
        podman pod rm -fa -t 0
        podman rm -fa -t 0
}

podman_configure
expect "the daemon starts" install_jettison
expect "podman is told of the hook" jettison configure --runtime podman
image training '"first", "faceswap"'
image hog '"first", "hog"'
for name in training hog; do
        expect "podman takes the image $name" podman load -q -i "$WORK/$name.tar"
done

train="--memory 60M --epochs 30 --steps 4 --pace 2"
expect "a hog starts under crun" podman_run crun hog-5 hog 5 --max 120M --rate 0
expect "... and one under runc" podman_run runc hog-8 hog 8 --max 120M --rate 0
# shellcheck disable=SC2086  # words
expect "a training starts under crun" podman_run crun train-1 training 900 $train
# shellcheck disable=SC2086  # words
expect "... and one under runc" podman_run runc train-2 training 800 $train
all_well

for pair in hog-5:5 hog-8:8 train-1:900 train-2:800; do
        name=${pair%:*} utility=${pair#*:}
        expect "$name finds its label when it begins" wait_for 20 saw "$name" "$utility"
        expect "... and so does the daemon" candidate "$name" '"tier":0' "\"utility\":$utility,"
done
expect "the label is on the scope that crun divides" labels hog-5 '"5"' '"5"'
expect "... as on runc's" labels hog-8 '"8"' '"8"'
expect "the monitors have scopes of their own" \
        test "$(find $HIERARCHY/machine.slice -name 'libpod-conmon-*' | wc -l)" -eq 4
expect "... and are no candidates" none_is conmon

expect_hogs_shed
expect "podman knows that they are dead" \
        wait_for 20 states_are "hog-5 exited 137 false" "hog-8 exited 137 false"
expect "the trainings finish" podman wait train-1 train-2
expect "... well" states_are "train-1 exited 0 false" "train-2 exited 0 false"
expect "... with all their epochs" test "$(grep -c 'epoch' "$WORK/train-1.out")" -ge 30
show podman ps -a --format '{{.Names}}: {{.Status}}'

expect "what was shed can be started again" normally podman start hog-5
expect "... and is labelled again" labels hog-5 '"5"' '"5"'
expect "the hook had nothing to complain of" not hook_said ''

# A pod's pause container holds the namespaces of all others and gives next to nothing.
expect "a pod is made" normally podman pod create --name pod --network none
expect "... and starts" normally podman pod start pod
podman pod inspect -f '{{.InfraContainerID}}' pod >"$WORK/pause.id"
expect "its pause container is no candidate" wait_for 10 spared pause

# Debian's podman passes over an entry whose program is missing.
mv "$HOOK" "$HOOK.away"
expect "without the hook's program a container starts" podman_run crun orphan hog 5 --max 1M
expect "... unlabelled" labels orphan null null
mv "$HOOK.away" "$HOOK"

expect "podman forgets the hook" jettison configure --runtime podman --undo
expect "... a container starts" podman_run crun unhooked hog 5 --max 1M
expect "... unlabelled" labels unhooked null null
