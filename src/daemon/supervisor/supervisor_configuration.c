/* The configuration in force: read at the start; a reload has it replaced. */
#include "questions.h"

#include <stird/base/log.h>
#include <stird/core/budget.h>
#include <sys/resource.h>

/* With fewer descriptors, children would start that could not be told what they need. */
static bool has_descriptors(struct supervisor *s, struct problems *problems)
{
    struct rlimit limit;
    const struct settings *settings = s->current.settings;
    uint64_t least = budget_least_descriptors(settings);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= least)
        return true;
    problems_add(
        problems, s->path, 0,
        "workers: %u of them and %u listeners need %llu descriptors, and a process may have "
        "%llu: raise LimitNOFILE of the unit (ulimit -n)",
        settings->workers, settings->n_listeners, (unsigned long long)least,
        (unsigned long long)limit.rlim_cur);
    return false;
}

static bool load(struct supervisor *s, struct problems *problems)
{
    if (!configuration_load(&s->current, s->path, NULL, NULL, problems))
        return false;
    s->current.generation = 1;
    s->started_with = s->current.settings;
    configuration_log_warnings(&s->current);
    return has_descriptors(s, problems);
}

static void set_log_level(struct supervisor *s, const struct news *news)
{
    (void)news;
    log_set_level(s->current.settings->log_level);
}

static void say_ready(struct supervisor *s, const struct news *news)
{
    (void)news;
    log_info("ready", LOG_NUMBER("listeners", s->started_with->n_listeners),
             LOG_NUMBER("number_rows", (int64_t)s->current.numbers.rows));
}

/* An empty table decides no call by its rows. */
static void answer_lacks(const struct supervisor *s, struct lacks_asked *asked)
{
    const struct settings *settings = s->current.settings;
    const bool named = settings->n_numbers_files > 0 || settings->numbers_compiled.n > 0;
    asked->lacks[WEB_LACKS_NUMBERS] = named && s->current.numbers.rows == 0;
}

static void init(struct supervisor *s)
{
    s->current = s->next = CONFIGURATION_INIT;
}

static void fini(struct supervisor *s)
{
    if (s->current.settings != s->started_with)
        settings_free(s->started_with);
    configuration_fini(&s->current);
    configuration_fini(&s->next);
}

const struct part part_configuration = {
    .name = "configuration",
    .init = init,
    .open = load,
    .fini = fini,
    .on = {[EVENT_BEGINS] = set_log_level,
           [EVENT_READY] = say_ready,
           [EVENT_IN_FORCE] = set_log_level},
    .answers_lacks = answer_lacks,
};
