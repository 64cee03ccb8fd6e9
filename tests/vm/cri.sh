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
		message Mount { string container_path = 1; string host_path = 2; bool readonly = 3; }
		message Resources { int64 memory_limit_in_bytes = 4; int64 oom_score_adj = 5; }
		message Capabilities { repeated string add = 1; repeated string drop = 2; }
		message Number { int64 value = 1; }
		enum ProfileType { RUNTIME_DEFAULT = 0; UNCONFINED = 1; }
		message Profile { ProfileType type = 1; }
		message Security {
		        Capabilities capabilities = 1;
		        Namespaces namespace_options = 3;
		        Number run_as_user = 5;
		        bool readonly_rootfs = 7;
		        bool no_new_privs = 11;
		        Number run_as_group = 12;
		        repeated string masked_paths = 13;
		        repeated string readonly_paths = 14;
		        Profile seccomp = 15;
		        Profile apparmor = 16;
		}
		message ContainerLinux { Resources resources = 1; Security security_context = 2; }
		message Container {
		        ContainerName metadata = 1;
		        Image image = 2;
		        repeated string command = 3;
		        repeated string args = 4;
		        repeated Mount mounts = 7;
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
		message StopContainerRequest { string container_id = 1; int64 timeout = 2; }
		message StopContainerResponse {}
		message RemoveContainerRequest { string container_id = 1; }
		message RemoveContainerResponse {}
		enum State { CREATED = 0; RUNNING = 1; EXITED = 2; UNKNOWN = 3; }
		message Status { State state = 3; int32 exit_code = 7; string reason = 10; string message = 11; }
		message ContainerStatusRequest { string container_id = 1; }
		message ContainerStatusResponse { Status status = 1; }
	END
}

# Starts containerd, told of the hook. Of its two runtimes the tool configures the default one; the other is
# given the same by hand.
containerd_configure() {
        cat >/etc/containerd/config.toml <<-'END'
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/jettison/pause:1"
		  [plugins."io.containerd.grpc.v1.cri".containerd]
		    snapshotter = "native"
		    default_runtime_name = "systemd"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.systemd]
		      runtime_type = "io.containerd.runc.v2"
		      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.systemd.options]
		        SystemdCgroup = true
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.cgroupfs]
		      runtime_type = "io.containerd.runc.v2"
		      base_runtime_spec = "/etc/containerd/jettison-spec.json"
		      pod_annotations = ["jettison.io/*"]
	END
        # it copies these for every pod
        touch /etc/hosts /etc/resolv.conf
        cp /etc/containerd/config.toml "$WORK/config.toml"
        jettison configure --runtime containerd
        systemctl restart containerd && wait_for 20 eval 'ctr version >/dev/null'
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

# sandbox NAME UID HANDLER PARENT UTILITY [NAMESPACE [PID]]: runs a pod in the host's network, noted as
# NAME-pause. The utility is the pod's annotation, if it is not empty; PID 2 means the host's process numbers.
sandbox() {
        sandbox_utility=
        [ -z "$5" ] || sandbox_utility="annotations { key: \"jettison.io/utility\" value: \"$5\" }"
        cat >"$WORK/$1.pod" <<-END
		metadata { name: "$1" uid: "$2" namespace: "${6:-batch}" }
		log_directory: "$WORK"
		$sandbox_utility
		linux {
		        cgroup_parent: "$4"
		        security_context { namespace_options { network: 2 pid: ${7:-1} } }
		}
	END
        cri_ask RunPodSandbox pod_sandbox_id \
                "config { $(cat "$WORK/$1.pod") } runtime_handler: \"$3\"" >"$WORK/$1-pause.id"
}

# container_of POD NAME IMAGE TEXT: creates and starts one in the pod, with this configuration; what it prints
# lies in $WORK/NAME.out.
container_of() {
        cri_ask CreateContainer container_id "pod_sandbox_id: \"$(id_of "$1-pause")\"
                sandbox_config { $(cat "$WORK/$1.pod") }
                config {
                        metadata { name: \"$2\" }
                        image { image: \"localhost/jettison/$3:1\" }
                        log_path: \"$2.out\"
                        $4
                }" >"$WORK/$2.id" &&
                cri_ask StartContainer none "container_id: \"$(id_of "$2")\"" &&
                note_group "$2"
}

# container POD NAME IMAGE [ARGUMENT]...: one like any other.
container() {
        container_pod=$1 container_name=$2 container_image=$3
        shift 3
        container_of "$container_pod" "$container_name" "$container_image" "$(printf 'args: "%s"\n' "$@")
                linux { security_context { namespace_options { network: 2 pid: 1 } } }"
}

# How the runtime speaks of a container: state, exit code, reason.
container_status() {
        cri_ask ContainerStatus '\(state\|exit_code\|reason\)' "container_id: \"$(id_of "$1")\"" >/dev/null
        sed -n 's/^ *\(state\|exit_code\|reason\): "*\([^"]*\)"*$/\2/p' "$WORK/cri.answer" | paste -sd ' ' -
}

container_is() {
        [ "$(container_status "$1")" = "$2" ]
}

# container_remove NAME: one that has ended.
container_remove() {
        cri_ask RemoveContainer none "container_id: \"$(id_of "$1")\""
}

sandbox_remove() {
        cri_ask StopPodSandbox none "pod_sandbox_id: \"$(id_of "$1-pause")\""
        cri_ask RemovePodSandbox none "pod_sandbox_id: \"$(id_of "$1-pause")\""
}
