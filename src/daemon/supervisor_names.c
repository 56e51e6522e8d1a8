/*
 * The last good addresses of upstreams' names: told by the workers, which ask DNS, and handed to a
 * worker that starts, for DNS may be silent then.
 *
 * A worker may have been taken over. Its lie is bounded (known_name.h), is taken for a name of the
 * configuration alone, and reaches no worker that runs. One that starts waits for DNS first, so a
 * lie counts only where DNS does not answer within half a second, and only until it does. What it
 * can do then: calls for that upstream go elsewhere, and requests from there count as the
 * upstream's. Over TLS the certificate's name is still asked for.
 */
#include "supervisor.h"

#include <stdlib.h>
#include <stird/log.h>
#include <string.h>
#include <unistd.h>

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

static struct known_name *find(const struct supervisor *s, const struct known_name *k)
{
    for (unsigned i = 0; i < s->n_names; i++)
        if (known_name_same(&s->names[i], k))
            return &s->names[i];
    return NULL;
}

const struct known_name *supervisor_name_of(const struct supervisor *s, const struct upstream *u)
{
    for (unsigned i = 0; i < s->n_names; i++)
        if (known_name_is_of(&s->names[i], u))
            return &s->names[i];
    return NULL;
}

/* Those that a reload has taken away. */
static void forget_unwanted(struct supervisor *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->n_names; i++)
        if (is_wanted(s, &s->names[i]))
            s->names[n++] = s->names[i];
    s->n_names = n;
}

static struct known_name *add(struct supervisor *s)
{
    if (s->n_names == KNOWN_NAMES_MAX)
        forget_unwanted(s);
    struct known_name *names = s->n_names < KNOWN_NAMES_MAX
                                   ? reallocarray(s->names, s->n_names + 1, sizeof(*names))
                                   : NULL;
    if (!names)
        return NULL;
    s->names = names;
    return &names[s->n_names++];
}

void supervisor_take_name(struct supervisor *s, const struct known_name *known)
{
    if (!known_name_is_sound(known) || !is_wanted(s, known))
        return;
    struct known_name *place = find(s, known);
    if (!place)
        place = add(s);
    if (place)
        *place = *known;
}

int supervisor_names_to_fd(struct supervisor *s)
{
    forget_unwanted(s);
    return known_names_to_fd(s->names, s->n_names);
}

void supervisor_send_names(struct supervisor *s, unsigned w)
{
    const struct control_message message = {.type = CONTROL_NAMES, .worker = w};
    int fd = supervisor_names_to_fd(s);
    if (fd < 0) {
        s->names_unsent++;
        log_error("a worker starts without the last good addresses of names",
                  LOG_CSTR("error", strerror(-fd)));
        return;
    }
    child_send(&s->workers[w], &message, &fd, 1);
    close(fd);
}
