#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=none psi=1 lane=full timeout=480
# vm: packages=podman,crun,runc,containerd,netavark,uidmap,dbus-user-session,catatonit,curl,protobuf-compiler,libmicrohttpd12,openssl
# brings: kube-files.sh
#
# A node of Kubernetes without a kubelet: pods of all classes, laid out by containerd as a kubelet asks for
# it, with both of its drivers; the hook; jettison-kube at an API server over TLS; the exporter. The container
# that is worth least dies, though there is a bigger one, and the API server is told, also of what happened
# while it was away. Then the controller as a container, with the rights that its manifest gives it and no
# others.
#
# /                                      hook  jettison-kube
# ├── kubepods.slice
# │   ├── …-pod….slice         train     900   300, the ceiling of its namespace
# │   ├── …-pod….slice         jettison        the controller, in the second act
# │   ├── …-burstable-….slice  bulk            100, the namespace's dearest, by its priority; 185 MiB
# │   ├── …-burstable-….slice  static          protect, as a static pod
# │   └── …-besteffort-….slice idle            5, by its class; 155 MiB, shed first
# └── kubepods
#     ├── burstable/pod…       asker     5     10, as its number is to bulk's; 155 MiB, shed second
#     └── besteffort/pod…      critical  1     protect, by its priority
#
# In each there is a pause container as well, which jettison-kube protects.
here=${0%/*}
. "${0%/*}/cri.sh"

need openssl "$here/apiserver" || skip "no API server was built"
API=$WORK/api
NODE=node-1
pods='' api_pid='' api_port=0 kube_pid=''

containers_end() {
        fill_none || true
        [ -z "$kube_pid" ] || kill "$kube_pid"
        api_stop
        systemctl stop jettison-exporter
        for name in $pods jettison; do
                [ ! -s "$WORK/$name-pause.id" ] || sandbox_remove "$name"
        done
        jettison configure --runtime containerd --undo
        systemctl restart containerd
        # the groups above the pods', which are a kubelet's to remove
        systemctl stop kubepods.slice
        find $HIERARCHY/kubepods -depth -type d -exec rmdir {} \;
        ! find $HIERARCHY -type d -name 'kubepods*' | grep .
}

# --- pods

# parent_of CLASS DRIVER UID: the cgroup that a kubelet makes for a pod.
parent_of() {
        parent_class=$(echo "$1" | tr '[:upper:]' '[:lower:]')
        [ "$parent_class" != guaranteed ] || parent_class=
        case $2 in
        systemd) echo "kubepods${parent_class:+-$parent_class}-pod$(echo "$3" | tr - _).slice" ;;
        cgroupfs) echo "/kubepods${parent_class:+/$parent_class}/pod$3" ;;
        esac
}

# object NAME NAMESPACE CLASS UID PRIORITY UTILITY [DEAD]: a pod as the API server tells of it, with the
# container that it has now; DEAD is the id of the one before.
object() {
        object_notes='' object_last=
        [ -z "$6" ] || object_notes="\"jettison.io/utility\":\"$6\""
        if [ "$4" = $HASH ]; then
                object_notes="\"kubernetes.io/config.mirror\":\"$4\",\"kubernetes.io/config.hash\":\"$4\""
        fi
        [ -z "${7:-}" ] || object_last=",\"lastState\":{\"terminated\":{\"containerID\":\"containerd://$7\"}}"
        cat <<-END | tr -d '\n'
		{"kind":"Pod","metadata":{"name":"$1","namespace":"$2","uid":"$4","resourceVersion":"101",
		"annotations":{$object_notes}},
		"spec":{"nodeName":"$NODE","priority":$5,"containers":[{"name":"main-$1"}]},
		"status":{"phase":"Running","qosClass":"$3","containerStatuses":[{"name":"main-$1",
		"containerID":"containerd://$(id_of "main-$1")","state":{"running":{}}$object_last}]}}
	END
}

# pod NAME NAMESPACE CLASS DRIVER UID PRIORITY UTILITY PROGRAM [ARGUMENT]...: runs it and adds it to the list.
# A dash: no utility.
pod() {
        pod_name=$1 pod_namespace=$2 pod_class=$3 pod_driver=$4 pod_uid=$5 pod_priority=$6 pod_utility=${7#-}
        shift 7
        expect "$pod_name runs, $pod_class, by $pod_driver" sandbox "$pod_name" "$pod_uid" "$pod_driver" \
                "$(parent_of "$pod_class" "$pod_driver" "$pod_uid")" "$pod_utility" "$pod_namespace"
        pods="$pods $pod_name"
        expect "... with its container" container "$pod_name" "main-$pod_name" work "$@"
        [ ! -e "$API/items" ] || echo , >>"$API/items"
        object "$pod_name" "$pod_namespace" "$pod_class" "$pod_uid" "$pod_priority" "$pod_utility" \
                >>"$API/items"
}

# lives NAME...: whether their containers do.
lives() {
        for lives_name in "$@"; do
                lives_group=$HIERARCHY$(cat "$WORK/main-$lives_name.group")
                grep -q '^populated 1' "$lives_group/cgroup.events" || return 1
        done
}

# full NAME MIB: whether its container has taken this much.
full() {
        [ $(($(cat "$HIERARCHY$(cat "$WORK/main-$1.group")/memory.current") >> 20)) -ge "$2" ]
}

# named NAME WHO: whether its cgroup bears this name.
named() {
        [ "$(load getxattr "$HIERARCHY$(group_of "$1")" trusted.jettison.name)" = "$2" ]
}

# --- the API server

api_start() {
        "$here/apiserver" --dir "$API" --key key --cert crt --port "$api_port" <>"$API/stdin" \
                >"$WORK/api.log" 2>&1 &
        api_pid=$!
        wait_for 20 test -s "$API/port" && api_port=$(cat "$API/port")
}

# Gone, as a process; its port refuses.
api_stop() {
        [ -n "$api_pid" ] || return 0
        kill "$api_pid"
        wait "$api_pid" || true
        api_pid=
        rm -f "$API/port"
}

# told WHO TEXT...: whether the server has been told of the kill of NAMESPACE/POD, with all this.
told() {
        told_lines=$(grep -F "\"namespace\":\"${1%/*}\",\"name\":\"${1#*/}\"" "$API/bodies") || return 1
        shift
        for told_text in '"reason":"Jettisoned"' "$@"; do
                told_lines=$(echo "$told_lines" | grep -e "$told_text") || return 1
        done
}

