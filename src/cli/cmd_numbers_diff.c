/* What another number table would change: for customers, and for calls that were made. */
#include "decision.h"
#include "json_text.h"
#include "number_tables.h"
#include "progress.h"
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/core/numbers_diff.h>
#include <string.h>

#define EXIT_SAME      0
#define EXIT_DIFFERENT 1
#define EXIT_TROUBLE   2

struct diff_job {
    char *old, *new; /* words that name tables */
    char **records;
    int n_records;
};

struct changes {
    json_t *list; /* NULL: for people */
    uint64_t n;
};

static json_t *json_of_number(const struct tn *tn)
{
    return json_stringn(tn->digits, tn->n);
}

static void put_change(struct changes *r, const struct numbers_change *c)
{
    json_array_append_new(
        r->list, json_pack("{s:o,s:o,s:o,s:b,s:b,s:I,s:o,s:o}", "customer", json_of(c->customer),
                           "from", json_of(number_state_name(c->from)), "to",
                           json_of(number_state_name(c->to)), "from_prefix", c->from_prefix,
                           "to_prefix", c->to_prefix, "numbers", (json_int_t)c->numbers, "first",
                           json_of_number(&c->first), "last", json_of_number(&c->last)));
}

static void print_change(const struct numbers_change *c)
{
    struct buf customer = BUF_INIT;
    buf_add_escaped(&customer, c->customer);
    print_said("%-20.*s %s%s -> %s%s, %llu number%s from +%.*s on\n", STR_ARG(buf_str(&customer)),
               number_state_name(c->from).p, c->from_prefix ? " (prefix)" : "",
               number_state_name(c->to).p, c->to_prefix ? " (prefix)" : "",
               (unsigned long long)c->numbers, PLURAL(c->numbers), STR_ARG(tn_str(&c->first)));
    buf_fini(&customer);
}

static void visit(void *user, const struct numbers_change *change)
{
    struct changes *r = user;
    r->n++;
    progress_clear();
    if (r->list)
        put_change(r, change);
    else
        print_change(change);
}

/* ---- calls ---- */

static json_t *json_of_replay(const struct replay *r)
{
    const struct replay_change *list = (const struct replay_change *)(const void *)r->changes.p;
    json_t *changes = json_array();
    for (size_t i = 0; i < r->changes.n / sizeof(*list); i++)
        json_array_append_new(
            changes,
            json_pack("{s:o,s:o,s:o,s:o,s:I,s:o,s:o}", "trunk", json_of(list[i].trunk), "customer",
                      json_of(list[i].customer), "from", json_of_text(list[i].from), "to",
                      json_of_text(list[i].to), "calls", (json_int_t)list[i].calls, "number",
                      json_of_text(list[i].number), "example", json_of_text(list[i].example)));
    return json_pack("{s:I,s:I,s:o}", "replayed", (json_int_t)r->calls, "skipped",
                     (json_int_t)r->skipped, "changes", changes);
}

static void print_replay(const struct replay *r)
{
    const struct replay_change *list = (const struct replay_change *)(const void *)r->changes.p;
    uint64_t changed = 0;
    for (size_t i = 0; i < r->changes.n / sizeof(*list); i++) {
        struct buf example = BUF_INIT;
        buf_add_escaped(&example, str_of(list[i].example));
        print_said("trunk %.*s (%.*s): %s -> %s, %llu call%s, as +%s in %.*s\n",
                   STR_ARG(list[i].trunk), STR_ARG(list[i].customer), list[i].from, list[i].to,
                   (unsigned long long)list[i].calls, PLURAL(list[i].calls), list[i].number,
                   STR_ARG(buf_str(&example)));
        buf_fini(&example);
        changed += list[i].calls;
    }
    printf("%llu of %llu calls would have another level; %llu record%s could not be replayed\n",
           (unsigned long long)changed, (unsigned long long)r->calls,
           (unsigned long long)r->skipped, PLURAL(r->skipped));
    if (r->masked > 0)
        printf("%llu of these show the last four digits alone (records.mask_numbers)\n",
               (unsigned long long)r->masked);
    if (r->without_trunk > 0)
        printf("%llu of these name no trunk that the configuration has\n",
               (unsigned long long)r->without_trunk);
    if (r->skipped > r->masked + r->without_trunk)
        printf("%llu of these have no calling and called number, or no time\n",
               (unsigned long long)(r->skipped - r->masked - r->without_trunk));
}

/* ---- all ---- */

static bool replay_all(struct replay *r, const struct diff_job *job)
{
    bool good = true;
    for (int i = 0; i < job->n_records; i++)
        good = replay_file(r, job->records[i]) && good;
    return good && !buf_failed(&r->changes);
}

static int tell(const struct cli *cli, const struct changes *changes, const struct replay *replay,
                bool replayed)
{
    bool changed = changes->n > 0 || replay->changes.n > 0;
    if (replayed && !cli->json)
        print_replay(replay);
    if (cli->json) {
        json_t *all = json_pack("{s:O}", "numbers", changes->list);
        if (replayed)
            json_object_set_new(all, "calls", json_of_replay(replay));
        json_print(all);
    } else if (!changed) {
        puts("no change");
    }
    if (fflush(stdout))
        return EXIT_TROUBLE;
    return changed ? EXIT_DIFFERENT : EXIT_SAME;
}

static int diff(const struct cli *cli, const struct diff_job *job, const struct settings *settings,
                const struct numbers *old, const struct numbers *new)
{
    struct changes changes = {.list = cli->json ? json_array() : NULL};
    struct replay replay = {.settings = settings, .old = old, .new = new};
    int32_t today = (int32_t)(clock_real_s() / 86400);
    int status = EXIT_TROUBLE;
    if (settings)
        today = time_zone_local(&settings->zones[settings->numbers_zone], clock_real_s()).day;
    progress_begin(cli, "stirctl: comparing");
    const bool compared = numbers_diff(old, new, today, visit, &changes);
    const bool replayed = compared && replay_all(&replay, job);
    progress_end();
    if (!compared)
        fputs("stirctl: out of memory\n", stderr);
    else if (replayed)
        status = tell(cli, &changes, &replay, job->n_records > 0);
    replay_fini(&replay);
    json_decref(changes.list);
    return status;
}

static const struct cli_option options[] = {
    {"records", 'r', "FILE ...", "record files: which of their calls would have had another level",
     0},
    {0}};

static int run(const struct cli *cli, const struct words *words)
{
    struct diff_job job = {.old = words->word[0], .new = words->word[1]};
    struct mapped_numbers old = {0}, new = {0};
    struct settings *settings = NULL;
    int status = EXIT_TROUBLE;
    if (words->n_given > 0) {
        job.records = words->given[0].value;
        job.n_records = words->given[0].n;
    }
    if (job.n_records > 0)
        settings = session_settings(cli);
    bool good = job.n_records == 0 || settings;
    if (!good)
        decision_explain_hidden(cli, NEED_CALLS);
    if (good && number_table_open(&old, cli, job.old) && number_table_open(&new, cli, job.new))
        status = diff(cli, &job, settings, old.table, new.table);
    if (old.table)
        numbers_unmap(&old);
    if (new.table)
        numbers_unmap(&new);
    settings_free(settings);
    return status;
}

const struct command command_numbers_diff = {
    "numbers diff",
    "OLD NEW [--records FILE ...]",
    "what NEW would change; each a TABLE, \"running\" or \"configured\"",
    run,
    options,
    "OLD NEW"};
