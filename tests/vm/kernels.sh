# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154  # here, source, cache and work are image.sh's
#
# Part of image.sh: its cache, Debian's suites, their kernels and the module's build.
#
# A kernel is fetched by this machine's apt, but with lists and state of its own, in which one suite stands in
# the place of the machine's; no package counts as installed, and nothing of the machine's changes. The module
# is built in a small Debian system of the kernel's suite, because headers come with host tools (modpost,
# objtool) linked against that suite's C library, and ask for the compiler that the kernel was built with.

# Inserted in this order, after what they name as their dependencies. Those that a kernel has built in are not
# found, and not missed. zram does not name the compressors of 6.1.
modules='lzo lzo-rle zram virtio_pci virtio_blk'

# lock NAME: keeps others from making this artefact until this script has ended.
lock() {
        exec 9>"$cache/lock-$1"
        flock 9
}

# Removes a folder that was worked in, and first what is still mounted there.
work_remove() {
        awk -v top="$1/" 'index($2, top) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r umount -l
        rm -rf --one-file-system "$1"
}

# Sets "work" to an empty folder in the cache, which is locked as long as somebody works in it; those that killed
# runs have left are removed.
work_open() {
        local left
        mkdir -p "$cache"
        exec 8>"$cache/lock"
        flock 8
        for left in "$cache"/work-*; do
                [ ! -d "$left" ] || ! flock -n "$left" true || work_remove "$left" || true
        done
        work=$(mktemp -d "$cache/work-XXXXXX")
        exec 7<"$work"
        flock 7
        exec 8>&-
}

# debian_sources [SUITE]: this machine's Debian sources as apt one-liners, turned to another suite if one is
# named; its other sources are none of the VM's business. Unstable has no updates and no security of its own.
debian_sources() {
        # $(…) are apt's own fields
        # shellcheck disable=SC2016
        apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
                'Created-By: Packages' 'Origin: Debian' |
                sed "${1:+s|^\(deb [^ ]* \)[a-z]*|\1$1|;} / sid-/d"
}

need_sources() {
        [ -n "$(debian_sources)" ] || flock "$cache/lock-apt" apt-get -qq update || die "apt-get update failed"
        [ -n "$(debian_sources)" ] || die "apt has no source of origin Debian"
}

# suite_apt COMMAND...: an apt tool that sees one suite instead of this machine's, and no installed package.
# Unstable's index may be past its date.
suite_apt() {
        local state=$work/apt program=$1
        shift
        "$program" -o Dir::State::Lists="$state/lists" -o Dir::State::status="$state/status" \
                -o Dir::Cache="$state" -o Dir::Etc::SourceList="$state/sources" -o Dir::Etc::SourceParts=- \
                -o Dir::Etc::Trusted=/usr/share/keyrings/debian-archive-keyring.gpg \
                -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root "$@"
}

suite_open() {
        need_sources
        mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
        : >"$work/apt/status"
        debian_sources "$1" >"$work/apt/sources"
        suite_apt apt-get -qq update || die "cannot read the index of $1"
}

