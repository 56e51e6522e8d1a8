#include "revocation_list.h"

#include "packed.h"
#include "x509_parts.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <search.h>
#include <stdlib.h>
#include <stird/base/shortage.h>
#include <string.h>

/* How many names one entry may give its issuer. Later entries without a name inherit all of them,
   so without a limit a list would need more memory than its own size. */
#define ENTRY_NAMES_MAX  16
#define SERIAL_BYTES_MAX 64 /* RFC 5280 section 5.1.2.6 has 20 */

/* 16 octets of SHA-256 over the issuer's place among the names, and the serial number. */
struct revoked {
    unsigned char key[16];
};

struct named {
    X509_NAME *name;
    unsigned place;
};

struct revocation_list {
    const char *fault;
    X509_NAME *issuer;
    int64_t from_s, until_s;
    ISSUING_DIST_POINT *scope; /* NULL: it tells of all that its issuer has issued */
    void *names; /* whose certificates are revoked: a tree (tsearch) of struct named */
    unsigned n_names;
    struct revoked *entries; /* sorted */
    unsigned n;
    bool borrowed; /* the entries are an image's */
};

#define NO_MEMORY "no memory"

/* ---- the table ---- */

/* False: the serial number is too long for any certificate. */
static bool make_entry(struct revoked *e, unsigned name, const ASN1_INTEGER *serial)
{
    unsigned char text[5 + SERIAL_BYTES_MAX], digest[SHA256_DIGEST_LENGTH];
    int n = ASN1_STRING_length(serial);
    if (n < 0 || n > SERIAL_BYTES_MAX)
        return false;
    memcpy(text, &name, 4);
    text[4] = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
    if (n > 0)
        memcpy(text + 5, ASN1_STRING_get0_data(serial), (size_t)n);
    SHA256(text, 5 + (size_t)n, digest);
    memcpy(e->key, digest, sizeof(e->key));
    return true;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct revoked));
}

static int compare_names(const void *a, const void *b)
{
    const struct named *one = a, *other = b;
    return X509_NAME_cmp(one->name, other->name);
}

/* NULL: it is not there. */
static const struct named *find_name(const struct revocation_list *l, const X509_NAME *name)
{
    const struct named wanted = {.name = (X509_NAME *)(uintptr_t)name};
    struct named *const *found = tfind(&wanted, &l->names, compare_names);
    return found ? *found : NULL;
}

static void free_name(void *name)
{
    struct named *one = name;
    X509_NAME_free(one->name);
    free(one);
}

/* NULL: no memory. */
static const struct named *keep_name(struct revocation_list *l, const X509_NAME *name)
{
    const struct named *there = find_name(l, name);
    if (there)
        return there;
    struct named *one = calloc(1, sizeof(*one));
    if (one && (one->name = X509_NAME_dup(name)) && tsearch(one, &l->names, compare_names)) {
        one->place = l->n_names++;
        return one;
    }
    if (one)
        free_name(one);
    return NULL;
}

/* ---- reading entries ---- */

struct reading {
    struct revocation_list *l;
    unsigned names[ENTRY_NAMES_MAX],
        n_names; /* whose the entries are, from the last that said so */
    size_t room;
};

/* RFC 5280 section 5.3: what is critical and not known keeps the whole list from being used. */
static bool is_known_of_entry(X509_EXTENSION *e)
{
    int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
    return nid == NID_certificate_issuer || nid == NID_crl_reason || nid == NID_invalidity_date;
}

static const char *look_at_extensions(const X509_REVOKED *entry)
{
    for (int i = 0; i < X509_REVOKED_get_ext_count(entry); i++) {
        X509_EXTENSION *e = X509_REVOKED_get_ext(entry, i);
        if (X509_EXTENSION_get_critical(e) && !is_known_of_entry(e))
            return "its list has an entry with a critical extension that is not known";
        if (X509_REVOKED_get_ext_by_OBJ(entry, X509_EXTENSION_get_object(e), i) >= 0)
            return "its list has an entry with an extension that is there twice";
    }
    return NULL;
}

static const char *take_names(struct reading *r, const GENERAL_NAMES *all)
{
    r->n_names = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
        if (one->type != GEN_DIRNAME)
            continue;
        if (r->n_names == ENTRY_NAMES_MAX)
            return "its list has an entry that calls its issuer by more than 16 names";
        const struct named *kept = keep_name(r->l, one->d.directoryName);
        if (!kept)
            return NO_MEMORY;
        r->names[r->n_names++] = kept->place;
    }
    return r->n_names > 0 ? NULL : "its list has an entry whose issuer has no directory name";
}

