/*
 * The effective settings in the form of a configuration file: what it prints reads back to the
 * same settings. Names and places of scalars come from the table of keys; only lists and
 * references between parts are written here.
 */
#include <stird/conf/settings_file.h>
#include <stird/core/service_word.h>
#include <stird/core/trust_image.h>
#include <stird/core/verification.h>
#include <stird/core/verify_check.h>

#include <stdio.h>
#include <string.h>

#include "draft.h"
#include "keys.h"

struct printer {
    struct buf *out;
    const char *indent;
    struct str group; /* the one that is open: "timers" */
};

static void open_group(struct printer *p, struct str group)
{
    if (str_eq(p->group, group))
        return;
    if (p->group.n > 0)
        buf_addf(p->out, "%s};\n", p->indent);
    p->group = group;
    if (group.n > 0)
        buf_addf(p->out, "%s%.*s = {\n", p->indent, STR_ARG(group));
}

/* "timers.t1": opens `timers = {` if need be and begins the line `t1 = `. */
static void begin(struct printer *p, struct str name)
{
    size_t dot = str_find(name, '.', 0);
    struct str group = dot < name.n ? str_slice(name, 0, dot) : (struct str){"", 0};
    struct str word = dot < name.n ? str_slice(name, dot + 1, name.n) : name;
    open_group(p, group);
    buf_addf(p->out, "%s%s%.*s = ", p->indent, group.n > 0 ? "  " : "", STR_ARG(word));
}

static void end(struct printer *p)
{
    buf_add_text(p->out, ";\n");
}

static void print_text(struct printer *p, const char *name, struct str text)
{
    static const struct key plain = {.type = KEY_TEXT};
    if (text.n == 0)
        return;
    begin(p, str_of(name));
    key_print(&plain, &text, p->out);
    end(p);
}

/* [ "a", "b" ], the i-th element written by ELEMENT. */
static void print_list(struct printer *p, const char *name, unsigned n, const void *list,
                       void (*element)(struct buf *out, const void *list, unsigned i))
{
    begin(p, str_of(name));
    buf_add_char(p->out, '[');
    for (unsigned i = 0; i < n; i++) {
        buf_add_text(p->out, i > 0 ? ", " : " ");
        element(p->out, list, i);
    }
    buf_add_text(p->out, " ]");
    end(p);
}

static void text_element(struct buf *out, const void *list, unsigned i)
{
    static const struct key plain = {.type = KEY_TEXT};
    key_print(&plain, &((const struct str *)list)[i], out);
}

static void prefix_element(struct buf *out, const void *list, unsigned i)
{
    const struct address_prefix *p = &((const struct address_prefix *)list)[i];
    struct buf host = BUF_INIT;
    address_add_host(&host, &p->address);
    struct str text = buf_str(&host);
    if (p->address.family == ADDRESS_IPV6)
        text = str_slice(text, 1, text.n - 1);
    buf_addf(out, "\"%.*s/%u\"", STR_ARG(text), p->bits);
    buf_fini(&host);
}

/* Optional texts that are empty are not written, since for most of them empty is no value. Where
   the default is not empty, empty was meant and is written. */
static bool is_left_out(const struct key *k, const void *field)
{
    struct str text;
    bool is_text = k->type == KEY_TEXT || k->type == KEY_NAME;
    if (!is_text)
        return false;
    memcpy(&text, field, sizeof(text));
    return text.n == 0 && !(k->fallback && k->fallback[0]);
}

/*
 * The scalars of TABLE that lie in a part of the draft: BEGIN and BYTES in the draft, OBJECT in
 * the settings.
 */
static void print_scalars(struct printer *p, const struct table *table, const void *object,
                          size_t begin_at, size_t bytes)
{
    for (unsigned i = 0; i < table->n_keys; i++) {
        const struct key *k = &table->keys[i];
        const void *field = (const char *)object + (k->offset - begin_at);
        if (k->offset < begin_at || k->offset >= begin_at + bytes || k->type == KEY_TEXTS ||
            k->type == KEY_OBJECTS || is_left_out(k, field))
            continue;
        begin(p, str_of(k->name));
        key_print(k, field, p->out);
        end(p);
    }
}

