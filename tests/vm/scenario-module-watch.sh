#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# The module tells when memory falls below a line and when it has risen above it, once each; that a task
# reclaims; that the kernel is out of memory. What is told is in order, and nothing of before is told to who
# comes later.
#
# /
# ├── hog             takes 400 MiB a second, past the line
# └── swing           takes and gives, around the lower line, below the upper one
. "${0%/*}/module.sh"

low=200 high=230        # MiB; a VM of 512 MiB has some 390 to give

above_high() {
        [ "$(mem_available)" -gt $((high + 20)) ]
}

module_load
expect "no event is made up" test "$(info events)" -eq 0
device_start lines watch $low $high 0 0
group hog
group swing

# seen KIND NUMBER: so many events of this kind, no more.
seen() {
        [ "$(events_of lines "$1")" -eq "$2" ]
}

best_kib=$((low * 1024))
for run in 1 2 3; do
        spawn hog hog --rate 400M --max $(($(mem_available) - low + 60))M
        expect "memory falls below the line, and that is told" wait_for 10 seen AVAILABLE_LOW $run
        over_kib=$((low * 1024 - $(field_of lines AVAILABLE_LOW available_kib)))
        late_us=$(field_of lines AVAILABLE_LOW late_us)
        echo "# at 400 MiB/s: noticed $over_kib KiB below the line, read $late_us us later"
        if [ $over_kib -lt $best_kib ]; then best_kib=$over_kib; fi
        empty hog
        expect "it rises above the upper one, and that is told" wait_for 10 seen AVAILABLE_OK $run
        wait_for 10 above_high
done
# Two ticks of 4 ms are 3.2 MiB at that rate; the host takes its time, too, but hardly three times.
expect "it is noticed within 32 MiB" test $best_kib -le 32768

spawn swing device swing $(($(mem_available) - high + 15)) 50 10
wait_for 60 grep -q ready "$(output_of swing)"
expect "ten times to and fro across the lower line is one fall" seen AVAILABLE_LOW 4
expect "and no rise" seen AVAILABLE_OK 3
empty swing
expect "until it rises above the upper line" wait_for 10 seen AVAILABLE_OK 4

before=$(oom_kills)
device_start late events
spawn hog hog --rate 0
expect "the kernel runs out of memory and kills" wait_for 30 dead hog
expect "one process" test "$(oom_kills)" -eq $((before + 1))
expect "direct reclaim was told" wait_for 5 has_event late RECLAIM
expect "and that memory is out" wait_for 5 has_event late OOM
echo "# $(events_of late RECLAIM) events of reclaim, $(events_of late OOM) of memory being out"
expect "reclaim first" test "$(field_of late RECLAIM sequence)" -lt "$(field_of late OOM sequence)"
expect "who came later has seen nothing of before" \
        test "$(sed -n 's/.* sequence=\([0-9]*\).*/\1/p' "$WORK/late.log" | head -n 1)" -eq 9
expect "no sequence number is missing" lacks "$WORK/lines.log" 'gap=[1-9]\|dropped=[1-9]'
expect "both have seen the same" test "$(field_of lines OOM sequence)" -eq "$(field_of late OOM sequence)"
device_stop lines
device_stop late
expect_rows device flood 400
