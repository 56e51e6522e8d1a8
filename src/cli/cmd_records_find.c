/* The records of calls by number, time, or what one of their members says; the last ones; new ones.
 */
#include "json_text.h"
#include "progress.h"
#include "record_files.h"
#include "record_print.h"
#include "record_search.h"
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LAST_MAX      100000
#define LOOK_AGAIN_MS 200

struct find {
    struct record_search search;
    bool json, follow;
    size_t last;          /* so many of them; 0: all */
    char **lines;         /* the last ones, a ring of `last` */
    size_t found, masked; /* how many of these have a masked number in the record */
};

/* As stird writes a record. Of one that somebody else wrote a terminal may take orders. */
static bool is_plain(struct str line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] < ' ' || line.p[i] > '~')
            return false;
    return true;
}

static void print(const struct find *f, struct str line, const json_t *record)
{
    progress_clear();
    if (f->json && is_plain(line))
        printf("%.*s\n", STR_ARG(line));
    else if (f->json)
        json_print(json_incref((json_t *)(uintptr_t)record));
    else
        record_print(record);
}

static void keep(struct find *f, struct str line)
{
    char **place = &f->lines[f->found % f->last];
    free(*place);
    *place = strndup(line.p, line.n);
}

static void look_at(void *user, struct str line)
{
    struct find *f = user;
    json_t *record = record_search_match(&f->search, line);
    f->masked += record && record_search_by_mask(&f->search, record);
    if (record && f->lines)
        keep(f, line);
    else if (record)
        print(f, line, record);
    f->found += record != NULL;
    json_decref(record);
}

/* Prints what was kept, in its order; what comes from now on is printed at once. */
static void print_last(struct find *f)
{
    size_t n = f->found < f->last ? f->found : f->last;
    for (size_t i = f->found - n; f->lines && i < f->found; i++) {
        char *line = f->lines[i % f->last];
        json_t *record = line ? json_loads(line, 0, NULL) : NULL;
        if (record)
            print(f, str_of(line), record);
        json_decref(record);
        free(line);
    }
    free(f->lines);
    f->lines = NULL;
}

/* The file, once there is one; *GOT is below 0 where waiting brings none, such as for want of
   rights. */
static struct record_file *open_live(const char *path, int *got)
{
    struct record_file *file = record_file_open(path);
    if (!file && errno != ENOENT)
        *got = -errno;
    return file;
}

/* Goes on until it is interrupted. A file that was moved aside is read to its end, and then the one
   in its place. */
static bool follow(struct find *f, const char *path)
{
    const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
    int got = 0;
    struct record_file *file = open_live(path, &got);
    while (got == 0 && !ferror(stdout)) {
        bool gone = file && record_file_is_gone(file, path);
        if (file)
            got = record_lines_read(file, record_file_follow, look_at, f);
        print_last(f);
        fflush(stdout);
        if (!file || gone) {
            record_file_close(file);
            file = open_live(path, &got);
        }
        if (!file || !gone)
            nanosleep(&pause, NULL);
    }
    record_file_close(file);
    if (got < 0)
        session_complain_of_file(path, got);
    return got == 0;
}

static bool take_last(struct find *f, const char *text)
{
    uint64_t n;
    if (!str_to_u64(str_of(text), LAST_MAX, &n) || n == 0) {
        fprintf(stderr, "stirctl: --last is a number from 1 to %d\n", LAST_MAX);
        return false;
    }
    f->last = (size_t)n;
    f->lines = calloc(f->last, sizeof(char *));
    return f->lines != NULL;
}

static const struct cli_option options[] = {
    FIND_OPTIONS,
    {"last", 'l', "N", "the last N of them", 0},
    {"follow", 'f', NULL, "and each new one, until it is interrupted", 0},
    {0}};

static bool read_options(struct find *f, const struct words *words)
{
    bool good = true;
    for (size_t i = 0; good && i < words->n_given; i++) {
        const struct given *g = &words->given[i];
        if (g->letter == 'f')
            f->follow = true;
        else
            good = g->letter == 'l' ? take_last(f, *g->value)
                                    : record_search_take(&f->search, g->letter, g->value);
    }
    return good;
}

static bool search(struct find *f, const struct record_file_names *names)
{
    bool read = true;
    for (size_t i = 0; i < names->n; i++)
        if (!f->follow || i != names->live)
            read = record_lines_of_file(names->path[i], look_at, f) && read;
    if (f->follow)
        return follow(f, names->path[names->live]);
    print_last(f);
    return read;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct find f = {.json = cli->json};
    struct record_file_names names;
    if (!read_options(&f, words))
        return command_usage(&command_records_find);
    if (!record_files_of(&names, cli, words->n, words->word))
        return EXIT_FAILURE;
    record_files_warn(&names);
    if (!f.follow)
        progress_begin(cli, "stirctl: reading records");
    bool read = search(&f, &names);
    progress_end();
    if (read && f.found == 0)
        puts(cli->json ? "[]" : "none");
    if (f.masked > 0)
        fprintf(stderr,
                "stirctl: of these records %zu show the last four digits alone "
                "(records.mask_numbers): they may be of other numbers that end so\n",
                f.masked);
    record_files_free(&names);
    return read && f.found > 0 && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command command_records_find = {
    "records find",
    FIND_USAGE "[--last N] [--follow] [FILE ...]",
    "the records of calls; TIMES as 2026-11-26T23:59 (UTC)",
    run,
    options,
    "[FILE ...]"};
