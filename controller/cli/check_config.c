/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the configuration as the daemon would and says what it means. Which live cgroups a pattern matches
 * is for 'jettisond --check-config' to say, which knows the hierarchy. */
#include <jansson.h>
#include <stdio.h>

#include "cli/show.h"
#include "cli/verb.h"
#include "serve/config.h"

/* Every key with its value, dotted, one per line: what a person would look for with grep. */
static void print_keys(const char *prefix, const json_t *object, FILE *out)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)object, name, value) {
                CLEANUP(free_p) char *key = text_format("%s%s%s", prefix, prefix[0] ? "." : "", name);

                if (json_is_object(value) && json_object_size(value) > 0) {
                        print_keys(key, value, out);
                        continue;
                }
                fprintf(out, "%-28s ", key);
                show_json(value, out);
        }
}

static int print_config(const struct verb *verb, const struct config *config, bool json)
{
        CLEANUP(free_p) char *dump = config_dump(config), *files = text_show(config->files);
        json_t *object = dump ? json_loads(dump, 0, NULL) : NULL;

        if (!object)
                return verb_fail(verb, EXIT_FAILED, "no memory");
        if (json) {
                show_json(object, stdout);
        } else {
                printf("Read without error: %s\n\n", files[0] ? files : "no file, these are the defaults");
                print_keys("", object, stdout);
        }
        json_decref(object);
        return EXIT_SUCCESS;
}

static int run_check_config(const struct verb *verb, int argc, char **argv)
{
        bool json = false, named;
        const struct command_option options[] = {
                { "json", .flag = &json },
                { 0 },
        };
        struct config_error error;
        struct config config;
        int code;

        if (!verb_options(verb, argc, argv, options, &code))
                return code;
        if (argc - optind > 1)
                return verb_usage(verb, "unexpected argument '%s'", argv[optind + 1]);
        named = optind < argc;
        if (config_load(named ? argv[optind] : CONFIG_PATH, named, &config, &error) < 0)
                return verb_fail(verb, EXIT_CONFIG, "%s", error.text);
        code = print_config(verb, &config, json);
        config_fini(&config);
        return code;
}

const struct verb verb_check_config = {
        .name = "check-config",
        .arguments = "[OPTION]... [FILE]",
        .summary = "Read the configuration and print what it comes to",
        .help = "  FILE                  with the drop-ins beside it (default: " CONFIG_PATH ", if there)\n"
                "  --json                every key as one line of JSON\n",
        .run = run_check_config,
};
