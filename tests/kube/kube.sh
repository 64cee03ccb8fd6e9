#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# jettison-kube against an API server (apiserver.c: real TLS, real HTTP, misbehaving as told) and a hierarchy of
# plain folders with real extended attributes.
# Usage: kube.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/../cli/tap.sh"

kube=$programs/jettison-kube
server=$programs/../tests/kube/apiserver
for needed in "$kube" "$server"; do
        [ -x "$needed" ] || { echo "1..0 # SKIP $needed was not built"; exit 0; }
done
for needed in openssl jq getfattr; do
        command -v $needed >/dev/null || { echo "1..0 # SKIP no $needed"; exit 0; }
done

api=$work/api
tree=$work/cgroup
kube_pid='' server_pid=''
mkdir -p "$api" "$tree" "$work/state" "$work/log"
# What looks for leaks at the end does it with ptrace(), which the program has given up by then.
export ASAN_OPTIONS=detect_leaks=0
unset NODE_NAME POD_UID KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT

cleanup() {
        exec 9>&-
        [ -z "$kube_pid" ] || kill -9 "$kube_pid" 2>/dev/null
        [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null
        rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# ---- certificates ----

# authority NAME
authority() {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
                -keyout "$api/$1.key" -out "$api/$1.crt" 2>>"$work/openssl"
}

# certificate NAME AUTHORITY SUBJECT-ALTERNATIVE
certificate() {
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
                -keyout "$api/$1.key" -out "$api/$1.csr" 2>>"$work/openssl" &&
                echo "subjectAltName=$3" >"$api/$1.ext" &&
                openssl x509 -req -in "$api/$1.csr" -CA "$api/$2.crt" -CAkey "$api/$2.key" -CAcreateserial \
                        -days 2 -extfile "$api/$1.ext" -out "$api/$1.crt" 2>>"$work/openssl"
}

authority ca && authority other && certificate right ca IP:127.0.0.1 && certificate wrong ca DNS:elsewhere.example ||
        { echo "Bail out! openssl"; cat "$work/openssl"; exit 1; }

# serve CERTIFICATE: the server, anew.
serve() {
        exec 9>&-
        [ -z "$server_pid" ] || wait "$server_pid"
        rm -f "$api/port" "$work/stdin"
        mkfifo "$work/stdin"
        "$server" --dir "$api" --key "$1.key" --cert "$1.crt" <"$work/stdin" 2>"$work/server" &
        server_pid=$!
        exec 9>"$work/stdin"
        until_true [ -s "$api/port" ] || { echo "Bail out! the server did not start"; cat "$work/server"; exit 1; }
        url=https://127.0.0.1:$(cat "$api/port")
}

# ---- helpers ----

# until_true COMMAND...: within 10 s.
until_true() {
        for _ in $(seq 200); do
                if "$@" 2>/dev/null; then return 0; fi
                sleep 0.05
        done
        return 1
}

# script KIND LINE...: what the server does with requests of that kind from now on.
script() {
        kind=$1
        shift
        printf '%s\n' "$@" >"$api/$kind.new" && mv "$api/$kind.new" "$api/$kind"
}

fresh() {
        rm -f "$api/requests" "$api/bodies" "$api"/feed*
        : >"$api/requests"
        : >"$api/bodies"
        : >"$api/feed"
        echo secret >"$api/token"
        echo secret >"$work/token"
        script event "status 201"
        script watch "stream feed"
}

common="--node node-1 --token-file $work/token --cgroup-root $tree --timeout 5s"

# once OPTION...: lists and ends; leaves output and code as run does.
once() {
        # shellcheck disable=SC2086  # words
        timeout -k 5 30 "$kube" $common --server "$url" --ca-file "$api/ca.crt" --once "$@" >"$work/out" 2>"$work/err"
        code=$?
}

# start OPTION...: in the background.
start() {
        # shellcheck disable=SC2086  # words
        "$kube" $common --server "$url" --ca-file "$api/ca.crt" --state "$work/state" --verbose \
                --journal "$work/log/journal.jsonl" "$@" >"$work/out" 2>"$work/err" 9>&- &
        kube_pid=$!
}

stop() {
        kill "$kube_pid" 2>/dev/null
        (exec 9>&-; sleep 5; kill -9 "$kube_pid") >/dev/null 2>&1 &
        hound=$!
        wait "$kube_pid"
        code=$?
        kube_pid=
        kill "$hound" 2>/dev/null
}

requests() { grep -c "$1" "$api/requests"; }
has() { [ "$(requests "$1")" -ge "$2" ]; }

# The label for people, which mirrors the one that counts where that may be written.
label() { getfattr --absolute-names --only-values -n user.jettison.utility "$tree/$1" 2>/dev/null; }
labelled() { [ "$(label "$1")" = "$2" ]; }
unlabelled() { [ -z "$(label "$1")" ]; }
clear_labels() { find "$tree" -mindepth 1 -delete; }

id() { printf '%064x' "$1"; }
uid() { printf '11111111-2222-3333-4444-%012x' "$1"; }
uid_systemd() { uid "$1" | tr - _; }

# pod NUMBER NAMESPACE PRIORITY ANNOTATIONS [CONTAINER-NUMBER [VERSION]]: its object, on one line.
pod() {
        printf '{"kind":"Pod","metadata":{"name":"pod-%s","namespace":"%s","uid":"%s","resourceVersion":"%s",' \
                "$1" "$2" "$(uid "$1")" "${6:-1}"
        printf '"annotations":{%s}},"spec":{"priority":%s,"containers":[{"name":"main"}]},' "$4" "$3"
        printf '"status":{"phase":"Running","qosClass":"Burstable","containerStatuses":[{"name":"main",'
        printf '"containerID":"containerd://%s","state":{"running":{}}}]}}\n' "$(id "${5:-$1}")"
}

# list FILE CONTINUE POD...
list() {
        file=$1 token=$2
        shift 2
        {
                printf '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"100","continue":"%s"},' \
                        "$token"
                printf '"items":['
                comma=
                for object in "$@"; do printf '%s%s' "$comma" "$object"; comma=,; done
                printf ']}\n'
        } >"$api/$file"
}

event() { printf '{"type":"%s","object":%s}\n' "$1" "$2"; }
tell() { event "$@" >>"$api/feed"; }

# A pod's containers, as containerd with the systemd driver has them.
slice() { echo "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod$(uid_systemd "$1").slice"; }
scope() { echo "$(slice "$1")/cri-containerd-$(id "${2:-$1}").scope"; }

utility='"jettison.io/utility":'

mkdir "$work/probe"
setfattr -n user.jettison.probe -v 1 "$work/probe" 2>/dev/null ||
        { echo "1..0 # SKIP no extended attributes on $work"; exit 0; }
has_trusted=0
! setfattr -n trusted.jettison.probe -v 1 "$work/probe" 2>/dev/null || has_trusted=1

# ---- the command line ----

"$kube" --help >"$work/out" 2>"$work/err"
code=$?
check "--help" eval 'exits 0 && says "Usage: jettison-kube" && says "default: 30s" && silent'
"$kube" --server https://127.0.0.1:1 >"$work/out" 2>"$work/err"
code=$?
check "without a node" fails 2 "the node's name is missing"
"$kube" --node n --server http://127.0.0.1:1 >"$work/out" 2>"$work/err"
code=$?
check "http is refused" fails 2 "does not begin with https"
"$kube" --node n --nonsense >"$work/out" 2>"$work/err"
code=$?
check "an unknown option" fails 2 "unknown or incomplete option '--nonsense'"
printf '{\n  "namespaces": [ { "namespace": "a",\n "wait": 5 } ]\n}\n' >"$work/kube.json"
"$kube" --node n --server https://127.0.0.1:1 -c "$work/kube.json" >"$work/out" 2>"$work/err"
code=$?
check "a mistake in kube.json is named by file, line and key" \
        fails 3 "$work/kube.json:3: namespaces[0].wait: unknown key"

# ---- list and label ----

serve right
fresh
flat=kubepods/burstable/pod$(uid 2)/$(id 2)
nested=kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod$(uid_systemd 3).slice/crio-$(id 3).scope
hash=0123456789abcdef0123456789abcdef
static=kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod$hash.slice/cri-containerd-$(id 4).scope
pause=$(slice 1)/cri-containerd-$(id 99).scope
other=$(slice 8)/cri-containerd-$(id 98).scope
mkdir -p "$tree/$(scope 1)" "$tree/$pause" "$tree/$flat" "$tree/$nested/container" "$tree/$static" "$tree/$other" \
        "$tree/system.slice/sshd.service" "$tree/system.slice/docker-$(id 7).scope/$(scope 1)"
static_pod=$(pod 4 kube-system 0 "\"kubernetes.io/config.mirror\":\"$hash\",\"kubernetes.io/config.hash\":\"$hash\"")
list pods.json "" "$(pod 1 prod 0 "$utility\"700\"")" "$(pod 2 batch 1000 '')" \
        "$(pod 3 batch 0 "$utility\"5\",\"jettison.io/utility.main\":\"40\"")" "$static_pod" \
        "$(pod 5 kube-system 2000001000 '')" "$(pod 8 prod 0 "$utility\"much\"" 97)"
script list "file pods.json"

once --dry-run --json
check "--dry-run --json" eval 'exits 0 && jq -e ".labels | length == 7" "$work/out" >/dev/null'
check "... writes no label" unlabelled "$(scope 1)"
once --dry-run
check "--dry-run" eval 'exits 0 && says "prod/pod-1/main" && says "/$(scope 1)"'
fresh
once
check "--once" eval 'exits 0 && complains "5 labels written"'
check "a list asks for this node, in pages" \
        grep -q "^200 GET /api/v1/pods continue= *\|^200 GET /api/v1/pods limit=100 fieldSelector=spec.nodeName=node-1" \
        "$api/requests"
check "an annotation; containerd, systemd driver" labelled "$(scope 1)" 700
check "a priority; cgroupfs driver" labelled "$flat" 50
check "an annotation for one container; CRI-O below a prefix" labelled "$nested" 40
check "... on the scope, not on what is inside" unlabelled "$nested/container"
check "a static pod, by its hash" labelled "$static" protect
check "the pause container" labelled "$pause" protect
check "a scope in a pod whose container is not found is not taken for one" unlabelled "$other"
check "nothing inside another container" unlabelled "system.slice/docker-$(id 7).scope/$(scope 1)"
check "nothing else" unlabelled system.slice/sshd.service
check "an annotation that is no utility is told" complains "prod/pod-8: an annotation"
if [ $has_trusted -eq 1 ]; then
        check "the label that counts" [ "$(getfattr --absolute-names --only-values -n trusted.jettison.utility \
                "$tree/$(scope 1)")" = 700 ]
        check "the name" [ "$(getfattr --absolute-names --only-values -n trusted.jettison.name \
                "$tree/$(scope 1)")" = prod/pod-1/main ]
else
        skip "the label that counts" "no trusted.* here"
        skip "the name" "no trusted.* here"
fi
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
        # shellcheck disable=SC2086  # words
        timeout -k 5 30 strace -f -e trace=fsetxattr,setxattr,lsetxattr -o "$work/trace" "$kube" $common --server "$url" \
                --ca-file "$api/ca.crt" --once >"$work/out" 2>"$work/err"
        code=$?
        check "a second time nothing is written" eval 'exits 0 && ! grep -q setxattr "$work/trace"'
else
        once
        check "a second time nothing is written" eval 'exits 0 && ! complains "labels written"'
fi
printf '{ "namespaces": [ { "namespace": "batch", "weight": 300 }, { "namespace": "prod", "ceiling": 600 } ] }' \
        >"$work/kube.json"
once --config "$work/kube.json"
check "a namespace's weight: its dearest" labelled "$flat" 300
check "... and the others' share" labelled "$nested" 240
check "a ceiling" labelled "$(scope 1)" 600
echo '{ "unit": "pod" }' >"$work/kube.json"
once --config "$work/kube.json"
check "a label for the pod as a whole" labelled "$(slice 1)" 700
once
if [ $has_trusted -eq 1 ]; then
        check "... which goes when containers are labelled again" unlabelled "$(slice 1)"
else
        skip "... which goes when containers are labelled again" "no trusted.* here"
fi
POD_UID=$(uid 1) once
check "the own pod" labelled "$(scope 1)" protect

# ---- refusals ----

fresh
once --ca-file "$api/other.crt"
check "a certificate of another authority" eval 'exits 1 && complains "cannot list pods"'
check "... and nothing was asked" [ ! -s "$api/requests" ]
for refusal in 403 500 429 404; do
        fresh
        script list "status $refusal"
        once
        check "$refusal" eval 'exits 1 && complains "HTTP status $refusal"'
done
echo 'no list' >"$api/garbage"
script list "file garbage"
once
check "garbage" eval 'exits 1 && complains "no list of pods"'
script list "silent"
began=$(date +%s)
once --timeout 1s
check "silence" eval 'exits 1 && [ $(($(date +%s) - began)) -le 5 ]'
fresh
echo another >"$api/token"
script list "file pods.json"
once
check "401: the token is read once more, and no more than once" eval 'exits 1 && [ "$(requests "^401")" -eq 2 ]'
printf 'a\nb' >"$work/token"
once
check "a token that would end the header" eval 'exits 1 && complains "cannot read a token" &&
        [ "$(requests "^401")" -eq 2 ]'

# ---- pages ----

fresh
clear_labels
mkdir -p "$tree/$(scope 1)" "$tree/$(scope 2)"
list page1 next "$(pod 1 a 0 "$utility\"1\"")"
list page2 "" "$(pod 2 a 0 "$utility\"2\"")"
script list "page page1 -" "page page2 next"
once
check "a list in two pages" eval 'exits 0 && labelled "$(scope 1)" 1 && labelled "$(scope 2)" 2'
fresh
clear_labels
mkdir -p "$tree/$(scope 1)" "$tree/$(scope 2)"
script list "page page1 -" "status 410" "page page1 -" "page page2 next"
start
check "a continuation that has expired: the list is taken again" eval 'until_true labelled "$(scope 2)" 2 &&
        labelled "$(scope 1)" 1 && [ "$(requests "^200 GET /api/v1/pods continue=next")" -eq 1 ]'

