#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034  # what eval reads
# The exporter as scrapers and probes meet it: a real controller in a dry run on a hierarchy of plain files, real
# connections. The controller is jettisond where this machine lets it start (it locks its memory, and has a lock
# that a namespace of its own keeps apart from the machine's), else tests/export/dry_daemon.c.
# Usage: exporter.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/../cli/tap.sh"

exporter=$programs/jettison-exporter
[ -x "$exporter" ] || { echo "1..0 # SKIP $exporter was not built (needs libmicrohttpd)"; exit 0; }
for tool in curl promtool python3; do
        command -v "$tool" >/dev/null || { echo "1..0 # SKIP $tool is not there"; exit 0; }
done

daemon='' pid='' helper=''
clean() {
        for process in $daemon $pid $helper; do
                kill -CONT "$process" 2>/dev/null
                kill "$process" 2>/dev/null
                wait "$process" 2>/dev/null
        done
        rm -rf "$work"
}
trap clean EXIT

socket=$work/control.sock
journal=$work/journal.jsonl
url=

tool() {
        timeout -k 1 20 "$exporter" "$@" >"$work/out" 2>"$work/err" </dev/null
        code=$?
}
refuses() { exits 2 && complains "$1" && complains "jettison-exporter --help" && [ ! -s "$work/out" ]; }

# --- command line

tool --help
check "--help exits 0 and is silent on standard error" eval 'exits 0 && silent && says "Usage: jettison-exporter"'
for option in --listen --socket --journal --timeout --health-limit --user --once --help --version; do
        check "--help names $option" says " $option"
done
tool --version
check "--version" eval 'exits 0 && grep -qxE "jettison-exporter [0-9.]+" "$work/out"'
tool --no-such-option
check "an option that does not exist" refuses "no-such-option"
tool superfluous
check "an argument" refuses "'superfluous'"
for address in '' 127.0.0.1 127.0.0.1: 127.0.0.1:x 127.0.0.1:65536 ::1:80 '[::1]' '[127.0.0.1]:80' localhost:80 \
               999.0.0.1:80; do
        tool --listen "$address"
        check "--listen '$address'" refuses "ADDRESS:PORT"
done
tool --timeout 0 --once
check "--timeout 0" refuses "is not a time"
tool --timeout 3s --once
check "--timeout 3s" refuses "at most 2.5 s"
tool --health-limit forever
check "--health-limit forever" refuses "is not a time"
tool --once --user no-such-user-here
check "a user who does not exist" fails 1 "there is no user"
tool --once --socket "$work/none" --journal "$work/none"
check "--once without a daemon and a journal says so in metrics" eval \
        'exits 0 && says "jettison_up 0" && says "jettison_journal_readable 0" && ! says "jettison_dry_run"'
if [ -c /dev/full ]; then
        "$exporter" --once --socket "$work/none" --journal "$work/none" >/dev/full 2>"$work/err"
        code=$?
        check "--once to a full disk" exits 1
fi
tool --once --socket "$work/none" --journal "$data/journal.jsonl"
check "--once of a journal that a crash tore" eval \
        'says "jettison_starts_total 2" && says "jettison_rounds_total{outcome=\"interrupted\"} 1" &&
         says "jettison_journal_garbage_lines_total 1" && says "jettison_utility_lost_total{tier=\"0\"} 5"'

# --- the controller

fake_host

# As in examples/kubernetes: socket and journal belong to a group that the daemon is in, without CAP_CHOWN.
as='' group=''
if setpriv --regid 65533 --clear-groups --bounding-set -chown true 2>/dev/null; then
        as='setpriv --regid 65533 --clear-groups --bounding-set -chown'
        group=', "group": "65533"'
        chmod 711 "$work"
fi
file "$work/jettison.json" "{ \"journal\": { \"path\": \"$journal\", \"kernel_log\": false },
        \"control\": { \"path\": \"$socket\"$group }, \"group\": { \"path\": \"\" } }"

# await SECONDS COMMAND...: until it succeeds.
await() {
        rounds=$(($1 * 10))
        shift
        while ! "$@" >/dev/null 2>&1; do
                rounds=$((rounds - 1))
                [ "$rounds" -gt 0 ] || return 1
                sleep 0.1
        done
}
answers() { [ -S "$socket" ] && timeout 2 "$jettison" status --socket "$socket"; }

# $as is words
# shellcheck disable=SC2086
unshare -m sh -c 'mount -t tmpfs none /run/jettison && exec "$@"' sh $as "$programs/jettisond" --dry-run \
        --config "$work/jettison.json" --cgroup-root "$work/cgroup" --proc-root "$work/proc" 2>"$work/log" &
daemon=$!
if ! await 3 answers; then
        echo "# jettisond does not run here: $(tail -n 1 "$work/log")"
        kill "$daemon" 2>/dev/null
        wait "$daemon" 2>/dev/null
        # shellcheck disable=SC2086
        $as "$programs/../tests/export/dry_daemon" "$work/jettison.json" "$work/cgroup" "$work/proc" 2>"$work/log" &
        daemon=$!
