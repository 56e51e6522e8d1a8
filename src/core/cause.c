#include <stird/core/cause.h>

static const struct {
    const char *name, *result, *text;
} causes[CAUSES] = {
#define CAUSE(NAME, id, name, result, text) [id] = {name, result, text},
#include <stird/core/cause.def>
#undef CAUSE
};

static unsigned index_of(enum cause c)
{
    unsigned i = (unsigned)c;
    return i < CAUSES && causes[i].name ? i : CAUSE_UNKNOWN;
}

struct str cause_name(enum cause c)
{
    return str_of(causes[index_of(c)].name);
}

struct str cause_result(enum cause c)
{
    return str_of(causes[index_of(c)].result);
}

struct str cause_text(enum cause c)
{
    return str_of(causes[index_of(c)].text);
}

bool cause_by_name(struct str name, enum cause *c)
{
    for (unsigned i = 0; i < CAUSES; i++) {
        if (!causes[i].name || !str_eq(str_of(causes[i].name), name))
            continue;
        *c = (enum cause)i;
        return true;
    }
    return false;
}

bool cause_is_result(struct str result)
{
    for (unsigned i = 0; i < CAUSES; i++)
        if (causes[i].name && str_eq(str_of(causes[i].result), result))
            return true;
    return false;
}

enum cause cause_of_answer(enum reason reason, bool decided_so)
{
    switch (reason) {
    case REASON_CALLER_CANCELLED:
        return CAUSE_CANCELLED;
    case REASON_NO_UPSTREAM:
        return CAUSE_NO_UPSTREAM;
    case REASON_CONNECTION_LOST:
        return CAUSE_CONNECTION_LOST;
    case REASON_ANSWER_UNREADABLE:
        return CAUSE_ANSWER_UNREADABLE;
    case REASON_UPSTREAM_TIMEOUT:
        return CAUSE_UPSTREAM_TIMEOUT;
    default:
        return decided_so ? CAUSE_REJECTED : CAUSE_FAULT;
    }
}