# ---- watch ----

until_true has "watch=1" 1
check "a watch from the list's version, with bookmarks" \
        grep -q "watch=1 resourceVersion=100 .*allowWatchBookmarks=true timeoutSeconds=300" "$api/requests"
tell MODIFIED "$(pod 1 a 0 "$utility\"11\"" 1 101)"
check "a pod is modified" until_true labelled "$(scope 1)" 11
mkdir -p "$tree/$(slice 3)"
tell ADDED "$(pod 3 a 0 "$utility\"3\"" 3 102)"
sleep 0.3
mkdir -p "$tree/$(scope 3)"
check "a container whose cgroup comes later" until_true labelled "$(scope 3)" 3
tell DELETED "$(pod 2 a 0 "$utility\"2\"" 2 103)"
tell BOOKMARK '{"kind":"Pod","metadata":{"resourceVersion":"150"}}'
touch "$api/feed.end"
check "a watch that ended goes on from the last version" until_true has "watch=1 resourceVersion=150" 1
check "... without another list" [ "$(requests "limit=")" -eq 4 ]
status() { grep -q "^$1:[[:space:]]*$2\$" "/proc/$kube_pid/status"; }
check "no new privileges" status NoNewPrivs 1
check "a filter" status Seccomp 2
check "no capability but two" eval '[ "$(sed -n "s/^CapPrm:[[:space:]]*//p" "/proc/$kube_pid/status" |
        tr -d 0)" = 22 ] || [ "$(id -u)" -ne 0 ] || status CapPrm 0000000000000000'
