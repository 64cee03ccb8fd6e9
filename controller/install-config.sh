#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Puts the default configuration in its place, unless an administrator's own is there. Called by "meson install".
#   install-config.sh FILE DIRECTORY
set -eu
target=${DESTDIR:-}$2
mkdir -p "$target/jettison.d"
if [ -e "$target/jettison.json" ]; then
        install -m 0644 "$1" "$target/jettison.json.default"
        echo "kept $target/jettison.json; this version's defaults are beside it as jettison.json.default"
else
        install -m 0644 "$1" "$target/jettison.json"
fi
