/* Units of certificates and trust anchors: from the draft and their files to the settings. */
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stird/base/container_of.h>
#include <stird/base/regular_file.h>
#include <stird/core/certificate_chain.h>
#include <stird/core/x5u.h>

#define CERTIFICATE_BYTES_MAX (256 * 1024)
#define X5U_BYTES_MAX         4096
#define ANCHORS_BYTES_MAX     (1024 * 1024)
#define UNIT_SUFFIX           ".unit"

/* A unit's directory and what was read of it. */
struct unit {
    const struct draft_certificate *draft;
    struct str directory, name;  /* name: of the sub-directory, or empty */
    const struct trust *anchors; /* NULL: none are known */
};

static bool read_part(struct reader *r, const struct unit *u, const char *name, size_t max_bytes,
                      bool text_only, struct str *path, struct str *text)
{
    const struct draft_certificate *d = u->draft;
    *path = arena_printf(r->arena, "%.*s/%s", STR_ARG(u->directory), name);
    int error = !path->p    ? -ENOMEM
                : text_only ? files_read(r->files, *path, max_bytes, text)
                            : files_read_bytes(r->files, *path, max_bytes, text);
    if (error == -ENOMEM)
        out_of_memory(r);
    else if (error < 0)
        complain(r, &d->object, place_of(&d->object, "directory"), "%.*s: %s", STR_ARG(*path),
                 files_fault(error));
    problems_may_pass(r->problems, -error);
    return error == 0;
}

/* The first of CODES that is not one of P's; p == NULL: all are. */
static struct str foreign_code(const struct provider *p, struct str codes)
{
    while (codes.n > 0) {
        struct str code = str_cut(&codes, ',');
        bool own = false;
        for (unsigned i = 0; i < p->n_spcs && !own; i++)
            own = str_eq(code, p->spcs[i]);
        if (!own)
            return code;
    }
    return (struct str){NULL, 0};
}

/* Nobody has said who we are. The certificate tells, and the operator is asked whether that is
   right. */
static void ask_for_code(struct reader *r, const struct settings *s, const struct unit *u,
                         const struct certificate *c)
{
    struct buf codes = BUF_INIT;
    struct str rest = c->spc;
    while (rest.n > 0) {
        struct str code = str_cut(&rest, ',');
        buf_addf(&codes, "%s\"%.*s\"", codes.n > 0 ? ", " : "", STR_ARG(code));
    }
    if (s->providers_named)
        complain(r, &u->draft->object, place_of(&u->draft->object, "directory"),
                 "%.*s is a certificate of service provider code %.*s, and provider %.*s has no "
                 "code: if that is it, write spc = [ %.*s ] in its entry of providers",
                 STR_ARG(u->directory), STR_ARG(c->spc),
                 STR_ARG(shown(r, s->providers[c->provider].name)), STR_ARG(buf_str(&codes)));
    else
        complain(
            r, &u->draft->object, place_of(&u->draft->object, "directory"),
            "%.*s is a certificate of service provider code %.*s, and provider.spc is missing: if "
            "that is you, write provider.spc = [ %.*s ], which is provider = { spc = [ %.*s ]; };",
            STR_ARG(u->directory), STR_ARG(c->spc), STR_ARG(buf_str(&codes)),
            STR_ARG(buf_str(&codes)));
    buf_fini(&codes);
}

static void refuse_code(struct reader *r, const struct settings *s, const struct unit *u,
                        const struct certificate *c, struct str code)
{
    const struct object *o = &u->draft->object;
    struct str ours = arena_printf(r->arena, "%s%.*s",
                                   s->providers_named ? "the codes" : "provider.spc",
                                   STR_ARG(provider_text(r, s, c->provider)));
    if (str_eq(code, c->spc))
        complain(r, o, place_of(o, "directory"),
                 "%.*s is a certificate of %.*s, which is none of %.*s: get one of your own, or "
                 "write foreign = true",
                 STR_ARG(u->directory), STR_ARG(code), STR_ARG(ours));
    else
        complain(
            r, o, place_of(o, "directory"),
            "%.*s is a certificate of %.*s, and each of its codes must be one of %.*s: %.*s is "
            "not: get one of your own, or write foreign = true",
            STR_ARG(u->directory), STR_ARG(c->spc), STR_ARG(ours), STR_ARG(code));
}