began=$(date +%s)
stop
check "SIGTERM" eval 'exits 0 && [ $(($(date +%s) - began)) -le 2 ]'

fresh
list pods.json "" "$(pod 1 a 0 "$utility\"1\"")"
event MODIFIED "$(pod 1 a 0 "$utility\"21\"" 1 201)" >"$api/whole"
event MODIFIED "$(pod 1 a 0 "$utility\"22\"" 1 202)" >>"$api/whole"
script list "file pods.json"
script watch "cut whole $(($(wc -c <"$api/whole") - 40))" "trickle whole 50" "stream feed"
: >"$api/whole.end"
start
check "a watch cut in the middle of a line goes on from the last whole one" \
        until_true has "watch=1 resourceVersion=201" 1
check "a watch that trickles" until_true labelled "$(scope 1)" 22
until_true has "watch=1 resourceVersion=202" 1
check "one list did for all of it" [ "$(requests "limit=")" -eq 1 ]
stop

fresh
echo '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}' >"$api/gone"
echo '<html>' >"$api/html"
: >"$api/gone.end"
script list "file pods.json"
script watch "status 410" "stream gone" "stream html" "status 500" "stream feed"
start
check "410, an event that says 410, and garbage: each is answered by a new list" until_true has "limit=" 4
check "500: by another watch" eval 'until_true has "watch=1" 5 && [ "$(requests "limit=")" -eq 4 ]'
stop

