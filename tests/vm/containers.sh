# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Verbs for the scenarios of container runtimes, on top of lib.sh: Debian's own packages, on a machine that
# systemd runs, with Jettison as "meson install" leaves it. Images are made on the spot; there is no network.
# A program that such a scenario starts from an image says first of all how its own cgroup is labelled.

# shellcheck source=./lib.sh
. "${0%/*}/lib.sh"

need systemd psi cgroup.kill podman crun runc containerd protoc || skip "not the lane with the runtimes"
tree=${0%/*}/install.tar
[ -e "$tree" ] || skip "meson has not made this build"

HIERARCHY=/sys/fs/cgroup
PREFIX=/usr/local
# shellcheck disable=SC2034  # for scenarios
HOOK=$PREFIX/libexec/oci/hooks.d/jettison-hook

# --- what is started

# normally COMMAND...: with the standing towards the kernel's killer that a login shell has, for what is
# started inherits it.
normally() (
        echo 0 >/proc/self/oom_score_adj
        exec "$@"
)

# root_tree FOLDER: a root file system with the workloads and the least that they need. /bin/first prints the
# label of the cgroup that it is in, then becomes its arguments.
root_tree() {
        mkdir -p "$1/bin" "$1/proc" "$1/sys" "$1/dev" "$1/etc" "$1/tmp"
        cp /bin/dash "$1/bin/sh"
        cp /bin/true "$BIN/hog" "$BIN/faceswap" "$BIN/load" "$1/bin/"
        cp /usr/bin/catatonit "$1/pause"
        ldd "$1"/bin/* "$1/pause" 2>/dev/null | sed -n 's|^[^/]*\(/[^ ]*\) (.*|\1|p' | sort -u |
                xargs cp -L --parents -t "$1"
        cat >"$1/bin/first" <<-'END'
		#!/bin/sh
		IFS= read -r own </proc/self/cgroup
		own=${own#0::}
		echo "first: label $(load getxattr "/sys/fs/cgroup${own%/container}" user.jettison.utility)"
		exec "$@"
	END
        chmod 755 "$1/bin/first"
}

# image NAME ENTRYPOINT: an image archive $WORK/NAME.tar as Docker saves them, which everybody reads, of
# localhost/jettison/NAME:1. ENTRYPOINT is a list of JSON strings.
image() {
        image_folder=$WORK/$1.image
        mkdir -p "$image_folder"
        [ -d "$WORK/root" ] || root_tree "$WORK/root"
        tar -C "$WORK/root" --owner=0 --group=0 -cf "$image_folder/layer.tar" .
        image_sum=$(sha256sum "$image_folder/layer.tar")
        cat >"$image_folder/config.json" <<-END
		{ "architecture": "amd64", "os": "linux",
		  "config": { "Env": ["PATH=/bin"], "Entrypoint": [$2] },
		  "rootfs": { "type": "layers", "diff_ids": ["sha256:${image_sum%% *}"] } }
	END
        cat >"$image_folder/manifest.json" <<-END
		[ { "Config": "config.json", "RepoTags": ["localhost/jettison/$1:1"], "Layers": ["layer.tar"] } ]
	END
        tar -C "$image_folder" -cf "$WORK/$1.tar" manifest.json config.json layer.tar
        rm -r "$image_folder"
}

# --- where it is

# A container is spoken of by the name under which its id was noted: $WORK/NAME.id.
id_of() {
        cat "$WORK/$1.id"
}

# group_of NAME: its cgroup, as the kernel and the daemon name it; empty when there is none.
group_of() {
        group_id=$(id_of "$1")
        find $HIERARCHY -type d ! -name '*conmon*' \( -name "*$group_id" -o -name "*$group_id.scope" \) |
                sed -n "1s|^$HIERARCHY||p"
}

# note_group NAME: remembers it, for it does not outlive the container.
note_group() {
        group_of "$1" >"$WORK/$1.group"
}

# labels NAME TRUSTED USER: whether these are the labels of its cgroup, as JSON values.
labels() {
        labels_path=$(group_of "$1")
        [ -n "$labels_path" ] || return 1
        labels_found=$(jettison label --show --json "$HIERARCHY$labels_path")
        [ "$labels_found" = "{\"path\":\"$HIERARCHY$labels_path\",\"trusted\":$2,\"user\":$3}" ] && return
        echo "$1: $labels_found" >&2
        return 1
}

# What the daemon chooses from, one cgroup a line.
candidates() {
        jettison snapshot --json | tr '{' '\n' | grep -F '"oom_score":'
}

# candidate NAME TEXT...: whether it is among them, and all this is said of it.
candidate() {
        candidate_line=$(candidates | grep -F "\"path\":\"$(group_of "$1")\",") || return 1
        shift
        for candidate_text in "$@"; do
                case $candidate_line in
                *"$candidate_text"*) ;;
                *) echo "$candidate_line" >&2 && return 1 ;;
                esac
        done
}

# none_is PATTERN: there are candidates, and it fits none of them.
none_is() {
        none_all=$(candidates) && ! echo "$none_all" | grep -e "$1" >&2
}

# spared NAME: it is there, and will not be chosen for what it is.
spared() {
        spared_group=$(group_of "$1")
        [ -n "$spared_group" ] || return 1
        none_is "\"path\":\"$spared_group\"," || candidate "$1" '"barred":"holds a process that must not die"'
}

# saw NAME LABEL: what its program found before it began, in $WORK/NAME.out.
saw() {
        grep -q "first: label $2\$" "$WORK/$1.out"
}

# shed NAME: whether the daemon has killed it and had its memory back.
shed() {
        journal_has '"what":"victim"' "\"path\":\"$(cat "$WORK/$1.group")\"" '"outcome":"freed"'
}

# --- the machine

# The daemon as installed and started by systemd, with an empty journal.
install_jettison() {
        tar -C / -xf "$tree" --keep-directory-symlink --no-overwrite-dir
        rm -f "$JOURNAL"
        systemctl daemon-reload
        systemctl restart jettisond && wait_for 10 daemon_ready
}

# What the hook has written to the system log, since this scenario began, that holds this text.
hook_said() {
        journalctl -t jettison-hook -o cat --no-pager --since "@$began" | grep -F -e "$1"
}

# press_until_shed NAME: makes memory short, so that less than the tenth at which the daemon acts is
# available, and waits for it to kill this container; once more if others have given memory back meanwhile.
press_until_shed() {
        for press_try in 1 2 3; do
                fill_to 60
                press_status=0
                wait_for 15 shed "$1" || press_status=$?
                fill_none
                [ $press_status -ne 0 ] || return 0
                echo "not shed in attempt $press_try" >&2
        done
        return 1
}

# Ends a scenario in which nothing more makes sense, because it does not run what it is about.
all_well() {
        [ "$tap_failed" -eq 0 ] || exit 1
}

# Shown in the test's output: what people are shown.
show() {
        "$@" 2>&1 | sed 's/^/# /'
}

# --- podman

podman_configure() {
        mkdir -p /etc/containers
        cat >/etc/containers/containers.conf <<-END
		[containers]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "systemd"
		events_logger = "none"
	END
        # no overlay: the kernel has it as a module, and modules are not here
        cat >/etc/containers/storage.conf <<-END
		[storage]
		driver = "vfs"
		runroot = "/run/containers/storage"
		graphroot = "/var/lib/containers/storage"
	END
}

# Who calls podman.
PODMAN_AS=normally

# podman_run RUNTIME NAME IMAGE UTILITY [ARGUMENT]...: starts a container and notes it, its group and, in
# $WORK/NAME.out, what it prints. Without a cgroup namespace its program can find its label under crun, too.
podman_run() {
        run_runtime=$1 run_name=$2 run_image=$3 run_utility=$4
        shift 4
        : >"$WORK/$run_name.out"
        chmod 666 "$WORK/$run_name.out"
        "$PODMAN_AS" podman --runtime "$run_runtime" run -d --name "$run_name" \
                --network none --cgroupns host --log-opt "path=$WORK/$run_name.out" \
                --annotation "io.jettison.utility=$run_utility" \
                "localhost/jettison/$run_image:1" "$@" >"$WORK/$run_name.id" && note_group "$run_name"
}

# states_are LINE LINE: whether two containers are so: name, status, exit code, whether podman says that the
# kernel ran out of memory.
states_are() {
        states_found=$("$PODMAN_AS" podman inspect "${1%% *}" "${2%% *}" \
                -f '{{.Name}} {{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}')
        [ "$states_found" = "$1
$2" ] || { echo "$states_found" >&2 && return 1; }
}

# The cheaper of the hogs is shed, then the other, each by itself.
expect_hogs_shed() {
        before=$(oom_kills)
        expect "hog-5 is shed" press_until_shed hog-5
        expect "nobody else is" test "$(lines_of '"what":"victim"')" -eq 1
        expect "when memory is short again, hog-8 is shed" press_until_shed hog-8
        expect "nobody else is" test "$(lines_of '"what":"victim"')" -eq 2
        expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
}

# containers_end is the scenario's: it removes its containers, whatever has happened.
containers_end() {
        :
}

finish() {
        finish_status=$?
        trap - EXIT
        [ $finish_status -eq 0 ] || not_ok "${0##*/} ended early, status $finish_status"
        containers_end >"$WORK/end.log" 2>&1 || echo "# the scenario did not remove all that it made"
        systemctl stop jettisond || true
        scenario_end
}

# podman takes it for a sign that its monitors are to stay in the service it is called from.
unset INVOCATION_ID
began=$(date +%s)
trap finish EXIT
