#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# rivals.sh [INSTANCES]: our solver beside GLPK, CBC and the textbook's table (bench_rivals.c), some minutes for the
# default of 5 instances of each size. Installs what it needs.
set -eu

top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
sh "$top/tests/deps.sh" rivals
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# a list of options
# shellcheck disable=SC2046
gcc -O2 -g -std=gnu17 -D_GNU_SOURCE -I"$top/controller" -I"$top/tests" -o "$work/bench_rivals" \
        "$top/tests/bench/bench_rivals.c" "$top"/controller/decide/knapsack*.c "$top/tests/unit/oracle.c" \
        -lglpk $(pkg-config --libs cbc) -lstdc++ -lm
"$work/bench_rivals" "$@"