fresh
echo another >"$api/token"
script list "status 429 2" "file pods.json"
start
until_true has "^401" 2
echo another >"$work/token"
until_true has "^429" 1
clear_labels
mkdir -p "$tree/$(scope 1)"
check "a token that is replaced" until_true labelled "$(scope 1)" 1
gap=$(sed -n 's/^\(429\|200\) .*limit=.* at=//p' "$api/requests" | paste -sd' ' | awk '{ print $2 - $1 }')
check "Retry-After is obeyed ($gap ms)" [ "$gap" -ge 2000 ]
stop

fresh
: >"$api/nothing"
: >"$api/nothing.end"
script list "file pods.json"
script watch "stream nothing"
start
sleep 3
check "a server that ends each watch at once is not asked without end ($(requests "watch=1") times in 3 s)" \
        eval 'has "watch=1" 2 && [ "$(requests "watch=1")" -le 12 ]'
stop

# ---- much ----

fresh
script list "file pods.json"
script watch "long feed 10000000"
tell MODIFIED "$(pod 1 a 0 "$utility\"31\"" 1 301)"
start
check "a line of 10 MB is skipped" until_true labelled "$(scope 1)" 31
check "... and told" complains "skipped"
rss() { sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$kube_pid/status"; }
check "... in little memory ($(rss) kB at most)" [ "$(rss)" -lt 65536 ]
stop
fresh
script list "many 50000"
began=$(date +%s)
start
check "50,000 pods" until_true complains "50000 pods on node-1"
echo "# listed in $(($(date +%s) - began)) s"
until_true has "watch=1" 1
tell ADDED "$(pod 1 a 0 "$utility\"41\"" 1 301)"
check "... and one more" until_true labelled "$(scope 1)" 41
check "... in 500 pages" [ "$(requests "limit=100")" -eq 500 ]
check "... in little memory ($(rss) kB at most)" [ "$(rss)" -lt 98304 ]
stop

