#include "record_files.h"

#include "record_search.h"
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool take_named(struct record_file_names *names, int n_named, char **named)
{
    names->path = calloc((size_t)n_named + 1, sizeof(char *));
    for (int i = 0; names->path && i < n_named; i++) {
        names->path[i] = strdup(named[i]);
        if (!names->path[i])
            return false;
        names->live = names->n++;
    }
    return names->path != NULL;
}

static bool take_configured(struct record_file_names *names, const struct cli *cli)
{
    struct settings *settings = session_paths(cli);
    char *path = settings ? strndup(settings->records_file.p, settings->records_file.n) : NULL;
    bool good = path && path[0];
    if (settings && !good)
        fputs("stirctl: the configuration names no record file\n", stderr);
    good = good && record_files_list(names, path);
    names->configured = good;
    names->keep = good ? settings->records_keep : 0;
    free(path);
    settings_free(settings);
    return good;
}

bool record_files_of(struct record_file_names *names, const struct cli *cli, int n_named,
                     char **named)
{
    *names = (struct record_file_names){0};
    bool good = n_named > 0 ? take_named(names, n_named, named) : take_configured(names, cli);
    if (!good)
        record_files_free(names);
    return good;
}

int record_lines_read(struct record_file *file, record_lines_next next, record_lines_look look,
                      void *user)
{
    struct record_line line;
    int got = 1;
    while (got > 0) {
        got = next(file, &line);
        if (got > 0 && line.ended && !line.too_long)
            look(user, line.text);
    }
    return got;
}

bool record_lines_of_file(const char *path, record_lines_look look, void *user)
{
    struct record_file *file = record_file_open(path);
    int got = file ? record_lines_read(file, record_file_next, look, user) : -errno;
    record_file_close(file);
    if (got < 0)
        warn_said("stirctl: %s: %s\n", path, strerror(-got));
    return got == 0;
}

/* False: it cannot be read, which is told. */
static bool last_in_file(const char *path, const char *origid, json_t **found)
{
    const struct record_search search = record_search_of_origid(origid);
    struct record_line line;
    struct record_file *f = record_file_open(path);
    if (!f)
        warn_said("stirctl: %s: %s\n", path, strerror(errno));
    while (f && record_file_next(f, &line) > 0) {
        json_t *record = line.ended && !line.too_long ? record_search_match(&search, line.text)
                                                      : NULL;
        if (!record)
            continue;
        json_decref(*found);
        *found = record;
    }
    record_file_close(f);
    return f != NULL;
}

json_t *record_of_origid(const struct cli *cli, const char *origid)
{
    struct record_file_names names;
    json_t *found = NULL;
    bool all = true;
    if (!record_files_of(&names, cli, 0, NULL))
        return NULL;
    for (size_t i = names.n; i-- > 0 && !found;)
        all = last_in_file(names.path[i], origid, &found) && all;
    if (!found && all)
        fprintf(stderr, "stirctl: no record of a call has the origid %s\n", origid);
    record_files_free(&names);
    return found;
}
