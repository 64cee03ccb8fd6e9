/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command-line tool: finds the verb and calls it. */
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "cli/verb.h"

static const struct verb *const verbs[] = {
        &verb_status,
        &verb_top,
        &verb_plan,
        &verb_snapshot,
        &verb_journal,
        &verb_label,
        &verb_run,
        &verb_reload,
        &verb_check_config,
        &verb_configure,
};

static void print_help(void)
{
        printf("Usage: jettison VERB [OPTION]...\n"
               "What keeps the host alive when memory runs out: what it sees, would do, and did.\n\n");
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
                printf("  %-14s%s\n", verbs[i]->name, verbs[i]->summary);
        printf("\n  -h, --help    this text; 'jettison VERB --help' explains a verb\n"
               "  -V, --version the version\n\n"
               "Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 4 the kernel lacks something,\n"
               "5 the daemon is not reachable.\n");
}

static const struct verb *find_verb(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
                if (strcmp(verbs[i]->name, name) == 0)
                        return verbs[i];
        return NULL;
}

/* What others call it, or what one may expect. */
static const struct hint {
        const char *word, *means;
} hints[] = {
        { "explain", "journal explain" }, { "last", "journal last" }, { "report", "journal" },
        { "log", "journal" },             { "replay", "plan --round" }, { "check", "check-config" },
};

/* The nearest verb, if no more than every third letter of what was typed is wrong. */
static const char *guess_verb(const char *name)
{
        size_t nearest = strlen(name) / 3 + 1;
        const char *guess = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
                if (strcmp(hints[i].word, name) == 0)
                        return hints[i].means;
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
                size_t distance = text_distance(verbs[i]->name, name);

                if (distance <= nearest && (!guess || distance < nearest)) {
                        nearest = distance;
                        guess = verbs[i]->name;
                }
        }
        return guess;
}

static int unknown_verb(const char *name)
{
        const char *guess = guess_verb(name);
        CLEANUP(free_p) char *shown = text_show(name);

        if (guess)
                fprintf(stderr, "jettison: there is no verb '%s', did you mean '%s'? See 'jettison --help'\n",
                        shown, guess);
        else
                fprintf(stderr, "jettison: there is no verb '%s'; see 'jettison --help'\n", shown);
        return EXIT_USAGE;
}

/* What was written to a full disk or a closed pipe is not done, whatever the verb says. */
static int finish(int code)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return code;
        if (code != EXIT_SUCCESS)
                return code;
        perror("jettison: cannot write the output");
        return EXIT_FAILED;
}

int main(int argc, char **argv)
{
        const struct verb *verb;

        if (argc < 2) {
                fprintf(stderr, "jettison: a verb is missing; see 'jettison --help'\n");
                return EXIT_USAGE;
        }
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
                print_help();
                return finish(EXIT_SUCCESS);
        }
        if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
                printf("jettison %s\n", JETTISON_VERSION);
                return finish(EXIT_SUCCESS);
        }
        verb = find_verb(argv[1]);
        if (!verb)
                return unknown_verb(argv[1]);
        return finish(verb->run(verb, argc - 1, argv + 1));
}
