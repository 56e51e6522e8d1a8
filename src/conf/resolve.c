/* The root, and what the parts share. */
#include "host_port.h"
#include "reader.h"

#include <stird/base/suggest.h>
#include <stird/core/headers.h>
#include <string.h>
#include <unistd.h>

struct str object_name(const struct object *object)
{
    unsigned i = key_find(object->table, str_of(object->table->name));
    struct str name;
    memcpy(&name, (const char *)object + object->table->keys[i].offset, sizeof(name));
    return name;
}

unsigned object_find(const struct objects *list, struct str name)
{
    unsigned i = 0;
    while (i < list->n && !str_eq(object_name(list->items[i]), name))
        i++;
    return i;
}

bool objects_are_open(const struct reader *r, const struct objects *list)
{
    bool open = list->faulty || r->incomplete;
    for (unsigned i = 0; i < list->n; i++)
        open = open || object_name(list->items[i]).n == 0;
    return open;
}

bool objects_lack(const struct reader *r, const struct objects *list, struct str name)
{
    return object_find(list, name) == list->n && !objects_are_open(r, list);
}

struct str hint_of_objects(struct reader *r, const struct objects *list, struct str name)
{
    unsigned distance = SUGGEST_FAR;
    struct str nearest = {NULL, 0};
    for (unsigned i = 0; i < list->n; i++)
        if (suggest_is_nearer(name, object_name(list->items[i]), &distance))
            nearest = object_name(list->items[i]);
    if (nearest.n == 0)
        return (struct str){"", 0};
    return arena_printf(r->arena, " (did you mean \"%.*s\"?)", STR_ARG(nearest));
}

struct str hint_of_words(struct reader *r, const char *const *words, struct str word)
{
    unsigned distance = SUGGEST_FAR;
    const char *nearest = NULL;
    for (; *words; words++)
        if (suggest_is_nearer(word, str_of(*words), &distance))
            nearest = *words;
    if (!nearest || str_of(nearest).n < 2)
        return (struct str){"", 0};
    return arena_printf(r->arena, " (did you mean \"%s\"?)", nearest);
}

void check_names(struct reader *r, const struct objects *list)
{
    for (unsigned i = 0; i < list->n; i++) {
        const struct object *o = list->items[i];
        unsigned first = object_find(list, object_name(o));
        if (first < i && object_name(o).n > 0)
            complain(r, o, place_of(o, o->table->name),
                     "there is already %s %s of this name at %.*s:%u",
                     strchr("aeiou", o->table->noun[0]) ? "an" : "a", o->table->noun,
                     STR_ARG(list->items[first]->at.file), list->items[first]->at.line);
    }
}

static bool is_host(const struct address_prefix *p)
{
    return p->bits == (p->address.family == ADDRESS_IPV6 ? 128 : 32);
}

const struct address_prefix *resolve_prefixes(struct reader *r, const struct object *object,
                                              const char *key, const struct texts *texts,
                                              unsigned *n)
{
    struct address_prefix *prefixes = reader_array(r, texts->n, sizeof(*prefixes));
    *n = 0;
    for (unsigned i = 0; prefixes && i < texts->n; i++) {
        struct address_prefix *p = &prefixes[*n];
        bool good = address_prefix_parse(texts->items[i].text, p);
        if (good && (!is_host(p) || host_port_is_one_hosts(&p->address)))
            (*n)++;
        else if (good)
            complain(r, object, texts->items[i].at,
                     "%s: nobody sends from %.*s: it is a wildcard, multicast or reserved (for "
                     "everybody: 0.0.0.0/0)",
                     key, STR_ARG(shown(r, texts->items[i].text)));
        else
            complain(r, object, texts->items[i].at,
                     "%s: %.*s is no address or prefix (like 192.0.2.7 or 192.0.2.0/24, with "
                     "zeros behind the prefix)",
                     key, STR_ARG(shown(r, texts->items[i].text)));
    }
    return prefixes;
}

/* ---- the root ---- */

static bool only(struct str text, const char *characters)
{
    for (size_t i = 0; i < text.n; i++)
        if (!strchr(characters, text.p[i]) || text.p[i] == '\0')
            return false;
    return text.n > 0;
}

static const struct str *short_numbers(struct reader *r, const struct object *root, const char *key,
                                       const struct texts *texts, const char *characters,
                                       size_t max, unsigned *n)
{
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    *n = 0;
    for (unsigned i = 0; list && i < texts->n; i++) {
        list[(*n)++] = texts->items[i].text;
        if (!only(texts->items[i].text, characters) || texts->items[i].text.n > max)
            complain(r, root, texts->items[i].at, "%s: %.*s must be 1 to %zu of the characters %s",
                     key, STR_ARG(shown(r, texts->items[i].text)), max, characters);
    }
    return list;
}

/* The default is what most of North America dials; an empty list means none. */
static const struct str *emergency_prefixes(struct reader *r, struct draft *draft, unsigned *n)
{
    static const struct str nine[] = {STR("9")};
    if (was_given(&draft->object, "emergency.prefixes"))
        return short_numbers(r, &draft->object, "emergency.prefixes", &draft->emergency_prefixes,
                             "0123456789*#", 4, n);
    *n = 1;
    return nine;
}

