/* Domains of trust, and the profiles of verification that name them. */
#include "reader.h"

#include <errno.h>
#include <stird/base/container_of.h>
#include <stird/base/regular_file.h>
#include <stird/base/shortage.h>
#include <stird/core/believed.h>
#include <stird/core/number_plan.h>
#include <stird/core/trust_build.h>
#include <stird/core/x5u.h>
#include <string.h>

#define TRUST_BYTES_MAX (4 * 1024 * 1024) /* of a file */

/* A URL as it is, a path made absolute; *URL says which. A problem for what can be neither. */
static struct str resolve_source(struct reader *r, const struct object *o, struct place at,
                                 const char *key, struct str text, bool *url)
{
    *url = trust_setting_is_url(text);
    const char *why = *url ? x5u_fault(text) : NULL;
    if (why)
        complain(r, o, at, "%s: %.*s %s: write an https URL, or the path of a file", key,
                 STR_ARG(shown(r, text)), why);
    return *url || text.n == 0 ? text : reader_path(r, text);
}

/* ---- files ---- */

struct reading_file {
    struct reader *r;
    const struct object *object;
    struct place at;
    const char *key;
    struct str path;
    struct problems faults;
};

static const char *fault_of(const struct reading_file *f)
{
    return f->faults.n > 0 ? f->faults.list[0].text : TRUST_NO_MEMORY;
}

static const char *read_crls(struct reading_file *f, struct str text)
{
    struct trust *t = trust_new();
    bool good = t && trust_add_crls(t, f->path, text, &f->faults);
    trust_free(t);
    return good ? NULL : fault_of(f);
}

/* The whole chain of a signer, who is no authority. */
static const char *read_signer(struct reading_file *f, struct str text)
{
    struct trust *t = trust_new();
    bool good = t && trust_add_crl_signers(t, f->path, text, &f->faults);
    trust_free(t);
    return good ? NULL : fault_of(f);
}

static void warn_of_some(struct reading_file *f, const struct trust *t)
{
    const char *why;
    const unsigned n = trust_left_out(t, &why);
    if (n > 0)
        warn(f->r, f->object, f->at,
             "%s: %.*s: %u of its certificates %s not used: the first is %s", f->key,
             STR_ARG(f->path), n, n == 1 ? "is" : "are", why);
}

typedef bool adder(struct trust *t, struct str name, struct str text, struct problems *problems);

/* By ADD, which is the one by which the domain will be made. */
static const char *read_by(struct reading_file *f, struct str text, adder *add)
{
    const unsigned long before = shortages();
    struct trust *ever = trust_new(), *now = trust_new_at(f->r->now_s);
    struct problems ended = PROBLEMS_INIT;
    bool good = ever && now && add(ever, f->path, text, &f->faults);
    bool any = good && add(now, f->path, text, &ended);
    if (good && shortages() != before)
        good = false;
    else if (good && !any)
        warn(f->r, f->object, f->at, "%s: %.*s: %s: nobody is believed by it", f->key,
             STR_ARG(f->path), ended.n > 0 ? ended.list[0].text : "");
    else if (good)
        warn_of_some(f, now);
    problems_fini(&ended);
    trust_free(ever);
    trust_free(now);
    return good ? NULL : fault_of(f);
}

static const char *read_authorities(struct reading_file *f, struct str text)
{
    return read_by(f, text, trust_add_anchors);
}

/* Some may sign lists alone. */
static const char *read_list_authorities(struct reading_file *f, struct str text)
{
    return read_by(f, text, trust_add_crl_anchors);
}

static const char *read_nothing(struct reading_file *f, struct str text)
{
    (void)f;
    return text.n > 0 ? NULL : "is empty";
}

#define OF_THE_DOMAIN                                                                              \
    "until it is mended this domain stays as it was, and after a start it believes nobody"
#define OF_A_LIST "until it is mended the last good one counts, where one was kept"

/*
 * Warns of a file that cannot be read, or of which READ says so. That is no mistake: a start that
 * was refused for it would lose all calls for the sake of judging some; the process that makes the
 * domains says it again, and how long it lasts (trust_process.h). MEANWHILE: what holds until then.
 */
