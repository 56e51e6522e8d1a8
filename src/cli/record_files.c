#include "record_files.h"

#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSED_OVER_NAMED 3

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

/* Where they cannot be listed, those that moved aside would be missing, and nobody would know. */
static bool may_list(const char *path)
{
    char *copy = strdup(path);
    const char *directory = copy ? dirname(copy) : NULL;
    int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = fd >= 0 ? 0 : directory ? -errno : -ENOMEM;
    if (error < 0)
        session_complain_of_file(directory ? directory : path, error);
    if (fd >= 0)
        close(fd);
    free(copy);
    return error == 0;
}

static bool take_configured(struct record_file_names *names, const struct cli *cli)
{
    struct settings *settings = session_paths(cli);
    char *path = settings ? strndup(settings->records_file.p, settings->records_file.n) : NULL;
    bool good = path && path[0];
    if (settings && !good)
        fputs("stirctl: the configuration names no record file\n", stderr);
    good = good && may_list(path) && record_files_list(names, path);
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

void record_files_add_passed_over(struct buf *out, const struct record_file_names *names)
{
    const size_t n = names->n_passed_over;
    if (n == 0)
        return;
    buf_addf(out, "%zu compressed file%s passed over: ", n, n == 1 ? " is" : "s are");
    for (size_t i = 0; i < n && i < PASSED_OVER_NAMED; i++) {
        buf_add_text(out, i > 0 ? ", " : "");
        buf_add_shown(out, str_of(names->passed_over[i]));
    }
    buf_add_text(out, n > PASSED_OVER_NAMED ? " ..." : "");
}

void record_files_warn(const struct record_file_names *names)
{
    struct buf text = BUF_INIT;
    record_files_add_passed_over(&text, names);
    if (text.n > 0)
        warn_said("stirctl: %.*s\n", STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

void record_files_complain(const char *path, int error)
{
    if (error == RECORD_FILE_COMPRESSED)
        warn_said("stirctl: %s: %s\n", path, record_file_fault(error));
    else
        session_complain_of_file(path, error);
}

uint64_t record_files_bytes(const struct record_file_names *names)
{
    struct stat st;
    uint64_t n = 0;
    for (size_t i = 0; i < names->n; i++)
        n += stat(names->path[i], &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    return n;
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
        record_files_complain(path, got);
    return got == 0;
}