bool header_can_go(struct str name)
{
    static const char *const needed[] = {
        "Via",   "From",         "To",           "Call-ID",      "CSeq",           "Max-Forwards",
        "Route", "Record-Route", "Contact",      "Content-Type", "Content-Length", "Identity",
        "Date",  "Require",      "Proxy-Require"};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (header_same_name(name, str_of(needed[i])))
            return false;
    return true;
}

bool resolve_is_header_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) && name.p[i] != '-')
            return false;
    return name.n > 1 && name.n <= 64 && header_can_go(name);
}

static void resolve_private_headers(struct reader *r, struct draft *draft)
{
    const struct texts *texts = &draft->private_headers;
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    for (unsigned i = 0; list && i < texts->n; i++) {
        list[i] = texts->items[i].text;
        if (!resolve_is_header_name(list[i]))
            complain(r, &draft->object, texts->items[i].at,
                     "proxy.private_headers: %.*s is no name of a header that can be left out",
                     STR_ARG(shown(r, list[i])));
    }
    draft->settings.private_headers = list;
    draft->settings.n_private_headers = list ? texts->n : 0;
}

static const struct str *resolve_file_names(struct reader *r, const struct draft *draft,
                                            const char *key, const struct texts *texts, unsigned *n)
{
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    *n = list ? texts->n : 0;
    for (unsigned i = 0; list && i < texts->n; i++) {
        list[i] = reader_path(r, texts->items[i].text);
        if (list[i].n == 0)
            complain(r, &draft->object, texts->items[i].at, "%s: the name is empty", key);
    }
    return list;
}

static void use_host_name(struct reader *r, struct settings *s)
{
    char name[65] = "";
    if (gethostname(name, sizeof(name) - 1) < 0 || name[0] == '\0')
        memcpy(name, "localhost", sizeof("localhost"));
    s->node = arena_copy(r->arena, str_of(name));
}

bool country_is_too_long(const struct country *c)
{
    size_t most = c->national_length_max > c->national_length ? c->national_length_max
                                                              : c->national_length;
    return c->code.n + most > TN_MAX_DIGITS;
}

bool country_lengths_cross(const struct country *c)
{
    return c->national_length_max > 0 && c->national_length_max < c->national_length;
}

static void check_country(struct reader *r, const struct object *o, const struct country *c)
{
    if (country_is_too_long(c))
        complain(r, o, place_of(o, "country.national_length"), COUNTRY_TOO_LONG, TN_MAX_DIGITS);
    if (country_lengths_cross(c))
        complain(r, o, place_of(o, "country.national_length_max"), COUNTRY_LENGTHS_CROSS);
}

static bool tables_are_open(const struct reader *r, const struct draft *draft)
{
    return r->incomplete || draft->numbers_files.faulty || draft->customers_files.faulty ||
           (was_given(&draft->object, "numbers.compiled") &&
            draft->settings.numbers_compiled.n == 0);
}

void resolve_root(struct reader *r, struct draft *draft)
{
    struct settings *s = &draft->settings;
    const struct object *root = &draft->object;
    s->numbers_files = resolve_file_names(r, draft, "numbers.files", &draft->numbers_files,
                                          &s->n_numbers_files);
    s->customers_files = resolve_file_names(r, draft, "numbers.customers", &draft->customers_files,
                                            &s->n_customers_files);
    s->open.tables = tables_are_open(r, draft);
    if (s->numbers_compiled.n > 0 && s->n_numbers_files + s->n_customers_files > 0)
        complain(
            r, root, place_of(root, "numbers.compiled"),
            "numbers.compiled: a compiled table holds what numbers.files and numbers.customers "
            "name: keep either that or these");
    s->own_countries = short_numbers(r, root, "countries.own", &draft->own_countries, "0123456789",
                                     3, &s->n_own_countries);
    s->numbers_zone = resolve_zone(r, draft, root, place_of(root, "numbers.time_zone"),
                                   draft->time_zone);
    resolve_dns(r, draft);
    resolve_fetch(r, draft);
    resolve_private_headers(r, draft);
    resolve_network_blocked(r, draft);
    s->emergency_numbers = short_numbers(r, root, "emergency.numbers", &draft->emergency_numbers,
                                         "0123456789", 8, &s->n_emergency_numbers);
    s->emergency_prefixes = emergency_prefixes(r, draft, &s->n_emergency_prefixes);
    s->short_codes = short_numbers(r, root, "short_codes", &draft->short_codes, "0123456789*#",
                                   TN_MAX_DIGITS, &s->n_short_codes);
    if (!was_given(root, "node"))
        use_host_name(r, s);
    check_country(r, root, &draft->common.country);
    if (s->check.crls.n > 0 && s->check.anchors.n == 0)
        complain(r, root, place_of(root, "check.crls"),
                 "check.crls: revocation is judged of chains that lead to an anchor: name "
                 "check.anchors too");
    if (s->check.crl_anchors.n > 0 && s->check.crls.n == 0)
        complain(r, root, place_of(root, "check.crl_anchors"),
                 "check.crl_anchors: it says who signs revocation lists: name check.crls too");
    if (s->t2_ms < s->t1_ms)
        complain(r, root, place_of(root, "timers.t2"),
                 "timers.t2 must not be shorter than timers.t1");
}
