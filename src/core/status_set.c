#include <stird/core/status_set.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    uint16_t status;
    const char *why;
} callers[] = {
    {401, "401 asks the caller for a password: it has to hear it"},
    {407, "407 asks the caller for a password: it has to hear it"},
    {487, "487 ends a call that its caller cancelled: nothing else is tried"},
};

/* NULL: it may be in a set. */
static const char *why_not(int status)
{
    for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
        if (callers[i].status == status)
            return callers[i].why;
    if (status >= 600 && status < 700)
        return "6xx says that nobody anywhere takes the call: nothing else is tried";
    return status < STATUS_SET_FIRST || status >= STATUS_SET_END ? "write 300 to 599, or \"5xx\""
                                                                 : NULL;
}

bool status_set_has(const struct status_set *s, int status)
{
    const unsigned at = (unsigned)(status - STATUS_SET_FIRST);
    return status >= STATUS_SET_FIRST && status < STATUS_SET_END &&
           (s->bits[at / 64] >> (at % 64) & 1);
}

bool status_set_is_empty(const struct status_set *s)
{
    static const struct status_set none;
    return memcmp(s, &none, sizeof(none)) == 0;
}

static void add(struct status_set *s, int status)
{
    const unsigned at = (unsigned)(status - STATUS_SET_FIRST);
    s->bits[at / 64] |= UINT64_C(1) << (at % 64);
}

static void add_class(struct status_set *s, int first)
{
    for (int status = first; status < first + 100; status++)
        if (!why_not(status))
            add(s, status);
}

const char *status_set_add(struct status_set *s, struct str text)
{
    uint64_t status;
    const bool is_class = text.n == 3 && str_eq_nocase(str_slice(text, 1, 3), STR("xx"));
    if (is_class && text.p[0] == '6')
        return why_not(600);
    if (is_class && text.p[0] >= '3' && text.p[0] <= '5') {
        add_class(s, (text.p[0] - '0') * 100);
        return NULL;
    }
    if (!str_to_u64(text, 999, &status))
        return why_not(0);
    const char *why = why_not((int)status);
    if (!why)
        add(s, (int)status);
    return why;
}

static bool has_class(const struct status_set *s, int first)
{
    for (int status = first; status < first + 100; status++)
        if (!why_not(status) && !status_set_has(s, status))
            return false;
    return true;
}

bool status_set_text(const struct status_set *s, unsigned i, char text[4])
{
    for (int first = STATUS_SET_FIRST; first < STATUS_SET_END; first += 100) {
        const bool whole = has_class(s, first);
        for (int status = first; status < first + 100; status++) {
            if (!(whole ? status == first : status_set_has(s, status)) || i-- > 0)
                continue;
            snprintf(text, 4, whole ? "%dxx" : "%d", whole ? first / 100 % 10 : status % 1000);
            return true;
        }
    }
    return false;
}