/* Signing with somebody else's certificate is a lie about who signs (ATIS-1000074, 47 CFR 64.6301).
 */
static void check_owner(struct reader *r, const struct settings *s, const struct unit *u,
                        const struct certificate *c)
{
    const struct object *o = &u->draft->object;
    if (c->foreign || c->provider_open || r->incomplete || c->provider >= s->n_providers)
        return;
    struct str code = foreign_code(&s->providers[c->provider], c->spc);
    if (c->spc.n > 0 && !code.p)
        return;
    if (c->spc.n == 0)
        complain(
            r, o, place_of(o, "directory"),
            "%.*s is a certificate without service provider code, for telephone numbers alone: "
            "get one with your code, or write foreign = true",
            STR_ARG(u->directory));
    else if (s->providers[c->provider].n_spcs == 0)
        ask_for_code(r, s, u, c);
    else
        refuse_code(r, s, u, c, code);
}

/* It is loaded, because the certificate may have other units; but the operator should know. */
static void check_use(struct reader *r, const struct unit *u, const struct certificate *c)
{
    struct str claim;
    const struct object *o = &u->draft->object;
    const char *why = sti_scope_signs_nothing(&c->scope, passport_type_deciding(), &claim);
    if (why)
        warn(
            r, o, place_of(o, "directory"),
            "%.*s can sign no call: by its constraints (JWTClaimConstraints) the claim %.*s %s: get "
            "one without",
            STR_ARG(u->directory), STR_ARG(claim), why);
}

/* A chain that no verifier can follow is not loaded; one that some cannot follow is warned of. */
static bool check_chain(struct reader *r, const struct unit *u, struct str chain_name,
                        struct certificate *c)
{
    const char *why = certificate_fault(c, u->anchors, r->now_s, r->arena);
    why = why ? why : certificate_take_scope(c, u->anchors, r->now_s, r->arena);
    const char *maybe = certificate_warning(c, u->anchors, r->arena);
    if (why)
        problems_add(r->problems, chain_name, 0, "%s", why);
    else if (maybe)
        warn(r, &u->draft->object, place_of(&u->draft->object, "directory"), "%.*s %s",
             STR_ARG(chain_name), maybe);
    return !why;
}

static void take_owner(const struct settings *s, const struct unit *u, struct certificate *c)
{
    c->foreign = u->draft->foreign;
    c->provider = provider_of_certificate(s, c->id);
    c->provider_open = provider_is_open(s, c->id);
}

/* Whose it is can be seen whatever its URL and its dates are, so one mistake hides no other. */
static void check_owner_alone(struct reader *r, const struct settings *s, const struct unit *u,
                              struct str chain_name, struct str chain)
{
    struct problems ignored = PROBLEMS_INIT;
    struct certificate c = {.public_key = NULL};
    if (chain.p && certificate_read(&c, r->arena, u->draft->id, u->directory, chain_name, chain,
                                    STR("x5u"), STR("https://stand-in.example/x\n"), 0, &ignored)) {
        take_owner(s, u, &c);
        check_owner(r, s, u, &c);
        certificate_fini(&c);
    }
    problems_fini(&ignored);
}

static bool is_over(const struct reader *r, const struct certificate *c)
{
    return c->not_after_s < r->now_s;
}

/* One that has expired is read too; its chain is not judged, for mostly there is another. */
static bool read_unit(struct reader *r, const struct settings *s, const struct unit *u,
                      struct certificate *c)
{
    struct str chain_name, chain = {NULL, 0}, x5u_name, x5u = {NULL, 0};
    bool both = read_part(r, u, "chain.pem", CERTIFICATE_BYTES_MAX, false, &chain_name, &chain);
    both = read_part(r, u, "x5u", X5U_BYTES_MAX, true, &x5u_name, &x5u) && both;
    if (!both || !certificate_read(c, r->arena, u->draft->id, u->directory, chain_name, chain,
                                   x5u_name, x5u, 0, r->problems)) {
        check_owner_alone(r, s, u, chain_name, chain);
        return false;
    }
    c->unit = u->name;
    take_owner(s, u, c);
    check_owner(r, s, u, c);
    bool good = is_over(r, c) || check_chain(r, u, chain_name, c);
    check_use(r, u, c);
    const char *why = x5u_warning(c->x5u);
    if (why)
        warn(r, &u->draft->object, place_of(&u->draft->object, "directory"), "%.*s: %.*s %s",
             STR_ARG(x5u_name), STR_ARG(c->x5u), why);
    if (!good)
        certificate_fini(c);
    return good;
}

