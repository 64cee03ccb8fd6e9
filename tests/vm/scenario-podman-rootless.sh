#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=none psi=1 lane=full timeout=240
# vm: packages=podman,crun,runc,containerd,netavark,uidmap,dbus-user-session,catatonit,curl,protobuf-compiler,libmicrohttpd12,openssl
#
# podman without root: the hook can write only the label that ranks a user's containers among themselves. A
# user who claims 1000 is worth no more than any user, and less than what the host's root has labelled.
#
# /
# ├── machine.slice
# │   └── libpod-….scope              keeper: root's, 50
# └── user.slice/user-1000.slice
#     └── user@1000.service           no label: worth the default, 10
#         └── user.slice
#             ├── libpod-….scope      high: claims 1000, gets 10
#             ├── libpod-….scope      low: claims 100, gets 1
#             ├── libpod-conmon-….scope
#             └── podman-pause-….scope
. "${0%/*}/containers.sh"

# worker COMMAND...: below the user's own manager, where podman can ask for scopes, as after a login.
worker() {
        runuser -u worker -- env XDG_RUNTIME_DIR=/run/user/1000 \
                systemd-run --user --quiet --collect --wait --pipe env -u INVOCATION_ID "$@"
}

containers_end() {
        fill_none || true
        worker podman rm -fa -t 0
        podman rm -fa -t 0
        loginctl disable-linger worker
}

podman_configure
# On a busy host the user's manager is not ready in systemd's 90 s, and would be taken for hung in the middle.
mkdir -p /etc/systemd/system/user@.service.d
printf '[Service]\nTimeoutStartSec=infinity\n' >/etc/systemd/system/user@.service.d/patience.conf
systemctl daemon-reload
useradd --create-home --uid 1000 worker
loginctl enable-linger worker
expect "a user's manager runs" wait_for 30 test -S /run/user/1000/bus
expect "the daemon starts" install_jettison
expect "podman is told of the hook" jettison configure --runtime podman
image hog '"first", "hog"'
expect "root's podman takes the image" podman load -q -i "$WORK/hog.tar"
expect "the user's does" worker podman load -q -i "$WORK/hog.tar"

expect "root starts a container" podman_run crun keeper hog 50 --max 100M --rate 0
PODMAN_AS=worker
expect "the user starts one" podman_run crun high hog 1000 --max 100M --rate 0
expect "... and another under runc" podman_run runc low hog 100 --max 100M --rate 0
all_well
expect "they lie in the user's subtree" grep -q '/user@1000.service/' "$WORK/high.group" "$WORK/low.group"
expect "a claim is there when its program begins" wait_for 20 saw high 1000
expect "... under runc, too" wait_for 20 saw low 100
expect "it is what a user may write" labels high null '"1000"'
expect "... under runc, too" labels low null '"100"'
expect "1000 is the user's own worth" wait_for 10 candidate high '"utility":10,'
expect "100 is a tenth of it" candidate low '"utility":1,'
expect "root's label is what it says" candidate keeper '"utility":50,'
expect "the monitors have scopes of their own" \
        test "$(find $HIERARCHY -path '*/user@1000.service/*' -name 'libpod-conmon-*' | wc -l)" -eq 2
expect "neither monitors nor podman's own pause are candidates" \
        none_is 'conmon\|podman-pause\|init.scope'
before=$(oom_kills)

expect "the user's lesser one is shed" press_until_shed low
expect "nobody else is" test "$(lines_of '"what":"victim"')" -eq 1
expect "when memory is short again, the one that claims 1000 is shed" press_until_shed high
expect "nobody else is" test "$(lines_of '"what":"victim"')" -eq 2
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "the user's podman knows that they are dead" \
        wait_for 20 states_are "high exited 137 false" "low exited 137 false"
show worker podman ps -a --format '{{.Names}}: {{.Status}}'
expect "the hook had nothing to complain of" not hook_said ''
