# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# The kernel, told what it can be told: oom_score_adj from the utility (see adjust_scores), and
# memory.oom.group, so that a job dies as a whole.
group_whole() {
        echo 1 >"$3/memory.oom.group"
}

contestant_start() {
        adjust_scores
        on_plan group_whole
}

contestant_stop() { :; }
