#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the kernel's own checkers say of kmod/: prints findings only, and ends with 1 if there are any.
#   kmod-lint.sh [--build DIR]
#
#   checkpatch   style, from Debian 12's kernel source (the headers packages do not carry it), --strict
#   sparse       make C=2 against that source, configured like the cloud kernel that the VM boots
#   coccinelle   the source's scripts/coccinelle in report mode, but for those that ask for an OCaml compiler
#
# Source and prepared tree lie in the cache of tests/vm/image.sh.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$here")
build=$top/build
if [ "${1:-}" = --build ]; then
        build=$2
        shift 2
fi
if [ $# -gt 0 ]; then
        echo "Usage: kmod-lint.sh [--build DIR]" >&2
        exit 2
fi
build=$(mkdir -p "$build" && readlink -f "$build")
export JETTISON_VM_CACHE=${JETTISON_VM_CACHE:-$build/vm/cache}
tree=$JETTISON_VM_CACHE/lint-build

# What checkpatch asks of code that is merged into the kernel, and no module outside can follow:
#   LINUX_VERSION_CODE     the module is built for several versions
#   CONSTANT_COMPARISON    takes the LINUX_VERSION_CODE of such a condition for the constant
# and of a header that user space reads as well:
#   BIT_MACRO              BIT() is the kernel's own
outside=LINUX_VERSION_CODE,CONSTANT_COMPARISON
shared=BIT_MACRO

die() {
        echo "kmod-lint.sh: $*" >&2
        exit 1
}

checkpatch() {
        perl "$linux/scripts/checkpatch.pl" --no-tree --strict --terse --show-types --no-summary \
                --ignore "$1" --file "$2" 2>&1 || true
}

run_checkpatch() {
        local file
        for file in kmod/*; do
                case $file in
                *_uapi.h) checkpatch $outside,$shared "$file" ;;
                *) checkpatch $outside "$file" ;;
                esac
        done
}

# A tree that modules can be compiled against: the cloud kernel's configuration, and only what headers need.
prepare_tree() {
        local headers
        [ ! -e "$tree/prepared" ] || return 0
        headers=$("$here/vm/image.sh" headers "$("$here/vm/image.sh" kernel)")
        rm -rf "$tree"
        mkdir -p "$tree"
        cp "$headers"/usr/src/linux-headers-*-cloud-amd64/.config "$tree/"
        { make -C "$linux" O="$tree" olddefconfig && make -C "$tree" -j2 modules_prepare; } \
                >"$work/log" 2>&1 || { cat "$work/log" >&2; die "cannot prepare the kernel's source"; }
        touch "$tree/prepared"
}

# Without the symbols of a built kernel the last step can only warn.
run_sparse() {
        make -C "$tree" M="$work/kmod" C=2 KBUILD_MODPOST_WARN=1 modules >"$work/log" 2>&1 ||
                echo "it does not compile: $(grep -m 1 'error' "$work/log")"
        sed -En "s#^$work/(.*: (warning|error):)#\1#p" "$work/log" | sort -u
}

run_coccinelle() {
        local script options
        while read -r script; do
                options=$(sed -n 's|^// Options: *||p' "$script")
                # a list of options
                # shellcheck disable=SC2086
                spatch -D report --very-quiet --no-show-diff $options --cocci-file "$script" --dir kmod \
                        -I "$linux/include" 2>"$work/log" || tail -n 3 "$work/log"
        done < <(grep -rlw 'virtual report' "$linux/scripts/coccinelle" | xargs grep -L 'script:ocaml' | sort)
}

sh "$here/deps.sh" module vm
linux=$("$here/vm/image.sh" source)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prepare_tree

mkdir "$work/kmod"
cp "$top"/kmod/*.[ch] "$top"/kmod/Kbuild "$top"/kmod/Makefile "$work/kmod/"
rm -f "$work"/kmod/*.mod.c
cd "$work"
{ run_checkpatch && run_coccinelle && run_sparse; } | sed '/^$/d' | tee "$work/findings"
[ ! -s "$work/findings" ]
