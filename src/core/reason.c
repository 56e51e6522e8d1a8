#include <stird/core/reason.h>

#define NAME_MAX_LENGTH 32

/* The stable name is the one in reason.def in lower case, made by the compiler. */
#define AT(s, i)    ((i) < sizeof(s) - 1 ? (s)[(i) < sizeof(s) ? (i) : 0] : '\0')
#define LOWER(s, i) (AT(s, i) >= 'A' && AT(s, i) <= 'Z' ? AT(s, i) + ('a' - 'A') : AT(s, i))
#define LOWER8(s, i)                                                                               \
    LOWER(s, (i)), LOWER(s, (i) + 1), LOWER(s, (i) + 2), LOWER(s, (i) + 3), LOWER(s, (i) + 4),     \
        LOWER(s, (i) + 5), LOWER(s, (i) + 6), LOWER(s, (i) + 7)

static const struct {
    char name[NAME_MAX_LENGTH];
    int sip_status;
    const char *text;
} reasons[] = {
#define REASON(name, id, sip_status, text)                                                         \
    [id] = {{LOWER8(#name, 0), LOWER8(#name, 8), LOWER8(#name, 16), LOWER8(#name, 24)},            \
            (sip_status),                                                                          \
            (text)},
#include <stird/core/reason.def>
#undef REASON
};

#define REASON(name, id, sip_status, text)                                                         \
    _Static_assert(sizeof(#name) <= NAME_MAX_LENGTH, "the name of a reason is too long");
#include <stird/core/reason.def>
#undef REASON

/* A number that is no reason is a bug elsewhere, and is shown as one. */
static unsigned index_of(enum reason r)
{
    unsigned i = (unsigned)r;
    return i < sizeof(reasons) / sizeof(reasons[0]) && reasons[i].text ? i : REASON_INTERNAL;
}

struct str reason_name(enum reason r)
{
    return str_of(reasons[index_of(r)].name);
}

int reason_sip_status(enum reason r)
{
    return reasons[index_of(r)].sip_status;
}

struct str reason_text(enum reason r)
{
    return str_of(reasons[index_of(r)].text);
}

enum reason reason_by_name(struct str name)
{
    for (unsigned i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].text && str_eq(str_of(reasons[i].name), name))
            return (enum reason)i;
    return REASON_INTERNAL;
}
