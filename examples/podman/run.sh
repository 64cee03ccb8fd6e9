#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the controller as a container, as root:
#   run.sh [IMAGE [ARGUMENT-OF-JETTISOND]...]
# Nothing more is given to it than is written here, and each line says what it is for. For a machine that is
# to be protected from boot on, jettisond.container beside this file is the better way: only a unit of systemd
# can give it memory that is never taken away.
set -eu

image=${1:-localhost/jettison}
[ $# -eq 0 ] || shift

# What it works on.
#   cgroups as the host sees them: they are read, labels too; cgroup.kill and pressure triggers are written
#   processes as the host numbers them: their oom scores, and signals where cgroup.kill does not return
set -- --cgroupns=host --volume=/sys/fs/cgroup:/sys/fs/cgroup:rw --pid=host "$image" "$@"

# What it shares with the host: the lock, so that there is only one controller, and the socket, for the host's
# "jettison status"; the journal; drop-ins of the configuration (the main file is the image's own).
mkdir -p /run/jettison /var/log/jettison /etc/jettison/jettison.d
set -- --volume=/run/jettison:/run/jettison --volume=/var/log/jettison:/var/log/jettison \
        --volume=/etc/jettison/jettison.d:/etc/jettison/jettison.d:ro "$@"

# Its rights: none but these.
#   SYS_ADMIN       to read trusted.* labels
#   DAC_OVERRIDE    cgroup.kill and pressure triggers of cgroups that belong to users
#   KILL            to signal processes of others
#   SYS_RESOURCE    oom_score_adj -1000; pressure windows shorter than 2 s; more files and locked memory
set -- --cap-drop=all --cap-add=SYS_ADMIN --cap-add=DAC_OVERRIDE --cap-add=KILL --cap-add=SYS_RESOURCE \
        --security-opt=no-new-privileges "$@"

# AppArmor's profile for containers lets no signal out of them, SELinux' label reaches no cgroup of another.
# The system-call filter of podman stays, and the daemon's own is stricter.
set -- --security-opt=apparmor=unconfined --security-opt=label=disable "$@"

# What it does not need: a network, a root directory or a /tmp to write to.
set -- --network=none --read-only --read-only-tmpfs=false "$@"

# To be there when memory is short: never the kernel's choice; all memory locked; ten descriptors for each
# container of the host; in front of the queue for the processor (40 stands for nice -20). Never swapped out,
# and few threads.
set -- --oom-score-adj=-1000 --ulimit=memlock=-1:-1 --ulimit=nofile=65536:65536 --ulimit=nice=40:40 \
        --pids-limit=16 "$@"

# Images of podman's own format have no place for the health check.
set -- --health-cmd='["/usr/bin/jettison","status"]' --health-interval=60s "$@"

# With the kernel module, or with journal.kernel_log; neither has to be there.
for device in /dev/jettison /dev/kmsg; do
        [ ! -c "$device" ] || set -- --device="$device:rw" "$@"
done

exec podman run --detach --name=jettisond --restart=always "$@"
