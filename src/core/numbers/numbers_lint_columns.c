/* Columns of the operator's own whose values look as if they ended or allowed something. */
#include "numbers_build.h"

#include <string.h>

static bool is_yes_or_no(struct str value)
{
    static const char *const words[] = {"yes",      "no",      "y",       "n",        "true",
                                        "false",    "t",       "f",       "on",       "off",
                                        "0",        "1",       "active",  "inactive", "enabled",
                                        "disabled", "blocked", "expired", "revoked"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_eq_nocase(value, str_of(words[i])))
            return true;
    return false;
}

/* 20261231, or a year, month and day in any order with one separator; a time may follow. */
static bool is_date_like(struct str value)
{
    size_t digits = 0, separators = 0, i = 0;
    char separator = '\0';
    for (; i < value.n && value.p[i] != ' ' && value.p[i] != 'T'; i++) {
        bool first = separator == '\0' && digits > 0 && strchr("-/.", value.p[i]);
        if (ascii_is_digit(value.p[i]))
            digits++;
        else if (first || (separator != '\0' && value.p[i] == separator))
            separator = value.p[i], separators++;
        else
            return false;
    }
    if (separators == 2)
        return digits >= 4 && digits <= 8;
    return separators == 0 && digits == 8 &&
           (str_starts(value, STR("19")) || str_starts(value, STR("20")));
}

enum { ONLY_DATES = 1, ONLY_YES_OR_NO = 2 };

/* What all values of a column are, over all rows; 0 when it has none. */
static unsigned kind_of_values(const struct build *b, uint32_t column)
{
    unsigned kind = ONLY_DATES | ONLY_YES_OR_NO;
    bool any = false;
    for (uint32_t set = 0; set < b->attribute_sets.n; set++) {
        struct str bytes = interner_get(&b->attribute_sets, set);
        for (size_t at = 0; at < bytes.n; at += sizeof(struct image_attribute)) {
            struct image_attribute a;
            memcpy(&a, bytes.p + at, sizeof(a));
            if (a.column != column)
                continue;
            struct str value = interner_get(&b->values, a.value);
            kind &= (is_date_like(value) ? ONLY_DATES : 0u) |
                    (is_yes_or_no(value) ? ONLY_YES_OR_NO : 0u);
            any = true;
        }
    }
    return any ? kind : 0;
}

void lint_columns(struct build *b)
{
    const uint32_t *line = (const uint32_t *)(const void *)b->column_lines.p;
    for (uint32_t i = 0; i < b->columns.n && !buf_failed(&b->column_lines); i++) {
        struct str name = interner_get(&b->columns, i);
        unsigned kind = column_is_own(name) ? 0 : kind_of_values(b, i);
        if (kind == 0)
            continue;
        build_problem(b, line[i],
                      "column \"%s\" holds nothing but %s, and ends and allows nothing: %s does; "
                      "if it is a column of your own, call it x_%s",
                      build_quote(name).text, kind & ONLY_DATES ? "dates" : "yes and no",
                      kind & ONLY_DATES ? "not_after" : "state", build_quote(name).text);
    }
}
