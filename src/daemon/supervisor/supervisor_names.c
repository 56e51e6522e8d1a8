/*
 * The last good addresses of upstreams' names: told by the workers, which ask DNS, and handed to a
 * worker that starts, for DNS may be silent then.
 *
 * A worker may have been taken over. Its lie is bounded (known_name.h), counts only for names of
 * the configuration, and reaches no worker that runs. One that starts waits for DNS first, so a lie
 * counts only where DNS does not answer within half a second, and only until it does. What it can
 * do then: calls for that upstream go elsewhere, and requests from there count as the upstream's.
 * Over TLS the certificate's name is still asked for.
 *
 * Each worker asks DNS by itself, so one may know a part and another all: what is known in part to
 * one of them counts as known in part, as a call may arrive there.
 */
#include "questions.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/io/known_names.h>
#include <string.h>
#include <unistd.h>

struct name_heard {
    struct known_name known; /* in_part: for one of the workers at least */
    bool is_part;            /* what it holds */
    uint64_t in_part_of;     /* a bit for each worker */
};

struct names {
    struct name_heard *list;
    unsigned n;
    uint64_t unsent; /* that were handed to workers which began */
};

static struct names *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_names);
}

static bool is_configured(const struct known_name *k, const struct settings *settings)
{
    for (unsigned i = 0; settings && i < settings->n_upstreams; i++)
        if (known_name_is_of(k, &settings->upstreams[i]))
            return true;
    return false;
}

static bool is_wanted(const struct supervisor *s, const struct known_name *k)
{
    return is_configured(k, s->current.settings) || is_configured(k, s->next.settings);
}

static struct name_heard *find(const struct supervisor *s, const struct known_name *k)
{
    for (unsigned i = 0; i < own(s)->n; i++)
        if (known_name_same(&own(s)->list[i].known, k))
            return &own(s)->list[i];
    return NULL;
}

static void answer_name(const struct supervisor *s, struct name_asked *asked)
{
    for (unsigned i = 0; i < own(s)->n && !asked->known; i++)
        if (known_name_is_of(&own(s)->list[i].known, asked->upstream))
            asked->known = &own(s)->list[i].known;
}

/* Forgets those that a reload has taken away. */
static void forget_unwanted(const struct supervisor *s)
{
    unsigned n = 0;
    assert(own(s)->list || own(s)->n == 0);
    for (unsigned i = 0; i < own(s)->n; i++)
        if (is_wanted(s, &own(s)->list[i].known))
            own(s)->list[n++] = own(s)->list[i];
    own(s)->n = n;
}

static struct name_heard *add(struct supervisor *s)
{
    if (own(s)->n == KNOWN_NAMES_MAX)
        forget_unwanted(s);
    struct name_heard *names = own(s)->n < KNOWN_NAMES_MAX
                                   ? reallocarray(own(s)->list, own(s)->n + 1, sizeof(*names))
                                   : NULL;
    if (!names)
        return NULL;
    own(s)->list = names;
    names[own(s)->n] = (struct name_heard){.is_part = true};
    return &names[own(s)->n++];
}

static void note_part(struct name_heard *h, unsigned w, bool in_part)
{
    uint64_t bit = (uint64_t)1 << w;
    h->in_part_of = in_part ? h->in_part_of | bit : h->in_part_of & ~bit;
    h->known.in_part = h->in_part_of != 0 || h->is_part;
}

/* A part takes the place of the whole only if it is more. */
static void take_name(struct supervisor *s, const struct heard *h)
{
    const struct known_name *known = &h->message->name;
    if (!known_name_is_sound(known) || !is_wanted(s, known))
        return;
    struct name_heard *place = find(s, known);
    if (!place)
        place = add(s);
    if (!place)
        return;
    if (!known->in_part || place->is_part ||
        known_name_all(known) >= known_name_all(&place->known)) {
        place->known = *known;
        place->is_part = known->in_part;
    }
    note_part(place, h->child->index, known->in_part);
}

/* known_names_to_fd() of the names that are in the configuration, which may be none. */
static int names_to_fd(const struct supervisor *s)
{
    forget_unwanted(s);
    struct known_name *list = calloc(own(s)->n + 1, sizeof(*list));
    if (!list)
        return -ENOMEM;
    for (unsigned i = 0; i < own(s)->n; i++)
        list[i] = own(s)->list[i].known;
    int fd = known_names_to_fd(list, own(s)->n);
    free(list);
    return fd;
}

static void exhibit(const struct supervisor *s, struct exhibit *e)
{
    e->names_fd = names_to_fd(s);
}

/* Sends the names to a new worker. Without them it asks DNS, so a failure does not keep it from
   starting. What the worker before it knew in part does not count any more. */
static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    const struct control_message message = {.type = CONTROL_NAMES};
    (void)now_ms;
    if (c->role->id != ROLE_WORKER)
        return 0;
    for (unsigned i = 0; i < own(s)->n; i++)
        note_part(&own(s)->list[i], c->index, false);
    int fd = names_to_fd(s);
    int r = fd < 0 ? fd : child_send(c, &message, &fd, 1);
    if (r) {
        own(s)->unsent++;
        log_error("a worker starts without the last good addresses of names",
                  LOG_CSTR("error", strerror(-r)));
    }
    if (fd >= 0)
        close(fd);
    return 0;
}

static void fini(struct supervisor *s)
{
    free(own(s)->list);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_names_lost] = own(s)->unsent;
}

static const struct word hears[] = {{ROLE_WORKER, CONTROL_NAME, take_name}, {.take = NULL}};

const struct part part_names = {.name = "names",
                                .bytes = sizeof(struct names),
                                .fini = fini,
                                .give = give,
                                .hears = hears,
                                .count = count,
                                .answers_name = answer_name,
                                .answers_exhibit = exhibit};