/* A unit with mistakes is remembered, so that its key is looked at all the same. */
static bool take_unit(struct reader *r, struct draft *draft, const struct unit *u,
                      struct certificate *c)
{
    struct settings *s = &draft->settings;
    if (read_unit(r, s, u, c))
        return true;
    if (s->mistaken_units)
        ((struct str *)(uintptr_t)s->mistaken_units)[s->n_mistaken_units++] = u->directory;
    return false;
}

/* ---- a certificate's units ---- */

static int newest_first(const void *left, const void *right)
{
    const struct certificate *a = left, *b = right;
    if (a->not_before_s != b->not_before_s)
        return a->not_before_s < b->not_before_s ? 1 : -1;
    return -str_compare(a->unit, b->unit);
}

static struct str day_of(struct reader *r, int64_t s)
{
    char text[32];
    struct tm tm;
    time_t t = (time_t)s;
    size_t n = gmtime_r(&t, &tm) ? strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm) : 0;
    return arena_copy(r->arena, (struct str){text, n});
}

/* It signs nothing today, whatever names it. */
static void warn_of_dates(struct reader *r, const struct draft_certificate *d,
                          const struct certificate *c)
{
    struct str unit = c->unit.n > 0 ? c->unit : STR("in the directory itself");
    struct place at = place_of(&d->object, "directory");
    if (is_over(r, c))
        warn(r, &d->object, at,
             "unit %.*s does not sign any more: it was in force until %.*s; take it away",
             STR_ARG(unit), STR_ARG(day_of(r, c->not_after_s)));
    else if (r->now_s < c->not_before_s)
        warn(r, &d->object, at, "unit %.*s does not sign yet: it is in force from %.*s",
             STR_ARG(unit), STR_ARG(day_of(r, c->not_before_s)));
}

static int latest_first(const void *left, const void *right)
{
    const struct certificate *a = left, *b = right;
    return a->not_after_s < b->not_after_s ? 1 : a->not_after_s > b->not_after_s ? -1 : 0;
}

/* All of them have expired. A start or a reload that was refused for that would cost calls where
   they only go without our signature, so the last one stays, to say which. The clock may be wrong:
   when its chain was no good on its last day, it signs at no time. */
static unsigned keep_expired(struct reader *r, const struct draft_certificate *d,
                             const struct trust *anchors, struct certificate *list, unsigned n)
{
    if (n == 0)
        return 0;
    qsort(list, n, sizeof(*list), latest_first);
    for (unsigned i = 1; i < n; i++)
        certificate_fini(&list[i]);
    warn(r, &d->object, place_of(&d->object, "directory"),
         "%.*s: %s expired, on %.*s, so it signs nothing: put a new one here (stirctl cert import)",
         STR_ARG(d->directory), n > 1 ? "each of its units has" : "its unit has",
         STR_ARG(day_of(r, list->not_after_s)));
    if (certificate_fault(list, anchors, list->not_after_s, r->arena) ||
        certificate_take_scope(list, anchors, list->not_after_s, r->arena))
        list->not_after_s = list->not_before_s - 1;
    return 1;
}

/* Expired units are left out as long as there is another. */
static unsigned without_expired(struct reader *r, const struct draft_certificate *d,
                                const struct trust *anchors, struct certificate *list, unsigned n)
{
    unsigned kept = 0, over = 0;
    for (unsigned i = 0; i < n; i++)
        over += is_over(r, &list[i]);
    if (over == n)
        return keep_expired(r, d, anchors, list, n);
    for (unsigned i = 0; i < n; i++) {
        warn_of_dates(r, d, &list[i]);
        if (is_over(r, &list[i]))
            certificate_fini(&list[i]);
        else
            list[kept++] = list[i];
    }
    return kept;
}

