/*
 * Whether a reload could read what the present configuration names: looked at now and then, before
 * somebody needs it. Nothing that watches a directory tells of rights. The directories of
 * certificates have a look of their own (supervisor_certificates.c), and files of domains of trust,
 * which keep nothing from going on, are told of when they are read (trust_process.h).
 */
#include "loop.h"

#include "daemon/named_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_MS 5000

struct named_files {
    struct problems unreadable;
    int64_t next_ms;
};

static struct named_files *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_files);
}

struct look {
    const struct settings *settings;
    struct problems *problems;
};

static bool is_of_certificate(const struct look *l, struct str path)
{
    for (unsigned i = 0; i < l->settings->n_certificates; i++)
        if (str_starts(path, l->settings->certificates[i].directory))
            return true;
    return false;
}

static bool is_among(const struct problems *list, const char *file)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->list[i].file, file) == 0)
            return true;
    return false;
}

/* Asks as our own user: the loader reads it as the same one. */
static void look_at(void *user, struct str path)
{
    const struct look *l = user;
    char *z = strndup(path.p, path.n);
    bool lost = z && faccessat(AT_FDCWD, z, R_OK, AT_EACCESS) != 0 && errno != EPERM;
    const char *why = strerror(errno);
    if (lost && !is_of_certificate(l, path) && !named_files_go_without(l->settings, path) &&
        !is_among(l->problems, z))
        problems_add(l->problems, path, 0, "%s", why);
    free(z);
}

static void say_news(const struct problems *before, const struct problems *now)
{
    for (size_t i = 0; i < now->n; i++)
        if (!is_among(before, now->list[i].file))
            log_error("a file of the configuration cannot be read any more",
                      LOG_CSTR("file", now->list[i].file), LOG_CSTR("error", now->list[i].text));
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    struct problems now = PROBLEMS_INIT;
    const struct look l = {s->current.settings, &now};
    if (now_ms < own(s)->next_ms || !s->ready || s->stopping)
        return;
    own(s)->next_ms = now_ms + LOOK_EVERY_MS;
    struct files *files = files_from_fd(s->current.files_fd);
    if (!files)
        return; /* no memory: left to the next look */
    named_files_each(files, s->current.settings, look_at, (void *)(uintptr_t)&l);
    files_free(files);
    say_news(&own(s)->unreadable, &now);
    problems_fini(&own(s)->unreadable);
    own(s)->unreadable = now;
}

static void fini(struct supervisor *s)
{
    problems_fini(&own(s)->unreadable);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_files_unreadable] = own(s)->unreadable.n;
}

const struct part part_files = {.name = "files",
                                .bytes = sizeof(struct named_files),
                                .fini = fini,
                                .tick = tick,
                                .count = count};
