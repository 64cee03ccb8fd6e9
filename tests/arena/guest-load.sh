# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# What the loads are written in. A load says how much room it has above the line and what swap, and its
# load_plan calls "container" for each of its containers; what chance decides, it draws from the seed:
#   ROOM=400 SWAP=zram:256M
#   load_plan() {
#           container web utility=90 demand=41 -- hog --polite --rate 0 --max 40M
#   }

load_defaults() {
        ROOM=240                # MiB that are available above the line when nothing runs
        SWAP=none
        IDLE_MS=1000            # before the first container starts
        LIMIT_MS=25000          # of the play, at most
        AFTER_MS=4000           # it ends when the machine has not been short for so long after a shortage,
        GIVEN_UP_MS=10000       # or has been short without a break for so long
        LAST_MS=                # instead of AFTER_MS, if set, when nobody wants memory without end any more
}

# A generator of integers alone, so that every shell draws the same; its upper bits. Seeds that are neighbours
# begin alike: the first draws are thrown away.
seed_set() {
        seed_state=$(($1 * 40503 & 0x7fffffff))
        for seed_turn in 1 2 3 4 5 6 7 8; do
                draw 0 1
        done
}

# draw FROM TO: sets $drawn.
draw() {
        seed_state=$(((seed_state * 1103515245 + 12345) & 0x7fffffff))
        drawn=$(($1 + (seed_state >> 15) % ($2 - $1 + 1)))
}

# container NAME [SETTING=VALUE]... -- COMMAND...: makes the group, labels it, and writes its line.
#   utility=N      0 … 1000
#   tier=N         0 … 15, default 0; for those that know tiers
#   demand=MIB     what it holds when it has all it wants, its process included; 100000 is without end
#   processes=N    how many it has then (default 1; 0: not to be asked)
#   start=MS       default 0
#   restart=MS     started again so long after each death
#   steps=N        gradient steps a second that a training is to make
#   own=1          its own limit is its own affair: not counted if it dies
#   FILE=VALUE     of its group
container() {
        c_name=$1 c_tier=0 c_utility=10 c_demand=0 c_processes=1 c_start=0 c_restart=0 c_steps=0 c_own=0
        shift
        group "containers/$c_name"
        while [ "$1" != -- ]; do
                case $1 in
                tier=* | utility=* | demand=* | processes=* | start=* | restart=* | steps=* | own=*)
                        eval "c_${1%%=*}=\${1#*=}"
                        ;;
                *) echo "${1#*=}" >"$TOP/$c_name/${1%%=*}" ;;
                esac
                shift
        done
        shift
        load setxattr "$TOP/$c_name" trusted.jettison.utility "$c_tier:$c_utility"
        echo "$c_name|$c_utility|$c_demand|$c_processes|$c_start|$c_restart|$c_steps|$c_own|0|$*" >>"$PLAN"
}

# steady NAME UTILITY MIB [SETTING...]: an innocent, that holds what it has and leaves when it is asked to.
steady() {
        steady_name=$1 steady_utility=$2 steady_mib=$3
        shift 3
        container "$steady_name" utility="$steady_utility" demand="$steady_mib.75" "$@" -- \
                exec hog --polite --rate 0 --max "${steady_mib}M"
}

# training NAME UTILITY MIB: real gradient steps, two a second, and a checkpoint after each second.
training() {
        container "$1" utility="$2" demand=$(($3 + 2)).5 steps=2 -- \
                exec faceswap --seed "$((seed_state % 1000))" --memory "$3M" --epochs 1000 --steps 2 --pace 1 \
                --checkpoint "/root/arena-$1"
}