# --- metrics

# scrape PAGE: it answers with a status of 2xx; what it says lies in $WORK/PAGE.
scrape() {
        curl -sS --fail --max-time 20 -o "$WORK/$1" "http://127.0.0.1:9847/$1"
}

# Whether the metrics are in the text format of Prometheus, version 0.0.4, each with its type, none twice.
metrics_are_sound() {
        awk '
                BEGIN {
                        label = "[a-z_]+=\"([^\"\\\\]|\\\\.)*\""
                        number = "(-?[0-9.]+(e[-+]?[0-9]+)?|[+-]Inf|NaN)"
                        sample = "^[a-z_]+([{]" label "(," label ")*[}])? " number "$"
                }
                function refuse(why) { print FILENAME ":" FNR ": " why ": " $0; refused = 1 }
                /^# HELP [a-z_]+ ./ { if (help[$3]++) refuse("explained twice"); next }
                /^# TYPE [a-z_]+ (counter|gauge|histogram)$/ {
                        if ($3 in type) refuse("two types")
                        type[$3] = $4
                        next
                }
                $0 ~ sample {
                        name = series = $0
                        sub(/[{ ].*/, "", name)
                        sub(/ [^ ]*$/, "", series)
                        if (series in seen) refuse("told twice")
                        seen[series] = 1
                        if (!(name in type) && sub(/_(bucket|sum|count)$/, "", name) &&
                            type[name] != "histogram")
                                refuse("no histogram")
                        if (!(name in type) || !(name in help)) refuse("without type or explanation")
                        if (type[name] == "counter" && name !~ /_total$/) refuse("a counter that is no total")
                        samples++
                        next
                }
                { refuse("neither comment nor sample") }
                END { print samples " samples"; exit refused || samples < 20 }
        ' "$WORK/metrics" >"$WORK/metrics.log"
}

# metric TEXT: the sum of all samples whose line begins so.
metric() {
        awk -v text="$1" 'index($0, text) == 1 { sum += $NF } END { print sum + 0 }' "$WORK/metrics"
}

# --- the node

