#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034  # what eval reads
# The manifests for Kubernetes, without a cluster: they render; each member is one that the API's own types know
# (kubectl's, by reading them into these types and writing them out again); what a security review would ask for
# holds; configurations in them are accepted; alert rules work; rules and dashboard name only metrics that there
# are. Usage: kubernetes.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

for tool in kubectl jq; do
        command -v "$tool" >/dev/null || { echo "1..0 # SKIP $tool is not there"; exit 0; }
done
kubernetes=$examples/kubernetes
monitoring=$kubernetes/monitoring
source=$kubernetes/base/daemonset.yaml
code=0
: >"$work/out" && : >"$work/err"

# A kubectl that must not find a cluster.
kube() { KUBECONFIG=/dev/null HOME=$work timeout -k 1 60 kubectl "$@" 2>"$work/err"; }
minor=$(kube version --client -o json | jq -r '.clientVersion.minor | sub("[^0-9].*"; "") | tonumber')
echo "# kubectl 1.$minor"

# render FOLDER NAME: YAML, and JSON as one list of objects.
render() {
        kube kustomize "$1" >"$work/$2.yaml" &&
                kube label --local --overwrite -f "$work/$2.yaml" rendered=yes -o json >"$work/$2.stream" &&
                jq -s '[.[] | if .kind == "List" then .items[] else . end]' "$work/$2.stream" >"$work/$2.json"
}
# holds NAME FILTER: true for the list.
holds() { jq -e "$2" "$work/$1.json" >"$work/out" 2>"$work/err"; }
pod='(.[] | select(.kind == "DaemonSet").spec.template.spec)'

check "the base renders" render "$kubernetes/base" base
check "one DaemonSet with its namespace, quota, rights and configuration" holds base \
        'map(.kind) | sort == ["ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet", "Namespace", "ResourceQuota", "ServiceAccount"]'

# --- schema: what kubectl's types do not know is lost on the way through them

# typed NAME: lists the members of the DaemonSet that the types do not know.
typed() {
        jq '.[] | select(.kind == "DaemonSet")' "$work/$1.json" >"$work/set.json"
        kube set serviceaccount --local -f "$work/set.json" jettison -o json >"$work/typed.json" || return 1
        jq -r -n --slurpfile a "$work/set.json" --slurpfile b "$work/typed.json" \
                '$b[0] as $b | $a[0] | paths(scalars) as $p | select(($b | getpath($p)) != getpath($p)) | $p | map(tostring) | join(".")' \
                >"$work/out"
        [ "$minor" -ge 30 ] || sed -i '/\.appArmorProfile\./d' "$work/out"      # came with 1.30
}
check "every member of the DaemonSet is one that the API knows" eval 'typed base && [ ! -s "$work/out" ]'
sed 's/readOnlyRootFilesystem/readOnlyRootFileSystem/' "$work/base.json" >"$work/wrong.json"
check "… and one that is misspelt would be found" eval 'typed wrong && [ "$(wc -l <"$work/out")" -eq 3 ]'

# --- the pod

check "it has three containers" holds base "$pod.containers | map(.name) == [\"jettisond\", \"jettison-kube\", \"jettison-exporter\"]"
check "requests are limits, of processor and memory" holds base \
        "$pod.containers | all(.resources | .requests == .limits and (.requests | keys == [\"cpu\", \"memory\"]))"
check "no container is privileged or may become more" holds base \
        "$pod.containers | all(.securityContext | .privileged == false and .allowPrivilegeEscalation == false)"
check "root directories are read-only" holds base "$pod.containers | all(.securityContext.readOnlyRootFilesystem)"
check "all capabilities are dropped" holds base "$pod.containers | all(.securityContext.capabilities.drop == [\"ALL\"])"
check "the daemon's are those that its own table keeps" holds base \
        "$pod.containers[0].securityContext.capabilities.add | sort == [\"DAC_OVERRIDE\", \"KILL\", \"SYS_ADMIN\", \"SYS_RESOURCE\"]"
check "none is written with CAP_, which the API refuses beside allowPrivilegeEscalation" holds base \
        "[$pod.containers[].securityContext.capabilities.add | values[] | select(startswith(\"CAP_\"))] == []"
check "the labeller's are two" holds base \
        "$pod.containers[1].securityContext.capabilities.add | sort == [\"DAC_OVERRIDE\", \"SYS_ADMIN\"]"
check "the exporter has none and is not root" holds base \
        "$pod.containers[2].securityContext | .capabilities.add == null and .runAsNonRoot and .runAsUser > 0"
