#include <stird/core/certificate_rows.h>

#include <stird/base/suggest.h>
#include <stird/core/certificate_choice.h>

#define TOLD_MAX 20

struct check {
    const struct settings *settings;
    struct problems *problems;
    size_t before; /* how many of these were there before */
    uint64_t n;
    struct str file; /* of the row that was told last */
    uint32_t line;
};

/* ---- names ---- */

/* The first trunk of CUSTOMER that is another provider's than certificate FIRST, or NULL. */
static const struct trunk *foreign_trunk(const struct settings *s, struct str customer,
                                         uint32_t first)
{
    const struct certificate *c = &s->certificates[first];
    for (unsigned i = 0; i < s->n_trunks && !c->provider_open; i++)
        if (str_eq(s->trunks[i].customer, customer) && !s->trunks[i].provider_open &&
            s->trunks[i].provider != c->provider)
            return &s->trunks[i];
    return NULL;
}

/* Whether the configuration names such a certificate, or may: if it has a fault, that was said
   already. */
static bool may_be_there(const struct settings *s, struct str id)
{
    for (unsigned i = 0; i < s->open.n_certificates; i++)
        if (str_eq(s->open.certificates[i], id))
            return true;
    return s->open.more_certificates;
}

static struct str nearest_certificate(const struct settings *s, struct str id)
{
    unsigned distance = SUGGEST_FAR;
    struct str nearest = STR("");
    for (unsigned i = 0; i < s->n_certificates; i++)
        if (suggest_is_nearer(id, s->certificates[i].id, &distance))
            nearest = s->certificates[i].id;
    return nearest;
}

static void say_missing(const struct settings *s, struct str certificate, struct buf *why)
{
    struct str nearest = nearest_certificate(s, certificate);
    buf_add_text(why, "there is no certificate \"");
    buf_add_escaped(why, certificate);
    if (nearest.n > 0)
        buf_addf(why, "\" (did you mean \"%.*s\"?)", STR_ARG(nearest));
    else
        buf_add_text(why, "\": write the id of one, or nothing for the trunk's");
}

static void say_foreign(const struct settings *s, struct str customer, uint32_t first,
                        const struct trunk *t, struct buf *why)
{
    const struct certificate *c = &s->certificates[first];
    buf_addf(why, "\"%.*s\" is a certificate of provider \"%.*s\", and customer \"", STR_ARG(c->id),
             STR_ARG(s->providers[c->provider].name));
    buf_add_escaped(why, customer);
    buf_addf(why,
             "\" calls through trunk \"%.*s\" of provider \"%.*s\": only a provider's "
             "certificates sign for its trunks",
             STR_ARG(t->name), STR_ARG(s->providers[t->provider].name));
}

bool certificate_row_check(const struct settings *settings, struct str customer,
                           struct str certificate, struct buf *why)
{
    if (certificate.n == 0)
        return true;
    uint32_t first = certificate_find(settings, certificate);
    if (first == NO_CERTIFICATE && may_be_there(settings, certificate))
        return true;
    const struct trunk *t = first == NO_CERTIFICATE ? NULL
                                                    : foreign_trunk(settings, customer, first);
    if (first == NO_CERTIFICATE && why)
        say_missing(settings, certificate, why);
    else if (t && why)
        say_foreign(settings, customer, first, t, why);
    return first != NO_CERTIFICATE && !t;
}

static bool takes_certificate(const void *user, struct str customer, struct str certificate,
                              struct buf *why)
{
    return certificate_row_check(user, customer, certificate, why);
}

struct numbers_judge certificate_rows_judge(const struct settings *settings)
{
    return (struct numbers_judge){takes_certificate, settings};
}

static void complain(struct check *c, struct str file, uint32_t line, struct str customer,
                     struct str certificate)
{
    struct buf why = BUF_INIT;
    certificate_row_check(c->settings, customer, certificate, &why);
    problems_add(c->problems, file, line, "cert: %.*s", STR_ARG(buf_str(&why)));
    buf_fini(&why);
}

static bool is_bad(const struct settings *s, struct str customer, struct str certificate)
{
    return !certificate_row_check(s, customer, certificate, NULL);
}

static bool row_is_bad(void *user, const struct numbers_row *row)
{
    const struct check *c = user;
    return is_bad(c->settings, row->customer, row->certificate);
}

static bool is_told(const struct check *c, const struct numbers_row *row)
{
    const struct problems *p = c->problems;
    for (size_t i = c->before; i < p->n; i++)
        if (p->list[i].line == row->line && str_eq(str_of(p->list[i].file), row->file))
            return true;
    return false;
}

