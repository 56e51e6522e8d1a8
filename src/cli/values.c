#include "values.h"

#include "session.h"

#include <stird/core/cause.h>
#include <stird/core/numbers.h>
#include <stird/core/verification.h>
#include <string.h>
#include <strings.h>

static void say(struct str name)
{
    if (name.n > 0)
        print_said("%.*s\n", STR_ARG(name));
}

static void say_reasons(const struct settings *s)
{
    (void)s;
#define REASON(name, id, sip_status, text) say(reason_name(REASON_##name));
#include <stird/core/reason.def>
#undef REASON
}

static void say_causes(const struct settings *s)
{
    (void)s;
#define CAUSE(NAME, id, name, result, text) say(STR(name));
#include <stird/core/cause.def>
#undef CAUSE
}

/* Each once: several causes have one. */
static void say_results(const struct settings *s)
{
    static const char *const results[] = {
#define CAUSE(NAME, id, name, result, text) result,
#include <stird/core/cause.def>
#undef CAUSE
    };
    (void)s;
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        size_t first = 0;
        while (strcmp(results[first], results[i]) != 0)
            first++;
        if (first == i)
            say(str_of(results[i]));
    }
}

static void say_classes(const struct settings *s)
{
    (void)s;
    for (unsigned i = 0; i < VERIFICATION_CLASSES; i++)
        say(verification_class_name((enum verification_class)i));
}

static void say_verstats(const struct settings *s)
{
    (void)s;
    for (unsigned i = VERSTAT_NONE; i <= VERSTAT_FAILED; i++)
        say(verstat_text((enum verstat)i));
}

static void say_states(const struct settings *s)
{
    (void)s;
    for (unsigned i = NUMBER_OWNED; i <= NUMBER_BLOCKED; i++)
        say(number_state_name((enum number_state)i));
}

static void say_trunks(const struct settings *s)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        say(s->trunks[i].name);
}

static void say_upstreams(const struct settings *s)
{
    for (unsigned i = 0; i < s->n_upstreams; i++)
        say(s->upstreams[i].name);
}

static void say_listeners(const struct settings *s)
{
    for (unsigned i = 0; i < s->n_listeners; i++)
        say(s->listeners[i].name);
}

static void say_customers(const struct settings *s)
{
    for (unsigned i = 0; i < s->n_customers; i++)
        say(s->customers[i].name);
    for (unsigned i = 0; i < s->n_trunks; i++)
        say(s->trunks[i].customer);
}

/* Several units have one id. */
static void say_certificates(const struct settings *s)
{
    for (unsigned i = 0; i < s->n_certificates; i++) {
        unsigned first = 0;
        while (!str_eq(s->certificates[first].id, s->certificates[i].id))
            first++;
        if (first == i)
            say(s->certificates[i].id);
    }
}

static void say_all(const char *const *words)
{
    for (; *words; words++)
        say(str_of(*words));
}

static void say_log_levels(const struct settings *s)
{
    static const char *const levels[] = {"error", "warning", "info", "debug", "default", NULL};
    (void)s;
    say_all(levels);
}

/* Or a level, of all of them. */
static void say_log_processes(const struct settings *s)
{
    static const char *const processes[] = {"supervisor", "worker", "signer",    "recorder",
                                            "fetcher",    "web",    "publisher", "loader",
                                            "checker",    "trust",  "courier",   NULL};
    say_all(processes);
    say_log_levels(s);
}

static void say_answers(const struct settings *s)
{
    static const char *const answers[] = {"503", "silence", NULL};
    (void)s;
    say_all(answers);
}

typedef struct settings *settings_reader(const struct cli *cli);

/* By the name of an option, or of a word: where it means something else to other commands, with
   that of its command. */
static const struct list {
    const char *name;
    void (*print)(const struct settings *settings);
    settings_reader *read; /* NULL: no configuration says it */
} lists[] = {
    {"reason", say_reasons, NULL},
    {"cause", say_causes, NULL},
    {"result", say_results, NULL},
    {"state", say_states, NULL},
    {"trunk", say_trunks, session_tables},
    {"upstream", say_upstreams, session_tables},
    {"listener", say_listeners, session_tables},
    {"customer", say_customers, session_tables},
    {"class", say_classes, NULL},
    {"verstat", say_verstats, NULL},
    {"cert", say_certificates, session_settings},
    {"cert use ID", say_certificates, session_settings},
    {"cert import ID", say_certificates, session_settings},
    {"log level PROCESS", say_log_processes, NULL},
    {"log level LEVEL", say_log_levels, NULL},
    {"answer", say_answers, NULL},
};

static bool print_configured(const struct cli *cli, const struct list *list)
{
    struct settings *s = list->read(cli);
    if (s)
        list->print(s);
    settings_free(s);
    return s != NULL;
}

static const struct list *find_list(const char *name)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (strcasecmp(lists[i].name, name) == 0)
            return &lists[i];
    return NULL;
}

bool values_print(const struct cli *cli, const char *name)
{
    const char *word = strrchr(name, ' ');
    const struct list *list = find_list(name);
    if (!list && word)
        list = find_list(word + 1);
    if (list && list->read)
        return print_configured(cli, list);
    if (list)
        list->print(NULL);
    return list != NULL;
}
