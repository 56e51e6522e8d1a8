/* Certificates of others that the fetcher keeps over a restart: what it wrote, read beside it. */
#include "json_text.h"
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/fetch/kept_files.h>
#include <string.h>
#include <time.h>

#define LISTED_MAX 10000 /* more than fetch.entries may be: the rest is counted */

struct listing {
    struct keep_rules rules;
    int64_t now_s;
    json_t *list;
    json_int_t beyond;
};

static const char *state_word(enum keep_state state)
{
    static const char *const words[] = {[KEEP_FRESH] = "fresh",
                                        [KEEP_RENEW] = "to be renewed",
                                        [KEEP_STALE] = "stale",
                                        [KEEP_OVER] = "over"};
    return words[state];
}

static json_t *time_json(int64_t at_s)
{
    char text[32];
    time_t at = (time_t)at_s;
    struct tm tm;
    size_t n = gmtime_r(&at, &tm) ? strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) : 0;
    return n > 0 ? json_string(text) : json_null();
}

static void see(void *user, const struct kept_file *f)
{
    struct listing *l = user;
    if (json_array_size(l->list) >= LISTED_MAX) {
        l->beyond++;
        return;
    }
    json_array_append_new(l->list,
                          json_pack("{s:o,s:s,s:o,s:o,s:I}", "url", json_of(f->url), "state",
                                    state_word(keep_state(&l->rules, &f->kept, l->now_s)),
                                    "fetched", time_json(f->kept.fetched_s), "until",
                                    time_json(keep_until_s(&l->rules, &f->kept)), "octets",
                                    (json_int_t)f->octets));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_all(const struct listing *l)
{
    const json_t *one;
    size_t i;
    if (json_array_size(l->list) == 0)
        puts("none");
    json_array_foreach(l->list, i, one)
    {
        print_shown(text_of(one, "url"));
        printf("\n    %s, fetched %s, until %s, %" JSON_INTEGER_FORMAT " octets\n",
               text_of(one, "state"), text_of(one, "fetched"), text_of(one, "until"),
               json_integer_value(json_object_get(one, "octets")));
    }
    if (l->beyond > 0)
        printf("%" JSON_INTEGER_FORMAT " more\n", l->beyond);
}

static int list_all(const struct cli *cli, struct listing *l, const char *directory)
{
    int r = kept_files_list(directory, see, l);
    if (r < 0) {
        warn_said("stirctl: %s: %s\n", directory, strerror(-r));
        return EXIT_FAILURE;
    }
    if (cli->json)
        json_print(json_pack("{s:O,s:I}", "certificates", l->list, "beyond", l->beyond));
    else
        print_all(l);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct cli *cli, const struct words *words)
{
    (void)words;
    int status = EXIT_FAILURE;
    char *directory = NULL;
    struct settings *s = session_paths(cli);
    if (!s)
        return status;
    struct listing l = {.rules = {.least_s = s->fetch.keep_min_ms / 1000,
                                  .most_s = s->fetch.keep_max_ms / 1000,
                                  .stale_s = s->fetch.stale_if_error_ms / 1000},
                        .now_s = clock_real_s(),
                        .list = json_array()};
    if (l.list &&
        asprintf(&directory, "%.*s/" KEPT_FILES_DIRECTORY, STR_ARG(s->state_directory)) > 0)
        status = list_all(cli, &l, directory);
    else
        fputs("stirctl: out of memory\n", stderr);
    json_decref(l.list);
    free(directory);
    settings_free(s);
    return status;
}

const struct command command_certificates_cache = {
    .name = "certificates cache",
    .usage = "",
    .summary = "certificates of others that are kept over a restart",
    .run = run};
