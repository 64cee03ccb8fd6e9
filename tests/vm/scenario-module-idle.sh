#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=270
#
# A machine that idles is not woken by the module: it takes no more interrupts of its timers with the module
# than without, and the module looks only when there is one anyhow. Best of three: others at work on the host only
# add to them.
. "${0%/*}/module.sh"

idle_s=14       # six of them

timer_interrupts() {
        awk '/^ *LOC:/ { for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i; print sum }' /proc/interrupts
}

interrupts_while_idle() {
        idle_before=$(timer_interrupts)
        sleep $idle_s
        echo $(($(timer_interrupts) - idle_before))
}

less_of() {
        echo $(($1 < $2 ? $1 : $2))
}

sleep 2
without=1000000 with=1000000 most=0
for run in 1 2 3; do
        without=$(less_of $without "$(interrupts_while_idle)")
        module_load
        sleep 1
        before=$(info samples)
        interrupts=$(interrupts_while_idle)
        samples=$(($(info samples) - before))
        rmmod jettison
        with=$(less_of $with "$interrupts")
        [ $samples -le "$interrupts" ] || most=$samples
        echo "# run $run: $interrupts timer interrupts in $idle_s s with the module, which looked $samples times"
done
echo "# least: $without without the module, $with with it"
# A timer of a quarter of a second that does wake would add four a second.
expect "the module wakes nobody" test "$with" -le $((without + without / 10 + idle_s))
expect "it looks less often than there are interrupts" test $most -eq 0
expect "but it does look" test $samples -gt 0
