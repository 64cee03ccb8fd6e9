#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes what a test VM is booted from. Every verb prints the path of what it made; what does not depend on
# the build lies in a cache and is made once.
#
#   kernel                     stock Debian cloud kernel: a folder with vmlinuz and the modules we insert
#   base KERNEL                initramfs with busybox, those modules and init
#   payload BUILD OUT FILE...  a second one with the programs of BUILD, the shared libraries they need, the
#                              guest's scripts and FILEs; the kernel unpacks both into the same place
#   programs BUILD FOLDER      just the programs
#   root PACKAGE...            ext4 image of Debian with systemd and these packages
#
# Kernel and packages come from wherever this machine's apt takes Debian from. JETTISON_VM_CACHE is the cache
# (default BUILD/vm/cache, or build/vm/cache).
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
source=$(dirname "$(dirname "$here")")
cache=${JETTISON_VM_CACHE:-$source/build/vm/cache}

# In the order in which they are inserted. Those that a kernel has built in are not found, and not missed.
modules='zsmalloc lzo lzo-rle zram
         virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk'

# What may be tested: file in the build, and how to make it when meson has not been told to.
programs='controller/jettisond controller/jettison hooks/jettison-hook kmod/jettison.ko
          examples/faceswap/faceswap examples/workloads/hog tests/vm/load'

die() {
        echo "image.sh: $*" >&2
        exit 1
}

apt_candidate() {
        apt-cache policy "$1" | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true
}

make_kernel() {
        local meta=linux-image-cloud-amd64 package version folder module file
        [ "$(dpkg --print-architecture)" = amd64 ] || die "the test VM is amd64 only"

        [ -n "$(apt_candidate $meta)" ] || apt-get -qq update || die "apt-get update failed"
        package=$(apt-cache depends $meta | sed -n 's/^  Depends: \(linux-image-.*\)/\1/p' | head -n 1)
        version=$(apt_candidate "$package")
        [ -n "$version" ] || die "apt knows no $meta: is Debian's main archive among its sources?"

        folder=$cache/$package-$version
        if [ ! -e "$folder" ]; then
                mkdir "$work/kernel" "$work/unpacked"
                (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package=$version") ||
                        die "cannot download $package"
                dpkg -x "$work"/*.deb "$work/unpacked"
                cp "$work"/unpacked/boot/vmlinuz-* "$work/kernel/vmlinuz"
                for module in $modules; do
                        file=$(find "$work/unpacked" -name "$module.ko*" -print -quit)
                        case $file in
                        *.ko) cp "$file" "$work/kernel/" ;;
                        *.ko.xz) xz -dc "$file" >"$work/kernel/$module.ko" ;;
                        *.ko.zst) zstd -qdc "$file" >"$work/kernel/$module.ko" ;;
                        esac
                done
                mv "$work/kernel" "$folder"
        fi
        echo "$folder"
}

pack() {
        (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/cpio"
        mv "$work/cpio" "$2"
}

make_base() {
        local kernel=$1 tree=$work/base image applet module order=10
        image=$kernel/base-$(cat "$here/init" /bin/busybox | sha256sum | cut -c 1-16).cpio
        if [ ! -e "$image" ]; then
                mkdir -p "$tree"/{bin,dev,proc,sys,tmp,run,root,etc,modules,var/log,usr/bin}
                cp /bin/busybox "$tree/bin/"
                busybox --list | while read -r applet; do
                        [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
                done
                for module in $modules; do
                        order=$((order + 1))
                        [ ! -e "$kernel/$module.ko" ] ||
                                cp "$kernel/$module.ko" "$tree/modules/$order-$module.ko"
                done
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
        gcc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$2" $1 -lm -pthread
}

# The file of a program: from the build, or compiled here when it needs nothing of the project; empty if
# there is none.
program_file() {
        local build=$1 program=$2
        if [ ! -e "$build/$program" ]; then
                case $program in
                */faceswap) compile "$(echo "$source"/examples/faceswap/*.c)" "$build/vm/$program" ;;
                */hog) compile "$source/examples/workloads/hog.c" "$build/vm/$program" ;;
                */load) compile "$source/tests/vm/load.c" "$build/vm/$program" ;;
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
        cp "$here/lib.sh" "$here/guest.sh" "$here/scenarios.service" "$source/examples/demo/acts.sh" \
                "$source/examples/config/report.json" "$@" "$tree/opt/jettison/"

        make_programs "$build" "$tree/opt/jettison/bin" >/dev/null
        # "name => /path (address)", and the loader as "/path (address)"
        for program in "$tree"/opt/jettison/bin/*; do
                ldd "$program" 2>/dev/null | sed -n 's|^[^/]*\(/[^ ]*\) (.*|\1|p' || true
        done | sort -u >"$tree/opt/jettison/libraries"
        while read -r library; do
                install -D -m 755 "$library" "$tree$library"
        done <"$tree/opt/jettison/libraries"
        pack "$tree" "$out"
        echo "$out"
}

# The machine's Debian sources as apt one-liners; its other sources are none of the VM's business.
debian_sources() {
        # $(…) are apt's own fields
        # shellcheck disable=SC2016
        apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
                'Created-By: Packages' 'Origin: Debian'
}

make_root() {
        local packages image tree=$work/root
        [ "$(id -u)" -eq 0 ] || die "must be root to make a Debian image"
        [ -n "$(debian_sources)" ] || apt-get -qq update || die "apt-get update failed"
        [ -n "$(debian_sources)" ] || die "apt has no source of origin Debian"

        packages=$(printf '%s\n' "$@" | sort -u | paste -sd ,)
        image=$cache/root-$( (debian_sources && echo "$packages" && cat "$0") | sha256sum | cut -c 1-16).img
        if [ ! -e "$image" ]; then
                apt-config dump Acquire >"$work/apt.conf"
                debian_sources | mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
                        --aptopt="$work/apt.conf" --dpkgopt='path-exclude=/usr/share/doc/*' \
                        --dpkgopt='path-exclude=/usr/share/locale/*' \
                        '' "$tree" - 2>"$work/log" || { cat "$work/log" >&2; die "mmdebstrap failed"; }
                ln -s /dev/null "$tree/etc/systemd/system/serial-getty@.service"
                echo jettison-vm >"$tree/etc/hostname"
                truncate -s 2G "$work/root.img"
                mke2fs -q -F -t ext4 -L root -d "$tree" "$work/root.img" >"$work/log" 2>&1 ||
                        { cat "$work/log" >&2; die "mke2fs failed"; }
                mv "$work/root.img" "$image"
        fi
        echo "$image"
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9                 # two runs at a time make one image
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
kernel) make_kernel ;;
base | payload | programs | root) "make_$verb" "$@" ;;
*) die "usage: image.sh kernel | base | payload | programs | root, see its head" ;;
esac