/* RFC 5280 section 5.3.3: an entry without one is of the issuer of the entry before it. */
static const char *read_issuer(struct reading *r, const X509_REVOKED *entry)
{
    int critical = -1;
    GENERAL_NAMES *all = X509_REVOKED_get_ext_d2i(entry, NID_certificate_issuer, &critical, NULL);
    const char *why = NULL;
    if (critical != -1 && !revocation_list_is_indirect(r->l))
        why = "its list has an entry of another issuer and does not say that it is indirect";
    else if (critical != -1)
        why = all ? take_names(r, all) : "its list has an entry whose issuer cannot be read";
    GENERAL_NAMES_free(all);
    return why;
}

/* RFC 5280 section 5.3.1. *LIFTED: the entry says that a certificate is no longer on hold. */
static const char *read_reason(const X509_REVOKED *entry, bool *lifted)
{
    int critical = -1;
    ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);
    *lifted = reason && ASN1_ENUMERATED_get(reason) == CRL_REASON_REMOVE_FROM_CRL;
    ASN1_ENUMERATED_free(reason);
    return critical != -1 && !reason ? "its list has an entry whose reason cannot be read" : NULL;
}

static const char *add_entries(struct reading *r, const X509_REVOKED *entry)
{
    for (unsigned i = 0; i < r->n_names; i++) {
        if (r->l->n == r->room) {
            size_t room = r->room ? r->room * 2 : 64;
            struct revoked *more = realloc(r->l->entries, room * sizeof(*more));
            if (!more)
                return NO_MEMORY;
            r->l->entries = more;
            r->room = room;
        }
        if (!make_entry(&r->l->entries[r->l->n], r->names[i],
                        X509_REVOKED_get0_serialNumber(entry)))
            return "its list has an entry with a serial number that no certificate has";
        r->l->n++;
    }
    return NULL;
}

static const char *read_entry(struct reading *r, const X509_REVOKED *entry)
{
    bool lifted = false;
    const char *why = look_at_extensions(entry);
    why = why ? why : read_issuer(r, entry);
    why = why ? why : read_reason(entry, &lifted);
    return why || lifted ? why : add_entries(r, entry);
}

static const char *read_entries(struct revocation_list *l, X509_CRL *crl)
{
    struct reading r = {.l = l};
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
    const char *why = NULL;
    const struct named *own = keep_name(l, l->issuer);
    if (!own)
        return NO_MEMORY;
    r.names[r.n_names++] = own->place;
    for (int i = 0; i < sk_X509_REVOKED_num(all) && !why; i++)
        why = read_entry(&r, sk_X509_REVOKED_value(all, i));
    if (l->n > 0)
        qsort(l->entries, l->n, sizeof(l->entries[0]), compare);
    return why;
}

/* ---- reading the rest ---- */

static const char *read_extensions(struct revocation_list *l, X509_CRL *crl)
{
    for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
        X509_EXTENSION *e = X509_CRL_get_ext(crl, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
        if (nid == NID_delta_crl)
            return "its list tells of changes to another list alone (a delta)";
        if (X509_EXTENSION_get_critical(e) && nid != NID_issuing_distribution_point &&
            nid != NID_authority_key_identifier && nid != NID_crl_number)
            return "its list has a critical extension that is not known";
        if (X509_CRL_get_ext_by_OBJ(crl, X509_EXTENSION_get_object(e), i) >= 0)
            return "its list has an extension twice";
    }
    int critical = -1;
    l->scope = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
    if (critical != -1 && !l->scope)
        return "its list has an issuing distribution point that cannot be read";
    if (l->scope && l->scope->onlyattr > 0)
        return "its list is about attribute certificates";
    if (l->scope && l->scope->onlyuser > 0 && l->scope->onlyCA > 0)
        return "its list is about no certificate: of end entities alone, and of authorities alone";
    return NULL;
}

static const char *read_dates(struct revocation_list *l, X509_CRL *crl)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
    if (!x509_seconds(X509_CRL_get0_lastUpdate(crl), &l->from_s))
        return "its list has a date that cannot be read";
    l->until_s = l->from_s;
    return next && !x509_seconds(next, &l->until_s) ? "its list has a date that cannot be read"
                                                    : NULL;
}

static const char *read_algorithm(X509_CRL *crl)
{
    return x509_signature_is_weak(X509_CRL_get_signature_nid(crl))
               ? "its list is signed with an algorithm that verifiers do not take"
               : NULL;
}

