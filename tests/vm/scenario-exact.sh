#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=90
#
# The choice is exact. Large frees most for what it is worth, so whoever goes by that figure sheds it and
# loses 25; the two small ones free enough as well, and are worth 20 together.
#
# /                    restores 30 % of its memory, for which neither small one is enough
# ├── filler           no candidate: locked memory that makes the host short
# ├── one              utility 10,  75 MiB
# ├── two              utility 10,  75 MiB
# └── large            utility 25, 200 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

small=75 large=200
group one utility=10
group two utility=10
group large utility=25
spawn one hog --max ${small}M --rate 0
spawn two hog --max ${small}M --rate 0
spawn large hog --max ${large}M --rate 0
wait_for 10 holds one $small && wait_for 10 holds two $small && wait_for 10 holds large $large
before=$(oom_kills)
expect "the daemon starts" start_daemon '{ "target": { "available": "30%", "slow_start": false } }'

fill_to 38
expect "the round is over" wait_for 15 journal_has '"what":"outcome"' '"result":"recovered"'
expect "the first small one is shed" dead one
expect "so is the second" dead two
expect "the large one lives" alive large
expect "the plan was proven optimal" journal_has '"what":"intent"' '"proof":"optimal"' '"utility_lost":20'
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
