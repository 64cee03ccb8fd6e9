# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154  # beside scenario-arena.sh
#
# The kernel alone, as it comes.
contestant_start() { :; }

contestant_stop() { :; }