fi
code=0 && cp "$work/log" "$work/err" && : >"$work/out"
check "the controller answers" await 5 answers

# --- the exporter

# start ARGUMENT...: leaves its process in $pid and its address in $url.
start() {
        rm -f "$work/exporter.log"
        "$exporter" --socket "$socket" --journal "$journal" --timeout 1s --health-limit 4s "$@" 2>"$work/exporter.log" &
        pid=$!
        await 5 grep -q 'listens at' "$work/exporter.log"
        url=http://$(sed -n 's/.*listens at //p' "$work/exporter.log")
}
stop() {
        kill "$pid"
        wait "$pid"
        code=$?
        pid=
}

# get PATH [OPTION...]: body in $work/out, head in $work/err; the status in $code.
get() {
        path=$1
        shift
        code=$(curl -sS -m 10 -g -o "$work/out" -D "$work/err" -w '%{http_code}' "$@" "$url$path" 2>>"$work/err")
        : "${code:=0}"
}
# Milliseconds that a command takes.
clock() {
        from=$(date +%s%N)
        "$@"
        took=$((($(date +%s%N) - from) / 1000000))
}
value() { sed -n "s/^$1 //p" "$work/out"; }
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; }
descriptors() { find "/proc/$pid/fd" -mindepth 1 | wc -l; }

start --listen 127.0.0.1:0
get /metrics
check "/metrics" eval 'exits 200 && says "jettison_up 1" && grep -qi "^content-type: text/plain; version=0.0.4" "$work/err"'
cp "$work/out" "$work/metrics"
check "promtool has nothing to say about them" eval \
        'promtool check metrics <"$work/metrics" >"$work/promtool" 2>&1 && [ ! -s "$work/promtool" ]'
check "the domain's memory" says 'jettison_memory_total_bytes{domain="/"} 2097152000'
check "its level" says 'jettison_level{domain="/",level="short"} 1'
check "the dry run" eval 'says "jettison_dry_run 1" && says "jettison_candidates 1"'
check "no container's name, id or path" eval '! says "$id" && ! says "hog" && ! says "docker-"'
check "every sample has the prefix" eval '! grep -v "^#" "$work/out" | grep -qv "^jettison_"'
await 10 grep -q '"what":"outcome"' "$journal"
get /metrics
check "the dry round that the journal tells of" eval \
        '[ "$(value "jettison_rounds_total{outcome=\"dry-run\"}")" -ge 1 ] &&
         says "jettison_kills_total{runtime=\"docker\",method=\"none\",outcome=\"dry-run\"}"'
for page in healthz readyz; do
        get /$page
        check "/$page" eval 'exits 200 && grep -q "^ok" "$work/out"'
done
get / && check "/ names the pages" eval 'exits 200 && says /metrics'
get '/metrics?x=1' && check "a query is passed over" eval 'exits 200 && says "jettison_up 1"'
get /metrics --head && check "HEAD" eval 'exits 200 && grep -qi "^content-length: [1-9]" "$work/err"'
for page in /metric /metrics/ /healthz/x //metrics; do
        get $page && check "$page is not there" exits 404
done
for method in POST PUT DELETE OPTIONS BREW; do
        get /metrics -X $method -d x
        check "$method is not allowed" eval 'exits 405 && grep -qi "^allow: GET, HEAD" "$work/err"'
done
get /metrics -H "X-Long: $(head -c 20000 /dev/zero | tr '\0' x)"
check "a head that is too long" eval '[ "$code" -ge 400 ] && [ "$code" -lt 500 ]'

# raw TEXT: sends bytes and prints the first line of what comes back.
raw() {
        python3 - "${url#http://}" "$1" <<'END'
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
s = socket.create_connection((host, int(port)), timeout=8)
s.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))
try:
    print(s.makefile("rb").readline().decode("latin-1").strip())
except OSError as error:
    print(error)
END
}
check "bytes that are no HTTP" eval 'case $(raw "\\x00\\xff\\x16\\x03\\r\\n\\r\\n") in "" | *400* | *reset*) true ;; *) false ;; esac'
check "a request without a version" eval 'case $(raw "GET\\r\\n\\r\\n") in "" | *40[0-9]* | *reset*) true ;; *) false ;; esac'
get /healthz && check "… and it serves on" exits 200

if [ -n "$as" ] && [ "$(id -u)" -eq 0 ]; then
        tool --once --user 65534:65533 --socket "$socket" --journal "$journal"
        check "who is not root, but in the group, sees all of it" eval \
                'exits 0 && says "jettison_up 1" && says "jettison_journal_readable 1"'
        tool --once --user 65534:65534 --socket "$socket" --journal "$journal"
        check "… and who is not, does not" eval 'exits 0 && says "jettison_up 0" && says "jettison_journal_readable 0"'
else
        skip "a group for socket and journal" "needs root and setpriv"
fi

# --- many, and slow ones

before=$(descriptors)
clock python3 - "${url#http://}" >"$work/many" 2>&1 <<'END'
import concurrent.futures, sys, urllib.request
def one(_):
    with urllib.request.urlopen("http://" + sys.argv[1] + "/metrics", timeout=20) as r:
        return b"jettison_up 1\n" in r.read()