# ---- events ----

journal=$work/log/journal.jsonl

# intent ROUND, victim ROUND NUMBER TIME [OUTCOME]: lines of the journal.
intent() {
        printf '{"what":"intent","round":%s,"time_usec":1,"domain":"/","need":1048576,"plan":{"victims":[' "$1"
        printf '{"id":1,"path":"/%s","tier":0,"utility":41}],"kept":[' "$(scope 1)"
        printf '{"id":2,"path":"/%s","tier":0,"utility":500},{"id":3,"path":"/x","tier":0,"utility":7}]}}\n' \
                "$(scope 2)"
}
victim() {
        printf '{"what":"victim","round":%s,"time_usec":%s,"id":%s,"path":"/%s","outcome":"%s",' "$1" "$3" "$2" \
                "$(scope "$2")" "${4:-freed}"
        printf '"expected":2097152,"freed":1048576}\n'
}
outcome() { printf '{"what":"outcome","round":%s,"time_usec":1,"result":"recovered"}\n' "$1"; }
bodies() { [ "$(wc -l <"$api/bodies")" -ge "$1" ]; }
exactly() { sleep 0.3 && [ "$(wc -l <"$api/bodies")" -eq "$1" ]; }
query() { sed -n "$1p" "$api/bodies" | jq -e "$2" >/dev/null; }