/* A row that others cut is visited in several pieces; it is told of once. */
static void complain_of_row(void *user, const struct numbers_row *row, const struct tn *first,
                            const struct tn *last)
{
    struct check *c = user;
    (void)first, (void)last;
    if ((row->line == c->line && str_eq(row->file, c->file)) || is_told(c, row))
        return;
    c->file = row->file;
    c->line = row->line;
    if (++c->n <= TOLD_MAX)
        complain(c, row->file, row->line, row->customer, row->certificate);
}

static void check_table_customers(struct check *c, const struct numbers *table)
{
    uint32_t column = numbers_column(table, STR("cert")), line;
    struct str name, file;
    for (uint32_t i = 0; column != NUMBERS_NO_COLUMN && (name = numbers_customer_name(table, i)).n;
         i++) {
        struct str certificate = numbers_customer_attribute(table, i, column);
        if (is_bad(c->settings, name, certificate) &&
            numbers_customer_place(table, i, &file, &line))
            complain(c, file, line, name, certificate);
    }
}

static void check_customers(struct check *c)
{
    const struct settings *s = c->settings;
    for (unsigned i = 0; i < s->n_customers; i++)
        for (unsigned a = 0; a < s->customers[i].n_attributes; a++) {
            const struct attribute *one = &s->customers[i].attributes[a];
            if (str_eq_nocase(one->column, STR("cert")) &&
                is_bad(s, s->customers[i].name, one->value))
                complain(c, s->customers[i].file, s->customers[i].line, s->customers[i].name,
                         one->value);
        }
}

void certificate_rows_check(const struct settings *settings, const struct numbers *table,
                            struct str path, struct problems *problems)
{
    struct check c = {.settings = settings, .problems = problems, .before = problems->n};
    const struct numbers_selector bad = {row_is_bad, complain_of_row, &c};
    if (table && !numbers_select(table, &bad))
        problems->out_of_memory = true;
    if (c.n > TOLD_MAX)
        problems_add(problems, c.file, 0,
                     "cert: %llu more rows name certificates that cannot sign for them",
                     (unsigned long long)(c.n - TOLD_MAX));
    if (path.n > 0)
        check_customers(&c);
    if (table)
        check_table_customers(&c, table);
}

/* ---- numbers ---- */

struct outside {
    const struct settings *settings;
    uint64_t n, max;
    certificate_rows_visit *visit;
    void *user;
    struct str file; /* of the row that was found last */
    uint32_t line;
};

/* Whether unit I may sign for ROW, as its cert column or the trunks of its customer say. */
static bool may_sign(const struct settings *s, const struct numbers_row *row, unsigned i)
{
    const struct certificate *c = &s->certificates[i];
    if (row->certificate.n > 0)
        return str_eq(c->id, row->certificate);
    for (unsigned t = 0; t < s->n_trunks; t++)
        if (str_eq(s->trunks[t].customer, row->customer) && s->trunks[t].provider == c->provider)
            return true;
    return false;
}

/* Blocked numbers are not signed, and a prefix does not list numbers. */
static bool may_be_outside(void *user, const struct numbers_row *row)
{
    const struct settings *s = ((const struct outside *)user)->settings;
    bool any = false;
    for (unsigned i = 0; i < s->n_certificates; i++) {
        if (!may_sign(s, row, i))
            continue;
        if (!sti_scope_is_limited(&s->certificates[i].scope))
            return false;
        any = true;
    }
    return any && row->state != NUMBER_BLOCKED && !row->prefix;
}

static bool is_covered(const struct settings *s, const struct numbers_row *row, const struct tn *tn)
{
    for (unsigned i = 0; i < s->n_certificates; i++)
        if (may_sign(s, row, i) && sti_scope_covers(&s->certificates[i].scope, tn))
            return true;
    return false;
}

static void look_at_row(void *user, const struct numbers_row *row, const struct tn *first,
                        const struct tn *last)
{
    struct outside *o = user;
    if ((row->line == o->line && str_eq(row->file, o->file)) ||
        (is_covered(o->settings, row, first) && is_covered(o->settings, row, last)))
        return;
    o->file = row->file;
    o->line = row->line;
    if (++o->n <= o->max)
        o->visit(o->user, row, row->certificate);
}

uint64_t certificate_rows_outside(const struct settings *settings, const struct numbers *table,
                                  uint64_t max, certificate_rows_visit *visit, void *user)
{
    struct outside o = {.settings = settings, .max = max, .visit = visit, .user = user};
    const struct numbers_selector selector = {may_be_outside, look_at_row, &o};
    numbers_select(table, &selector);
    return o.n;
}
