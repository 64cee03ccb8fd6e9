#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# core-pure.sh DECIDE_LIB [BASE_LIB]: does the choice refer to nothing that could touch the world?
#
# DECIDE_LIB may refer to itself, to libc's memory functions, and to symbols of BASE_LIB. A file of
# BASE_LIB that is reached so is held to the same rule, but may use libc's functions on strings as well.
# Memory is allocated (at start) by calloc alone. The compiler's own helpers for 128-bit division and for
# the stack guard are part of the language. Exit code 77 (skipped): the library was built with a
# sanitizer or for coverage, which add symbols of their own.
set -eu
LC_ALL=C
export LC_ALL

[ $# -ge 1 ] || { echo "usage: core-pure.sh DECIDE_LIB [BASE_LIB]" >&2; exit 2; }

{
        nm -A -P "$1" | sed 's/^/core /'
        [ $# -lt 2 ] || nm -A -P "$2" | sed 's/^/base /'
} | awk '
BEGIN {
        split("memcpy memmove memset memcmp strlen calloc free __stack_chk_fail " \
              "__divti3 __modti3 __udivti3 __umodti3", words)
        for (i in words)
                memory[words[i]] = 1
        split("strchr strchrnul strrchr strcmp strncmp strspn strcspn memchr snprintf vsnprintf", words)
        for (i in words)
                text[words[i]] = 1
}

# "core libdecide.a[plan.c.o]: plan_make T 0 1f3"
{
        rank = $1; file = $2; symbol = $3; type = $4
        sub(/:$/, "", file)
        if (symbol ~ /^__[a-z]+_chk$/)          # _FORTIFY_SOURCE: __memcpy_chk is memcpy
                gsub(/^__|_chk$/, "", symbol)
        if (symbol ~ /^(__asan_|__ubsan_|__tsan_|__msan_|__gcov_|__llvm_|__sanitizer_)/)
                instrumented = 1
        if (type == "U" || type == "w" || type == "v") {
                wanted[++n] = symbol; wanted_by[n] = file; wanted_rank[n] = rank
        } else if (type ~ /^[A-TV-Z]$/) {
                home[symbol] = file; home_rank[symbol] = rank; defined[rank]++
        }
}

function blame(i) {
        print wanted_by[i] ": refers to " wanted[i]
        failed = 1
}

END {
        if (instrumented) {
                print "built with a sanitizer or for coverage: skipped"
                exit 77
        }
        if (!defined["core"]) {
                print "the library defines nothing: is it the right one?"
                exit 1
        }
        for (i = 1; i <= n; i++) {
                if (wanted_rank[i] != "core" || wanted[i] in memory || home_rank[wanted[i]] == "core")
                        continue
                if (home_rank[wanted[i]] == "base")
                        reached[home[wanted[i]]] = 1
                else
                        blame(i)
        }
        do {
                grown = 0
                for (i = 1; i <= n; i++) {
                        if (!(wanted_by[i] in reached) || (i in done))
                                continue
                        done[i] = 1
                        if (home_rank[wanted[i]] == "base") {
                                if (!(home[wanted[i]] in reached))
                                        grown = reached[home[wanted[i]]] = 1
                        } else if (!(wanted[i] in memory) && !(wanted[i] in text))
                                blame(i)
                }
        } while (grown)
        exit failed
}'
