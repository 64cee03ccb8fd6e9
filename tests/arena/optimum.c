/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least utility that has to be lost, by trying every set: what the arena's solver is held against, and
 * all that its gate needs.
 *
 *   optimum NEED <ITEMS        a line "relief utility" for each container
 *
 * Prints the least sum of utility of a set whose relief reaches NEED; the sum of all if none does. Ends with
 * 3 if there are more than ITEMS_MAX. Each set differs from the one before in one item (a Gray code), so 2^22
 * of them take some hundredths of a second.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ITEMS_MAX 22

int main(int argc, char **argv)
{
        long long relief[ITEMS_MAX], utility[ITEMS_MAX], all = 0, best = -1, freed = 0, lost = 0, need, r, u;
        uint32_t set = 0;
        int n = 0;

        if (argc != 2)
                return 2;
        need = atoll(argv[1]);
        for (; scanf("%lld %lld", &r, &u) == 2; n++) {
                if (n == ITEMS_MAX)
                        return 3;
                relief[n] = r;
                utility[n] = u;
                all += u;
        }
        for (uint32_t i = 1;; i++) {
                int changed = __builtin_ctz(i);

                if (freed >= need && (best < 0 || lost < best))
                        best = lost;
                if (i >> n)
                        break;
                set ^= UINT32_C(1) << changed;
                freed += set >> changed & 1 ? relief[changed] : -relief[changed];
                lost += set >> changed & 1 ? utility[changed] : -utility[changed];
        }
        printf("%lld\n", best < 0 ? all : best);
        return 0;
}
