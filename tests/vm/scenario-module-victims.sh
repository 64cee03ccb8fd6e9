#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none kernel=bookworm,trixie,sid timeout=360
#
# Orders and victims that are not as they should be. Whatever the order is worth, the machine comes out of its
# shortage: if not by the order, then by the kernel's own killer.
#
# One who dies of nothing is needed, too. A write to a file system that is frozen waits where no signal
# reaches it, on all kernels tested: "held" does that, in a file system on a device in memory, until it is
# thawed.
#
# /
# ├── filler          locked memory, not to be killed; leaves 150 MiB for all of the others
# ├── batch           takes what is left, or as much of it as it is told
# ├── first, second   50 MiB each
# ├── zoo             threads, a leader that has exited, vfork; one with oom_score_adj -1000
# ├── held            20 MiB, and cannot die
# ├── written         25 MiB in a file: to kill it frees nothing
# └── bounded         memory.max 16M
. "${0%/*}/module.sh"

# All of them run on one CPU: kernels from 6.7 on keep up to tens of MiB of what was freed on the lists of the
# CPU where that was, and do not look there before they kill.
start() {
        spawn "$1" taskset 1 hog --max 50M --rate 0
        wait_for 20 holds "$1" 49
}

# order ROUND EXPIRES_MS DEADLINE_MS NAME...: nobody has been killed before.
order() {
        order_numbers="$1 $2 $3"
        shift 3
        for order_name in "$@"; do
                shift
                set -- "$@" "$CG/$order_name"
        done
        before=$(oom_kills)
        # three words
        # shellcheck disable=SC2086
        device_start order order $order_numbers "$@"
}

# Whether memory has stopped coming back from those who died last.
settled() {
        settled_mib=$(mem_available)
        sleep 1
        [ "$(mem_available)" -le "$settled_mib" ]
}