with concurrent.futures.ThreadPoolExecutor(200) as pool:
    print(sum(pool.map(one, range(200))))
END
cp "$work/many" "$work/out"
check "200 at once are all served" says 200
echo "# 200 connections: $took ms, resident memory $(memory) kB"

# 150 who send a byte now and then and never end.
python3 - "${url#http://}" >"$work/slow" 2>&1 <<'END' &
import select, socket, sys, time
host, port = sys.argv[1].rsplit(":", 1)
held, begun, longest, ended = [], time.time(), 0, 0
for _ in range(150):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex((host, int(port)))
    held.append(s)
while time.time() - begun < 8:
    for s in list(held):
        try:
            s.send(b"G")
            if select.select([s], [], [], 0)[0] and not s.recv(1000):
                raise ConnectionError
        except BlockingIOError:
            pass
        except OSError:
            held.remove(s)
            ended += 1
    time.sleep(0.3)
print("ended", ended)
END
helper=$!
sleep 1
clock get /healthz
check "slow clients keep nobody out: a probe in $took ms" eval 'exits 200 && [ "$took" -lt 9000 ]'
wait "$helper"
helper=
cp "$work/slow" "$work/out"
check "slow clients are shown out" eval '[ "$(sed -n "s/^ended //p" "$work/slow")" -ge 100 ]'
check "no descriptor is left behind" await 12 eval '[ "$(descriptors)" -le "$before" ]'
code=0 && memory >"$work/out"
check "memory stays small" eval '[ "$(memory)" -lt 20480 ]'

# --- a daemon that hangs, or is gone

kill -STOP "$daemon"
sleep 1.1
clock get /metrics
check "a stopped daemon: the scrape ends in $took ms, up is 0" eval 'exits 200 && says "jettison_up 0" && [ "$took" -lt 3000 ]'
check "… and what the journal says is still there" says 'jettison_rounds_total{outcome="dry-run"}'
get /healthz
check "… it is not dead at once" eval 'exits 200 && says "has not answered for"'
get /readyz
check "… but not ready" eval 'exits 503 && says "does not answer"'
sleep 4
clock get /healthz
check "… after the limit it is dead, told in $took ms" eval 'exits 503 && says "the limit is 4" && [ "$took" -lt 3000 ]'
clock get /metrics
check "… and many scrapes wait no longer than one" eval '[ "$took" -lt 3000 ]'
kill -CONT "$daemon"
sleep 1.2
get /healthz
check "a daemon that goes on is alive again" exits 200
kill "$daemon"
wait "$daemon" 2>/dev/null
daemon=
sleep 1.1
get /metrics
check "a daemon that is gone" eval 'exits 200 && says "jettison_up 0" && ! says "jettison_memory_"'
get /readyz
check "… is not ready" exits 503

# --- the journal while it is followed

get /metrics
garbage=$(value jettison_journal_garbage_lines_total)
printf 'not JSON\n{"what":"outcome","result":"recovered","took_usec":5}\n{"what":"outc' >>"$journal"
get /metrics
check "new lines are counted, a broken one apart" eval \
        '[ "$(value jettison_journal_garbage_lines_total)" -eq $((garbage + 1)) ] &&
         [ "$(value "jettison_rounds_total{outcome=\"recovered\"}")" -eq 1 ]'
printf 'ome","result":"recovered","took_usec":5}\n' >>"$journal"
mv "$journal" "$journal.1"
printf '{"what":"outcome","result":"short","took_usec":5}\n' >"$journal"
get /metrics
check "a line that came in two parts, and a rotation" eval \
        '[ "$(value "jettison_rounds_total{outcome=\"recovered\"}")" -eq 2 ] &&
         [ "$(value "jettison_rounds_total{outcome=\"short\"}")" -eq 1 ]'
rm "$journal" "$journal.1"
get /metrics
check "a journal that is gone" eval 'exits 200 && [ "$(value "jettison_rounds_total{outcome=\"short\"}")" -eq 1 ]'

# --- rights, addresses, the end

right() { grep -q "^$1:[[:space:]]*$2\$" "/proc/$pid/status"; }
check "no capability and no way to one" eval 'right CapEff 0000000000000000 && right CapPrm 0000000000000000 && right NoNewPrivs 1'
stop
check "SIGTERM ends it with 0" exits 0
if [ "$(id -u)" -eq 0 ]; then
        start --listen 127.0.0.1:0 --user 65534:65534
        check "--user" eval 'right Uid "65534[[:space:]]65534[[:space:]]65534[[:space:]]65534" && right Groups "[[:space:]]*"'
        get /metrics
        check "… serves what it can" eval 'exits 200 && says "jettison_up 0"'
        stop
else
        skip "--user" "needs root"
fi
start --listen :0
url=http://127.0.0.1:${url##*:}
get /healthz
check "all addresses" exits 503
tool --listen "${url#http://}"
check "a port that is taken" fails 1 "cannot listen"
stop
if python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null; then
        start --listen '[::1]:0'
        get /metrics
        check "IPv6" exits 200
        stop
else
        skip "IPv6" "this machine has none"
fi

finish
