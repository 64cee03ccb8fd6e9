#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none kernel=bookworm,trixie,sid timeout=360
#
# The kernel module comes, is asked for what it must grant and what it must refuse, and goes: again and again
# while others have it open, read and wait.
#
# /
# ├── hog             60 MiB: the process with the highest oom score
# ├── zoo             processes of many kinds, one with a name of odd bytes
# └── readers         open, ask, wait and close without pause
. "${0%/*}/module.sh"

attribute() {
        cat "$ATTRIBUTES/$1"
}

# as_said FIELD: the attribute says the same as the call.
as_said() {
        [ "$(attribute "$1")" -eq "$(info "$1")" ]
}

# near BYTES BYTES: no more than 8 MiB apart.
near() {
        apart=$(($1 - $2))
        [ ${apart#-} -le 8388608 ]
}

meminfo() {
        awk "/^$1:/ { printf \"%d\\n\", \$2 * 1024 }" /proc/meminfo
}

# KiB that the kernel has taken for itself.
kernel_kib() {
        awk '/^(Slab|VmallocUsed|Percpu|KernelStack|PageTables):/ { sum += $2 }
             END { print sum }' /proc/meminfo
}

refused() {
        status=0
        "$@" >"$WORK/refused" 2>&1 || status=$?
        [ $status -ne 0 ]
}

expect "it loads, and tests itself" module_load selftest=1
expect "its self-tests have passed" test "$(said 'self-tests passed')" -eq 1
expect "its device is root's alone" test "$(stat -c '%a %u %g' /dev/jettison)" = "600 0 0"
expect "another user may not open it" refused load as 12345 device info
expect "… because of its mode" grep -q 'Permission denied' "$WORK/refused"
expect "root without CAP_SYS_ADMIN may not open it" refused device capless device info
expect "… because of that" grep -q 'Operation not permitted' "$WORK/refused"
expect "a parameter out of range is refused" refused insmod "$BIN/jettison.ko" share=101
expect_rows device refusals

for name in memory_total swap_total swap_free available_low swap_low; do
        expect "the attribute $name is what the call says" as_said $name
done
expect "memory_total is as in meminfo" test "$(attribute memory_total)" -eq "$(meminfo MemTotal)"
expect "memory_available is as in meminfo" near "$(attribute memory_available)" "$(meminfo MemAvailable)"
expect "… and as the call says" near "$(info memory_available)" "$(meminfo MemAvailable)"
expect "the line is 30 % of all memory" test "$(info available_low)" -eq $(($(info memory_total) * 30 / 100))
samples=$(attribute samples)
sleep 1
expect "it looks now and then" test "$(attribute samples)" -gt "$samples"

group hog
group zoo
expect "nobody has left an order" test "$(attribute order | head -n 1)" = "state none"
device_start order order 7 30000 1000 "$CG/hog" "$CG/zoo"
for line in 'state standing' 'round 7' 'victims 2'; do
        expect "then one stands: $line" grep -qx "$line" $ATTRIBUTES/order
done
expect "the call says so, too" test "$(info order_state) $(info order_round) $(info order_victims)" = "1 7 2"
expect "with the time that is left" test "$(info order_left_ms)" -gt 20000
device_stop order
expect "it ends with its device" test "$(attribute order | head -n 1)" = "state none"

spawn hog hog --max 60M --rate 0
wait_for 10 holds hog 60
attribute processes >"$WORK/processes"
sed -n 2p "$WORK/processes" >"$WORK/second"
expect "the process with the highest score comes first" grep -q "^$(pid_of hog) .* hog\$" "$WORK/second"
spawn zoo device zoo
wait_for 10 grep -q ready "$(output_of zoo)"
attribute processes >"$WORK/processes"
tail -n +2 "$WORK/processes" | cut -d ' ' -f 5 >"$WORK/scores"
expect "they stand in the order of their scores" sort -rnc "$WORK/scores"
expect "a name of odd bytes is written in plain ones" lacks "$WORK/processes" '[^ -~]'
expect "and is there" grep -qF ' a b\012\134\377\001(c)\011'\''"' "$WORK/processes"
expect "each line has seven words or more" test "$(awk 'NF < 7' "$WORK/processes" | wc -l)" -eq 0
empty hog
empty zoo

device_start holder hold
expect "it cannot be unloaded while it is open" refused rmmod jettison
device_stop holder
group readers
spawn readers device readers 4
expect "it comes and goes while others read" device reload 20 "$BIN/jettison.ko"
echo 1 >/sys/kernel/rcu_expedited
before=$(kernel_kib) began=$(now_ms)
expect "and again" device reload 180 "$BIN/jettison.ko"
took=$(($(now_ms) - began)) kept=$(($(kernel_kib) - before))
echo "# 180 times in $took ms; the kernel has $kept KiB more for itself"
# A page left behind each time would be 720 KiB.
expect "it has left nothing behind" test $kept -lt 600
echo 0 >/sys/kernel/rcu_expedited
expect "the readers are still there" alive readers
empty readers
expect "it unloads" rmmod jettison
expect "its device is gone" not test -e /dev/jettison