static bool check_file(struct reader *r, const struct object *o, struct place at, const char *key,
                       struct str path,
                       const char *(*read)(struct reading_file *f, struct str text),
                       const char *meanwhile)
{
    const unsigned long before = shortages();
    struct reading_file f = {r, o, at, key, path, PROBLEMS_INIT};
    struct str text;
    if (path.n == 0)
        return true;
    int error = files_read_public(r->files, path, TRUST_BYTES_MAX, &text);
    const char *why = error < 0 ? regular_file_public_fault(error) : read(&f, text);
    if (error == -ENOMEM || shortages() != before)
        out_of_memory(r);
    else if (why)
        warn(r, o, at, "%s: %.*s: %s: %s", key, STR_ARG(path), why, meanwhile);
    problems_fini(&f.faults);
    return !why;
}

static void check_files(struct reader *r, struct draft_trust *d)
{
    const struct trust_setting *t = &d->trust;
    const struct {
        const char *key;
        struct str path;
        const char *(*read)(struct reading_file *f, struct str text);
        const char *meanwhile;
    } files[] = {
        {"anchors", t->anchors, read_authorities, OF_THE_DOMAIN},
        {"list_anchor", t->list_anchor, read_authorities, OF_THE_DOMAIN},
        {"list_signer", t->list_signer, read_signer, OF_A_LIST},
        {"crl_anchor", t->crl_anchor, read_list_authorities, OF_THE_DOMAIN},
        {"crl_signer", t->crl_signer, read_signer, OF_THE_DOMAIN},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        check_file(r, &d->object, place_of(&d->object, files[i].key), files[i].key, files[i].path,
                   files[i].read, files[i].meanwhile);
    if (!t->list_is_url)
        check_file(r, &d->object, place_of(&d->object, "list"), "list", t->list, read_nothing,
                   OF_A_LIST);
    for (unsigned i = 0; i < t->n_crls && i < TRUST_CRLS_MAX; i++)
        d->crl_is_told[i] = !trust_setting_is_url(t->crls[i]) &&
                            !check_file(r, &d->object, d->crls.items[i].at, "crls", t->crls[i],
                                        read_crls, OF_A_LIST);
}

/* ---- one domain ---- */

static void check_authorities(struct reader *r, const struct draft_trust *d)
{
    const struct object *o = &d->object;
    const struct trust_setting *t = &d->trust;
    const bool list = t->list.n > 0;
    if (t->anchors.n > 0 && list)
        complain(r, o, place_of(o, "anchors"), "anchors and list: keep one of the two");
    if (t->anchors.n == 0 && !list && !place_of(o, "anchors").unread && !place_of(o, "list").unread)
        complain(r, o, o->at, "it has no authorities: write anchors or list");
    if (list && t->list_anchor.n == 0)
        complain(r, o, place_of(o, "list"),
                 "list: list_anchor is missing: whom its signer leads to");
    if (list && !t->list_is_url && t->list_signer.n == 0)
        complain(r, o, place_of(o, "list"),
                 "list: list_signer is missing: of a list in a file its signer is not fetched");
    if (t->list_is_url && t->list_signer.n > 0)
        complain(r, o, place_of(o, "list_signer"),
                 "list_signer: of a list that is fetched its signer is fetched too: take it out");
}

/* A value that is not a text is there when it was given. */
static void check_given_company(struct reader *r, const struct object *o, const char *key,
                                const char *other, bool there)
{
    if (was_given(o, key) && !place_of(o, key).unread && !there && !place_of(o, other).unread)
        complain(r, o, place_of(o, key), "%s has a meaning only beside %s, which is missing", key,
                 other);
}

/* A password goes nowhere but to the list's own host. */
static void check_login(struct reader *r, const struct draft_trust *d)
{
    const struct object *o = &d->object;
    const struct trust_setting *t = &d->trust;
    const char *fault = t->list_login.n > 0 ? x5u_fault(t->list_login) : NULL;
    const struct place at = place_of(o, "list_login");
    if (t->list_token_file.n > 0 && t->list.n > 0 && !t->list_is_url)
        complain(r, o, place_of(o, "list_token_file"),
                 "list_token_file has a meaning only beside a list that is fetched");
    if (t->list_login.n == 0 || t->list.n == 0)
        return;
    if (!t->list_is_url)
        complain(r, o, at, "list_login has a meaning only beside a list that is fetched");
    else if (fault)
        complain(r, o, at, "list_login: %.*s %s: write an https URL",
                 STR_ARG(shown(r, t->list_login)), fault);
    else if (!x5u_fault(t->list) && !x5u_share_host(t->list, t->list_login))
        complain(
            r, o, at,
            "list_login: %.*s is at another host or port than list: a password goes nowhere else",
            STR_ARG(shown(r, t->list_login)));
    if (t->list_login_file.n == 0 && !place_of(o, "list_login_file").unread)
        complain(r, o, at, "list_login: list_login_file is missing: who is to be logged in");
    if (t->list_token_file.n > 0)
        complain(r, o, place_of(o, "list_token_file"),
                 "list_token_file and list_login: keep one of the two");
}

/* What has a meaning only beside something else, which is missing. */
static void check_company(struct reader *r, const struct draft_trust *d)
{
    const struct trust_setting *t = &d->trust;
    const struct {
        const char *key, *other;
        struct str value;
        bool there;
    } rows[] = {
        {"list_anchor", "list", t->list_anchor, t->list.n > 0},
        {"list_signer", "list", t->list_signer, t->list.n > 0},
        {"list_token_file", "list", t->list_token_file, t->list.n > 0},
        {"list_login", "list", t->list_login, t->list.n > 0},
        {"list_login_file", "list_login", t->list_login_file, t->list_login.n > 0},
        {"crl_anchor", "crls", t->crl_anchor, t->n_crls > 0},
        {"crl_signer", "crls", t->crl_signer, t->n_crls > 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].value.n > 0 && !rows[i].there)
            complain(r, &d->object, place_of(&d->object, rows[i].key),
                     "%s has a meaning only beside %s, which is missing", rows[i].key,
                     rows[i].other);
    check_given_company(r, &d->object, "crl_stale", "crls", t->n_crls > 0);
    check_given_company(r, &d->object, "max_shrink", "list", t->list.n > 0);
    check_given_company(r, &d->object, "stale", "list", t->list.n > 0);
}

static void check_twice(struct reader *r, const struct object *o, const char *key,
                        const struct texts *texts)
{
    for (unsigned i = 0; i < texts->n; i++)
        for (unsigned k = 0; k < i; k++)
            if (str_eq(texts->items[i].text, texts->items[k].text)) {
                complain(r, o, texts->items[i].at, "%s: %.*s is there twice", key,
                         STR_ARG(shown(r, texts->items[i].text)));
                break;
            }
}

/* Without revocation lists a certificate that was taken back passes until it ends. */
static void check_revocation(struct reader *r, const struct draft_trust *d)
{
    if (d->crls.n == 0 && !place_of(&d->object, "crls").unread)
        warn(r, &d->object, d->object.at,
             "it has no crls: nobody notices that a certificate was revoked: write where its "
             "revocation lists are");
}

static void resolve_crls(struct reader *r, struct draft_trust *d)
{
    struct str *list = reader_array(r, d->crls.n, sizeof(*list));
    bool url;
    check_twice(r, &d->object, "crls", &d->crls);
    if (d->crls.n > TRUST_CRLS_MAX)
        complain(r, &d->object, place_of(&d->object, "crls"), "crls: there are more than %d",
                 TRUST_CRLS_MAX);
    for (unsigned i = 0; list && i < d->crls.n; i++)
        list[i] = resolve_source(r, &d->object, d->crls.items[i].at, "crls", d->crls.items[i].text,
                                 &url);
    d->trust.crls = list;
    d->trust.n_crls = list ? d->crls.n : 0;
}

static bool is_country(struct str code)
{
    bool good = code.n > 0;
    for (size_t i = 0; i < code.n; i++)
        good = good && ascii_is_digit(code.p[i]);
    return good && number_plan_code_digits(code) == code.n;
}

const struct str *resolve_country_codes(struct reader *r, const struct object *o, const char *key,
                                        const struct texts *texts, unsigned *n)
{
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    check_twice(r, o, key, texts);
    for (unsigned i = 0; list && i < texts->n; i++) {
        list[i] = texts->items[i].text;
        if (!is_country(list[i]))
            complain(r, o, texts->items[i].at,
                     "%s: %.*s is no country code: these are like \"1\" or \"33\"", key,
                     STR_ARG(shown(r, list[i])));
    }
    if (texts->n > TRUST_COUNTRIES_MAX)
        complain(r, o, place_of(o, key), "%s: there are more than %d", key, TRUST_COUNTRIES_MAX);
    *n = list ? texts->n : 0;
    return list;
}

static void resolve_countries(struct reader *r, struct draft_trust *d)
{
    if (was_given(&d->object, "countries") && d->countries.n == 0 && !d->countries.faulty)
        complain(r, &d->object, place_of(&d->object, "countries"),
                 "countries is empty, which would mean all: take it out, if it may vouch for all "
                 "numbers, or name their country codes");
    d->trust.countries = resolve_country_codes(r, &d->object, "countries", &d->countries,
                                               &d->trust.n_countries);
}

static void resolve_domain(struct reader *r, struct draft_trust *d)
{
    struct trust_setting *t = &d->trust;
    t->file = d->object.at.file;
    t->line = d->object.at.line;
    t->list = resolve_source(r, &d->object, place_of(&d->object, "list"), "list", t->list,
                             &t->list_is_url);
    resolve_crls(r, d);
    resolve_countries(r, d);
    check_authorities(r, d);
    check_company(r, d);
    check_login(r, d);
    check_revocation(r, d);
    check_files(r, d);
    refused_lists_find(r, d);
    t->mark = believed_mark(t, r->arena);
    if (!t->mark.p)
        out_of_memory(r);
}

void resolve_trusts(struct reader *r, struct draft *draft)
{
    const struct objects *all = &draft->trusts;
    struct trust_setting *list = reader_array(r, all->n, sizeof(*list));
    check_names(r, all);
    if (all->n > TRUST_DOMAINS_MAX)
        complain(r, &draft->object, place_of(&draft->object, "trust"),
                 "trust: there are %u domains, and %d at most", all->n, TRUST_DOMAINS_MAX);
    for (unsigned i = 0; list && i < all->n; i++) {
        struct draft_trust *d = container_of(all->items[i], struct draft_trust, object);
        resolve_domain(r, d);
        list[i] = d->trust;
    }
    draft->settings.trusts = list;
    draft->settings.n_trusts = list ? all->n : 0;
}

/* ---- profiles ---- */

static uint32_t resolve_domains(struct reader *r, const struct draft *draft,
                                const struct draft_verification *d)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < d->trust.n; i++) {
        const struct text_item *item = &d->trust.items[i];
        unsigned domain = object_find(&draft->trusts, item->text);
        const uint32_t one = domain < TRUST_DOMAINS_MAX ? UINT32_C(1) << domain : 0;
        if (mask & one)
            complain(r, &d->object, item->at, "trust: %.*s stands there twice",
                     STR_ARG(shown(r, item->text)));
        if (domain < draft->trusts.n && domain < TRUST_DOMAINS_MAX)
            mask |= UINT32_C(1) << domain;
        else if (objects_lack(r, &draft->trusts, item->text))
            complain(r, &d->object, item->at, "trust: there is no trust %.*s%.*s",
                     STR_ARG(shown(r, item->text)),
                     STR_ARG(hint_of_objects(r, &draft->trusts, item->text)));
    }
    if (was_given(&d->object, "trust") && d->trust.n == 0 && !d->trust.faulty)
        complain(r, &d->object, place_of(&d->object, "trust"),
                 "trust is empty: no certificate would lead anywhere");
    return mask;
}

void resolve_verifications(struct reader *r, struct draft *draft)
{
    const struct objects *all = &draft->verifications;
    struct verification_setting *list = reader_array(r, all->n, sizeof(*list));
    check_names(r, all);
    for (unsigned i = 0; list && i < all->n; i++) {
        struct draft_verification *d = container_of(all->items[i], struct draft_verification,
                                                    object);
        d->verification.trust = resolve_domains(r, draft, d);
        resolve_marks(r, d);
        resolve_refusing(r, d);
        list[i] = d->verification;
    }
    draft->settings.verifications = list;
    draft->settings.n_verifications = list ? all->n : 0;
}
