/* What is probably not meant in number tables. */
#include "json_text.h"
#include "number_tables.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/json.h>
#include <stird/core/certificate_rows.h>
#include <stird/core/numbers_lint.h>
#include <stird/core/trunk_customers.h>
#include <string.h>
#include <unistd.h>

struct lint_job {
    struct settings *settings; /* NULL: nothing is known of customers and countries */
    struct numbers_lint lint;
    struct numbers_judge judge;
    struct str *known;
    struct country *countries;
};

static void know_trunk(struct lint_job *job, const struct trunk *t)
{
    struct numbers_lint *l = &job->lint;
    bool known = false;
    job->known[l->n_known++] = t->customer;
    for (unsigned i = 0; i < l->n_countries; i++)
        known = known || str_eq(l->countries[i].code, t->country.code);
    if (!known && t->country.code.n > 0)
        job->countries[l->n_countries++] = t->country;
}

/* Who has a trunk or an entry is known; their countries' numbers have known lengths. */
static bool know_settings(struct lint_job *job)
{
    const struct settings *s = job->settings;
    struct numbers_lint *l = &job->lint;
    job->known = calloc((size_t)s->n_trunks + s->n_customers + 1, sizeof(*job->known));
    job->countries = calloc((size_t)s->n_trunks + 1, sizeof(*job->countries));
    l->known = job->known;
    l->countries = job->countries;
    l->all_are_known = true;
    job->judge = certificate_rows_judge(s);
    l->judge = &job->judge;
    l->today = time_zone_local(&s->zones[s->numbers_zone], clock_real_s()).day;
    for (unsigned i = 0; job->known && job->countries && i < s->n_trunks; i++)
        know_trunk(job, &s->trunks[i]);
    for (unsigned i = 0; job->known && i < s->n_customers; i++)
        job->known[l->n_known++] = s->customers[i].name;
    return job->known && job->countries;
}

static int tell(const struct cli *cli, struct problems *findings)
{
    struct buf out = BUF_INIT;
    size_t n = findings->n;
    if (!cli->json) {
        print_problems(stdout, findings);
        problems_fini(findings);
        print_said(n == 1 ? "1 finding\n" : "%zu findings\n", n);
        return n > 0 || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    problems_sort(findings);
    struct json j = json_writer(&out, false);
    json_begin_array(&j);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(&j);
        json_put_key(&j, STR("file"));
        json_put_string(&j, str_of(findings->list[i].file));
        json_put_key(&j, STR("line"));
        json_put_integer(&j, findings->list[i].line);
        json_put_key(&j, STR("text"));
        json_put_string(&j, str_of(findings->list[i].text));
        json_end_object(&j);
    }
    json_end_array(&j);
    json_print_text(buf_str(&out));
    buf_fini(&out);
    problems_fini(findings);
    return n > 0 || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Tables that do not compile have enough findings already. */
static void lint_trunks(const struct lint_job *job, const struct numbers_paths *paths,
                        struct problems *findings)
{
    struct problems unsaid = PROBLEMS_INIT;
    struct mapped_numbers table;
    const char *why;
    int fd = -1;
    if (numbers_files_compile(paths, &fd, NULL, &unsaid) && numbers_map(&table, fd, &why)) {
        trunk_customers_check(job->settings, table.table, findings);
        numbers_unmap(&table);
    }
    if (fd >= 0)
        close(fd);
    problems_fini(&unsaid);
}

/* WHOLE says that there are no other tables. */
static int lint(const struct cli *cli, const struct lint_job *job,
                const struct numbers_paths *paths, bool whole)
{
    struct problems findings = PROBLEMS_INIT;
    struct numbers_texts texts;
    size_t n;
    progress_begin(cli, "stirctl: looking at tables");
    numbers_texts_init(&texts, paths, &findings);
    const struct numbers_source *sources = numbers_texts_sources(&texts, &n);
    bool good = numbers_lint(sources, n, &job->lint, &findings);
    if (!good && !problems_any(&findings))
        problems_add(&findings, STR(""), 0, "not looked at whole: out of memory");
    numbers_texts_fini(&texts);
    if (whole)
        lint_trunks(job, paths, &findings);
    progress_end();
    return tell(cli, &findings);
}

static int lint_files(const struct cli *cli, struct lint_job *job, int n, char **words)
{
    struct str *list = calloc((size_t)n + 1, sizeof(*list));
    if (!list)
        return EXIT_FAILURE;
    if (!job->settings)
        warn_said(
            "stirctl: there is no %s: customers and the lengths of numbers other than +1's are "
            "not looked at\n",
            cli->configuration);
    struct numbers_paths paths = number_tables_paths(list, n, words);
    int status = EXIT_USAGE;
    if (paths.compiled.n > 0)
        warn_said("stirctl: %s is compiled: lint what it was made of\n", words[0]);
    else
        status = lint(cli, job, &paths, false);
    free(list);
    return status;
}

static int lint_configured(const struct cli *cli, const struct lint_job *job)
{
    struct numbers_paths paths = numbers_paths_of(job->settings);
    if (paths.compiled.n == 0)
        return lint(cli, job, &paths, true);
    fputs("stirctl: the configuration names a compiled table: name the files it was made of\n",
          stderr);
    return EXIT_USAGE;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct lint_job job = {.lint = {.today = (int32_t)(clock_real_s() / 86400)}};
    int status = EXIT_FAILURE;
    bool needs_settings = words->n == 0 || access(cli->configuration, F_OK) == 0;
    if (needs_settings)
        job.settings = session_tables(cli);
    bool good = !needs_settings || (job.settings && know_settings(&job));
    if (good)
        status = words->n > 0 ? lint_files(cli, &job, words->n, words->word)
                              : lint_configured(cli, &job);
    free(job.known);
    free(job.countries);
    settings_free(job.settings);
    return status;
}

const struct command command_numbers_lint = {
    "numbers lint",
    "[TABLE ...]",
    "what is probably not meant in the tables; exit status 1: some",
    run,
    NULL,
    "[TABLE ...]"};