#define SCALARS(p, table, object, draft, member)                                                   \
    print_scalars((p), &(table), (object), offsetof(struct draft, member),                         \
                  sizeof(((struct draft *)0)->member))

static void alias_element(struct buf *out, const struct alias *alias)
{
    buf_add_char(out, '"');
    if (alias->name.n > 0)
        buf_add_str(out, alias->name);
    else
        address_add_host(out, &alias->address);
    if (alias->address.port > 0)
        buf_addf(out, ":%u", alias->address.port);
    buf_add_char(out, '"');
}

/* Those of LISTENER, or of none. */
static void print_aliases(struct printer *p, const struct settings *s, unsigned listener)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->n_aliases; i++) {
        if (s->aliases[i].listener != listener)
            continue;
        if (n == 0)
            begin(p, STR("aliases"));
        buf_add_text(p->out, n++ == 0 ? "[ " : ", ");
        alias_element(p->out, &s->aliases[i]);
    }
    if (n == 0)
        return;
    buf_add_text(p->out, " ]");
    end(p);
}

static void print_listener(struct printer *p, const struct settings *s, unsigned i)
{
    const struct listener *l = &s->listeners[i];
    struct str names[TRANSPORTS];
    struct buf host = BUF_INIT;
    unsigned n = 0;
    for (unsigned t = 0; t < TRANSPORTS; t++)
        if (l->transports[t])
            names[n++] = transport_name((enum transport)t);
    address_add_host(&host, &l->address);
    SCALARS(p, listener_table, l, draft_listener, listener);
    print_text(p, "address", buf_str(&host));
    print_list(p, "transports", n, names, text_element);
    buf_reset(&host);
    if (l->advertised.family != ADDRESS_NONE)
        address_add(&host, &l->advertised);
    print_text(p, "advertise", buf_str(&host));
    print_aliases(p, s, i);
    buf_fini(&host);
}

/* The units of one certificate follow each other: the first one stands for them. */
static bool begins_certificate(const struct settings *s, unsigned i)
{
    return i == 0 || !str_eq(s->certificates[i].id, s->certificates[i - 1].id);
}

static unsigned count_certificates(const struct settings *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->n_certificates; i++)
        n += begins_certificate(s, i);
    return n;
}

static void print_certificate(struct printer *p, const struct settings *s, unsigned i)
{
    unsigned at = 0;
    for (unsigned seen = 0; at < s->n_certificates; at++)
        if (begins_certificate(s, at) && seen++ == i)
            break;
    const struct certificate *c = &s->certificates[at];
    size_t cut = c->directory.n;
    while (c->unit.n > 0 && cut > 0 && c->directory.p[cut - 1] != '/')
        cut--;
    print_text(p, "id", c->id);
    print_text(p, "directory", str_slice(c->directory, 0, cut == c->directory.n ? cut : cut - 1));
    if (c->foreign) {
        begin(p, STR("foreign"));
        buf_add_text(p->out, "true");
        end(p);
    }
}

static void print_provider(struct printer *p, const struct settings *s, unsigned i)
{
    const struct provider *one = &s->providers[i];
    print_text(p, "name", one->name);
    print_list(p, "spc", one->n_spcs, one->spcs, text_element);
    if (one->n_certificates > 0)
        print_list(p, "certificates", one->n_certificates, one->certificates, text_element);
}

/* What has a meaning only beside a list, or revocation lists. */
static bool is_of_domain(const struct trust_setting *t, const struct key *k)
{
    struct str name = str_of(k->name);
    if (str_eq(name, STR("crl_stale")))
        return t->n_crls > 0;
    if (str_eq(name, STR("max_shrink")) || str_eq(name, STR("stale")))
        return t->list.n > 0;
    return true;
}

static void print_trust(struct printer *p, const struct settings *s, unsigned i)
{
    const struct trust_setting *t = &s->trusts[i];
    for (unsigned k = 0; k < trust_table.n_keys; k++) {
        struct table one = {.keys = &trust_table.keys[k], .n_keys = 1};
        if (is_of_domain(t, one.keys))
            SCALARS(p, one, t, draft_trust, trust);
    }
    if (t->n_crls > 0)
        print_list(p, "crls", t->n_crls, t->crls, text_element);
    if (t->n_countries > 0)
        print_list(p, "countries", t->n_countries, t->countries, text_element);
}

