#include "service_reads.h"

#include "aside.h"
#include "named_files.h"
#include "pages_check.h"
#include "service_user.h"
#include "records_place.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/io/overlay.h>
#include <stird/io/switches_file.h>
#include <stird/io/snapshot.h>
#include <string.h>
#include <unistd.h>

struct look {
    const struct files *files;
    const struct settings *settings;
    const struct problems *known; /* those found before: a file that has one needs no second one */
    struct problems *problems;
    bool of_pages;  /* what only servers of pages read; else all but that */
    char group[64]; /* of the user */
};

/* What the process that fetches lists of authorities shows their servers. */
static bool is_couriers(const struct settings *s, struct str path)
{
    bool is = false;
    for (unsigned i = 0; i < s->n_trusts; i++)
        is = is || str_eq(path, s->trusts[i].list_token_file) ||
             str_eq(path, s->trusts[i].list_login_file);
    return is;
}

/* Whether the file has to be the user's own, not its group's. */
static bool is_secret(const struct look *l, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return strcmp(name, "key.pem") == 0 || strcmp(name, "key.uri") == 0 ||
           strcmp(name, SNAPSHOT_SECRET_FILE) == 0 || str_eq(str_of(path), l->settings->tls_key) ||
           str_eq(str_of(path), l->settings->web_tls_key) ||
           str_eq(str_of(path), l->settings->repository_tls_key) ||
           is_couriers(l->settings, str_of(path));
}

static bool has(const struct problems *problems, const char *path)
{
    for (size_t i = 0; i < problems->n; i++)
        if (strcmp(problems->list[i].file, path) == 0)
            return true;
    return false;
}

static bool was_told(const struct look *l, const char *path)
{
    return has(l->known, path) || has(l->problems, path);
}

/* Tells of the first directory on the way that cannot be entered, because that is the one to be
   mended. */
static void tell_of_way(const struct look *l, char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool closed = eaccess(path, X_OK) && errno == EACCES;
        if (closed && !was_told(l, path))
            problems_add(l->problems, str_of(path), 0,
                         "user %s, whom the service runs as, may not enter it: give that user a "
                         "way in, or keep the files elsewhere",
                         service_user_name());
        *slash = '/';
        if (closed)
            return;
    }
    if (was_told(l, path))
        return;
    if (is_secret(l, path))
        problems_add(l->problems, str_of(path), 0,
                     "user %s, whom the service runs as, may not read it: chown %s %s",
                     service_user_name(), service_user_name(), path);
    else
        problems_add(
            l->problems, str_of(path), 0,
            "user %s, whom the service runs as, may not read it: chgrp %s %s and chmod g+r "
            "it",
            service_user_name(), l->group, path);
}

/* Looks for missing rights only: what else is wrong with it, root has told already. */
static void look_at(struct look *l, const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    char *copy = fd < 0 && errno == EACCES ? strdup(path) : NULL;
    if (copy)
        tell_of_way(l, copy);
    free(copy);
    if (fd >= 0)
        close(fd);
}

static void look_at_path(void *user, struct str path)
{
    const struct look *l = user;
    const bool wanted = path.n > 0 && pages_check_is_theirs(l->settings, path) == l->of_pages;
    char *z = wanted ? strndup(path.p, path.n) : NULL;
    if (z)
        look_at(user, z);
    free(z);
}

typedef void path_visitor(void *user, struct str path);

static void each_in(struct str directory, const char *const *names, size_t n, path_visitor *visit,
                    void *user)
{
    for (size_t i = 0; i < n; i++) {
        struct buf path = BUF_INIT;
        buf_addf(&path, "%.*s/%s", STR_ARG(directory), names[i]);
        visit(user, buf_str(&path));
        buf_fini(&path);
    }
}

static void visit_named(struct str path, path_visitor *visit, void *user)
{
    if (path.n > 0)
        visit(user, path);
}

void service_reads_each(const struct files *files, const struct settings *s, path_visitor *visit,
                        void *user)
{
    static const char *const keys[] = {"key.pem", "key.uri"};
    static const char *const kept[] = {OVERLAY_FILE, SNAPSHOT_SECRET_FILE, UNTOLD_FILE,
                                       SWITCHES_FILE};
    named_files_each(files, s, visit, user);
    for (unsigned i = 0; i < s->n_certificates; i++)
        each_in(s->certificates[i].directory, keys, 2, visit, user);
    for (unsigned i = 0; i < s->n_mistaken_units; i++)
        each_in(s->mistaken_units[i], keys, 1, visit, user);
    for (unsigned i = 0; i < s->n_trusts; i++) {
        visit_named(s->trusts[i].list_token_file, visit, user);
        visit_named(s->trusts[i].list_login_file, visit, user);
    }
    each_in(s->state_directory, kept, 4, visit, user);
}

static void look(void *user, struct problems *problems)
{
    struct look l = *(const struct look *)user;
    l.problems = problems;
    const struct group *group = getgrgid(service_user_gid());
    if (group)
        snprintf(l.group, sizeof(l.group), "%s", group->gr_name);
    else
        snprintf(l.group, sizeof(l.group), "%u", (unsigned)service_user_gid());
    int r = service_user_become();
    if (r) {
        problems_add(problems, STR(""), 0, "cannot look as %s: %s", service_user_name(),
                     strerror(-r));
        return;
    }
    service_reads_each(l.files, l.settings, look_at_path, &l);
}

/* Calls do without these. */
static void look_at_pages(const struct files *files, struct settings *settings,
                          const struct problems *known)
{
    struct problems found = PROBLEMS_INIT;
    struct look l = {.files = files, .settings = settings, .known = known, .of_pages = true};
    aside_check("what the service may read for pages", look, &l, &found);
    for (size_t i = 0; i < found.n; i++)
        pages_check_warn_of_file(settings, &found.list[i]);
    problems_fini(&found);
}

bool service_reads_all(const struct files *files, struct settings *settings,
                       struct problems *problems)
{
    struct look l = {.files = files, .settings = settings, .known = problems};
    if (!service_user_is_waiting())
        return true;
    const bool good = aside_check("what the service may read", look, &l, problems);
    if (settings->web_tls_certificate.n > 0 || settings->repository_tls_certificate.n > 0)
        look_at_pages(files, settings, problems);
    return good;
}