fresh
list pods.json "" "$(pod 1 a 0 "$utility\"41\"")" "$(pod 2 a 0 "$utility\"500\"")"
script list "file pods.json"
{ intent 1; victim 1 1 1111; outcome 1; } >"$journal"
script event "status 500" "status 201"
start
until_true has "watch=1" 1
check "what the journal held before is not told" exactly 0
{ intent 2; victim 2 1 1795403868567218; victim 2 77 5; victim 2 2 6 vanished; outcome 2; } >>"$journal"
check "an event that met 500 is sent again" until_true bodies 2
check "... under the same name" eval '[ "$(jq -r .metadata.name "$api/bodies" | sort -u | wc -l)" -eq 1 ]'
check "where and what" query 2 '.kind == "Event" and .apiVersion == "events.k8s.io/v1" and
        .reason == "Jettisoned" and .type == "Warning" and .action == "Kill" and
        .metadata.namespace == "a" and .eventTime == "2026-11-23T03:17:48.567218Z"'
check "of which container" query 2 '.regarding | .kind == "Pod" and .name == "pod-1" and
        .uid == "'"$(uid 1)"'" and .fieldPath == "spec.containers{main}"'
check "why, and who was kept" query 2 '.note | contains("utility 41") and contains("Freed 1 MiB (2 MiB") and
        contains("needed were 1 MiB") and contains("Kept: a/pod-2/main (500), /x (7).")'
check "whom nobody knows and who did not die is not told" exactly 2
mv "$journal" "$journal.1"
victim 3 1 31 >"$journal"
check "over a rotation" until_true bodies 3
: >"$journal"
sleep 0.2
victim 4 1 41 >>"$journal"
check "over a truncation" until_true bodies 4
until_true grep -q . "$work/state/kube.cursor"
sleep 0.2
stop
victim 5 1 51 >>"$journal"
mv "$journal" "$journal.1"
victim 6 1 61 >"$journal"
script event "status 409"
start --disruption-target
check "what was written while it was away, after a restart" until_true bodies 8
check "409 is an answer" exactly 8
check "the condition DisruptionTarget, for this pod alone" query 6 '.metadata.uid == "'"$(uid 1)"'" and
        (.status.conditions[0] | .type == "DisruptionTarget" and .status == "True" and .reason == "Jettisoned")'
check "... as a patch of its status" has "^409 PATCH /api/v1/namespaces/a/pods/pod-1/status" 2
stop
fresh
script list "file pods.json"
start
until_true has "watch=1" 1
for i in $(seq 13); do victim 7 1 "70$i"; done >>"$journal"
until_true bodies 10
check "ten at once, then one each second" eval '! bodies 12 && until_true bodies 13'
stop

# ---- the wrong server ----

serve wrong
fresh
script list "file pods.json"
once
check "a certificate for another name" eval 'exits 1 && complains "cannot list pods" && [ ! -s "$api/requests" ]'

finish