/* Domains of trust of a profile, as upstreams of a trunk. */
static void print_refusing(struct printer *p, const struct verification_setting *v)
{
    struct str checks[VERIFY_CHECKS];
    unsigned n = 0;
    for (unsigned i = 0; i < VERIFY_CHECKS; i++)
        if (v->reject >> i & 1)
            checks[n++] = verify_check_name((enum verify_check)i);
    if (n > 0)
        print_list(p, "reject", n, checks, text_element);
    if (v->n_reject_countries > 0)
        print_list(p, "reject_countries", v->n_reject_countries, v->reject_countries, text_element);
}

static void print_verification(struct printer *p, const struct settings *s, unsigned i)
{
    const struct verification_setting *v = &s->verifications[i];
    struct str names[TRUST_DOMAINS_MAX];
    unsigned n = 0;
    for (unsigned d = 0; d < s->n_trusts; d++)
        if (v->trust & UINT32_C(1) << d)
            names[n++] = s->trusts[d].name;
    SCALARS(p, verification_table, v, draft_verification, verification);
    print_list(p, "trust", n, names, text_element);
    if (v->n_attestation_headers > 0)
        print_list(p, "attestation_headers", v->n_attestation_headers, v->attestation_headers,
                   text_element);
    print_refusing(p, v);
}

static void status_element(struct buf *out, const void *list, unsigned i)
{
    char text[4] = "";
    status_set_text(list, i, text);
    buf_addf(out, "\"%s\"", text);
}

static void print_statuses(struct printer *p, const char *name, const struct status_set *set)
{
    unsigned n = 0;
    char text[4];
    while (status_set_text(set, n, text))
        n++;
    print_list(p, name, n, set, status_element);
}

static void print_upstream(struct printer *p, const struct settings *s, unsigned i)
{
    const struct upstream *u = &s->upstreams[i];
    struct buf uri = BUF_INIT;
    buf_add_text(&uri, "sip:");
    if (u->host.n == 0)
        address_add(&uri, &u->address);
    else
        buf_add_str(&uri, u->host);
    if (u->host.n > 0 && u->port_given)
        buf_addf(&uri, ":%u", u->address.port);
    if (u->transport_given)
        buf_addf(&uri, ";transport=%.*s", STR_ARG(transport_name(u->transport)));
    SCALARS(p, upstream_table, u, draft_upstream, upstream);
    print_text(p, "uri", buf_str(&uri));
    if (u->host.n == 0 || u->listener_given)
        print_text(p, "listener", s->listeners[u->listener].name);
    if (u->n_sources > 0 || u->host.n == 0) /* none is another thing than its address */
        print_list(p, "sources", u->n_sources, u->sources, prefix_element);
    print_statuses(p, "failover", &u->failover);
    if (!status_set_is_empty(&u->retry_unsigned))
        print_statuses(p, "retry_unsigned", &u->retry_unsigned);
    buf_fini(&uri);
}

/* Upstreams of a trunk. */
struct chosen {
    const struct upstream *all;
    const uint32_t *indices;
};

static void upstream_element(struct buf *out, const void *list, unsigned i)
{
    const struct chosen *chosen = list;
    text_element(out, &chosen->all[chosen->indices[i]].name, 0);
}

/* On a gateway trunk only blocked and gateway have a meaning, on others all but gateway; where
   nothing is signed, none of the two ways to know a customer. */
static bool has_meaning(const struct trunk *t, const struct key *k)
{
    struct str name = str_of(k->name);
    if (str_eq(name, STR("identity")))
        return service_words[t->service].signs;
    if (str_eq(name, STR("tgrp_in")))
        return t->tgrp.n > 0;
    bool level = str_starts(name, STR("attestation.")) &&
                 !str_eq(name, STR("attestation.no_calling_number")) &&
                 !str_eq(name, STR("attestation.impossible_number")) &&
                 !str_eq(name, STR("attestation.blocked"));
    return !level || t->gateway == str_eq(name, STR("attestation.gateway"));
}

