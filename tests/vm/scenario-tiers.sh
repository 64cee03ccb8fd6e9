#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=90
#
# A tier comes before every number: whoever is in a higher one does not die while those below suffice.
#
# /
# ├── filler           no candidate: locked memory that makes the host short
# ├── service          utility 1:1,   100 MiB
# └── batch            utility 0:900, 100 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group service utility=1:1
group batch utility=0:900
spawn service hog --max 100M --rate 0
spawn batch hog --max 100M --rate 0
wait_for 10 holds service 100 && wait_for 10 holds batch 100
expect "the daemon starts" start_daemon

fill_to 38
expect "the lower tier is shed" wait_for 15 dead batch
expect "the round is over" wait_for 5 journal_has '"what":"outcome"' '"result":"recovered"'
expect "the higher tier lives" alive service
expect "the plan says why" journal_has '"what":"intent"' '"why":"of a higher tier"'