check "each capability that is added has its reason" eval \
        '[ "$(grep -cE "^ +- [A-Z_]+( |$)" "$source")" -eq 6 ] && ! grep -E "^ +- [A-Z_]+( |$)" "$source" | grep -vqE "# .{10}"'
check "system calls are filtered" holds base "$pod.securityContext.seccompProfile.type == \"RuntimeDefault\""
check "node-critical, on every node" holds base \
        "$pod | .priorityClassName == \"system-node-critical\" and .tolerations == [{ \"operator\": \"Exists\" }]"
check "no network of the host's" holds base "$pod | .hostNetwork != true and .hostIPC != true"
check "every mount has its volume, every volume a mount" holds base \
        "$pod | ([.containers[].volumeMounts[].name] | unique) == ([.volumes[].name] | unique)"
check "of the host, only these are mounted" holds base \
        "$pod | [.volumes[].hostPath.path | values] | sort == [\"/run/jettison\", \"/sys/fs/cgroup\", \"/var/lib/jettison\", \"/var/log/jettison\"]"
check "the exporter writes nowhere, and does not see the cgroups" holds base \
        "$pod.containers[2].volumeMounts | all(.readOnly) and all(.name != \"cgroup\")"
check "the API's token is with the labeller alone" holds base \
        "$pod | .automountServiceAccountToken == false and [.containers[] | select(any(.volumeMounts[]; .name == \"token\")).name] == [\"jettison-kube\"]"
check "group of the socket, of the daemon and of the exporter are one" holds base \
        "(.[] | select(.kind == \"ConfigMap\").data[\"jettison.json\"] | fromjson.control.group) as \$group |
         $pod.containers | all(.securityContext.runAsGroup | tostring == \$group)"
check "no probe of the daemon goes over the network" holds base "$pod.containers[0] | [.. | .httpGet? | values] == []"
check "a probe is given longer than what it asks waits" holds base \
        "$pod.containers | all((.livenessProbe, .readinessProbe | values).timeoutSeconds >= 10)"
check "an image of no registry, at the version of these programs" eval \
        'holds base "$pod.containers | all(.image == \"jettison:$("$jettison" --version | cut -d" " -f2)\")"'

# --- rights in the cluster