static struct str uri_of(const GENERAL_NAME *name)
{
    const ASN1_IA5STRING *uri = name->type == GEN_URI ? name->d.uniformResourceIdentifier : NULL;
    return uri ? (struct str){(const char *)ASN1_STRING_get0_data(uri),
                              (size_t)ASN1_STRING_length(uri)}
               : (struct str){NULL, 0};
}

/* NULL: there are no full names, so any place will do. */
static const GENERAL_NAMES *places_of(const DIST_POINT_NAME *point)
{
    return point && point->type == 0 ? point->name.fullname : NULL;
}

/* RFC 5280 section 6.3.3 (b) (2) (i): URL, where the list was fetched, has to be one of the places
   that it names. */
static const char *read_place(const struct revocation_list *l, struct str url)
{
    const GENERAL_NAMES *places = places_of(l->scope ? l->scope->distpoint : NULL);
    bool same = !places || url.n == 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(places) && !same; i++)
        same = str_eq(uri_of(sk_GENERAL_NAME_value(places, i)), url);
    return same
               ? NULL
               : "its list is that of another place: its distribution point is not the URL it came "
                 "from";
}

static const char *read(struct revocation_list *l, X509_CRL *crl, struct str url)
{
    const char *why = read_algorithm(crl);
    why = why ? why : read_dates(l, crl);
    why = why ? why : read_extensions(l, crl);
    why = why ? why : read_place(l, url);
    return why ? why : read_entries(l, crl);
}

struct revocation_list *revocation_list_new(X509_CRL *crl, struct str url)
{
    struct revocation_list *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->issuer = X509_NAME_dup(X509_CRL_get_issuer(crl));
    l->fault = l->issuer ? read(l, crl, url) : NO_MEMORY;
    ERR_clear_error();
    if (!l->fault || strcmp(l->fault, NO_MEMORY) != 0)
        return l;
    revocation_list_free(l);
    return NULL;
}

void revocation_list_free(struct revocation_list *l)
{
    if (!l)
        return;
    X509_NAME_free(l->issuer);
    tdestroy(l->names, free_name);
    ISSUING_DIST_POINT_free(l->scope);
    if (!l->borrowed)
        free(l->entries);
    free(l);
}

/* ---- in an image ---- */

static void add_name(struct buf *out, X509_NAME *name)
{
    const unsigned char *der = NULL;
    size_t n = 0;
    if (X509_NAME_get0_der(name, &der, &n) != 1) {
        shortage_add();
        n = 0;
    }
    packed_add_text(out, (struct str){(const char *)der, n});
}

static void put_name(const void *node, VISIT visit, void *names)
{
    const struct named *one = *(const struct named *const *)node;
    if (visit == postorder || visit == leaf)
        ((X509_NAME **)names)[one->place] = one->name;
}

/* In the order of their places. */
static bool add_names(const struct revocation_list *l, struct buf *out)
{
    X509_NAME **names = calloc(l->n_names, sizeof(X509_NAME *));
    packed_add_number(out, l->n_names);
    if (names)
        twalk_r(l->names, put_name, names);
    for (unsigned i = 0; names && i < l->n_names; i++)
        add_name(out, names[i]);
    free(names);
    return names != NULL;
}

static bool add_scope(const struct revocation_list *l, struct buf *out)
{
    unsigned char *der = NULL;
    int n = l->scope ? i2d_ISSUING_DIST_POINT(l->scope, &der) : 0;
    packed_add_text(out, (struct str){(const char *)der, n > 0 ? (size_t)n : 0});
    OPENSSL_free(der);
    return n >= 0;
}

bool revocation_list_write(const struct revocation_list *l, int64_t grace_s, struct buf *out)
{
    add_name(out, l->issuer);
    packed_add_number(out, (uint64_t)l->from_s);
    packed_add_number(out, (uint64_t)(l->until_s + grace_s));
    bool good = add_scope(l, out) && add_names(l, out);
    packed_add_text(out, (struct str){(const char *)l->entries, l->n * sizeof(struct revoked)});
    return good && !buf_failed(out);
}

static X509_NAME *read_name(struct packed *in)
{
    struct str text = packed_text(in);
    const unsigned char *der = (const unsigned char *)text.p;
    return text.n > 0 ? d2i_X509_NAME(NULL, &der, (long)text.n) : NULL;
}

static bool read_scope(struct revocation_list *l, struct packed *in)
{
    struct str text = packed_text(in);
    const unsigned char *der = (const unsigned char *)text.p;
    if (text.n > 0)
        l->scope = d2i_ISSUING_DIST_POINT(NULL, &der, (long)text.n);
    return text.n == 0 || l->scope;
}

