#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=none psi=1 lane=full timeout=240
# vm: packages=podman,crun,runc,containerd,netavark,uidmap,dbus-user-session,catatonit,curl,protobuf-compiler,libmicrohttpd12,openssl
#
# containerd as a kubelet uses it, with both of its ways to make cgroups: the annotation of a pod becomes the
# label of its containers, not of its pause container, and the status tells what became of those that were
# shed.
#
# /
# ├── kubepods.slice/…-pod….slice          by systemd
# │   ├── cri-containerd-….scope           pause
# │   └── cri-containerd-….scope           hog-5: utility 5
# ├── kubepods/pod….                       by containerd's runtime itself
# │   ├── …                                pause
# │   └── …                                hog-8: utility 8
# └── kubepods.slice/…-pod….slice
#     ├── cri-containerd-….scope           pause
#     └── cri-containerd-….scope           training: utility 900
. "${0%/*}/cri.sh"

containers_end() {
        fill_none || true
        for name in a b c; do
                sandbox_remove $name
        done
}

cri_describe
expect "the daemon starts" install_jettison
expect "containerd starts" containerd_configure
image training '"first", "faceswap"'
image hog '"first", "hog"'
image pause '"/pause", "-P"'
for name in training hog pause; do
        expect "containerd takes the image $name" \
                ctr -n k8s.io images import --snapshotter native "$WORK/$name.tar"
done

# The pods' ids, which a kubelet writes with _ into the names of slices.
slice=kubepods-besteffort-pod0000aaaa_0000_0000_0000_0000000000
uid=0000aaaa-0000-0000-0000-0000000000
expect "a pod runs in a slice" sandbox a ${uid}0a systemd ${slice}0a.slice 5
expect "... with a hog" container a hog-5 hog --max 120M --rate 0
expect "a pod runs in a folder" sandbox b ${uid}0b cgroupfs /kubepods/besteffort/pod${uid}0b 8
expect "... with a hog" container b hog-8 hog --max 120M --rate 0
expect "another runs in a slice" sandbox c ${uid}0c systemd ${slice}0c.slice 900
expect "... with a training" container c train training --memory 60M --epochs 30 --steps 4 --pace 2
all_well

for pair in hog-5:5 hog-8:8 train:900; do
        name=${pair%:*} utility=${pair#*:}
        expect "$name finds its label when it begins" wait_for 20 saw "$name" "$utility"
        expect "... and so does the daemon" candidate "$name" '"tier":0' "\"utility\":$utility,"
        expect "... the one that counts is mirrored" labels "$name" "\"$utility\"" "\"$utility\""
done
# hooks_of NAME: how often its specification names the hook. A pause container's does not begin with what is
# configured.
hooks_of() {
        grep -cF "$HOOK" "/run/containerd/io.containerd.runtime.v2.task/k8s.io/$(id_of "$1")/config.json" ||
                [ $? -eq 1 ]
}
expect "the hook is called for containers" test "$(hooks_of hog-5)" = 1
for name in a b c; do
        expect "it is not called for the pause container of $name" test "$(hooks_of $name-pause)" = 0
        expect "... it has no label" labels $name-pause null null
        expect "... and is no candidate" spared $name-pause
done

expect_hogs_shed
expect "the status of hog-5 tells" wait_for 20 container_is hog-5 "EXITED 137 Error"
expect "... and that of hog-8" wait_for 20 container_is hog-8 "EXITED 137 Error"
for name in hog-5 hog-8; do
        show echo "$name: $(container_status $name)"
done
expect "their pods are still there" test -n "$(group_of a-pause)" -a -n "$(group_of b-pause)"
expect "what was shed can be started anew" container a hog-again hog --max 1M
expect "... and is labelled again" labels hog-again '"5"' '"5"'
expect "the training finishes" wait_for 90 container_is train "EXITED Completed"
expect "... with all its epochs" test "$(grep -c epoch "$WORK/train.out")" -ge 30
expect "the hook had nothing to complain of" not hook_said ''

mv "$HOOK" "$HOOK.away"
expect "without the hook's program containerd starts nothing" not container a orphan hog --max 1M
mv "$HOOK.away" "$HOOK"

expect "containerd forgets the hook" jettison configure --runtime containerd --undo
expect "... and its configuration is as it was" cmp "$WORK/config.toml" /etc/containerd/config.toml
