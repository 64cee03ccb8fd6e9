#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs scenarios on a kernel that looks for mistakes of the module while it runs:
#   debug-kernel.sh [--build DIR] [SCENARIO...]
#
# The kernel is Debian 12's source with debug-kernel.config: KASAN finds use after free and accesses out of
# bounds, lockdep locks taken in the wrong order or context, and the rest of its list what its names say. It
# is built once (half an hour on two slow cores) and lies in the cache as kernel "debug", so that image.sh,
# boot.sh and run.sh --kernel debug take it like any suite's; module and scenarios go the same way as ever.
# Without SCENARIO it is only built. Every report is a failed test in the scenarios' TAP; they are counted by
# kind at the end. After a report of KASAN's or its own, lockdep is off until the next boot.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
source=$(dirname "$(dirname "$here")")
build=$source/build
if [ "${1:-}" = --build ]; then
        build=$2
        shift 2
fi
build=$(mkdir -p "$build" && readlink -f "$build")
export JETTISON_VM_CACHE=${JETTISON_VM_CACHE:-$build/vm/cache}
kernel=$JETTISON_VM_CACHE/kernel-debug
tree=$JETTISON_VM_CACHE/debug-build
config=$here/debug-kernel.config

die() {
        echo "debug-kernel.sh: $*" >&2
        exit 1
}

# What the configuration asks for and kconfig, for want of something else, did not grant.
refused() {
        local line name
        grep '^CONFIG_' "$config" | while read -r line; do
                name=${line%%=*}
                case $line in
                *=n) ! grep -q "^$name=" "$tree/.config" || echo "$name is still on" ;;
                *) grep -qxF "$line" "$tree/.config" || echo "$line" ;;
                esac
        done
}

configure() {
        local linux=$1
        make -s -C "$linux" O="$tree" allnoconfig
        "$linux/scripts/kconfig/merge_config.sh" -m -O "$tree" "$tree/.config" "$config"
        make -s -C "$linux" O="$tree" olddefconfig
}

# A build that was interrupted goes on where it was.
make_kernel() {
        local linux log=$tree/log wrong
        linux=$("$here/image.sh" source)
        mkdir -p "$tree"
        configure "$linux" >"$log" 2>&1 || { cat "$log" >&2; die "cannot configure the kernel"; }
        wrong=$(refused)
        [ -z "$wrong" ] || die "the kernel cannot be configured so:"$'\n'"$wrong"
        echo "building the debug kernel; see $log"
        nice -n 10 make -C "$tree" -j"$(nproc)" bzImage modules >"$log" 2>&1 ||
                { grep -B 2 -A 5 -m 3 'error:\|Error ' "$log" >&2; die "the kernel does not build"; }

        rm -rf "$kernel"
        mkdir "$kernel"
        cp "$config" "$kernel/config"
        ln -s ../debug-build "$kernel/build"
        echo "kasan_multi_shot log_buf_len=1M" >"$kernel/append"
        echo 192 >"$kernel/extra_mib"           # measured: 170 MiB less available than in a cloud kernel
        echo "debug $(make -s -C "$tree" kernelrelease)" >"$kernel/origin"
        cp "$tree/arch/x86/boot/bzImage" "$kernel/vmlinuz"
}

# kind of report, and how its first line begins
kinds='KASAN=BUG: KASAN
locking=WARNING: possible\|WARNING: inconsistent\|INFO: possible\|BUG: Invalid wait\|WARNING: bad unlock
leaks=unreferenced object
RCU=WARNING: suspicious RCU
sleeping=BUG: sleeping\|BUG: scheduling
objects=ODEBUG:
UBSAN=UBSAN:
warning=WARNING: CPU'

count_reports() {
        local line
        echo "# reports of the kernel:"
        while IFS= read -r line; do
                echo "#   ${line%%=*} $(grep "^# \(\[[^]]*\] \)\?\(${line#*=}\)" "$1" | sort -u | wc -l)"
        done <<<"$kinds"
}

sh "$source/tests/deps.sh" vm module
cmp -s "$config" "$kernel/config" && [ -e "$kernel/vmlinuz" ] || make_kernel
[ $# -gt 0 ] || exit 0

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
"$here/run.sh" --build "$build" --kernel debug "$@" | tee "$log" || status=$?
count_reports "$log"
exit $status