static bool read_names(struct revocation_list *l, struct packed *in)
{
    unsigned n = packed_count(in, UINT32_MAX);
    bool good = n > 0;
    for (unsigned i = 0; i < n && good; i++) {
        X509_NAME *name = read_name(in);
        const struct named *kept = name ? keep_name(l, name) : NULL;
        good = kept && kept->place == i;
        X509_NAME_free(name);
    }
    return good;
}

/* Sorted, for it is searched. */
static bool take_table(struct revocation_list *l, struct packed *in)
{
    struct str table = packed_text(in);
    l->borrowed = true;
    l->entries = (struct revoked *)(uintptr_t)table.p;
    l->n = (unsigned)(table.n / sizeof(struct revoked));
    bool good = table.n % sizeof(struct revoked) == 0 && table.n / sizeof(struct revoked) == l->n;
    for (unsigned i = 1; i < l->n && good; i++)
        good = compare(&l->entries[i - 1], &l->entries[i]) <= 0;
    return good;
}

struct revocation_list *revocation_list_open(struct packed *in)
{
    struct revocation_list *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    l->issuer = read_name(in);
    l->from_s = (int64_t)packed_number(in);
    l->until_s = (int64_t)packed_number(in);
    bool good = l->issuer && read_scope(l, in) && read_names(l, in) && take_table(l, in);
    ERR_clear_error();
    if (good && !in->broken)
        return l;
    revocation_list_free(l);
    return NULL;
}

/* ---- asking ---- */

const char *revocation_list_fault(const struct revocation_list *l)
{
    return l->fault;
}

const X509_NAME *revocation_list_issuer(const struct revocation_list *l)
{
    return l->issuer;
}

bool revocation_list_is_indirect(const struct revocation_list *l)
{
    return l->scope && l->scope->indirectCRL > 0;
}

int64_t revocation_list_from_s(const struct revocation_list *l)
{
    return l->from_s;
}

int64_t revocation_list_until_s(const struct revocation_list *l)
{
    return l->until_s;
}

bool revocation_list_has_all_reasons(const struct revocation_list *l)
{
    return !l->scope || !l->scope->onlysomereasons;
}

unsigned revocation_list_count(const struct revocation_list *l)
{
    return l->n;
}

static bool is_of_the_kind(const struct revocation_list *l, X509 *x)
{
    bool authority = X509_check_ca(x) > 0;
    return !l->scope || (authority ? l->scope->onlyuser <= 0 : l->scope->onlyCA <= 0);
}

static bool share_a_name(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(a); i++)
        for (int j = 0; j < sk_GENERAL_NAME_num(b); j++)
            if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i), sk_GENERAL_NAME_value(b, j)) == 0)
                return true;
    return false;
}

/* A certificate that names no place may be listed at any. */
static bool is_at_its_place(const struct revocation_list *l, X509 *x)
{
    const GENERAL_NAMES *here = places_of(l->scope ? l->scope->distpoint : NULL);
    CRL_DIST_POINTS *points = here ? X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL)
                                   : NULL;
    bool found = !points;
    for (int i = 0; i < sk_DIST_POINT_num(points) && !found; i++) {
        const GENERAL_NAMES *there = places_of(sk_DIST_POINT_value(points, i)->distpoint);
        found = !there || share_a_name(here, there);
    }
    CRL_DIST_POINTS_free(points);
    ERR_clear_error();
    return found;
}

static bool has_name(const GENERAL_NAMES *all, const X509_NAME *name)
{
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(all, i);
        found = one->type == GEN_DIRNAME && X509_NAME_cmp(one->d.directoryName, name) == 0;
    }
    return found;
}

bool revocation_list_is_named_by(const struct revocation_list *l, X509 *x)
{
    CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_DIST_POINT_num(points) && !found; i++)
        found = has_name(sk_DIST_POINT_value(points, i)->CRLissuer, l->issuer);
    CRL_DIST_POINTS_free(points);
    ERR_clear_error();
    return found;
}

bool revocation_list_is_about(const struct revocation_list *l, X509 *x)
{
    return (revocation_list_is_indirect(l) ||
            X509_NAME_cmp(l->issuer, X509_get_issuer_name(x)) == 0) &&
           is_of_the_kind(l, x) && is_at_its_place(l, x);
}

bool revocation_list_revokes(const struct revocation_list *l, X509 *x)
{
    struct revoked e;
    const struct named *name = find_name(l, X509_get_issuer_name(x));
    if (!name || l->n == 0 || !make_entry(&e, name->place, X509_get0_serialNumber(x)))
        return false;
    return bsearch(&e, l->entries, l->n, sizeof(e), compare) != NULL;
}
