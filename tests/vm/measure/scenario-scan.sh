#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=3G swap=none timeout=900
#
# A scan beside its floor (tests/bench/bench_scan.c) up to 10,000 cgroups, whose files take more descriptors than most
# machines grant. A measurement, not a test: "tests/vm/run.sh -v tests/vm/measure/scenario-scan.sh", in some minutes
# under TCG.
. "${0%/*}/lib.sh"

need bench_scan || skip "no bench_scan in this build"
# busybox has it
# shellcheck disable=SC3045
ulimit -n 200000
expect "scans are measured" sh -c "bench_scan 10 100 1000 10000 >$WORK/bench"
sed 's/^ */# /' "$WORK/bench"