rules='(.[] | select(.kind == "ClusterRole").rules)'
check "rights: pods are read, events are written, nothing else" holds base \
        "$rules == [{ \"apiGroups\": [\"\"], \"resources\": [\"pods\"], \"verbs\": [\"list\", \"watch\"] },
                    { \"apiGroups\": [\"events.k8s.io\"], \"resources\": [\"events\"], \"verbs\": [\"create\"] }]"
check "the namespace admits such a pod" holds base \
        '.[] | select(.kind == "Namespace").metadata.labels["pod-security.kubernetes.io/enforce"] == "privileged"'

# --- components

if [ "$minor" -ge 21 ]; then
        check "as it is installed: the base" eval \
                'render "$kubernetes" whole && [ "$(jq -S . "$work/whole.json")" = "$(jq -S . "$work/base.json")" ]'
        cp -r "$kubernetes" "$work/all"
        sed -i 's/^  # - components/  - components/' "$work/all/kustomization.yaml"
        check "with every component" render "$work/all" all
        check "… still of known members" eval 'typed all && [ ! -s "$work/out" ]'
        check "dry-run reaches the daemon" holds all "$pod.containers[0].args | contains([\"--dry-run\"])"
        check "disruption-target reaches the labeller, and its right the role" holds all \
                "($pod.containers[1].args | contains([\"--disruption-target\"])) and
                 ($rules | contains([{ \"apiGroups\": [\"\"], \"resources\": [\"pods/status\"], \"verbs\": [\"patch\"] }]))"
        check "selinux reaches the pod" holds all "$pod.securityContext.seLinuxOptions.type == \"spc_t\""
else
        skip "components" "kubectl 1.$minor knows none; 1.21 does"
fi

# --- what the programs make of it

for container in 0 1 2; do
        program=$(jq -r "$pod.containers[$container].command[0]" "$work/base.json")
        program=$programs/${program##*/}
        [ -x "$program" ] || { skip "${program##*/} knows its options" "it was not built"; continue; }
        "$program" --help >"$work/out"
        check "${program##*/} knows its options" eval \
                'for option in $(jq -r "$pod.containers[$container].args[] | select(startswith(\"--\"))" "$work/base.json"); do
                        says " $option " || exit 1; done'
done
for name in jettison kube; do
        jq -r ".[] | select(.kind == \"ConfigMap\").data[\"$name.json\"]" "$work/base.json" >"$work/$name.json"
        chmod 644 "$work/$name.json"
done
timeout 20 "$programs/jettisond" --config "$work/jettison.json" --check-config >"$work/out" 2>"$work/err"
code=$?
check "the daemon accepts its configuration" eval 'exits 0 && says "\"group\": \"9847\""'
if [ -x "$programs/jettison-kube" ]; then
        # The configuration is read before the token that is not there.
        kube_once() {
                timeout 20 "$programs/jettison-kube" --config "$1" --once --server https://127.0.0.1:1 --node none \
                        --token-file "$work/none" --cgroup-root "$work" >"$work/out" 2>"$work/err"
                code=$?
        }
        kube_once "$work/kube.json"
        check "the labeller accepts its configuration" eval '! exits 3 && ! complains "kube.json"'
        kube_once "$work/jettison.json"
        check "… and would not accept another" eval 'exits 3 && complains "jettison.json"'
else
        skip "the labeller's configuration" "jettison-kube was not built"
fi

# --- monitoring

check "the dashboard is JSON, and invents no id" eval \
        'jq -e ".uid == null and .id == null and ([.panels[].id] | length == (unique | length))" "$monitoring/dashboard.json" >"$work/out"'
check "its panels do not overlap and lie on the grid" eval \
        'jq -e "[.panels[] | .gridPos as \$g | range(\$g.y; \$g.y + \$g.h) as \$y | range(\$g.x; \$g.x + \$g.w) | [., \$y]] |
                (length == (unique | length)) and all(.[0] < 24)" "$monitoring/dashboard.json" >"$work/out"'
check "every source of data is the variable" eval \
        'jq -e "[.. | .datasource? | objects.uid] | unique == [\"\${datasource}\"]" "$monitoring/dashboard.json" >"$work/out"'

# names FILE: the metrics in a text, without the endings of histograms.
names() { grep -ohE 'jettison_[a-z_]+' "$1" | sed 's/_bucket$//' | sort -u; }
jq -r '[.. | .expr? | values] | .[]' "$monitoring/dashboard.json" >"$work/expressions"
if [ -x "$programs/jettison-exporter" ] && command -v python3 >/dev/null; then
        # All metrics are there only if a daemon answers; this one says what docs/interfaces.md promises, the kernel
        # module's part included.
        python3 - "$work/socket" <<'END' &
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
client, _ = listener.accept()
client.makefile().readline()
client.sendall(b'{"ok":true,"version":"0","feed":"module","order":{"state":"none"},'
               b'"domains":[{"path":"/","level":"calm","state":"watching"}]}\n')
END
        await_socket "$work/socket"
        "$programs/jettison-exporter" --once --socket "$work/socket" --journal "$work/none" >"$work/metrics"
        kill $! 2>/dev/null
        wait
        sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$work/metrics" | sort -u >"$work/known"
        for text in "$work/expressions" "$monitoring/jettison.rules.yaml" "$monitoring/jettison.rules.test.yaml"; do
                names "$text" | comm -23 - "$work/known" >"$work/out"
                check "${text##*/}: every metric is one that the exporter has" [ ! -s "$work/out" ]
        done
else
        skip "metrics of rules and dashboard" "jettison-exporter was not built, or python3 is not there"
fi

if command -v promtool >/dev/null; then
        promtool check rules "$monitoring/jettison.rules.yaml" >"$work/out" 2>"$work/err"
        code=$?
        check "promtool: the rules are well-formed" exits 0
        promtool test rules "$monitoring/jettison.rules.test.yaml" >"$work/out" 2>"$work/err"
        code=$?
        check "promtool: the alerts come when they should, and only then" exits 0
        cp "$monitoring"/jettison.rules*.yaml "$work"
        sed -i 's/for: 5m/for: 50m/' "$work/jettison.rules.yaml"
        promtool test rules "$work/jettison.rules.test.yaml" >"$work/out" 2>&1
        code=$?
        check "… and a rule that is wrong would be found" exits 1
        { echo 'groups: [{ name: dashboard, rules: ['
          sed "s/\$__[a-z_]*/5m/g; s/\$instance/.*/g; s/'/''/g; s/.*/{ record: a, labels: { n: \"\" }, expr: '&' },/" "$work/expressions" |
                awk '{ sub(/n: ""/, "n: \"" NR "\""); print }'
          echo ']}]'; } >"$work/dashboard.yaml"
        promtool check rules "$work/dashboard.yaml" >"$work/out" 2>"$work/err"
        code=$?
        check "promtool: every query of the dashboard parses" exits 0
else
        skip "rules and queries" "promtool is not there (package prometheus)"
fi

finish
