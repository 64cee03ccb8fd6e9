#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The report's experiment, for real: two trainings and two memory hogs that ignore SIGTERM, in a domain that
# is too small for them; once with jettisond, once with the kernel's own OOM killer.
#   examples/demo.sh [--vm|--host] [--module] [--seed N]
#
# Installs what is missing, builds, and runs on this machine if its cgroup v2 has the memory controller,
# else in a QEMU VM with a stock Debian kernel; --vm and --host decide instead. With --module the kernel
# module is built and loaded as well; in a VM, a third act shows its standing order. Needs root, and Debian 12
# or a derivative. What it makes lies in build/ and build-demo/; what it makes elsewhere, it takes away again.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
source=$(dirname "$here")
build=$source/build-demo
export JETTISON_VM_CACHE=${JETTISON_VM_CACHE:-$source/build/vm/cache}      # shared with the tests

die() {
        echo "demo.sh: $*" >&2
        exit 1
}

usage='Usage: examples/demo.sh [--vm|--host] [--module] [--seed N]

  --vm      in a virtual machine with a stock Debian kernel
  --host    on this machine; default: if its cgroup v2 has the memory controller, else in a virtual machine
  --module  with the kernel module; in a virtual machine, a third act shows its standing order
  --seed N  repeats a run

Needs root, and Debian 12 or a derivative. Installs the packages that are missing.'

where='' module='' seed=$(date +%s)
while [ $# -gt 0 ]; do
        case $1 in
        --vm | --host) where=${1#--} ;;
        --module) module=1 ;;
        --seed) seed=${2:-} && shift ;;
        -h | --help) echo "$usage" && exit ;;
        *) set -- && seed='' ;;
        esac
        [ $# -eq 0 ] || shift
done
case $seed in
'' | *[!0-9]*)
        echo "$usage" >&2
        exit 2
        ;;
esac
[ "$(id -u)" -eq 0 ] || die "must be root: it makes cgroups, or a VM image"

# Whether the acts can play here, beside whatever else this machine does.
host_fits() {
        local mount probe fits=1
        mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
        [ -n "$mount" ] && grep -qw memory "$mount/cgroup.controllers" || return 1
        [ ! -S /run/jettison/control.sock ] || return 1
        [ "$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)" -ge 1024 ] || return 1
        probe=$mount/jettison-demo
        mkdir "$probe" 2>/dev/null || return 1
        [ ! -e "$probe/cgroup.kill" ] || fits=0
        rmdir "$probe"
        return $fits
}

quietly() {
        "$@" >"$log" 2>&1 || { cat "$log" >&2 && die "failed: $*"; }
}

work=$(mktemp -d)
log=$work/log
trap 'rm -rf "$work"' EXIT
if [ "$where" = host ] && ! host_fits; then
        die "not on this machine: it needs cgroup v2 with the memory controller and cgroup.kill," \
            "1 GiB available, and no jettisond running; --vm brings its own"
fi
[ -n "$where" ] || { host_fits && where=host; } || where=vm

if [ "$where" = vm ]; then
        "$source/tests/deps.sh" build vm
else
        "$source/tests/deps.sh" build
fi
echo "building…"
[ -e "$build/build.ninja" ] || quietly meson setup -Dtests=disabled -Dman=disabled "$build" "$source"
quietly meson compile -C "$build"

if [ -t 1 ]; then look=live; else look=plain; fi
if [ "$where" = host ]; then
        quietly "$source/tests/vm/image.sh" programs "$build" "$build/demo"
        if [ -n "$module" ]; then
                [ -e "/lib/modules/$(uname -r)/build" ] ||
                        die "the module needs the headers of this kernel: apt-get install linux-headers-$(uname -r)"
                rm -rf "$build/kmod"
                cp -r "$source/kmod" "$build/kmod"
                quietly make -C "$build/kmod"
                module=$build/kmod/jettison.ko
        fi
        sh "$here/demo/acts.sh" "$build/demo" "$seed" "$look" "$module"
        exit
fi

# What lies between the marks is shown; the rest is the firmware's.
show_console() {
        local line shown='' status=1
        while IFS= read -r line; do
                line=${line%$'\r'}
                case $line in
                '@@ begin') shown=1 ;;
                '@@ end '*) shown='' status=${line#@@ end } ;;
                *) [ -z "$shown" ] || printf '%s\n' "$line" ;;
                esac
        done
        return "$status"
}

echo "booting a VM…"
image=$source/tests/vm/image.sh
kernel=$("$image" kernel)
base=$("$image" base "$kernel")
files=("$work/main.sh") third=''
if [ -n "$module" ]; then
        echo "building the kernel module…"
        files+=("$("$image" module "$kernel")")
        module=/opt/jettison/bin/jettison.ko third=third
fi
cat >"$work/main.sh" <<END
stty cols $(tput cols 2>/dev/null || echo 100)
echo
echo '@@ begin'
sh /opt/jettison/acts.sh /opt/jettison/bin $seed $look $module $third
echo "@@ end \$?"
END
quietly "$image" payload "$build" "$work/payload" "${files[@]}"
"$source/tests/vm/boot.sh" --memory 768M --time 300 --append "psi=1 jettison.lane=demo" \
        "$kernel" "$base" "$work/payload" | show_console
