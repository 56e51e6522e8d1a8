#include "beside.h"

#include "parties.h"

#include <stird/base/buf.h>
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

/* RN with each rn-context of PARAMETERS as the number of a tel URI, which has one reader. */
static void write_routing(struct buf *uri, struct str rn, struct str parameters)
{
    struct str name, value;
    buf_add_text(uri, "tel:");
    buf_add_str(uri, rn);
    while (uri_parameter_next(&parameters, &name, &value)) {
        if (!uri_name_is(name, STR("rn-context")))
            continue;
        buf_add_text(uri, ";phone-context=");
        buf_add_str(uri, value);
    }
}

/* Read like a user part: as a number, or as what it may lead to. */
static void read_routing(struct decision *d, struct tn_reach *reach, struct str uri)
{
    struct tn tn;
    enum tn_fault fault = tn_from_uri(&tn, uri, &d->trunk->country, NULL, 0);
    if (fault == TN_OK || tn_cannot_exist(fault)) {
        tn_reach_add(reach, &tn);
        TRACE(d, "the routing number beside it is %.*s, which may only refuse or lower",
              NUMBER_TEXT(&tn));
    }
    if (fault != TN_OK)
        parties_guess(d, reach, uri);
}

/* One that has no reading is kept too: it fits no rule that raises. */
static void add_one_routing(struct decision *d, struct beside *b, struct str rn,
                            struct str parameters)
{
    struct buf uri = BUF_INIT;
    struct tn_reach *reach = room(b);
    if (!reach)
        return;
    write_routing(&uri, rn, parameters);
    read_routing(d, reach, buf_str(&uri));
    tn_reach_add_hexadecimal(reach, rn);
    b->more |= reach->more || buf_failed(&uri);
    b->n++;
    buf_fini(&uri);
}

static void add_routing(struct decision *d, struct beside *b, struct str parameters)
{
    struct str name, value, rest = parameters;
    while (uri_parameter_next(&rest, &name, &value))
        if (uri_name_is(name, STR("rn")) && value.n > 0)
            add_one_routing(d, b, value, parameters);
}

/* For a password or header fields, where text that has no reading is not a number. */
static void keep(struct beside *b, const struct tn_reach *reach)
{
    b->n += reach->n > 0;
    b->more |= reach->more;
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