static void print_trunk(struct printer *p, const struct settings *s, unsigned i)
{
    const struct trunk *t = &s->trunks[i];
    size_t from = offsetof(struct draft_trunk, trunk);
    const struct chosen upstreams = {s->upstreams, t->upstreams};
    print_list(p, "sources", t->n_sources, t->sources, prefix_element);
    if (t->n_upstreams > 0)
        print_list(p, "upstreams", t->n_upstreams, &upstreams, upstream_element);
    if (s->providers_named)
        print_text(p, "provider", s->providers[t->provider].name);
    if (t->certificate != NO_CERTIFICATE)
        print_text(p, "certificate", s->certificates[t->certificate].id);
    if (t->verification != NO_VERIFICATION)
        print_text(p, "verification", s->verifications[t->verification].name);
    for (unsigned k = 0; k < trunk_table.n_keys; k++) {
        struct table one = {.keys = &trunk_table.keys[k], .n_keys = 1};
        if (has_meaning(t, one.keys))
            print_scalars(p, &one, t, from, sizeof(*t));
    }
}

static void attribute_element(struct buf *out, const void *list, unsigned i)
{
    static const struct key plain = {.type = KEY_TEXT};
    const struct attribute *a = &((const struct attribute *)list)[i];
    struct buf both = BUF_INIT;
    buf_addf(&both, "%.*s = %.*s", STR_ARG(a->column), STR_ARG(a->value));
    struct str text = buf_str(&both);
    key_print(&plain, &text, out);
    buf_fini(&both);
}

static bool is_key_of_customer(struct str column)
{
    return key_find(&customer_table, column) < customer_table.n_keys;
}

static void print_customer(struct printer *p, const struct settings *s, unsigned i)
{
    const struct customer *c = &s->customers[i];
    unsigned own = 0;
    print_text(p, "name", c->name);
    for (; own < c->n_attributes && is_key_of_customer(c->attributes[own].column); own++) {
        begin(p, c->attributes[own].column);
        if (customer_table.keys[key_find(&customer_table, c->attributes[own].column)].type ==
            KEY_INTEGER)
            buf_add_str(p->out, c->attributes[own].value);
        else
            text_element(p->out, &c->attributes[own].value, 0);
        end(p);
    }
    if (own < c->n_attributes)
        print_list(p, "attributes", c->n_attributes - own, c->attributes + own, attribute_element);
}

static void prefix_text_element(struct buf *out, const void *list, unsigned i)
{
    buf_addf(out, "\"+%.*s\"", STR_ARG(((const struct str *)list)[i]));
}

static void print_names(struct printer *p, const char *name, unsigned n, const struct str *list)
{
    if (n > 0)
        print_list(p, name, n, list, text_element);
}

static void trust_element(struct buf *out, const void *list, unsigned i)
{
    text_element(out, &((const struct trust_setting *)list)[i].name, 0);
}

/* Elements of LIST whose bits are set, as one list. */
static void print_bits(struct printer *p, const char *name, uint32_t bits, unsigned n,
                       const void *list, void (*element)(struct buf *, const void *, unsigned))
{
    bool first = true;
    for (unsigned i = 0; i < n && i < 32; i++) {
        if (!(bits >> i & 1))
            continue;
        if (first)
            begin(p, str_of(name));
        buf_add_text(p->out, first ? "[ " : ", ");
        element(p->out, list, i);
        first = false;
    }
    if (first)
        return;
    buf_add_text(p->out, " ]");
    end(p);
}

