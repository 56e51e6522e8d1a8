#include "beside.h"

#include "parties.h"

#include <stird/core/uri.h>

void beside_begin(struct beside *b)
{
    b->n = 0;
    b->more = false;
}

/* Where the next reading goes; NULL: there are too many. */
static struct tn_reach *room(struct beside *b)
{
    if (b->n == BESIDE_MAX) {
        b->more = true;
        return NULL;
    }
    b->reach[b->n] = (struct tn_reach){.n = 0};
    return &b->reach[b->n];
}

/* What has no reading is no number. */
static void keep(struct beside *b, const struct tn_reach *reach)
{
    b->n += reach->n > 0;
    b->more |= reach->more;
}

/* rn without a plus sign may have its rn-context, which is one of a list as phone-context is. */
static void add_routing(struct decision *d, struct beside *b, struct str parameters)
{
    struct str name, value, rest = parameters, context = {NULL, 0};
    while (uri_parameter_next(&rest, &name, &value))
        if (uri_name_is(name, STR("rn-context")))
            context = value;
    while (uri_parameter_next(&parameters, &name, &value)) {
        struct tn_reach *reach = uri_name_is(name, STR("rn")) ? room(b) : NULL;
        if (!reach)
            continue;
        if (!tn_reach_add_routing(reach, value, context))
            parties_guess(d, reach, value);
        else if (reach->n > 0)
            TRACE(d, "the routing number beside it is %.*s, which may only refuse or lower",
                  NUMBER_TEXT(&reach->numbers[0]));
        keep(b, reach);
    }
}

static void add_texts(struct decision *d, struct beside *b, struct str text)
{
    struct asserted_texts texts = {.n = 0};
    asserted_add_odd(&texts, text);
    for (unsigned i = 0; i < texts.n_odd && i < ASSERTED_ODD_MAX; i++) {
        struct tn_reach *reach = room(b);
        if (!reach)
            return;
        parties_guess(d, reach, texts.odd[i]);
        keep(b, reach);
    }
    b->more |= asserted_overflows(&texts);
}

void beside_add(struct decision *d, struct beside *b, struct str uri)
{
    struct uri parts;
    struct str password, headers;
    uri_split(&parts, uri);
    add_routing(d, b, parts.user_parameters);
    add_routing(d, b, parts.parameters);
    if (!uri_says_more(uri, &password, &headers))
        return;
    add_texts(d, b, password);
    add_texts(d, b, headers);
}
