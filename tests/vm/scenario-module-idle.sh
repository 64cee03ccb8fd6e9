#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=90
#
# A machine that idles is not woken by the module: it takes no more interrupts of its timers with the module
# than without, and the module looks only when there is one anyhow.
. "${0%/*}/module.sh"

idle_s=28       # two of them, and the scenario is under a minute

timer_interrupts() {
        awk '/^ *LOC:/ { for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i; print sum }' /proc/interrupts
}

interrupts_while_idle() {
        idle_before=$(timer_interrupts)
        sleep $idle_s
        echo $(($(timer_interrupts) - idle_before))
}

sleep 2
without=$(interrupts_while_idle)
module_load
sleep 1
samples=$(info samples)
with=$(interrupts_while_idle)
samples=$(($(info samples) - samples))
echo "# $idle_s s idle: $without timer interrupts without the module, $with with it; it looked $samples times"
expect "the module wakes nobody" test "$with" -le $((without + without / 4 + 2 * idle_s))
expect "it looks less often than there are interrupts" test $samples -le "$with"
expect "but it does look" test $samples -gt 0