static void print_verdict_lists(struct printer *p, const struct settings *s, const struct rule *r)
{
    static const struct str levels[] = {STR("A"), STR("B"), STR("C")};
    struct str names[VERIFICATION_CLASSES + 1];
    unsigned n = 0;
    print_names(p, "called_customers", r->n_called_customers, r->called_customers);
    if (r->n_called_customer_is > 0)
        print_list(p, "called_customer_is", r->n_called_customer_is, r->called_customer_is,
                   attribute_element);
    for (unsigned i = 0; i < VERIFICATION_CLASSES; i++)
        if (r->judged >> i & 1)
            names[n++] = verification_class_name((enum verification_class)i);
    if (r->judged & RULE_JUDGED_UNSIGNED)
        names[n++] = STR("unsigned");
    print_names(p, "verdict", n, names);
    print_bits(p, "levels", r->levels, 3, levels, text_element);
    print_names(p, "signers", r->n_signers, r->signers);
    print_bits(p, "trust", r->trusts, s->n_trusts, s->trusts, trust_element);
    const struct chosen upstreams = {s->upstreams, r->upstreams};
    if (r->n_upstreams > 0)
        print_list(p, "upstreams", r->n_upstreams, &upstreams, upstream_element);
}

static void print_rule_lists(struct printer *p, const struct settings *s, const struct rule *r)
{
    static const struct str days[] = {STR("sun"), STR("mon"), STR("tue"), STR("wed"),
                                      STR("thu"), STR("fri"), STR("sat")};
    struct str names[NUMBER_STATES + 7];
    unsigned n = 0;
    for (unsigned i = 0; i < r->n_trunks; i++) {
        if (i == 0)
            begin(p, STR("trunks"));
        buf_add_text(p->out, i > 0 ? ", " : "[ ");
        text_element(p->out, &s->trunks[r->trunks[i]].name, 0);
        if (i + 1 == r->n_trunks) {
            buf_add_text(p->out, " ]");
            end(p);
        }
    }
    print_names(p, "customers", r->n_customers, r->customers);
    for (unsigned i = 0; i < NUMBER_STATES; i++)
        if (r->number_states >> i & 1)
            names[n++] = number_state_name((enum number_state)i);
    print_names(p, "number_states", n, names);
    if (r->n_customer_is > 0)
        print_list(p, "customer_is", r->n_customer_is, r->customer_is, attribute_element);
    if (r->n_number_is > 0)
        print_list(p, "number_is", r->n_number_is, r->number_is, attribute_element);
    if (r->n_calling > 0)
        print_list(p, "calling", r->n_calling, r->calling, prefix_text_element);
    if (r->n_called > 0)
        print_list(p, "called", r->n_called, r->called, prefix_text_element);
    print_verdict_lists(p, s, r);
    n = 0;
    for (unsigned i = 0; i < 7; i++)
        if (r->days >> i & 1)
            names[n++] = days[i];
    print_names(p, "days", n < 7 ? n : 0, names);
}

static void print_minute(struct printer *p, const char *name, unsigned minute)
{
    begin(p, str_of(name));
    buf_addf(p->out, "\"%02u:%02u\"", minute / 60, minute % 60);
    end(p);
}

/* A setting that has no meaning for the verdict is not written, for it would be refused. */
static bool rule_says(const struct rule *r, const struct key *k)
{
    bool refuses = r->verdict == RULE_REFUSE;
    struct str name = str_of(k->name);
    if (str_eq(name, STR("status")) || str_eq(name, STR("reason")))
        return refuses;
    if (str_eq(name, STR("calls_per_minute")))
        return r->calls_per_minute > 0;
    if (str_eq(name, STR("level_below")))
        return r->level_below != RULE_NO_FLOOR;
    if (str_eq(name, STR("own_number")))
        return r->own_number;
    if (str_eq(name, STR("replayed")))
        return r->replayed;
    if (str_eq(name, STR("short_share")))
        return r->short_share > 0;
    if (str_eq(name, STR("unanswered_share")))
        return r->unanswered_share > 0;
    if (str_eq(name, STR("window")) || str_eq(name, STR("rate_of")))
        return rule_asks_for_rate(r);
    if (str_eq(name, STR("least_calls")))
        return r->short_share > 0 || r->unanswered_share > 0;
    return !str_eq(name, STR("existing_identity")) || r->has_existing;
}

