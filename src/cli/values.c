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

static const struct list {
    const char *name;
    void (*print)(const struct settings *settings);
    bool configured;
} lists[] = {
    {"reason", say_reasons, false},    {"cause", say_causes, false},
    {"result", say_results, false},    {"state", say_states, false},
    {"trunk", say_trunks, true},       {"upstream", say_upstreams, true},
    {"listener", say_listeners, true}, {"customer", say_customers, true},
    {"class", say_classes, false},     {"verstat", say_verstats, false},
};

static bool print_configured(const struct cli *cli, const struct list *list)
{
    struct settings *s = session_tables(cli);
    if (s)
        list->print(s);
    settings_free(s);
    return s != NULL;
}

bool values_print(const struct cli *cli, const char *name)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcasecmp(lists[i].name, name) != 0)
            continue;
        if (lists[i].configured)
            return print_configured(cli, &lists[i]);
        lists[i].print(NULL);
        return true;
    }
    return false;
}
