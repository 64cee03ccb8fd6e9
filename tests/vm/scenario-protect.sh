#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# What is protected is never struck, by its label or by a rule, even if it is the cause. As long as others can
# help they are shed, as the plan says; after that nobody is, and the daemon says so once and waits, instead
# of asking again without a pause.
#
# /
# ├── filler           no candidate: locked memory
# ├── labelled         "protect", takes memory until the host is short
# ├── ruled            utility 0, but a rule protects it
# └── batch            utility 500, the only one that may die
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group labelled utility=protect
group ruled utility=0
group batch utility=500
spawn ruled hog --max 60M --rate 0
spawn batch hog --max 60M --rate 0
wait_for 10 holds ruled 60 && wait_for 10 holds batch 60
before=$(oom_kills)
expect "the daemon starts" \
        start_daemon "{ \"rules\": [ { \"match\": \"$(path_of ruled)\", \"utility\": \"protect\" } ] }"

spawn labelled hog --max $(($(mem_available) - 35))M --rate 100M
expect "who may die is shed" wait_for 20 dead batch
expect "the round is over" wait_for 5 journal_has '"what":"outcome"' '"result":"recovered"'
expect "the protected cause lives" alive labelled
expect "so does what the rule protects" alive ruled

fill_to 30
expect "nothing may die, and that is said" wait_for 5 journal_has '"what":"error"' '"text":"nothing may die'
wakeups=$(status_of wakeups) began=$(now_ms)
sleep 5
wakeups=$(($(status_of wakeups) - wakeups)) took=$(($(now_ms) - began))
echo "# short and helpless: $wakeups wake-ups in $took ms"
# Every 20 ms (timer.min) and no more, plus those of the question itself.
expect "it does not spin" test "$wakeups" -le $((took / 20 + 10))
expect "it is said once" test "$(lines_of '"what":"error"')" -eq 1
expect "there was one round" test "$(status_of rounds)" -eq 1
expect "the protected cause still lives" alive labelled
expect "the ruled one, too" alive ruled
expect "the kernel's killer did not strike" test "$(oom_kills)" -eq "$before"
