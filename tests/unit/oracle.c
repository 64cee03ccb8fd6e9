/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "unit/oracle.h"

uint64_t dice_next(struct dice *d)
{
        uint64_t z = (d->state += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

uint64_t dice_below(struct dice *d, uint64_t n)
{
        return dice_next(d) % n;
}

const char *const family_name[FAMILY_N] = {
        [FAMILY_ANY] = "R1 any",
        [FAMILY_TIERS] = "R2 tiers",
        [FAMILY_MEMORY_PLUS] = "R3 memory+100",
        [FAMILY_MEMORY] = "R4 memory",
        [FAMILY_ONE] = "R5 one",
        [FAMILY_BYTES] = "R6 bytes",
        [FAMILY_NEAR_MEMORY] = "R7 near memory",
        [FAMILY_FINE] = "R8 fine",
        [FAMILY_REPLICAS] = "R9 replicas",
        [FAMILY_COARSE_MEMORY] = "R10 coarse memory",
};

#define PAGE UINT64_C(4096)

/* A lognormal of median 300 MiB and sigma 1.8, in pages, 10 MiB … 100 GiB. The normal is a sum of twelve
 * uniforms, and 2^x is linear between whole powers: near enough, and the same on every machine. */
static uint64_t memory_roll(struct dice *d)
{
        double normal = -6, power = 1, memory = 300 * (double)MIB;

        for (int i = 0; i < 12; i++)
                normal += (double)(dice_next(d) >> 11) / (double)(UINT64_C(1) << 53);
        normal *= 1.8 / 0.6931471805599453;
        for (; normal >= 1; normal--)
                power *= 2;
        for (; normal < 0; normal++)
                power /= 2;
        memory *= power * (1 + normal);
        return u64_max(10 * MIB, u64_min(100 * GIB, (uint64_t)memory)) / PAGE * PAGE;
}

static uint32_t utility_roll(enum family family, struct dice *d, uint64_t memory)
{
        static const uint32_t tiers[] = { 1, 5, 10, 20, 50, 100, 200 };

        switch (family) {
        case FAMILY_ANY:
                return (uint32_t)dice_below(d, 101);
        case FAMILY_TIERS:
                return tiers[dice_below(d, ARRAY_SIZE(tiers))];
        case FAMILY_MEMORY_PLUS:
                return (uint32_t)(memory / MIB + 100);
        case FAMILY_MEMORY:
                return (uint32_t)(memory / MIB);
        case FAMILY_ONE:
                return 1;
        case FAMILY_BYTES:
                return (uint32_t)(memory / (100 * GIB / KNAPSACK_UTILITY_MAX + 1));
        case FAMILY_NEAR_MEMORY:
                return (uint32_t)(memory / MIB * (900 + dice_below(d, 201)) / 1000);
        case FAMILY_FINE:
                return (uint32_t)dice_below(d, KNAPSACK_UTILITY_MAX + 1);
        case FAMILY_REPLICAS:
                return (uint32_t)dice_below(d, 101);
        case FAMILY_COARSE_MEMORY:
                return (uint32_t)(memory / (64 * MIB));
        case FAMILY_N:
                break;
        }
        abort();
}

void family_roll(enum family family, struct dice *d, struct load *loads, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                uint64_t memory = memory_roll(d);

                loads[i] = (struct load){ memory, memory, utility_roll(family, d, memory) };
                if (family != FAMILY_REPLICAS || i % 10 == 0)
                        continue;
                loads[i] = loads[i - i % 10];
                memory = loads[i].relief / 100 * (99 + dice_below(d, 3)) / PAGE * PAGE;
                loads[i].weight = loads[i].relief = memory;
        }
}

void family_mix(struct dice *d, struct load *loads, size_t n)
{
        uint64_t total = 0;

        for (size_t i = 0; i < n; i++)
                total += loads[i].relief;
        for (size_t i = 0; i < n; i++) {
                uint64_t memory = loads[i].relief;

                loads[i].weight = memory + dice_below(d, 11) * (total / 1000);
                loads[i].relief = memory / 1000 * (500 + dice_below(d, 501));
        }
}

void loads_roll_small(struct dice *d, struct load *loads, size_t n)
{
        uint64_t size = 1 + dice_below(d, dice_below(d, 2) ? 8 : 1000),
                 utility = 1 + dice_below(d, dice_below(d, 2) ? 4 : 200);
        bool same = dice_below(d, 3) == 0;

        for (size_t i = 0; i < n; i++) {
                loads[i] = (struct load){ dice_below(d, size + 1), dice_below(d, size + 1),
                                          (uint32_t)dice_below(d, utility + 1) };
                if (same)
                        loads[i].relief = loads[i].weight;
                switch (dice_below(d, 16)) {
                case 0:
                        loads[i] = loads[dice_below(d, i + 1)];
                        break;
                case 1:
                        loads[i].weight *= 1000;
                        break;
                case 2:
                        loads[i].weight = loads[i].relief = UINT64_C(1) << 50;
                        break;
                case 3:
                        loads[i].utility = 0;
                        break;
                case 4:
                        loads[i].relief = 0;
                        break;
                case 5:
                        loads[i].weight = 0;
                        break;
                default:
                        break;
                }
        }
}

/* Whether subset a comes before b, both enough. */
static bool subset_before(const struct oracle *a, const struct oracle *b, size_t n)
{
        if (a->loss != b->loss)
                return a->loss < b->loss;
        if (a->n_shed != b->n_shed)
                return a->n_shed < b->n_shed;
        if (a->relief != b->relief)
                return a->relief > b->relief;
        for (size_t i = 0; i < n; i++)
                if (a->shed[i] != b->shed[i])
                        return a->shed[i];
        return false;
}

bool oracle_subsets(const struct load *loads, size_t n, uint64_t weight_min, uint64_t relief_min,
                    struct oracle *ret_oracle)
{
        bool found = false;

        assert(n <= ARRAY_SIZE(ret_oracle->shed));
        for (uint32_t set = 0; set < UINT32_C(1) << n; set++) {
                struct oracle o = { 0 };
                uint64_t weight = 0;

                for (size_t i = 0; i < n; i++) {
                        if (!(set >> i & 1))
                                continue;
                        o.shed[i] = true;
                        o.n_shed++;
                        o.loss += loads[i].utility;
                        o.relief += loads[i].relief;
                        weight += loads[i].weight;
                }
                if (weight < weight_min || o.relief < relief_min)
                        continue;
                if (!found || subset_before(&o, ret_oracle, n))
                        *ret_oracle = o;
                found = true;
        }
        return found;
}

uint64_t oracle_table(const struct load *loads, size_t n, uint64_t weight_min)
{
        CLEANUP(free_p) uint64_t *most = NULL;
        size_t total = 0, loss = 0;

        for (size_t i = 0; i < n; i++)
                total += loads[i].utility;
        most = calloc(total + 1, sizeof(*most));
        assert(most);
        for (size_t i = 0; i < n; i++)
                for (size_t u = total; u + 1 > loads[i].utility; u--)
                        most[u] = u64_max(most[u], most[u - loads[i].utility] + loads[i].weight);
        while (loss <= total && most[loss] < weight_min)
                loss++;
        return loss <= total ? loss : UINT64_MAX;
}

struct branch {
        const struct load *loads;
        size_t n;
        size_t order[2][64]; /* by utility per weight, and per relief */
        size_t depth_of[64];
        uint64_t best;
};

static uint64_t load_size(const struct load *load, int need)
{
        return need ? load->relief : load->weight;
}

/* What the items from 'depth' on must lose at least to reach 'lack' of the need. */
static uint64_t branch_bound(const struct branch *b, size_t depth, int need, uint64_t lack)
{
        uint64_t loss = 0;

        for (size_t i = 0; i < b->n && lack > 0; i++) {
                const struct load *load = &b->loads[b->order[need][i]];
                uint64_t size = load_size(load, need);

                if (b->depth_of[b->order[need][i]] < depth)
                        continue;
                if (size >= lack)
                        return loss + (uint64_t)(((unsigned __int128)load->utility * lack + size - 1) / size);
                lack -= size;
                loss += load->utility;
        }
        return lack > 0 ? UINT64_MAX : loss;
}

static void branch_down(struct branch *b, size_t depth, uint64_t weight_lack, uint64_t relief_lack,
                        uint64_t loss)
{
        const struct load *load;

        for (int need = 0; need < 2; need++) {
                uint64_t bound = branch_bound(b, depth, need, need ? relief_lack : weight_lack);

                if (bound == UINT64_MAX || loss + bound >= b->best)
                        return;
        }
        if (weight_lack == 0 && relief_lack == 0) {
                b->best = loss;
                return;
        }
        load = &b->loads[b->order[0][depth]];
        branch_down(b, depth + 1, u64_less(weight_lack, load->weight), u64_less(relief_lack, load->relief),
                    loss + load->utility);
        branch_down(b, depth + 1, weight_lack, relief_lack, loss);
}

uint64_t oracle_branch(const struct load *loads, size_t n, uint64_t weight_min, uint64_t relief_min)
{
        struct branch b = { .loads = loads, .n = n, .best = UINT64_MAX };

        assert(n <= ARRAY_SIZE(b.depth_of));
        for (int need = 0; need < 2; need++) {
                for (size_t i = 0; i < n; i++) {
                        size_t j = i;

                        for (; j > 0; j--) {
                                const struct load *other = &loads[b.order[need][j - 1]];

                                if ((unsigned __int128)other->utility * load_size(&loads[i], need) <=
                                            (unsigned __int128)loads[i].utility * load_size(other, need) &&
                                    (load_size(other, need) > 0 || load_size(&loads[i], need) == 0))
                                        break;
                                b.order[need][j] = b.order[need][j - 1];
                        }
                        b.order[need][j] = i;
                }
        }
        for (size_t depth = 0; depth < n; depth++)
                b.depth_of[b.order[0][depth]] = depth;
        branch_down(&b, 0, weight_min, relief_min, 0);
        return b.best;
}
