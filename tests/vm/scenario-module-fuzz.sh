#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none kernel=bookworm,trixie,sid timeout=180
#
# The module is asked for anything, by four processes at a time, for 20 s. It must live, kill nobody, and come
# and go afterwards as before. What the kernel has to say of it, guest.sh reports.
#
# /
# └── bystander       could be killed, and is not
. "${0%/*}/module.sh"

module_load selftest=1
group bystander
spawn bystander hog --max 20M --rate 0
before=$(oom_kills)
seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
echo "# seed $seed"
expect_rows device fuzz 20 "$seed"
expect "it answers" test "$(info memory_total)" -gt 0
expect "nobody holds its lines any more" test "$(info available_low)" -eq $(($(info memory_total) * 30 / 100))
expect "nor an order" test "$(info order_state)" -eq 0
expect "a bystander lives" alive bystander
expect "nobody was killed" test "$(oom_kills)" -eq "$before"
expect "it unloads" rmmod jettison
expect "it loads again" module_load selftest=1
expect "and passes its self-tests" test "$(said 'self-tests passed')" -eq 2