# run_out [MIB]: batch takes all there is, and so much more if it gets it.
run_out() {
        [ $# -eq 0 ] || wait_for 10 settled
        run_most=$(($(mem_available) + ${1:-1000}))
        spawn batch taskset 1 hog --rate 0 --max "${run_most}M"
}

has_run_out() {
        holds batch $((run_most - 1))
}

# done_with NAME...: the order ends, and these groups and batch are emptied. What was told is kept for the
# case that something has failed.
done_with() {
        device_stop order
        mv "$WORK/order.log" "$WORK/order-$(now_ms).log"
        for done_name in "$@" batch; do
                empty "$done_name"
        done
}

kernel_killed() {
        [ "$(oom_kills)" -gt "$before" ]
}

# died ROUND [NAME]: whether the order has told so.
died() {
        has_event order DIED "round=$1 ${2:+cgroup=$(device id "$CG/$2") }"
}

# aside ROUND WHY: as enum jettison_aside has it.
aside() {
        has_event order ASIDE "round=$1 .*detail=$2\$"
}

done_reason=1 stuck=2 expired=4

for name in batch first second zoo held written; do
        group $name
done
group bounded memory.max=16M
module_load
fill_to 150

# --- one of two, then both
start first
start second
order 1 30000 3000 first second
run_out 25
expect "the first is struck, and dies" wait_for 20 died 1 first
expect "which is enough" wait_for 10 has_run_out
sleep 0.5
expect "so the second lives" alive second
expect "nobody else has died" not kernel_killed
expect "the order is under way" test "$(info order_state) $(info order_next)" = "2 1"
done_with

start first
order 2 30000 3000 first second
run_out 75
expect "more is needed: both die" wait_for 20 died 2 second
expect "the second when the first was dead" \
        test "$(sed -n 's/^\([SD]\)[TI].*/\1/p' "$WORK/order.log" | tr -d '\n')" = SDSD
expect "that is enough" wait_for 10 has_run_out
expect "nobody else has died" not kernel_killed
done_with

# --- orders that are not, or no longer, there
order 3 300 3000 batch
sleep 0.5
run_out
expect "an order has expired: the kernel decides" wait_for 15 kernel_killed
expect "that is told" wait_for 5 aside 3 $expired
expect "once" test "$(events_of order ASIDE)" -eq 1
expect "nobody was struck" test "$(events_of order STRUCK)" -eq 0
expect "the order is over" test "$(info order_state)" -eq 3
done_with

device_start log events
order 4 30000 3000 batch
device_stop order
run_out
expect "an order whose device is closed is none: the kernel decides" wait_for 15 kernel_killed
expect "nothing is told of it" test "$(events_of log STRUCK) $(events_of log ASIDE)" = "0 0"
expect "but that memory is out" wait_for 5 has_event log OOM
device_stop log
empty batch

group removed
order 5 30000 3000 removed batch
rmdir "$CG/removed"
run_out
expect "a cgroup that was removed is passed over" wait_for 20 died 5 batch
expect "nobody else has died" not kernel_killed
done_with

# --- whom it must not kill, and where it has no say
spawn batch sleep 1000
shielded=$(pid_of batch)
echo -1000 >"/proc/$shielded/oom_score_adj"
order 6 30000 3000 batch
run_out
expect "of a cgroup with a process that must not be killed, the others die" wait_for 20 died 6 batch
expect "and that one lives" kill -0 "$shielded"
expect "nobody else has died" not kernel_killed
done_with

spawn zoo taskset 1 device zoo
wait_for 10 grep -q ready "$(output_of zoo)"
order 7 30000 3000 zoo
run_out 25
expect "processes of many kinds die" wait_for 20 died 7 zoo
expect "nobody else has died" not kernel_killed
expect "one is left, who must not be killed" \
        test "$(sed 's|.*|/proc/&/oom_score_adj|' "$CG/zoo/cgroup.procs" | xargs cat)" = -1000
done_with zoo

start first
order 8 30000 3000 first
spawn bounded hog --rate 0
expect "a cgroup that runs into its own limit is the kernel's business" wait_for 10 dead bounded
expect "the order stands" test "$(info order_state)" -eq 1
expect "nobody is struck, and memory is not out" \
        test "$(events_of order STRUCK) $(events_of order OOM)" = "0 0"
device_stop order

# --- victims that are frozen, stopped, empty-handed
echo 1 >"$CG/first/cgroup.freeze"
wait_for 5 grep -q '^frozen 1' "$CG/first/cgroup.events"
order 9 30000 3000 first
run_out 25
expect "a frozen victim dies" wait_for 20 died 9 first
expect "nobody else has died" not kernel_killed
echo 0 >"$CG/first/cgroup.freeze"
done_with

start first
kill -STOP "$(pid_of first)"
order 10 30000 3000 first
run_out 25
expect "a stopped victim dies" wait_for 20 died 10 first
expect "nobody else has died" not kernel_killed
done_with

mkdir "$WORK/files"
spawn written taskset 1 hog --shape tmpfs --dir "$WORK/files" --max 25M --rate 0
wait_for 10 holds written 24
order 11 30000 3000 written
run_out
expect "a victim that frees nothing dies" wait_for 20 died 11 written
expect "the order is through" wait_for 10 aside 11 $done_reason
expect "and the kernel decides" wait_for 10 kernel_killed
done_with
rm -r "$WORK/files"

# --- victims that do not die
echo 8M >/sys/block/zram0/disksize
mke2fs -b 4096 /dev/zram0 >/dev/null 2>&1
mkdir -p "$WORK/frozen"
mount -t ext4 /dev/zram0 "$WORK/frozen"
: >"$WORK/frozen/file"

is_held() {
        grep -q ') D ' "/proc/$(pid_of held)/stat"
}

fsfreeze --freeze "$WORK/frozen"
spawn held taskset 1 device grip 20 "$WORK/frozen/file"
wait_for 10 is_held
start second
order 12 30000 500 held second
run_out
expect "a victim does not die" wait_for 15 has_event order STRUCK "cgroup=$(device id "$CG/held") "
expect "by its deadline it is given up" wait_for 15 aside 12 $stuck
expect "the kernel decides" wait_for 15 kernel_killed
expect "the next one is not struck" test "$(events_of order STRUCK)" -eq 1
expect "the victim is still there" is_held
took=$(($(field_of order ASIDE ms) - $(field_of order STRUCK ms)))
echo "# given up after $took ms"
# The time begins with the strike, which is told when it is over: some ms later.
expect "its time was 500 ms" test $took -ge 480
fsfreeze --unfreeze "$WORK/frozen"
done_with held second
umount "$WORK/frozen"
echo 1 >/sys/block/zram0/reset

start first
start second
before=$(oom_kills)
device_start order renew "$(pid_of first)" 13 30000 10000 "$CG/first" "$CG/second"
run_out 25
expect "another one dies late" wait_for 20 grep -q 'dies in the new round' "$WORK/order.log"
sed -i 1d "$WORK/order.log"
expect_rows cat "$WORK/order.log"
expect "the second lives" alive second
expect "that is enough" wait_for 10 has_run_out
expect "nobody else has died" not kernel_killed
dmesg | grep -E 'jettison: |Out of memory: ' >&2
done_with second
fill_none
