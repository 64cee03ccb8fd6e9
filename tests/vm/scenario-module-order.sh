#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none kernel=bookworm,trixie,sid boot=order timeout=800
#
# In a boot of its own: emulated machines that run dry dozens of times when they are minutes old have been seen to
# stand still in the page allocator, before the module was loaded, and then all that follows is late.
#
# No daemon: an order stands, memory runs out, and the kernel, which would take the training, carries it out.
# Many times, beside as many of the same load without module and order.
#
# /
# ├── filler          locked memory, not to be killed, so that the runs are short
# ├── training        60 MiB: what the kernel takes
# └── batch           takes what is left, less than the training has
. "${0%/*}/module.sh"

# Twenty times on one kernel; on others a few show that it is the same.
case $(uname -r) in
6.1.*) runs=20 ;;
*) runs=6 ;;
esac

start_training() {
        spawn training hog --max 60M --rate 0
        wait_for 90 holds training 59
}

one_is_dead() {
        dead training || dead batch
}

# run_out: batch takes memory until somebody has died.
run_out() {
        before=$(oom_kills)
        spawn batch hog --rate 0
        wait_for 90 one_is_dead || not_ok "run $run came to an end"
}

group training
group batch
start_training
fill_to 40

took=0
for run in $(seq $runs); do
        run_out
        if dead training; then
                took=$((took + 1))
                empty batch
                start_training
        fi
done
echo "# without an order the kernel took the training in $took of $runs runs"
expect "the load is one in which the kernel takes the training" test $took -ge $((runs / 2))

module_load
batch=$(device id "$CG/batch")
kept=0 told=0 stood=0
for run in $(seq $runs); do
        device_start "run-$run" order "$run" 30000 3000 "$CG/batch"
        run_out
        # Nobody dies on a machine that stands still, and after 3 s the module leaves the choice to the kernel.
        if has_event "run-$run" ASIDE "round=$run cgroup=$batch .*detail=2\$"; then
                stood=$((stood + 1))
                empty batch
                alive training || start_training
                device_stop "run-$run"
                continue
        fi
        if dead batch && alive training && [ "$(oom_kills)" -eq "$before" ]; then
                kept=$((kept + 1))
        else
                echo "# run $run: the kernel killed $(($(oom_kills) - before))"
                empty batch
                alive training || start_training
        fi
        if wait_for 20 has_event "run-$run" DIED "round=$run cgroup=$batch " &&
                [ "$(events_of "run-$run" STRUCK "round=$run cgroup=$batch .*detail=1\$")" -eq 1 ]; then
                told=$((told + 1))
        fi
        device_stop "run-$run"
done
echo "# with it the training lived in $kept of $runs runs; in $stood the machine stood still"
expect "the ordered victim dies, the training lives, and the kernel kills nobody" \
        test $kept -eq $((runs - stood))
expect "each is told, with its round, cgroup and one process signalled" test $told -eq $((runs - stood))
expect "the machine hardly ever stands still" test $stood -le $((runs / 4))
expect "nothing else was struck" test "$(cat "$WORK"/run-*.log | grep -c ^STRUCK)" -eq $runs
cat "$WORK"/run-*.log | sed -n 's/^STRUCK .* value=\([0-9]*\).*/\1/p' | sort -n |
        awk '{ v[NR] = $1 / 1048576 } END { printf "# memory when struck: %d to %d MiB\n", v[1], v[NR] }'
cat "$WORK"/run-*.log | sed -n 's/^DIED .* value=\([0-9]*\).*/\1/p' | sort -n |
        awk '{ v[NR] = $1 }
             END { printf "# struck until dead: median %d us, most %d us\n", v[int((NR + 1) / 2)], v[NR] }'
