#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the image of the Dockerfile, as people do, and prints what a guest needs to run it: the paths of an
# OCI archive and of the script that people are told to run it with. There is no registry: the Debian below
# it comes from wherever this machine's apt takes Debian from. What is built is kept in the cache, and built
# again when something that .dockerignore lets in, or the Dockerfile, has changed.
#
# Containers of a build are no more than a changed root here (--isolation chroot), and their file systems
# plain folders (vfs): this machine's cgroups are left alone, and no overlay is needed.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
source=$(dirname "$(dirname "$here")")
cache=${JETTISON_VM_CACHE:-$source/build/vm/cache}

die() {
        echo "image-build.sh: $*" >&2
        exit 1
}

# shellcheck source=./kernels.sh
. "$here/kernels.sh"

sh "$source/tests/deps.sh" image >&2

store() {
        buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"
}

# Debian's minimal system with apt and its sources, as localhost/debian.
make_base() {
        local tar container
        need_sources
        tar=$cache/debian-$( (debian_sources && cat "$here/kernels.sh") | sha256sum | cut -c 1-16).tar
        if [ ! -e "$tar" ]; then
                debian_tree '' minbase ca-certificates "$work/tree"
                tar -C "$work/tree" -cf "$work/tar" .
                mv "$work/tar" "$tar"
        fi
        container=$(store from scratch)
        store add --quiet "$container" "$tar" / >/dev/null
        store commit --quiet --rm "$container" localhost/debian >/dev/null
}

# What the Dockerfile sees, frozen: others may be at work in the tree.
make_context() {
        local lines
        mkdir "$work/context"
        lines=$(grep -v '^#\|^\*$' "$source/.dockerignore")
        # shellcheck disable=SC2046  # lists of names
        tar -C "$source" -c $(grep -v '^!' <<<"$lines" | sed 's/^/--exclude=/') \
                $(sed -n 's/^!//p' <<<"$lines") Dockerfile | tar -C "$work/context" -x
}

# One layer, since a guest without overlays copies each. Docker's format has a place for the health check, and
# that it is there is a test; OCI's has none.
build() {
        make_base
        store build --isolation chroot --squash --format docker --ulimit nofile=20000:20000 \
                --build-arg BASE=localhost/debian --build-arg REVISION="$1" \
                --tag localhost/jettison "$work/context"
        store inspect --type image --format '{{.Docker.Config.Healthcheck.Test}}' localhost/jettison |
                grep -qx '\[CMD /usr/bin/jettison status\]' || die "the image has no health check"
        store push --quiet --format oci localhost/jettison "oci-archive:$work/image:localhost/jettison"
}

[ "$(id -u)" -eq 0 ] || die "must be root to build an image"
work_open
lock image              # two runs at a time make one image
finish() {
        [ $? -eq 0 ] || cat "$work/log" >&2 || true
        rm -rf "$work"
}
trap finish EXIT

make_context
sum=$( (cd "$work/context" && find . -type f | LC_ALL=C sort | xargs sha256sum && cat "$here/image-build.sh") |
        sha256sum | cut -c 1-16)
archive=$cache/image-$sum.oci
if [ ! -e "$archive" ]; then
        build "$sum" >"$work/log" 2>&1
        rm -f "$cache"/image-*.oci
        mv "$work/image" "$archive"
fi
ln -f "$archive" "$cache/jettison.oci"
echo "$cache/jettison.oci" "$source/examples/podman/run.sh"
