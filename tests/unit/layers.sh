#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# layers.sh LIST SOURCE_DIR: does every file include only what stands above it, and foreign headers only
# at their doors?
#
# LIST is controller/meson.build, or any text whose quoted *.c and *.h names, from top to bottom, are the
# order. A header stands where it is listed, or else where its .c is. Every source of the folder has to
# be listed.
set -eu
LC_ALL=C
export LC_ALL

[ $# -eq 2 ] || { echo "usage: layers.sh LIST SOURCE_DIR" >&2; exit 2; }
list=$(realpath "$1")
cd "$2"

{
        grep -v '^[[:space:]]*#\|extract_objects' "$list" | grep -o "'[^']*\.[ch]'" | tr -d "'" | sed 's/^/listed /'
        find . -name '*.[ch]' | sed 's|^\./||' | sort | sed 's/^/found /'
        find . -name '*.[ch]' -exec grep -HnE '^[[:space:]]*#[[:space:]]*include' {} + |
                sed 's|^\./||' | sort |
                sed -E 's/^([^:]*):([0-9]+):[^<"]*([<"][^>"]*[>"]).*/include \1 \2 \3/'
} | awk '
# Where a foreign header may be included: a pattern for it, and one for the files that are its door.
BEGIN {
        door["^<libcgroup\\.h>$"] = "^(sense/cgroupfs|serve/instance|cli/group)\\.c$"
        door["^<seccomp\\.h>$"] = "^(serve/sandbox|kube/confine)\\.c$"
        door["^<jansson\\.h>$"] = "^(serve/json\\.h|serve/config[a-z_]*\\.[ch]|serve/request\\.[ch]|cli/[a-z_]*\\.[ch]|(kube|export)/[a-z_-]*\\.[ch])$"
        door["^<curl/"] = "^kube/[a-z]*\\.c$"
        door["^<microhttpd\\.h>$"] = "^export/[a-z]*\\.c$"
        door["^<systemd/"] = "^serve/notify\\.c$"
        # Shared with the kernel module, the one header of ours that is not below SOURCE_DIR.
        outside = "(^|/)jettison_uapi\\.h$"
}

function place(file,    source) {
        source = file
        sub(/\.h$/, ".c", source)
        return file in rank ? rank[file] : source in rank ? rank[source] : 0
}

function blame(text) {
        print text
        failed = 1
}

$1 == "listed" { if (!($2 in rank)) rank[$2] = ++n; else blame($2 ": is listed twice") }
$1 == "found"  { found[$2] = 1; if (!place($2)) blame($2 ": is not in the list") }

$1 == "include" && $4 ~ /^"/ {
        header = substr($4, 2, length($4) - 2)
        if (header ~ outside)
                next
        if (!(header in found))
                blame($2 ":" $3 ": there is no " $4)
        else if (place($2) && place(header) > place($2))
                blame($2 ":" $3 ": includes " header ", which stands after it")
}

$1 == "include" && $4 ~ /^</ {
        for (pattern in door)
                if ($4 ~ pattern && $2 !~ door[pattern])
                        blame($2 ":" $3 ": " $4 " enters elsewhere")
}

END {
        for (file in rank)
                if (!(file in found))
                        blame(file ": is listed, but not there")
        if (!n)
                blame("the list is empty")
        exit failed
}'