# What all but the pause containers run from: programs, and what "meson install" leaves of the controller.
work_root() {
        root_tree "$WORK/root"
        tar -C "$WORK/root" -xf "$tree" ./usr/local/sbin/jettisond ./usr/local/bin/jettison
        ldd "$WORK"/root/usr/local/*/jettison* | sed -n 's|^[^/]*\(/[^ ]*\) (.*|\1|p' | sort -u |
                xargs cp -L --parents -t "$WORK/root"
}

HASH=0123456789abcdef0123456789abcdef           # what a kubelet calls a static pod on the node
UID_=0000aaaa-0000-0000-0000-0000000000         # without its last two digits

cri_describe
mkdir -p "$API" "$WORK/state"
expect "the daemon starts" install_jettison
expect "containerd starts" containerd_configure
work_root
image work '"first"'
image pause '"/pause", "-P"'
for name in work pause; do
        expect "containerd takes the image $name" \
                ctr -n k8s.io images import --snapshotter native "$WORK/$name.tar"
done
# With 60 MiB left, 143 MiB bring back the fifth of memory that is restored where tasks stand still: any hog is
# enough by itself.
pod train prod Guaranteed systemd ${UID_}01 0 900 faceswap --memory 20M --epochs 1000 --steps 1 --pace 5
pod bulk batch Burstable systemd ${UID_}02 1000 - hog --max 185M --rate 0
pod asker batch Burstable cgroupfs ${UID_}03 0 5 hog --max 155M --rate 0
pod idle default BestEffort systemd ${UID_}04 0 - hog --max 155M --rate 0
pod static kube-system Burstable systemd $HASH 0 - hog --max 10M --rate 0
pod critical kube-system BestEffort cgroupfs ${UID_}06 2000001000 1 hog --max 10M --rate 0
all_well
echo "# pods run after $(($(date +%s) - began)) s"

# --- first act: the hook, jettison-kube and the daemon as a service

for pair in train:900 asker:5 critical:1; do
        expect "the hook labels main-${pair%:*}" labels "main-${pair%:*}" "\"${pair#*:}\"" "\"${pair#*:}\""
done
expect "... and names it" named main-asker batch/asker/main-asker
for name in bulk idle static; do
        expect "it leaves main-$name, which asks for nothing" labels "main-$name" null null
done

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$API/key" -out "$API/crt" 2>"$WORK/openssl.log"
{
        echo '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"100"},"items":['
        cat "$API/items"
        echo ']}'
} >"$API/pods.json"
echo secret >"$API/token"
echo "file pods.json" >"$API/list"
echo "stream feed" >"$API/watch"
echo "status 201" >"$API/event"
: >"$API/feed"
: >"$API/bodies"
mkfifo "$API/stdin"
cat >"$WORK/kube.json" <<'END'
{ "namespaces": [ { "namespace": "batch", "weight": 100 }, { "namespace": "prod", "ceiling": 300 } ] }
END
expect "the API server starts" api_start
jettison-kube --node $NODE --server "https://127.0.0.1:$api_port" --ca-file "$API/crt" \
        --token-file "$API/token" --config "$WORK/kube.json" --state "$WORK/state" --timeout 10s --verbose \
        >"$WORK/kube.log" 2>&1 &
kube_pid=$!
for pair in train:300 bulk:100 asker:10 idle:5 static:protect critical:protect; do
        expect "jettison-kube labels main-${pair%:*}" \
                wait_for 30 labels "main-${pair%:*}" "\"${pair#*:}\"" "\"${pair#*:}\""
        expect "... and its pause container" wait_for 10 labels "${pair%:*}-pause" '"protect"' '"protect"'
done
expect "it names them" named main-idle default/idle/main-idle

# change UTILITY SECONDS: idle is given this annotation when the clock has been set so much ahead.
change() {
        date -s "@$(($(date +%s) + $2))" >/dev/null
        printf '{"type":"MODIFIED","object":%s}\n' "$(object idle default BestEffort ${UID_}04 0 "$1")" \
                >>"$API/feed"
}
change 7 10800
expect "a change is heard though the clock jumps ahead" wait_for 20 labels main-idle '"7"' '"7"'
change '' -10800
expect "... and back" wait_for 20 labels main-idle '"5"' '"5"'
for pair in train:300 bulk:100 asker:10 idle:5; do
        expect "the daemon knows main-${pair%:*}" \
                wait_for 10 candidate "main-${pair%:*}" "\"utility\":${pair#*:},"
done
for name in main-static main-critical train-pause asker-pause; do
        expect "it will not choose $name" candidate $name '"protected":true'
done
expect "the exporter starts" systemctl start jettison-exporter
expect "... and finds the daemon ready" wait_for 20 scrape readyz
all_well
echo "# all is labelled after $(($(date +%s) - began)) s"

for pair in bulk:185 asker:155 idle:155; do
        expect "main-${pair%:*} has all its memory" wait_for 60 full "${pair%:*}" "${pair#*:}"
done
before=$(oom_kills)
expect "when memory is short, the container of least utility is shed" press_until_shed main-idle
expect "nobody else is" test "$(lines_of '"what":"victim"')" -eq 1
expect "the others live, the biggest among them" lives train bulk asker static critical
expect "its status tells" wait_for 20 container_is main-idle "EXITED 137 Error"
show container_status main-idle
expect "the API server is told" wait_for 30 told default/idle '"type":"Warning"' \
        'utility 5\. Freed 1[0-9]* MiB (.* were expected), needed were [0-9.]* MiB\.' \
        'Kept: prod/train/main-train (300), batch/bulk/main-bulk (100), batch/asker/main-asker (10)'
expect "... of which container" told default/idle "\"uid\":\"${UID_}04\"" \
        '"fieldPath":"spec.containers{main-idle}"'
show sed -n 's/.*"note":"\([^"]*\)".*/\1/p' "$API/bodies"

jettison journal --container default/idle/main-idle >"$WORK/rounds.log"
expect "the journal finds it by its name" grep recovered "$WORK/rounds.log"
dead=$(id_of main-idle)
expect "the container is removed" container_remove main-idle
jettison journal --container default/idle/main-idle >"$WORK/rounds.log"
expect "... and found by its name none the less" grep recovered "$WORK/rounds.log"
expect "... as none is that lives" eval 'jettison journal --container asker | grep -q "^No rounds"'

api_stop
expect "without the API server the next one is shed" press_until_shed main-asker
expect "nobody else is" test "$(lines_of '"what":"victim"')" -eq 2
expect "the others live" lives train bulk static critical
expect "its status tells" wait_for 20 container_is main-asker "EXITED 137 Error"
expect "jettison-kube has noticed" wait_for 30 grep -q "cannot tell the API server of a kill" "$WORK/kube.log"
expect "nobody has been told" not told batch/asker
expect "the API server comes back" api_start
expect "... and is told of what happened meanwhile" wait_for 90 told batch/asker 'utility 10\. Freed'
expect "of each once" test "$(wc -l <"$API/bodies")" -eq 2

for page in healthz readyz metrics; do
        expect "the exporter answers for $page" scrape $page
done
expect "... in the format of Prometheus" metrics_are_sound
show cat "$WORK/metrics.log"
expect "... the daemon answers" test "$(metric 'jettison_up ')" -eq 1
show grep '^jettison_kills_total' "$WORK/metrics"
expect "... both kills are counted" test "$(metric 'jettison_kills_total{')" -eq 2
expect "... as rounds that recovered" test "$(metric 'jettison_rounds_total{outcome="recovered"}')" -eq 2
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "the hook had nothing to complain of" not hook_said ''
echo "# the first act took $(($(date +%s) - began)) s"

# --- second act: the controller as a container

rights=$(sed -n '/- name: jettisond$/,/- name: jettison-kube$/s/^ *- \([A-Z_]*\)  *#.*/\1/p' \
        "$here/daemonset.yaml")
expect "its manifest gives it four capabilities" test "$(echo "$rights" | wc -l)" -eq 4
mkdir -p "$WORK/etc"
install -m 644 "$here/jettison.json" "$WORK/etc/jettison.json"

# What a kubelet makes of the container "jettisond" in daemonset.yaml.
cat >"$WORK/jettisond.text" <<END
command: "/usr/local/sbin/jettisond" args: "--cgroup-root" args: "/host/cgroup"
mounts { container_path: "/host/cgroup" host_path: "/sys/fs/cgroup" }
mounts { container_path: "/run/jettison" host_path: "/run/jettison" }
mounts { container_path: "/var/log/jettison" host_path: "/var/log/jettison" }
mounts { container_path: "/etc/jettison" host_path: "$WORK/etc" readonly: true }
linux {
        resources { memory_limit_in_bytes: 67108864 oom_score_adj: -997 }
        security_context {
                namespace_options { network: 2 pid: 2 }
                run_as_user { value: 0 } run_as_group { value: 9847 }
                readonly_rootfs: true no_new_privs: true seccomp { } apparmor { type: UNCONFINED }
                capabilities { drop: "ALL" $(echo "$rights" | sed 's/.*/add: "&"/') }
                $(printf 'masked_paths: "/proc/%s"\n' acpi kcore keys latency_stats timer_list scsi)
                $(printf 'readonly_paths: "/proc/%s"\n' bus fs irq sys sysrq-trigger)
        }
}
END

controller_starts() {
        container_of jettison jettisond work "$(cat "$WORK/jettisond.text")"
}

# One line of the controller's /proc/PID/status.
line_of() {
        sed -n "s/^$1:[[:space:]]*//p" "/proc/$(cat /run/jettison/lock)/status"
}

expect "a pod for the controller runs" sandbox jettison ${UID_}0c systemd \
        "$(parent_of Guaranteed systemd ${UID_}0c)" '' jettison 2
expect "the controller starts in it" controller_starts
expect "beside the host's it does not act" wait_for 60 container_is jettisond "EXITED 1 Error"
expect "... and says why" grep 'already running, as process' "$WORK/jettisond.out"
expect "... which goes on" daemon_ready
expect "it is removed" container_remove jettisond
systemctl stop jettisond
expect "with the host's stopped it starts" controller_starts
expect "... and answers at the host's socket" wait_for 60 daemon_ready
show cat "$WORK/jettisond.out"
expect "... having rehearsed a kill" lacks "$WORK/jettisond.out" "[Rr]ehears"
expect "... and does without nothing" journal_has '"what":"start"' "\"pid\":$(cat /run/jettison/lock)," \
        '"degraded":[]'
expect "its own container's limit is no domain" journal_has '"what":"start"' \
        "\"pid\":$(cat /run/jettison/lock)," '"domains":["/"]'
controller=$(cat /run/jettison/lock)
expect "it is in its container" test "$(cut -d : -f 3 "/proc/$controller/cgroup")" = "$(group_of jettisond)"
expect "... in a cgroup namespace of its own" test \
        "$(readlink "/proc/$controller/ns/cgroup")" != "$(readlink /proc/self/ns/cgroup)"
expect "... with four capabilities" test $((0x$(line_of CapEff))) -eq $((1 << 5 | 1 << 1 | 1 << 21 | 1 << 24))
expect "... and no way to more" test "$(line_of NoNewPrivs)" -eq 1
expect "... all its memory locked" test "$(line_of VmLck | tr -dc 0-9)" -ge "$(line_of VmRSS | tr -dc 0-9)"
expect "... within 64 MiB" test "$(cat "$HIERARCHY$(group_of jettisond)/memory.max")" -eq 67108864
show cat "$HIERARCHY$(group_of jettisond)/memory.peak"
expect "the kernel's killer passes it over" test "$(cat "/proc/$controller/oom_score_adj")" -eq -1000
expect "it has no label" labels jettisond null null
expect "it is no candidate of its own" none_is "\"path\":\"$(group_of jettisond)\""
expect "nor is its pause container" spared jettison-pause

expect "the container that was shed starts anew" container idle main-idle work hog --max 155M --rate 0
printf '{"type":"MODIFIED","object":%s}\n' "$(object idle default BestEffort ${UID_}04 0 '' "$dead")" \
        >>"$API/feed"
expect "... and is labelled" wait_for 60 labels main-idle '"5"' '"5"'
expect "... which the controller reads" wait_for 20 candidate main-idle '"utility":5,'
expect "when it has all its memory" wait_for 60 full idle 155
expect "... it is shed" press_until_shed main-idle
expect "nobody else is shed" test "$(lines_of '"what":"victim"')" -eq 3
expect "the others live" lives train bulk static critical
expect "... by cgroup.kill" journal_has '"what":"victim"' "$(cat "$WORK/main-idle.group")" \
        '"method":"cgroup.kill"'
expect "the API server is told" wait_for 60 eval 'test "$(wc -l <"$API/bodies")" -eq 3'
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "it stops when it is told to" cri_ask StopContainer none \
        "container_id: \"$(id_of jettisond)\" timeout: 10"
expect "... in order" container_is jettisond "EXITED Completed"
expect "... and has written so" journal_has '"what":"stop"' SIGTERM
expect "jettison-kube lives" kill -0 "$kube_pid"
echo "# all of it took $(($(date +%s) - began)) s"