static unsigned count_names(struct str names)
{
    unsigned n = 0;
    while (names.n > 0) {
        str_cut(&names, '\0');
        n++;
    }
    return n;
}

/* The unit that lies in the directory itself, from before units had directories: it signs until it
   expires. */
static bool has_flat_unit(struct reader *r, const struct draft_certificate *d)
{
    struct str bytes, path = arena_printf(r->arena, "%.*s/chain.pem", STR_ARG(d->directory));
    return path.p && files_read_bytes(r->files, path, CERTIFICATE_BYTES_MAX, &bytes) == 0;
}

static unsigned read_units(struct reader *r, struct draft *draft, const struct draft_certificate *d,
                           struct str names, const struct trust *anchors, struct certificate *list)
{
    unsigned n = 0;
    while (names.n > 0) {
        struct str name = str_cut(&names, '\0');
        const struct unit u = {
            d, arena_printf(r->arena, "%.*s/%.*s", STR_ARG(d->directory), STR_ARG(name)),
            arena_copy(r->arena, str_slice(name, 0, name.n - (sizeof(UNIT_SUFFIX) - 1))), anchors};
        if (take_unit(r, draft, &u, &list[n]))
            n++;
    }
    const struct unit flat = {d, d->directory, {NULL, 0}, anchors};
    if (has_flat_unit(r, d) && take_unit(r, draft, &flat, &list[n]))
        n++;
    const unsigned kept = without_expired(r, d, anchors, list, n);
    qsort(list, kept, sizeof(*list), newest_first);
    return kept;
}

static struct str names_of(struct reader *r, const struct draft_certificate *d)
{
    struct str names = {NULL, 0};
    if (d->directory.n > 0)
        files_list(r->files, d->directory, STR(UNIT_SUFFIX), &names);
    return names;
}

/* With a problem; else each of its three files would be a mistake, the key's told last. */
static bool directory_is_missing(struct reader *r, const struct draft_certificate *d)
{
    struct str names;
    if (d->directory.n == 0 ||
        files_list(r->files, d->directory, STR(UNIT_SUFFIX), &names) != -ENOENT)
        return false;
    complain(
        r, &d->object, place_of(&d->object, "directory"),
        "there is no directory %.*s: make it, with chain.pem, key.pem and x5u, by stirctl cert "
        "import (or stirctl lab-ca, to try)",
        STR_ARG(d->directory));
    return true;
}

static unsigned count_units(struct reader *r, const struct draft *draft)
{
    unsigned n = 0;
    for (unsigned i = 0; i < draft->certificates.n; i++) {
        unsigned units = count_names(names_of(
            r, container_of(draft->certificates.items[i], struct draft_certificate, object)));
        n += units + 1; /* one may lie in the directory itself */
    }
    return n;
}

/*
 * Adds a problem, and then none is read: whoever may write there must not be able to keep us busy.
 */
static bool are_too_many(struct reader *r, const struct draft *draft)
{
    unsigned n = count_units(r, draft);
    if (n <= CERTIFICATE_UNITS_READ_MAX)
        return false;
    complain(
        r, &draft->object, place_of(&draft->object, "certificates"),
        "certificates: their directories hold %u units, and stird reads %d at most: take those "
        "away that do not sign any more",
        n, CERTIFICATE_UNITS_READ_MAX);
    return true;
}

static void warn_of_left_out(struct reader *r, const struct draft *draft, const struct trust *t)
{
    const char *why;
    const unsigned n = t ? trust_left_out(t, &why) : 0;
    if (n > 0)
        warn(r, &draft->object, place_of(&draft->object, "check.anchors"),
             "check.anchors: %.*s: %u of its certificates %s not used: the first is %s",
             STR_ARG(draft->settings.check.anchors), n, n == 1 ? "is" : "are", why);
}

/* The anchors for the checks; NULL: none are named, or they cannot be read, and chains are judged
   without. */
