/* Customers and their attributes: from the draft to the settings. */
#include "reader.h"

#include <stird/base/container_of.h>
#include <string.h>

#define ATTRIBUTES_MAX 24

static bool is_column(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && name.p[i] != '_' &&
            (i == 0 || !ascii_is_digit(name.p[i])))
            return false;
    return name.n > 0 && name.n <= 64;
}

const struct attribute *resolve_attributes(struct reader *r, const struct object *o,
                                           const char *key, const struct texts *texts, unsigned *n)
{
    struct attribute *list = reader_array(r, texts->n, sizeof(*list));
    *n = 0;
    for (unsigned i = 0; list && i < texts->n; i++) {
        struct str value = texts->items[i].text, column = str_trim(str_cut(&value, '='));
        if (value.p && is_column(column) && str_trim(value).n > 0)
            list[(*n)++] = (struct attribute){column, str_trim(value)};
        else
            complain(r, o, texts->items[i].at, "%s: %.*s is no \"column = value\"", key,
                     STR_ARG(shown(r, texts->items[i].text)));
    }
    return list;
}

/* What the keys of their own say comes first. */
static void add_known(struct reader *r, const struct draft_customer *d, struct attribute *list,
                      unsigned *n)
{
    const struct str percent = arena_printf(r->arena, "%u", d->sign_percent);
    if (!percent.p) /* an empty one would count as 100 */
        out_of_memory(r);
    const struct {
        const char *key;
        struct str value;
    } known[] = {
        {"kyc", str_of(keys_kyc_states[d->kyc])},
        {"cap", treatment_name((enum treatment)d->cap)},
        {"sign_percent", percent},
        {"provider", d->provider},
        {"contact", d->contact},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (was_given(&d->object, known[i].key))
            list[(*n)++] = (struct attribute){str_of(known[i].key), known[i].value};
}

static bool is_known_column(struct str column)
{
    static const char *const known[] = {"kyc", "cap", "sign_percent", "provider", "contact"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_eq_nocase(column, str_of(known[i])))
            return true;
    return false;
}

/* As in tables: an attribute such as "expires = 2026-12-31" would end nothing. */
static void check_own_column(struct reader *r, const struct draft_customer *d, unsigned i,
                             struct str column)
{
    const char *meant = numbers_customer_column_meant(column);
    if (meant)
        complain(r, &d->object, d->attributes.items[i].at,
                 "attributes: %.*s looks like %s, and here it ends and lowers nothing: if it is an "
                 "attribute of your own, begin it with x_",
                 STR_ARG(shown(r, column)), meant);
}

static struct customer resolve_one(struct reader *r, const struct draft_customer *d)
{
    unsigned n = 0, n_own;
    const struct attribute *own = resolve_attributes(r, &d->object, "attributes", &d->attributes,
                                                     &n_own);
    struct attribute *list = reader_array(r, n_own + 5, sizeof(*list));
    if (!list)
        return (struct customer){.name = d->name};
    add_known(r, d, list, &n);
    if (n_own > ATTRIBUTES_MAX)
        complain(r, &d->object, place_of(&d->object, "attributes"),
                 "attributes: there are more than %d", ATTRIBUTES_MAX);
    for (unsigned i = 0; i < n_own; i++) {
        if (is_known_column(own[i].column))
            complain(r, &d->object, d->attributes.items[i].at,
                     "attributes: %.*s has a key of its own: write it there",
                     STR_ARG(own[i].column));
        else
            check_own_column(r, d, i, own[i].column);
        list[n++] = own[i];
    }
    return (struct customer){d->name, d->object.at.file, d->object.at.line, list, n};
}

static bool has_faulty(const struct reader *r, const struct draft *draft)
{
    bool faulty = objects_are_open(r, &draft->customers);
    for (unsigned i = 0; i < draft->customers.n; i++)
        faulty |= container_of(draft->customers.items[i], struct draft_customer, object)
                      ->attributes.faulty;
    return faulty;
}

void resolve_customers(struct reader *r, struct draft *draft)
{
    struct settings *s = &draft->settings;
    struct customer *list = reader_array(r, draft->customers.n, sizeof(*list));
    size_t before = r->problems->n;
    check_names(r, &draft->customers);
    for (unsigned i = 0; list && i < draft->customers.n; i++)
        list[i] = resolve_one(
            r, container_of(draft->customers.items[i], struct draft_customer, object));
    s->open.columns = r->problems->n > before || has_faulty(r, draft);
    s->customers = list;
    s->n_customers = list ? draft->customers.n : 0;
    for (unsigned t = 0; t < s->n_trunks; t++) {
        struct trunk *trunk = (struct trunk *)(uintptr_t)&s->trunks[t];
        uint32_t entry = object_find(&draft->customers, trunk->customer);
        trunk->customer_entry = entry < draft->customers.n ? entry : NO_CUSTOMER_ENTRY;
    }
}