static void print_rule(struct printer *p, const struct settings *s, unsigned i)
{
    const struct rule *r = &s->rules[i];
    for (unsigned k = 0; k < rule_table.n_keys; k++) {
        struct table one = {.keys = &rule_table.keys[k], .n_keys = 1};
        if (rule_says(r, one.keys))
            print_scalars(p, &one, r, offsetof(struct draft_rule, rule), sizeof(*r));
    }
    print_rule_lists(p, s, r);
    if (r->from_minute != r->to_minute) {
        print_minute(p, "from", r->from_minute);
        print_minute(p, "to", r->to_minute);
    }
    print_text(p, "time_zone", s->zones[r->zone].name);
    if (r->certificate != NO_CERTIFICATE)
        print_text(p, "certificate", s->certificates[r->certificate].id);
}

static void print_number(struct printer *p, const char *name, struct str digits)
{
    begin(p, str_of(name));
    buf_addf(p->out, "\"+%.*s\"", STR_ARG(digits));
    end(p);
}

/* Trunks of a monitor. */
struct named_trunks {
    const struct trunk *all;
    const uint32_t *indices;
};

static void named_trunk_element(struct buf *out, const void *list, unsigned i)
{
    const struct named_trunks *named = list;
    text_element(out, &named->all[named->indices[i]].name, 0);
}

static void print_monitor(struct printer *p, const struct settings *s, unsigned i)
{
    const struct monitor_setting *m = &s->monitors[i];
    const struct named_trunks arrives = {s->trunks, m->arrives};
    SCALARS(p, monitor_table, m, draft_monitor, monitor);
    print_text(p, "trunk", s->trunks[m->trunk].name);
    if (m->upstream != NO_UPSTREAM)
        print_text(p, "upstream", s->upstreams[m->upstream].name);
    print_number(p, "from", m->from);
    print_number(p, "to", m->to);
    if (m->n_arrives > 0)
        print_list(p, "arrives", m->n_arrives, &arrives, named_trunk_element);
}

/* Text and text, joined as a list of settings has them. */
static struct str joined(struct buf *room, struct str a, const char *between, struct str b)
{
    buf_reset(room);
    buf_add_str(room, a);
    buf_add_text(room, between);
    buf_add_str(room, b);
    return buf_str(room);
}

static void print_answers(struct printer *p, const struct dialect *d)
{
    struct buf room = BUF_INIT, reasons = BUF_INIT;
    for (unsigned i = 0; i < DIALECT_CASES; i++) {
        const struct dialect_answer *a = &d->answers[i];
        const struct str name = dialect_case_name((enum dialect_case)i);
        char status[8];
        snprintf(status, sizeof(status), "%u", (unsigned)a->status);
        if (a->status != 0)
            print_text(p, name.p,
                       joined(&room, str_of(status), a->phrase.n > 0 ? " " : "", a->phrase));
        const struct str reason = joined(&room, name, a->reason.n > 0 ? " = " : " =", a->reason);
        buf_add_text(&reasons, i > 0 ? ", " : "");
        text_element(&reasons, &reason, 0);
    }
    begin(p, STR("reasons"));
    buf_addf(p->out, "[ %.*s ]", STR_ARG(buf_str(&reasons)));
    end(p);
    buf_fini(&room);
    buf_fini(&reasons);
}

static void print_dialect(struct printer *p, const struct settings *s, unsigned i)
{
    const struct dialect *d = &s->dialects[i];
    struct str shapes[3];
    unsigned n = 0;
    if (d->identity & DIALECT_IDENTITY_HEADER)
        shapes[n++] = STR("header");
    if (d->identity & DIALECT_IDENTITY_X)
        shapes[n++] = STR("x");
    if (d->identity & DIALECT_IDENTITY_CONTACT)
        shapes[n++] = STR("contact");
    print_text(p, "like", d->like);
    print_answers(p, d);
    print_list(p, "identity", n, shapes, text_element);
    print_list(p, "headers", d->n_headers, d->headers, text_element);
    for (unsigned k = 0; k < dialect_table.n_keys; k++) {
        struct table one = {.keys = &dialect_table.keys[k], .n_keys = 1};
        if (d->foreign || strcmp(one.keys->name, "shaken") != 0)
            SCALARS(p, one, d, draft_dialect, dialect);
    }
}

