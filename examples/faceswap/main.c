/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine-learning training such as people lose days of work with when it is killed: it holds its whole
 * training set in memory, reads it all over the place, and its loss falls slowly. It is a real training;
 * only the faces are invented.
 *
 * An epoch is a number of minibatches, as face swapping programs count; the loss printed is the mean over
 * the epoch, one figure for each person. Chance is drawn from the seed and the number of the step, so that
 * a training that was stopped and taken up again prints the very lines it would have printed otherwise.
 */
#include "checkpoint.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 8                 /* faces of each person in a step */

struct options {
        uint64_t memory_bytes;
        uint64_t epochs, steps, seed;
        double pace_s;          /* an epoch takes at least this long */
        const char *checkpoint;
};

static const char usage[] =
        "Usage: faceswap [OPTION]...\n"
        "Train one shared encoder and two decoders on two persons' faces, until it is done.\n"
        "\n"
        "  --memory SIZE       of the faces held in memory (default 120M)\n"
        "  --epochs N          default 20\n"
        "  --steps N           minibatches in an epoch (default 24)\n"
        "  --seed N            default 1\n"
        "  --checkpoint FILE   save after each epoch and on SIGTERM; go on from it if it is there\n"
        "  --pace SECONDS      spread each epoch over at least this long (default 0)\n"
        "\n"
        "Prints a line per epoch: the mean loss of the epoch, of one person and of the other.\n";

static volatile sig_atomic_t terminated;

static void on_sigterm(int signal)
{
        (void)signal;
        terminated = 1;
}

static bool parse_number(const char *text, bool is_size, uint64_t *ret_number)
{
        static const char units[] = "KMGT";
        const char *unit;
        char *end;

        errno = 0;
        *ret_number = strtoull(text, &end, 10);
        if (errno || end == text || *text == '-')
                return false;
        unit = is_size && *end ? strchr(units, *end) : NULL;
        if (unit) {
                *ret_number <<= 10 * (unit - units + 1);
                end++;
        }
        return *end == '\0';
}

static bool parse_seconds(const char *text, double *ret_seconds)
{
        char *end;

        *ret_seconds = strtod(text, &end);
        return end != text && *end == '\0' && *ret_seconds >= 0 && *ret_seconds <= 3600;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
        static const struct option names[] = {
                { "memory", required_argument, NULL, 'm' },     { "epochs", required_argument, NULL, 'e' },
                { "steps", required_argument, NULL, 'n' },      { "seed", required_argument, NULL, 's' },
                { "checkpoint", required_argument, NULL, 'c' }, { "pace", required_argument, NULL, 'p' },
                { "help", no_argument, NULL, 'h' },             { NULL, 0, NULL, 0 },
        };
        bool good = true;

        for (int c; good && (c = getopt_long(argc, argv, "", names, NULL)) >= 0;)
                switch (c) {
                case 'm': good = parse_number(optarg, true, &o->memory_bytes); break;
                case 'e': good = parse_number(optarg, false, &o->epochs); break;
                case 'n': good = parse_number(optarg, false, &o->steps) && o->steps > 0; break;
                case 's': good = parse_number(optarg, false, &o->seed); break;
                case 'p': good = parse_seconds(optarg, &o->pace_s); break;
                case 'c': o->checkpoint = optarg; break;
                case 'h':
                        fputs(usage, stdout);
                        exit(0);
                default: good = false;
                }
        return good && optind == argc;
}

static double now_s(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Waits until the epoch that began at begin_s may have come this far. */
static void pace(double begin_s, double pace_s, uint64_t step_in_epoch, uint64_t steps_per_epoch)
{
        double left_s = begin_s + pace_s * (double)step_in_epoch / (double)steps_per_epoch - now_s();
        time_t whole_s = (time_t)left_s;
        struct timespec wait = { .tv_sec = whole_s, .tv_nsec = (long)((left_s - (double)whole_s) * 1e9) };

        if (left_s > 0)
                nanosleep(&wait, NULL);         /* SIGTERM ends it, and is then seen to */
}

static void train_step(struct training *t, const struct faces *faces, struct weights *gradient)
{
        for (uint64_t i = 0; i < PERSONS * BATCH; i++) {
                int person = i % PERSONS;
                uint64_t draw = chance(t->seed, t->net.steps * PERSONS * BATCH + i) % faces->count;

                t->loss[person] += net_learn(&t->net, person, &faces->face[person][draw], gradient);
        }
        net_step(&t->net, gradient, PERSONS * BATCH);
}

static int save(const struct options *o, const struct training *t)
{
        int error = o->checkpoint ? checkpoint_save(o->checkpoint, t) : 0;

        if (error < 0)
                fprintf(stderr, "faceswap: %s: %s\n", o->checkpoint, strerror(-error));
        return error;
}

static int epoch_end(const struct options *o, struct training *t)
{
        double faces = (double)(t->steps_per_epoch * BATCH);

        printf("epoch %llu/%llu loss %.4f %.4f steps %llu\n",
               (unsigned long long)(t->net.steps / t->steps_per_epoch), (unsigned long long)o->epochs,
               t->loss[0] / faces, t->loss[1] / faces, (unsigned long long)t->net.steps);
        fflush(stdout);
        memset(t->loss, 0, sizeof(t->loss));
        return save(o, t);
}

/* Trains to the end, or until SIGTERM. Returns the exit code. */
static int train(const struct options *o, const struct faces *faces, struct training *t,
                 struct weights *gradient)
{
        double begin_s = now_s();

        while (t->net.steps < o->epochs * o->steps && !terminated) {
                uint64_t done;

                train_step(t, faces, gradient);
                done = t->net.steps % o->steps;
                pace(begin_s, o->pace_s, done ? done : o->steps, o->steps);
                if (done == 0) {
                        if (epoch_end(o, t) < 0)
                                return 1;
                        begin_s = now_s();
                }
        }
        if (!terminated)
                return 0;

        fprintf(stderr, "faceswap: SIGTERM at step %llu%s\n", (unsigned long long)t->net.steps,
                o->checkpoint ? ", saving" : "");
        return save(o, t) < 0 ? 1 : 128 + SIGTERM;
}

int main(int argc, char **argv)
{
        struct options o = { .memory_bytes = UINT64_C(120) << 20, .epochs = 20, .steps = 24, .seed = 1 };
        struct sigaction action = { .sa_handler = on_sigterm };
        static struct weights gradient;
        static struct training t;
        struct faces faces;
        int error;

        if (!parse_options(argc, argv, &o)) {
                fputs(usage, stderr);
                return 2;
        }
        sigaction(SIGTERM, &action, NULL);
        if (faces_init(&faces, o.memory_bytes, o.seed) < 0) {
                fprintf(stderr, "faceswap: no memory for the faces\n");
                return 1;
        }
        t = (struct training){ .seed = o.seed, .faces = faces.count, .steps_per_epoch = o.steps };
        net_init(&t.net, o.seed);
        error = o.checkpoint ? checkpoint_load(o.checkpoint, &t) : -ENOENT;
        if (error < 0 && error != -ENOENT) {
                fprintf(stderr, "faceswap: %s: %s\n", o.checkpoint,
                        error == -EINVAL ? "not a checkpoint of this training" : strerror(-error));
                return 1;
        }
        error = train(&o, &faces, &t, &gradient);
        faces_fini(&faces);
        return error;
}
