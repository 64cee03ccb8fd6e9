#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes what a test VM is booted from. Every verb prints the path of what it made; what does not depend on
# the build lies in a cache and is made once.
#
#   kernel [SUITE]             cloud kernel of a Debian suite (default bookworm): a folder with vmlinuz, the
#                              modules we insert, and in "origin" its suite, release and version
#   headers KERNEL             a Debian system with the kernel's headers and its suite's compiler
#   module KERNEL              jettison.ko, built by that suite's compiler against that kernel's headers, or
#                              against the tree "build" in KERNEL, which debug-kernel.sh leaves there
#   source                     the source of Debian 12's kernel, unpacked
#   base KERNEL                initramfs with busybox, those modules and init
#   payload BUILD OUT FILE...  a second one with the programs of BUILD, the shared libraries they need, the
#                              guest's scripts and FILEs; the kernel unpacks both into the same place. A FILE
#                              of the name jettison.ko lies with the programs, in /opt/jettison/bin
#   programs BUILD FOLDER      just the programs
#   root [--suite SUITE] PACKAGE...
#                              ext4 image of Debian (default: this machine's) with systemd and these packages
#
# Kernels and packages come from wherever this machine's apt takes Debian from. JETTISON_VM_CACHE is the cache
# (default BUILD/vm/cache, or build/vm/cache). A suite's kernel in it stays what it is, and needs no network,
# until its folder kernel-SUITE is removed: headers and module must fit it.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
source=$(dirname "$(dirname "$here")")
cache=${JETTISON_VM_CACHE:-$source/build/vm/cache}

# What may be tested: file in the build, and how to make it when meson has not been told to.
programs='controller/jettisond controller/jettison hooks/jettison-hook
          examples/faceswap/faceswap examples/workloads/hog tests/bench_scan
          tests/vm/load tests/vm/device tests/vm/lead'

die() {
        echo "image.sh: $*" >&2
        exit 1
}

# shellcheck source=./kernels.sh
. "$here/kernels.sh"

pack() {
        (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/cpio"
        mv "$work/cpio" "$2"
}

make_base() {
        local kernel=$1 tree=$work/base image applet
        image=$kernel/base-$(cat "$here/init" /bin/busybox | sha256sum | cut -c 1-16).cpio
        if [ ! -e "$image" ]; then
                mkdir -p "$tree"/{bin,dev,proc,sys,tmp,run,root,etc,modules,var/log,usr/bin}
                cp /bin/busybox "$tree/bin/"
                busybox --list | while read -r applet; do
                        [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
                done
                find "$kernel" -maxdepth 1 -name '*.ko' -exec cp -t "$tree/modules" {} +
                ln -s /bin/env "$tree/usr/bin/env"
                install -m 755 "$here/init" "$tree/init"
                pack "$tree" "$image"
        fi
        echo "$image"
}

compile() {
        mkdir -p "$(dirname "$2")"
        # the sources of one program
        # shellcheck disable=SC2086
        gcc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$2.$$" $1 -lm -pthread
        mv "$2.$$" "$2"         # another payload may be taking it
}

# The file of a program: from the build, or compiled here when it needs nothing of the project; empty if
# there is none.
program_file() {
        local build=$1 program=$2
        if [ ! -e "$build/$program" ]; then
                case $program in
                */faceswap) compile "$(echo "$source"/examples/faceswap/*.c)" "$build/vm/$program" ;;
                */hog) compile "$source/examples/workloads/hog.c" "$build/vm/$program" ;;
                */device) compile "$(echo "$here"/device*.c)" "$build/vm/$program" ;;
                tests/vm/*) compile "$source/$program.c" "$build/vm/$program" ;;
                *) return ;;
                esac
                echo "$build/vm/$program"
        else
                echo "$build/$program"
        fi
}

# Copies keep their symbols, but not the debug information: they lie in the VM's memory.
make_programs() {
        local build=$1 folder=$2 program file
        for program in $programs; do
                file=$(program_file "$build" "$program")
                [ -n "$file" ] || continue
                install -D -m 755 "$file" "$folder/${program##*/}"
                strip --strip-debug "$folder/${program##*/}"
        done
        echo "$folder"
}

make_payload() {
        local build=$1 out=$2 tree=$work/payload program library
        shift 2
        mkdir -p "$tree/opt/jettison"
        cp "$here"/{lib,module,containers,cri,guest}.sh "$here/scenarios.service" \
                "$source/examples/demo/acts.sh" "$source/examples/config/report.json" \
                "$@" "$tree/opt/jettison/"

        make_programs "$build" "$tree/opt/jettison/bin" >/dev/null
        # "name => /path (address)", and the loader as "/path (address)"
        for program in "$tree"/opt/jettison/bin/*; do
                ldd "$program" 2>/dev/null | sed -n 's|^[^/]*\(/[^ ]*\) (.*|\1|p' || true
        done | sort -u >"$tree/opt/jettison/libraries"
        while read -r library; do
                install -D -m 755 "$library" "$tree$library"
        done <"$tree/opt/jettison/libraries"
        find "$tree/opt/jettison" -maxdepth 1 -name jettison.ko -exec mv -t "$tree/opt/jettison/bin" {} +
        pack "$tree" "$out"
        echo "$out"
}

make_root() {
        local packages image sum suite='' tree=$work/root
        [ "$1" != --suite ] || { suite=$2 && shift 2; }
        need_sources
        packages=$(printf '%s\n' "$@" | sort -u | paste -sd ,)
        sum=$( (debian_sources "$suite" && echo "$packages" && cat "$0" "$here/kernels.sh") | sha256sum | cut -c 1-16)
        image=$cache/root-$sum.img
        if [ ! -e "$image" ]; then
                debian_tree "$suite" minbase "$packages" "$tree"
                ln -s /dev/null "$tree/etc/systemd/system/serial-getty@.service"
                echo jettison-vm >"$tree/etc/hostname"
                truncate -s 2G "$work/root.img"
                mke2fs -q -F -t ext4 -L root -d "$tree" "$work/root.img" >"$work/log" 2>&1 ||
                        { cat "$work/log" >&2; die "mke2fs failed"; }
                mv "$work/root.img" "$image"
        fi
        echo "$image"
}

verb=${1:-}
[ $# -eq 0 ] || shift
work_open
trap 'rm -rf "$work"' EXIT
case $verb in           # two runs at a time make one image
kernel) lock "kernel-${1:-bookworm}" ;;
headers | module | base) lock "$(basename "$1")" ;;
source | root) lock "$verb" ;;
esac
case $verb in
kernel | headers | module | source | base | payload | programs | root) "make_$verb" "$@" ;;
*) die "usage: image.sh VERB [ARGUMENT]..., see its head" ;;
esac
