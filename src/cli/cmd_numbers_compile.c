/* Compiles tables into one file, which numbers.compiled in the configuration may name. */
#include "json_text.h"
#include "number_tables.h"
#include "progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/certificate_rows.h>
#include <string.h>
#include <unistd.h>

struct job {
    const char *output;
    struct str *customers;
    unsigned n_customers;
    struct settings *settings; /* NULL: the words name everything, and nobody knows the rest */
    struct numbers_judge judge;
};

/* At its start stird would refuse rows that name certificates which are not there. */
static void judge_by_settings(struct job *job, struct numbers_paths *paths)
{
    if (!job->settings)
        return;
    job->judge = certificate_rows_judge(job->settings);
    paths->judge = &job->judge;
}

static bool from_configuration(struct job *job, const struct cli *cli, struct numbers_paths *paths)
{
    job->settings = session_tables(cli);
    if (!job->settings)
        return false;
    *paths = numbers_paths_of(job->settings);
    judge_by_settings(job, paths);
    if (paths->compiled.n == 0)
        return true;
    fputs("stirctl: the configuration names a compiled table (numbers.compiled): name the files "
          "to compile\n",
          stderr);
    return false;
}

static int say(const struct cli *cli, const char *output, const struct numbers_summary *summary)
{
    unsigned long long rows = summary->rows, segments = summary->segments,
                       customers = summary->customers;
    if (cli->json)
        json_print(json_pack("{s:o,s:I,s:I,s:I}", "file", json_of_text(output), "rows",
                             (json_int_t)rows, "segments", (json_int_t)segments, "customers",
                             (json_int_t)customers));
    else
        print_said("%llu row%s, %llu segment%s, %llu customer%s\n", rows, PLURAL(rows), segments,
                   PLURAL(segments), customers, PLURAL(customers));
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* For rows that are good otherwise; JUDGE looks at the others. */
static bool check_certificates(const struct job *job, int fd, struct problems *problems)
{
    struct mapped_numbers mapped;
    const char *why;
    if (!job->settings)
        return true;
    if (!numbers_map(&mapped, fd, &why)) {
        problems_add(problems, STR(""), 0, "the number table: %s", why);
        return false;
    }
    certificate_rows_check(job->settings, mapped.table, STR(""), problems);
    numbers_unmap(&mapped);
    return !problems_any(problems);
}

static int compile(const struct cli *cli, const struct job *job, const struct numbers_paths *paths)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    int fd, status = EXIT_FAILURE;
    progress_begin(cli, "stirctl: compiling");
    bool good = numbers_files_compile(paths, &fd, &summary, &problems) &&
                check_certificates(job, fd, &problems);
    progress_end();
    print_problems(stderr, &problems);
    problems_fini(&problems);
    if (!good && fd >= 0)
        close(fd);
    if (!good)
        return status;
    int r = numbers_image_write(job->output, fd);
    close(fd);
    if (r)
        warn_said("stirctl: %s: %s; it is as it was\n", job->output, strerror(-r));
    else
        status = say(cli, job->output, &summary);
    return status;
}

static const struct cli_option options[] = {
    {"output", 'o', "FILE", "the compiled table", OPTION_SHORT | OPTION_NEEDED},
    {"customers", 'c', "FILE", "a table of customers, with tables that are named here",
     OPTION_AGAIN},
    {0}};

static void read_options(struct job *job, const struct words *words)
{
    job->output = words_value(words, 'o');
    for (size_t i = 0; i < words->n_given; i++)
        if (words->given[i].letter == 'c')
            job->customers[job->n_customers++] = str_of(words->given[i].value[0]);
}

static int run(const struct cli *cli, const struct words *words)
{
    struct job job = {.customers = calloc(words->n_given + 1, sizeof(struct str))};
    struct str *tables = calloc((size_t)words->n + 1, sizeof(*tables));
    struct numbers_paths paths;
    int status = EXIT_FAILURE;
    if (job.customers)
        read_options(&job, words);
    if (!job.customers || !tables) {
        fputs("stirctl: out of memory\n", stderr);
    } else if (strcmp(job.output, "-") == 0) {
        status = command_fault(&command_numbers_compile,
                               "-o names a file, and nothing goes to standard output: ./- is a "
                               "file of this name");
    } else if (words->n == 0 && job.n_customers > 0) {
        status = command_fault(&command_numbers_compile, "TABLE is missing behind --customers");
    } else if (words->n == 0) {
        if (from_configuration(&job, cli, &paths))
            status = compile(cli, &job, &paths);
    } else {
        paths = number_tables_paths(tables, words->n, words->word);
        paths.customers = job.customers;
        paths.n_customers = job.n_customers;
        if (access(cli->configuration, F_OK) == 0)
            job.settings = session_tables(cli);
        judge_by_settings(&job, &paths);
        status = compile(cli, &job, &paths);
    }
    settings_free(job.settings);
    free(job.customers);
    free(tables);
    return status;
}

const struct command command_numbers_compile = {
    "numbers compile",
    "-o FILE [[--customers FILE ...] TABLE ...]",
    "make one file of number tables, for numbers.compiled",
    run,
    options,
    "[TABLE ...]"};