# Downloads a package and unpacks it.
unpack() {
        (cd "$work" && suite_apt apt-get -qq download "$1") || die "cannot download $1"
        dpkg -x "$work"/*.deb "$work/unpacked"
        rm "$work"/*.deb
}

# The packages that hold the kernel RELEASE: the image, or in later suites what that depends on.
kernel_packages() {
        suite_apt apt-cache depends --recurse --important "linux-image-$1" | grep "^linux-.*-$1\$" | sort -u
}

# take_module NAME FROM FOLDER: a module and, before it, those it depends on, numbered in the order of their
# insertion. In a file's name, - and _ are one.
take_module() {
        local file other
        file=$(find "$2" -name "${1//_/[-_]}.ko*" -print -quit)
        [ -n "$file" ] && [ -z "$(find "$3" -name "*-$1.ko")" ] || return 0
        case $file in
        *.ko) cat "$file" ;;
        *.ko.xz) xz -dc "$file" ;;
        *.ko.zst) zstd -qdc "$file" ;;
        esac >"$work/$1.ko"
        for other in $(tr '\0' '\n' <"$work/$1.ko" | sed -n 's/^depends=//p' | tr , ' '); do
                take_module "$other" "$2" "$3"
        done
        mv "$work/$1.ko" "$3/$(printf %02d "$(find "$3" -name '*.ko' | wc -l)")-$1.ko"
}

make_kernel() {
        local suite=${1:-bookworm} folder package release version module
        folder=$cache/kernel-$suite
        if [ ! -e "$folder" ]; then
                [ "$(dpkg --print-architecture)" = amd64 ] || die "the test VM is amd64 only"
                [ "$suite" != debug ] || die "debug-kernel.sh has not been run"
                suite_open "$suite"
                release=$(suite_apt apt-cache depends linux-image-cloud-amd64 |
                        sed -n 's/^  Depends: linux-image-//p')
                [ -n "$release" ] || die "$suite has no linux-image-cloud-amd64"
                version=$(suite_apt apt-cache policy "linux-image-$release" | sed -n 's/^  Candidate: //p')
                mkdir "$work/kernel"
                for package in $(kernel_packages "$release"); do
                        unpack "$package=$version"
                done
                cp "$(find "$work/unpacked" -name 'vmlinuz*' -type f -print -quit)" "$work/kernel/vmlinuz"
                for module in $modules; do
                        take_module "$module" "$work/unpacked" "$work/kernel"
                done
                echo "$suite $release $version" >"$work/kernel/origin"
                mv "$work/kernel" "$folder"
        fi
        echo "$folder"
}

make_source() {
        local folder=$cache/linux-source
        if [ ! -e "$folder" ]; then
                suite_open bookworm
                unpack "$(suite_apt apt-cache depends linux-source | sed -n 's/^  Depends: //p')"
                mkdir "$work/source"
                tar -C "$work/source" --strip-components=1 -xf "$work"/unpacked/usr/src/linux-source-*.tar.xz
                mv "$work/source" "$folder"
        fi
        echo "$folder"
}

# debian_tree SUITE VARIANT PACKAGE,... FOLDER: a Debian system in a folder; no SUITE is this machine's.
debian_tree() {
        [ "$(id -u)" -eq 0 ] || die "must be root to make a Debian system"
        apt-config dump Acquire >"$work/apt.conf"
        debian_sources "$1" | mmdebstrap --quiet --mode=root --variant="$2" --include="$3" \
                --aptopt="$work/apt.conf" --aptopt='Acquire::Check-Valid-Until "false"' \
                --dpkgopt=force-unsafe-io \
                --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
                '' "$4" - 2>"$work/log" || { cat "$work/log" >&2; die "mmdebstrap failed"; }
}

make_headers() {
        local kernel=$1 suite release version
        if [ ! -e "$kernel/headers" ]; then
                read -r suite release version <"$kernel/origin"
                need_sources
                debian_tree "$suite" apt "linux-headers-$release=$version,gcc,make,perl" "$work/headers"
                mv "$work/headers" "$kernel/headers"
        fi
        echo "$kernel/headers"
}

# Sees /proc, which objtool needs, and the sources as /mnt, in a mount namespace that ends with the build.
in_headers() {
        unshare --mount --propagation private sh -euc '
                mount -t proc proc "$1/proc"
                mount --bind "$2" "$1/mnt"
                tree=$1
                shift 2
                exec chroot "$tree" /usr/bin/env -i PATH=/usr/bin:/bin LC_ALL=C "$@"' sh "$@"
}

# Builds what lies in a folder, with warnings as errors. The checkers of a debug kernel put so much between
# what lies on the stack that its frames are no measure.
build_module() {
        local kernel=$1 folder=$2
        if [ -e "$kernel/build" ]; then
                make -k -j2 -C "$kernel/build" M="$folder" W=1 \
                        KCFLAGS='-Werror -Wno-frame-larger-than' modules
        else
                in_headers "$kernel/headers" "$folder" sh -c \
                        'make -k -j2 -C /lib/modules/*/build M=/mnt W=1 KCFLAGS=-Werror modules'
        fi
}

make_module() {
        local kernel=$1 folder sum
        mkdir "$work/module" "$work/made"
        # what is written by hand; a build in place may have left more
        find "$source/kmod" -maxdepth 1 ! -name '*.mod.c' \
                \( -name '*.[ch]' -o -name Kbuild -o -name Makefile \) -exec cp -t "$work/module" {} +
        sum=$(cd "$work/module" && cat ./* "$here/kernels.sh" | sha256sum | cut -c 1-16)
        folder=$kernel/module-$sum
        if [ ! -e "$folder" ]; then
                [ -e "$kernel/build" ] || make_headers "$kernel" >/dev/null
                build_module "$kernel" "$work/module" >"$work/log" 2>&1 ||
                        { cat "$work/log" >&2; die "the module does not build"; }
                mv "$work/module/jettison.ko" "$work/made/"
                mv "$work/made" "$folder"
        fi
        echo "$folder/jettison.ko"
}
