#include "unknown_names.h"

static void say(struct settings *s, struct str file, unsigned line, struct buf *text)
{
    settings_warn(s, file, line, buf_str(text));
    buf_fini(text);
}

/* ---- monitors ---- */

static void check_number(struct settings *s, const struct numbers *table,
                         const struct monitor_setting *m, const char *key, struct str digits,
                         const char *why)
{
    struct buf text = BUF_INIT;
    struct tn tn;
    if (!tn_from_digits(&tn, digits) || numbers_has(table, &tn))
        return;
    buf_add_text(&text, "monitor \"");
    buf_add_escaped(&text, m->name);
    buf_addf(&text, "\": %s: no number table has +%.*s: %s", key, STR_ARG(digits), why);
    say(s, m->file, m->line, &text);
}

static void check_monitor(struct settings *s, const struct numbers *table,
                          const struct monitor_setting *m)
{
    check_number(s, table, m, "from", m->from,
                 "its calls leave as those of a number that is not yours: write one of yours");
    check_number(s, table, m, "to", m->to,
                 "it may be a stranger's, who is called every time: write one of yours, with a row "
                 "in a table");
}

/* ---- rules ---- */

static bool is_declared(const struct settings *s, struct str customer)
{
    for (unsigned i = 0; i < s->n_customers; i++)
        if (str_eq(s->customers[i].name, customer))
            return true;
    return false;
}

static void check_called(struct settings *s, const struct numbers *table, const struct rule *r)
{
    for (unsigned i = 0; i < r->n_called_customers; i++) {
        const struct str name = r->called_customers[i];
        struct buf text = BUF_INIT;
        if (is_declared(s, name) || numbers_customer(table, name) != NUMBERS_NO_CUSTOMER)
            continue;
        buf_add_text(&text, "rule \"");
        buf_add_escaped(&text, r->name);
        buf_add_text(&text, "\": called_customers: neither customers nor a table knows \"");
        buf_add_escaped(&text, name);
        buf_add_text(&text, "\", so it holds for no number of his: write him as the tables do");
        say(s, r->file, r->line, &text);
    }
}

void unknown_names_warn(struct settings *s, const struct numbers *table)
{
    const bool has_rows = numbers_get_summary(table)->rows > 0;
    for (unsigned i = 0; i < s->n_monitors && has_rows; i++)
        check_monitor(s, table, &s->monitors[i]);
    for (unsigned i = 0; i < s->n_rules; i++)
        check_called(s, table, &s->rules[i]);
}
