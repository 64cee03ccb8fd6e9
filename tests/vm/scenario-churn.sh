#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=240
#
# Groups come and go while rounds are under way: directories without pause, and candidates that die by
# themselves and return under the same name. Whoever has gone is not struck, and nobody is struck in its
# place.
#
# /
# ├── churn
# │   ├── storm-N      made and removed without pause
# │   └── job          utility 1, 60 MiB: made, killed and removed by a loop, again and again
# ├── batch-N          utility 10, takes memory until the host is short
# ├── filler           no candidate: locked memory, so that this is soon
# └── web              utility 90, 40 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group churn
group supervisor
group web utility=90
spawn web hog --max 40M --rate 0
wait_for 10 holds web 40
fill_to 180
before=$(oom_kills)
expect "the daemon starts" start_daemon

spawn supervisor load mkdirs "$CG/churn"
(
        set +e
        while :; do
                echo >>"$WORK/lives"
                group churn/job utility=1
                spawn churn/job hog --max 60M --rate 0
                sleep 0.3
                echo 1 >"$CG/churn/job/cgroup.kill"
                until rmdir "$CG/churn/job"; do usleep 10000; done
        done
) 2>/dev/null &
loop=$!
for number in 1 2 3 4 5 6; do
        group batch-$number utility=10
        spawn batch-$number hog --rate 150M
        expect "shortage $number ends" wait_for 30 dead batch-$number
        expect "... by the daemon" wait_for 5 is_victim batch-$number
done
kill $loop
echo 1 >"$CG/supervisor/cgroup.kill"
wait_for 5 dead supervisor
expect "the daemon lives" daemon_alive
# two for each directory at most, and a thousand have come and gone
watches_few() {
        watches=$(cat "/proc/$(cat "$WORK/jettisond.pid")"/fdinfo/* | grep -c '^inotify')
        groups=$(find "$CG" -type d | wc -l)
        [ "$watches" -le $((2 * groups)) ]
}
expect "nothing is watched that is gone" wait_for 10 watches_few
echo "# $watches watches, $groups groups"
expect "web lives" alive web
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
# whether a job was there to be struck is chance
expect "only jobs and batches were struck" \
        test -z "$(victims | tr ' ' '\n' | grep -v '^batch-[1-6]$' | grep -vx churn/job)"
echo "# $(wc -l <"$WORK/lives") lives of the job; what became of those chosen:"
sed -n 's/.*"what":"victim".*"path":"\([a-z/]*\).*"outcome":"\([a-z-]*\)".*/\1 \2/p' "$JOURNAL" |
        sort | uniq -c | sed 's/^ */# /'
