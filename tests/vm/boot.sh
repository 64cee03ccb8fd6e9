#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boots one VM and prints its serial console until it powers off:
#   boot.sh [--memory SIZE] [--time SECONDS] [--append TEXT] [--disk IMAGE] KERNEL INITRD...
#
# KERNEL is a folder made by image.sh. What stands in its file "append", if it has one, is put behind TEXT; in
# "extra_mib", how much memory the VM gets on top, because such a kernel takes it for itself.
# Ends with 0 when the VM has ended by itself, 124 when its time was
# up. Whatever happens to this script, no QEMU stays behind: a trap ends it, timeout(1) does when the trap
# hangs, and the kernel does when this script is gone (parent-death signal).
#
# The machine is q35, not the quicker microvm, because that has no clock a loaded host can calibrate: it
# hangs at boot now and then, and counts time in ticks of 4 ms when it does not.
#
# Kernels after 6.1 are emulated on one thread. With a thread for each processor QEMU 7.2 now and then runs a
# breakpoint that the kernel has already taken out of its own text again ("Oops: int3" where a static key is
# switched): on a busy host in 1 of 32 boots of 6.12 that made and removed cgroups, in 0 of 32 on one thread, in the
# same time.
#
# JETTISON_VM_ACCEL: kvm or tcg; else KVM is taken if a VM really boots with it. The answer is kept in KERNEL, and
# holds for the kernels beside it.
set -euo pipefail

memory=512M seconds=60 append='' disk='' qemu_pid=''
while [ $# -gt 0 ]; do
        case $1 in
        --memory) memory=$2 ;;
        --time) seconds=$2 ;;
        --append) append=$2 ;;
        --disk) disk=$2 ;;
        *) break ;;
        esac
        shift 2
done
if [ $# -lt 2 ]; then
        echo "usage: boot.sh [OPTION VALUE]... KERNEL INITRD..." >&2
        exit 2
fi
kernel=$1
shift
[ ! -e "$kernel/append" ] || append+=" $(cat "$kernel/append")"
[ ! -e "$kernel/extra_mib" ] ||
        memory=$(($(numfmt --from=iec "$memory") / 1048576 + $(cat "$kernel/extra_mib")))M

work=$(mktemp -d)
# shellcheck disable=SC2317  # called by the trap
finish() {
        [ -z "$qemu_pid" ] || { kill "$qemu_pid" 2>/dev/null && wait "$qemu_pid"; } || true
        rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' INT TERM HUP

# accel, time, further arguments of the kernel
run_qemu() {
        local drive=()
        if [ -n "$disk" ]; then
                drive=(-drive "file=$disk,format=raw,if=none,id=root,snapshot=on"
                       -device 'virtio-blk-pci,drive=root')
        fi

        setpriv --pdeathsig TERM timeout -k 5 "$2" setpriv --pdeathsig KILL \
                qemu-system-x86_64 -M q35 -cpu max -smp 2 -m "$memory" -accel "$1" \
                -nodefaults -no-user-config -nographic -no-reboot -serial stdio "${drive[@]}" \
                -kernel "$kernel/vmlinuz" -initrd "$work/initrd" \
                -append "console=ttyS0 quiet loglevel=1 panic=-1 oops=panic $3" \
                </dev/null 2>"$work/qemu.log" &
        qemu_pid=$!
        wait "$qemu_pid"
}

accel() {
        local known
        if [ -n "${JETTISON_VM_ACCEL:-}" ]; then
                echo "$JETTISON_VM_ACCEL"
                return
        fi
        known=$(find "${kernel%/*}" -mindepth 2 -maxdepth 2 -name accel -size +0 -print -quit)
        if [ -n "$known" ]; then
                [ -s "$kernel/accel" ] || cp "$known" "$kernel/accel"
        else
                run_qemu kvm 10 jettison.lane=probe >"$work/probe" || true
                if grep -q '^@@ probe' "$work/probe"; then echo kvm; else echo tcg; fi >"$kernel/accel"
        fi
        cat "$kernel/accel"
}

cat "$@" >"$work/initrd"
chosen=$(accel)
threads=single
case $(cat "$kernel/origin" 2>/dev/null) in bookworm* | debug* | '') threads=multi ;; esac
[ "$chosen" = kvm ] || chosen=tcg,thread=$threads
status=0
run_qemu "$chosen" "$seconds" "$append" || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 124 ]; then
        sed 's/^/boot.sh: /' "$work/qemu.log" >&2
fi
exit "$status"