static void print_objects(struct buf *out, const struct settings *s, const char *name, unsigned n,
                          void (*one)(struct printer *, const struct settings *, unsigned))
{
    buf_addf(out, "%s = (\n", name);
    for (unsigned i = 0; i < n; i++) {
        struct printer p = {out, "    ", {"", 0}};
        buf_add_text(out, "  {\n");
        one(&p, s, i);
        open_group(&p, (struct str){"", 0});
        buf_addf(out, "  }%s\n", i + 1 < n ? "," : "");
    }
    buf_add_text(out, ");\n");
}

static void server_element(struct buf *out, const void *list, unsigned i)
{
    buf_add_char(out, '"');
    address_add(out, &((const struct address *)list)[i]);
    buf_add_char(out, '"');
}

static const struct str *spcs_of_one(const struct settings *s)
{
    return s->providers_named ? NULL : s->providers[0].spcs;
}

static void print_root_list(struct printer *p, const struct settings *s, const char *name)
{
    const struct {
        const char *name;
        const struct str *list;
        unsigned n;
    } lists[] = {
        {"numbers.files", s->numbers_files, s->n_numbers_files},
        {"numbers.customers", s->customers_files, s->n_customers_files},
        {"provider.spc", spcs_of_one(s), s->providers_named ? 0 : s->providers[0].n_spcs},
        {"countries.own", s->own_countries, s->n_own_countries},
        {"emergency.numbers", s->emergency_numbers, s->n_emergency_numbers},
        {"emergency.prefixes", s->emergency_prefixes, s->n_emergency_prefixes},
        {"short_codes", s->short_codes, s->n_short_codes},
        {"proxy.private_headers", s->private_headers, s->n_private_headers},
        {"fetch.prefetch", s->fetch.prefetch, s->fetch.n_prefetch},
    };
    if (strcmp("aliases", name) == 0)
        print_aliases(p, s, NO_LISTENER);
    if (strcmp("dns.servers", name) == 0)
        print_list(p, name, s->n_dns_servers, s->dns_servers, server_element);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (strcmp(lists[i].name, name) == 0)
            print_list(p, name, lists[i].n, lists[i].list, text_element);
}

/* An empty provider.spc would be a mistake. */
static bool is_said(const struct settings *s, const char *name)
{
    return strcmp(name, "provider.spc") != 0 || (!s->providers_named && s->providers[0].n_spcs > 0);
}

void settings_print(const struct settings *s, struct buf *out)
{
    struct printer p = {out, "", {"", 0}};
    for (unsigned i = 0; i < root_table.n_keys; i++) {
        struct table one = {.keys = &root_table.keys[i], .n_keys = 1};
        if (one.keys->type == KEY_TEXTS && !is_said(s, one.keys->name))
            continue;
        else if (one.keys->type == KEY_TEXTS)
            print_root_list(&p, s, one.keys->name);
        else if (strcmp(one.keys->name, "numbers.time_zone") == 0)
            print_text(&p, one.keys->name, s->zones[s->numbers_zone].name);
        else
            SCALARS(&p, one, s, draft, settings);
    }
    open_group(&p, (struct str){"", 0});
    print_objects(out, s, "listen", s->n_listeners, print_listener);
    if (s->n_certificates > 0)
        print_objects(out, s, "certificates", count_certificates(s), print_certificate);
    if (s->providers_named)
        print_objects(out, s, "providers", s->n_providers, print_provider);
    if (s->n_trusts > 0)
        print_objects(out, s, "trust", s->n_trusts, print_trust);
    if (s->n_verifications > 0)
        print_objects(out, s, "verification", s->n_verifications, print_verification);
    if (s->n_upstreams > 0)
        print_objects(out, s, "upstreams", s->n_upstreams, print_upstream);
    if (s->n_dialects > 0)
        print_objects(out, s, "dialects", s->n_dialects, print_dialect);
    print_objects(out, s, "trunks", s->n_trunks, print_trunk);
    if (s->n_customers > 0)
        print_objects(out, s, "customers", s->n_customers, print_customer);
    if (s->n_rules > 0)
        print_objects(out, s, "rules", s->n_rules, print_rule);
    if (s->n_monitors > 0)
        print_objects(out, s, "monitors", s->n_monitors, print_monitor);
}
