/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options come in two dialects: runc takes one dash as well as two, crun takes options behind the id as well.
 * What both have in common is that a word without a dash is the command, then the id, unless it is the value
 * of the option before it. So all that has to be known is which options have a value. */
#include "hooks/arguments.h"

#include <stddef.h>
#include <string.h>

#include "base/base.h"

enum meaning { OTHER, BUNDLE, LOG, LOG_FORMAT };

/* runc 1.1 (main.go, create.go, run.go) and crun 1.8 (crun.c, create.c, run.c). */
static const struct {
        const char *name;
        enum meaning meaning;
} valued[] = {
        { "bundle", BUNDLE },   { "b", BUNDLE },          { "log", LOG },
        { "log-level", OTHER }, { "root", OTHER },        { "log-format", LOG_FORMAT },
        { "config", OTHER },    { "f", OTHER },           { "cgroup-manager", OTHER },
        { "criu", OTHER },      { "rootless", OTHER },    { "console-socket", OTHER },
        { "pid-file", OTHER },  { "preserve-fds", OTHER },
};

/* Takes the option at *word and its value; returns the last word taken. */
static char **take_option(struct arguments *a, char **word)
{
        const char *name = *word + ((*word)[1] == '-' ? 2 : 1), *value;
        size_t len = strcspn(name, "="), i = 0;

        while (i < ARRAY_SIZE(valued) &&
               (strlen(valued[i].name) != len || strncmp(valued[i].name, name, len) != 0))
                i++;
        if (i == ARRAY_SIZE(valued))
                return word;
        value = name[len] == '=' ? name + len + 1 : word[1];
        if (!value)
                return word;
        if (valued[i].meaning == BUNDLE)
                a->bundle = value;
        else if (valued[i].meaning == LOG)
                a->log = value;
        else if (valued[i].meaning == LOG_FORMAT)
                a->log_json = strcmp(value, "json") == 0;
        return name[len] == '=' ? word : word + 1;
}

/* Ours stand in front of all others, each with its value. */
static char **take_own(struct arguments *a, char **argv)
{
        for (; argv[1] && argv[2]; argv += 2) {
                if (strcmp(argv[1], "--jettison-runtime") == 0)
                        a->runtime = argv[2];
                else if (strcmp(argv[1], "--jettison-hook") == 0)
                        a->hook = argv[2];
                else
                        break;
        }
        return argv;
}

void arguments_parse(struct arguments *a, char **argv)
{
        const char *command = NULL;

        *a = (struct arguments){ .bundle = "." };
        a->words = take_own(a, argv);
        for (char **word = a->words + 1; *word && (!command || a->creates); word++) {
                if ((*word)[0] == '-' && (*word)[1] != '\0') {
                        word = take_option(a, word);
                } else if (!command) {
                        command = *word;
                        a->creates = strcmp(command, "create") == 0 || strcmp(command, "run") == 0;
                } else if (!a->id) {
                        a->id = *word;
                }
        }
}
