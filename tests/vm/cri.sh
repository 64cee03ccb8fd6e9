# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# containerd as a kubelet uses it: its Container Runtime Interface, which is gRPC over a socket. curl speaks
# the HTTP/2 of it, protoc turns the messages into text and back; what they look like is described here, as
# far as it is used, with the numbers of Kubernetes' own description of runtime.v1.

# shellcheck source=./containers.sh
. "${0%/*}/containers.sh"

CRI=/run/containerd/containerd.sock

cri_describe() {
        cat >"$WORK/cri.proto" <<-'END'
		syntax = "proto3";
		message SandboxName { string name = 1; string uid = 2; string namespace = 3; }
		message Namespaces { int32 network = 1; int32 pid = 2; int32 ipc = 3; }
		message SandboxSecurity { Namespaces namespace_options = 1; }
		message SandboxLinux { string cgroup_parent = 1; SandboxSecurity security_context = 2; }
		message Sandbox {
		        SandboxName metadata = 1;
		        string log_directory = 3;
		        map<string, string> annotations = 7;
		        SandboxLinux linux = 8;
		}
		message RunPodSandboxRequest { Sandbox config = 1; string runtime_handler = 2; }
		message RunPodSandboxResponse { string pod_sandbox_id = 1; }
		message StopPodSandboxRequest { string pod_sandbox_id = 1; }
		message StopPodSandboxResponse {}
		message RemovePodSandboxRequest { string pod_sandbox_id = 1; }
		message RemovePodSandboxResponse {}

		message ContainerName { string name = 1; uint32 attempt = 2; }
		message Image { string image = 1; }
		message Resources { int64 memory_limit_in_bytes = 4; int64 oom_score_adj = 5; }
		message Security { Namespaces namespace_options = 3; }
		message ContainerLinux { Resources resources = 1; Security security_context = 2; }
		message Container {
		        ContainerName metadata = 1;
		        Image image = 2;
		        repeated string args = 4;
		        string log_path = 11;
		        ContainerLinux linux = 15;
		}
		message CreateContainerRequest {
		        string pod_sandbox_id = 1;
		        Container config = 2;
		        Sandbox sandbox_config = 3;
		}
		message CreateContainerResponse { string container_id = 1; }
		message StartContainerRequest { string container_id = 1; }
		message StartContainerResponse {}
		enum State { CREATED = 0; RUNNING = 1; EXITED = 2; UNKNOWN = 3; }
		message Status { State state = 3; int32 exit_code = 7; string reason = 10; string message = 11; }
		message ContainerStatusRequest { string container_id = 1; }
		message ContainerStatusResponse { Status status = 1; }
	END
}

# cri_call METHOD: sends the request that is read as text, prints the answer as text; what the runtime refuses
# it says on standard error.
cri_call() {
        protoc --proto_path "$WORK" --encode "$1Request" "$WORK/cri.proto" >"$WORK/cri.message"
        cri_size=$(wc -c <"$WORK/cri.message")
        # a frame: not compressed, its length in four bytes, the message
        {
                # shellcheck disable=SC2059  # the format is made of the bytes
                printf "$(printf '\\000\\000\\000\\%03o\\%03o' $((cri_size >> 8)) $((cri_size & 255)))"
                cat "$WORK/cri.message"
        } >"$WORK/cri.frame"
        curl -sS --http2-prior-knowledge --unix-socket $CRI --max-time 60 -H 'te: trailers' \
                -H 'content-type: application/grpc' --data-binary "@$WORK/cri.frame" \
                -D "$WORK/cri.head" -o "$WORK/cri.reply" "http://localhost/runtime.v1.RuntimeService/$1"
        if ! grep -qi '^grpc-status: 0' "$WORK/cri.head"; then
                grep -i '^grpc-' "$WORK/cri.head" >&2
                return 1
        fi
        tail -c +6 "$WORK/cri.reply" | protoc --proto_path "$WORK" --decode "$1Response" "$WORK/cri.proto"
}

# cri_ask METHOD FIELD TEXT: of the answer to a request, the value of a field.
cri_ask() {
        echo "$3" | cri_call "$1" >"$WORK/cri.answer" &&
                sed -n "s/^ *$2: \"*\\([^\"]*\\)\"*$/\\1/p" "$WORK/cri.answer"
}

# sandbox NAME UID HANDLER PARENT [ANNOTATION]: runs a pod in the host's network, noted as NAME-pause. The
# annotation is the pod's jettison.io/utility.
sandbox() {
        cat >"$WORK/$1.pod" <<-END
		metadata { name: "$1" uid: "$2" namespace: "batch" }
		log_directory: "$WORK"
		annotations { key: "jettison.io/utility" value: "$5" }
		linux { cgroup_parent: "$4" security_context { namespace_options { network: 2 pid: 1 } } }
	END
        cri_ask RunPodSandbox pod_sandbox_id \
                "config { $(cat "$WORK/$1.pod") } runtime_handler: \"$3\"" >"$WORK/$1-pause.id"
}

# container POD NAME IMAGE [ARGUMENT]...: creates and starts one in the pod; what it prints lies in
# $WORK/NAME.out.
container() {
        container_pod=$1 container_name=$2 container_image=$3
        shift 3
        cri_ask CreateContainer container_id "pod_sandbox_id: \"$(id_of "$container_pod-pause")\"
                sandbox_config { $(cat "$WORK/$container_pod.pod") }
                config {
                        metadata { name: \"$container_name\" }
                        image { image: \"localhost/jettison/$container_image:1\" }
                        $(printf 'args: "%s"\n' "$@")
                        log_path: \"$container_name.out\"
                        linux { security_context { namespace_options { network: 2 pid: 1 } } }
                }" >"$WORK/$container_name.id" &&
                cri_ask StartContainer none "container_id: \"$(id_of "$container_name")\"" &&
                note_group "$container_name"
}

# How the runtime speaks of a container: state, exit code, reason.
container_status() {
        cri_ask ContainerStatus '\(state\|exit_code\|reason\)' "container_id: \"$(id_of "$1")\"" >/dev/null
        sed -n 's/^ *\(state\|exit_code\|reason\): "*\([^"]*\)"*$/\2/p' "$WORK/cri.answer" | paste -sd ' ' -
}

container_is() {
        [ "$(container_status "$1")" = "$2" ]
}

sandbox_remove() {
        cri_ask StopPodSandbox none "pod_sandbox_id: \"$(id_of "$1-pause")\""
        cri_ask RemovePodSandbox none "pod_sandbox_id: \"$(id_of "$1-pause")\""
}
