#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints what a guest needs to play a node of Kubernetes: the paths of the API server for tests that meson
# made in the build, and of the manifest and the configuration that people are told to use.
#   kube-files.sh BUILD
set -euo pipefail

source=$(readlink -f "$(dirname "$0")/../..")

# Without libmicrohttpd there is none; the scenario then skips itself.
[ ! -e "$1/tests/kube/apiserver" ] || echo "$1/tests/kube/apiserver"
echo "$source"/examples/kubernetes/base/{daemonset.yaml,jettison.json}