static struct trust *read_anchors(struct reader *r, const struct draft *draft)
{
    struct problems faults = PROBLEMS_INIT;
    struct str text, path = draft->settings.check.anchors;
    const struct object *root = &draft->object;
    struct trust *t = path.n > 0 ? trust_new() : NULL;
    int error = t ? files_read_public(r->files, path, ANCHORS_BYTES_MAX, &text) : 0;
    if (error < 0)
        warn(r, root, place_of(root, "check.anchors"),
             "check.anchors: %.*s: %s: chains are judged without anchors", STR_ARG(path),
             regular_file_public_fault(error));
    else if (t && !trust_add_anchors(t, path, text, &faults))
        warn(r, root, place_of(root, "check.anchors"),
             "check.anchors: %.*s: %s: chains are judged without anchors", STR_ARG(path),
             faults.n > 0 ? faults.list[0].text : "no memory");
    else {
        warn_of_left_out(r, draft, t);
        return t;
    }
    problems_fini(&faults);
    trust_free(t);
    return NULL;
}

void resolve_open_certificates(struct reader *r, struct draft *draft)
{
    struct open_names *open = &draft->settings.open;
    struct str *ids = reader_array(r, draft->certificates.n, sizeof(*ids));
    for (unsigned i = 0; ids && i < draft->certificates.n; i++)
        ids[i] = object_name(draft->certificates.items[i]);
    open->certificates = ids;
    open->n_certificates = ids ? draft->certificates.n : 0;
    open->more_certificates = objects_are_open(r, &draft->certificates);
}

/* ---- units that share a URL ---- */

/* The first one before unit I that has its URL; NO_CERTIFICATE: none. */
static uint32_t shares_with(const struct settings *s, unsigned i)
{
    for (uint32_t k = 0; k < i; k++)
        if (s->certificates[i].x5u.n > 0 && str_eq(s->certificates[k].x5u, s->certificates[i].x5u))
            return k;
    return NO_CERTIFICATE;
}

static void warn_of_shared(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; i < s->n_certificates; i++) {
        const uint32_t k = shares_with(s, i);
        const struct certificate *c = &s->certificates[i];
        if (k == NO_CERTIFICATE || str_eq(c->chain, s->certificates[k].chain))
            continue;
        warn(
            r, &draft->object, place_of(&draft->object, "certificates"),
            "certificate \"%.*s\", unit \"%.*s\": its x5u is that of certificate \"%.*s\", unit "
            "\"%.*s\", too, and one of them alone can be served there. Verifiers that keep the chain "
            "of the one, a day or as long as max-age says, refuse what the other signs: give each "
            "unit a URL of its own",
            STR_ARG(c->id), STR_ARG(c->unit), STR_ARG(s->certificates[k].id),
            STR_ARG(s->certificates[k].unit));
    }
}

void resolve_certificates(struct reader *r, struct draft *draft)
{
    struct trust *anchors = read_anchors(r, draft);
    struct certificate *list = reader_array(r, count_units(r, draft), sizeof(*list));
    unsigned n = 0;
    const bool too_many = are_too_many(r, draft);
    draft->settings.mistaken_units = reader_array(r, count_units(r, draft), sizeof(struct str));
    check_names(r, &draft->certificates);
    for (unsigned i = 0; list && !too_many && i < draft->certificates.n; i++) {
        const struct draft_certificate *d = container_of(draft->certificates.items[i],
                                                         struct draft_certificate, object);
        struct str names = names_of(r, d);
        const struct unit alone = {d, d->directory, {NULL, 0}, anchors};
        if (directory_is_missing(r, d))
            continue;
        if (names.n > 0)
            n += read_units(r, draft, d, names, anchors, &list[n]);
        else if (d->directory.n > 0 && take_unit(r, draft, &alone, &list[n]))
            n += without_expired(r, d, anchors, &list[n], 1);
    }
    if (n > CERTIFICATE_UNITS_MAX)
        complain(r, &draft->object, place_of(&draft->object, "certificates"),
                 "certificates: %u units are in force, and stird keeps watch over %d at most: take "
                 "those away that do not sign any more",
                 n, CERTIFICATE_UNITS_MAX);
    trust_free(anchors);
    draft->settings.certificates = list;
    draft->settings.n_certificates = n;
    warn_of_shared(r, draft);
}
