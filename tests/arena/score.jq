# SPDX-License-Identifier: GPL-2.0-or-later
#
# From what the referee has seen to the measures. Two passes, with the solver between them: "need" gives what it
# has to solve, "score" takes its two answers as $play and $moment.
#
# The play: what had to be lost at all, if everything was known before. Each container says what it wants in
# the end; what does not fit above the line has to go.
# The moment: what had to be lost for the first shortage, as the referee saw it when it began: back to 15 % of
# memory, because who stops at the line itself is called again by the next page.

def line: .memory_total_mib / 10;
# What the contestant itself takes counts against it. Swap in compressed memory makes two of one.
def room($room): $room + .swap_start_mib / 2;
def counted: [.groups[] | select(.own | not)];
def need_play($room): ([.groups[].demand_mib] | add // 0) - room($room);
def need_moment: if .shortage_ms < 0 then 0
        else .memory_total_mib * 0.15 - .available_at_shortage_mib end;
# It was whole once: with less than half of what it wants it has perhaps not begun.
def is_half: .alive and .processes > 0 and .processes_end < .processes and .deaths == 0
        and (.memory_peak / 1048576 > ([.demand_mib, 100] | min) / 2);
def is_lost: .deaths > 0 or is_half;

# The first strike came before the referee saw a shortage: more than a look (20 ms at most) before the first one, or
# there was none. A shortage that was over between two looks, or a kill above the line; above_line_mib tells which.
def is_unseen: .struck_ms >= 0 and ([counted[] | select(is_lost)] | length) > 0
        and (.shortage_ms < 0 or .struck_ms < .shortage_ms - 20);

# The referee missed its looks for seconds while memory was plentiful: the emulated machine stood still. Such a play
# says nothing about a contestant, unless it was the contestant that held it up.
def is_disturbed: line as $line | .series as $s
        | [range(1; $s | length) | select($s[.][0] - $s[. - 1][0] > 2000 and $s[. - 1][1] >= $line)] | length > 0;

# How many of the killed could have been left alive: the small ones first, as long as the rest reaches the need.
def needless($need): ((map(.demand_mib) | add // 0) - ([$need, 0] | max)) as $slack
        | reduce (map(.demand_mib) | sort)[] as $d ({ slack: $slack, n: 0 };
                if $d <= .slack then { slack: (.slack - $d), n: (.n + 1) } else . end) | .n;

# The solver takes whole numbers: tenths of a MiB.
def need($room): { play: { need: (need_play($room) * 10 | ceil),
                           items: [counted[] | [(.demand_mib * 10 | floor), .utility]] },
                   moment: { need: (need_moment * 10 | ceil),
                             items: [counted[] | [(.memory_at_shortage / 104857.6 | floor), .utility]] } };

def score($room; $play; $moment): . as $r
        | (counted | map(select(is_lost))) as $lost
        | (counted | map(select(.deaths > 0))) as $killed
        | (if .back_ms < 0 then .end_ms else .back_ms end) as $back
        # memory is there before the last process has left
        | ($lost | map(select(is_half or .died_ms <= $back + 1000))) as $first
        | {
                lost: ($lost | map(.utility) | add // 0),
                optimum: $play,
                regret: (($lost | map(.utility) | add // 0) - $play),
                kept: ((counted | map(.utility) | add // 0) - ($lost | map(.utility) | add // 0)),
                keepable: ((counted | map(.utility) | add // 0) - $play),
                moment_lost: (if .shortage_ms < 0 then 0 else ($first | map(.utility) | add // 0) end),
                moment_optimum: $moment,
                killed: ($killed | length),
                victims: ($killed | sort_by(.died_ms) | map(.name)),
                needless: ($killed | needless($r | need_play($room))),
                unseen: is_unseen,
                above_line_mib: (if .struck_ms < 0 or .available_at_strike_mib < 0 or ($lost | length) == 0 then null
                        else .available_at_strike_mib - line | ceil + 0 end),
                look_ms: .look_before_strike_ms,
                fall_mib: .fall_at_strike_mib,
                early: (if .shortage_ms < 0 then ($killed | length)
                        else [$killed[] | select(.died_ms < $r.shortage_ms)] | length end),
                half: ([counted[] | select(is_half)] | length),
                over_mib: (if .shortage_ms < 0 then 0 else
                        ($first | map(.memory_at_shortage / 1048576) | add // 0) - need_moment | floor end),
                strike_ms: (if .shortage_ms < 0 or .struck_ms < 0 or is_unseen then null
                        else .struck_ms - .shortage_ms end),
                death_ms: (if .shortage_ms < 0 or ($killed | length) == 0 or is_unseen then null
                        else ($killed | map(.died_ms) | min) - .shortage_ms end),
                memory_back_ms: (if .shortage_ms < 0 or .back_ms < 0 then null
                        else .back_ms - .shortage_ms end),
                short_ms: .short_total_ms,
                was_short: (.shortage_ms >= 0),
                stall_ms: (counted | map(select(is_lost | not) | .stall_us) | add // 0 | . / 1000 | floor),
                steps_missed: ([.groups[] | select(.steps_planned > 0) | .steps_planned - .steps]
                        | add // 0 | if . < 0 then 0 else . end),
                oom_kills: .oom_kills,
                disturbed: is_disturbed,
                idle_cpu_us: .idle.cpu_us, idle_wakeups: .idle.wakeups, idle_ms: .idle.ms,
                busy_cpu_us: .busy.cpu_us, busy_wakeups: .busy.wakeups, busy_ms: .busy.ms,
                rss_kib: .idle.rss_kib, locked_kib: .idle.locked_kib,
                busy_rss_kib: .busy.rss_kib, busy_locked_kib: .busy.locked_kib, survived: .survived
        };
