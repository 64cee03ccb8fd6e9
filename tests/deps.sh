#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the Debian packages that building, testing, the test VMs, the checks of the kernel module or the
# demo need: only missing ones, quietly. No kernel's headers are among them: tests/vm/image.sh fetches those
# that fit the kernels it boots.
set -eu

build='build-essential meson ninja-build pkg-config libcgroup-dev libseccomp-dev libjansson-dev
       libcurl4-openssl-dev libmicrohttpd-dev scdoc'
checks='libcriterion-dev valgrind shellcheck strace jq attr clang libclang-rt-14-dev curl openssl python3'
command -v kubectl >/dev/null || checks="$checks kubernetes-client"
vm='qemu-system-x86 busybox-static cpio mmdebstrap e2fsprogs zstd xz-utils dpkg-dev'
image='buildah mmdebstrap'
arena='glpk-utils gnuplot-nox jq'
rivals='build-essential pkg-config libglpk-dev coinor-libcbc-dev'
module='build-essential bc bison flex libelf-dev libssl-dev sparse coccinelle'

usage='Usage: tests/deps.sh build|test|vm|image|arena|rivals|module|demo...

  build   compiler and libraries
  test    the same, and what the unit and tool tests need
  vm      QEMU and what the test images are made with
  image   what builds the container image for its scenario
  arena   the solver that judges the arena, and what draws its plots
  rivals  the solvers that ours is measured beside
  module  what builds the debug kernel, and the checkers of the kernel module
  demo    build and vm'

die() {
        echo "deps.sh: $*" >&2
        exit 1
}

installed() {
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

packages=
for set in "$@"; do
        case $set in
        build) packages="$packages $build" ;;
        test) packages="$packages $build $checks" ;;
        vm) packages="$packages $vm" ;;
        image) packages="$packages $image" ;;
        arena) packages="$packages $arena" ;;
        rivals) packages="$packages $rivals" ;;
        module) packages="$packages $module" ;;
        demo) packages="$packages $build $vm" ;;
        *) set -- ;;
        esac
done
if [ $# -eq 0 ]; then
        echo "$usage" >&2
        exit 2
fi
command -v dpkg-query >/dev/null || die "needs Debian or a derivative (no dpkg); install by hand:$packages"

missing=
for package in $packages; do
        installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || die "needs apt to install:$missing"
[ "$(id -u)" -eq 0 ] || die "must be root to install:$missing"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# $missing is a list of names
# shellcheck disable=SC2086
if ! { apt-get -qq update && apt-get -qq -y --no-install-recommends install $missing; } >"$log" 2>&1; then
        cat "$log" >&2
        die "apt could not install:$missing"
fi
