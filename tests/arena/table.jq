# SPDX-License-Identifier: GPL-2.0-or-later
#
# runs.jsonl, slurped, to Markdown: a table for each load, one of sums, of strikes, of costs. Of several lines of one play
# the last counts; and only those of a contestant and load that were made with what the last one was made with.

def round1: if . == null then null else . * 10 | round / 10 end;
def mean: if length == 0 then null else add / length end;
def median: sort | if length == 0 then null else .[(length - 1) / 2 | floor] end;
def cell: if . == null then "–" else tostring end;
def row: "| \(map(cell) | join(" | ")) |";
def order: ["none", "none-tuned", "earlyoom", "earlyoom-tuned", "nohang", "nohang-tuned", "oomd", "oomd-tuned",
        "systemd-oomd", "systemd-oomd-tuned", "jettison-files", "jettison-module"];
def rank: . as $name | order | index($name) // 99;

# Of those that were short: the median of those that came back, and how many, if not all did.
# Regret and what was kept are told of those alone: a machine that stays short has lost nobody, and everything.
def is_back: (.was_short | not) or .memory_back_ms != null;
def back: map(select(.was_short)) as $short | ($short | map(.memory_back_ms | numbers)) as $back
        | if $short | length == 0 then null
        elif ($back | length) == ($short | length) then $back | median
        else "\($back | median // "never") (\($back | length) of \($short | length))" end;

# Containers killed, and how many of them before a shortage was seen.
def killed: (map(.killed) | mean | round1) as $all | (map(.early) | mean | round1) as $early
        | if $early == 0 then $all else "\($all) (\($early))" end;

def current: group_by([.contestant, .load, .seed]) | map(last)
        | group_by([.contestant, .load])
        | map((max_by(.date) | .hash) as $hash | .[] | select(.hash == $hash));

def load_table: (.[0].load) as $load
        | "### \($load)", "",
          ("Seeds \(map(.seed) | unique | map(tostring) | join(", ")); \(map(.kernel) | unique | join(", ")); "
                + "\(.[0].memory); swap \(if .[0].swap_mib > 0 then "zram \(.[0].swap_mib) MiB" else "none" end); "
                + "\(.[0].accel)."), "",
          (["contestant", "n", "lost", "least", "regret", "of the moment", "killed (early)", "needless", "half-dead",
            "over, MiB", "above, MiB", "strike, ms", "back, ms", "short, ms", "stall, ms", "steps missed", "kernel kills"] | row),
          "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
          (group_by(.contestant) | sort_by(.[0].contestant | rank)[] |
                [.[0].contestant, length, (map(.lost) | mean | round1), (map(.optimum) | mean | round1),
                 (map(select(is_back) | .regret) | mean | round1),
                 (map(.moment_lost - .moment_optimum) | mean | round1), killed,
                 (map(.needless) | mean | round1), (map(.half) | mean | round1), (map(.over_mib) | median),
                 (map(.above_line_mib | numbers) | median), (map(.strike_ms | numbers) | median), back,
                 (map(.short_ms) | median), (map(.stall_ms) | median), (map(.steps_missed) | mean | round1),
                 (map(.oom_kills) | mean | round1)] | row), "";

def sum_table: (["contestant", "plays", "memory not back", "regret", "needless", "early", "half-dead", "kernel kills",
                 "plays with memory back, regret 0 and nobody half-dead", "utility kept of what could be"] | row),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        (map(select(.load != "idle")) | group_by(.contestant) | sort_by(.[0].contestant | rank)[] |
                [.[0].contestant, length, (map(select(is_back | not)) | length),
                 (map(select(is_back) | .regret) | add),
                 (map(.needless) | add), (map(.early) | add), (map(.half) | add), (map(.oom_kills) | add),
                 (map(select(is_back and .regret <= 0 and .half == 0)) | length),
                 (map(select(is_back)) | if length == 0 then null else
                        "\((map(.kept) | add) * 1000 / (map(.keepable) | add) | round / 10) %" end)] | row), "";

# First strikes after the beginning of the shortage: the median of each load, and over all plays together. Who struck
# before the referee saw one has no such time, and is counted apart.
def strikes: map(.strike_ms | numbers);
def of_each($names; f): . as $plays | [$names[] as $name | $plays | map(select(.contestant == $name)) | f];
def seen: map(select(.was_short and (.unseen | not)));
def strike_table: map(select(.load != "idle" and (.was_short or .unseen)))
        | (map(.contestant) | unique | sort_by(rank)) as $names
        | (["load"] + $names | row), "|---|\($names | map("---:") | join("|"))|",
          (group_by(.load)[] | [.[0].load] + of_each($names; strikes | median) | row),
          (["all: struck, of the shortages"] + of_each($names; "\(strikes | length) of \(seen | length)") | row),
          (["all: struck before the referee saw a shortage"] + of_each($names; map(select(.unseen)) | length) | row),
          (["all: highest above the line, MiB"] + of_each($names; map(.above_line_mib | numbers) | max) | row),
          (["all: median"] + of_each($names; strikes | median) | row),
          (["all: largest"] + of_each($names; strikes | max) | row), "";

def cost_table: (["contestant", "n", "idle: wake-ups a minute", "idle: CPU, ms a minute", "idle: RSS, KiB",
                  "idle: locked, KiB", "under load: wake-ups a minute", "under load: CPU, ms a minute",
                  "under load: RSS, KiB", "under load: locked, KiB"] | row),
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        (map(select(.contestant | startswith("none") | not)) | group_by(.contestant)
                | sort_by(.[0].contestant | rank)[] | . as $all
                | map(select(.load == "idle")) as $idle | map(select(.load != "idle")) as $busy |
                [.[0].contestant, "\($idle | length) + \($busy | length)",
                 ($idle | map(.idle_wakeups * 60000 / .idle_ms) | mean | round1),
                 ($idle | map(.idle_cpu_us * 60 / .idle_ms) | mean | round1),
                 ($all | map(.rss_kib) | median), ($all | map(.locked_kib) | median),
                 ($busy | map(.busy_wakeups * 60000 / .busy_ms) | mean | if . then round else . end),
                 ($busy | map(.busy_cpu_us * 60 / .busy_ms) | mean | if . then round else . end),
                 ($busy | map(.busy_rss_kib | numbers) | max), ($busy | map(.busy_locked_kib | numbers) | max)] | row), "";

(current | map(select(.disturbed))) as $disturbed | current | map(select(.disturbed | not)) |
        "## All loads", "", sum_table,
        "## Strikes, ms after the beginning of the shortage", "", strike_table,
        "## By load", "", (group_by(.load)[] | select(.[0].load != "idle") | load_table),
        "## Costs", "", cost_table,
        ($disturbed | if length == 0 then empty else "## Not counted", "", "The machine stood still for seconds:", "",
                (.[] | "- \(.contestant), load \(.load), seed \(.seed)") end)
