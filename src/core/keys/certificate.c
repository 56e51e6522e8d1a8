#include <stird/core/certificate.h>

#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>
#include <stird/core/x5u.h>

#include <time.h>

#include "core/verify/x509_parts.h"

void certificate_fini(struct certificate *c)
{
    EVP_PKEY_free(c->public_key);
    c->public_key = NULL;
}

enum reason certificate_usable(const struct certificate *c, int64_t now_s)
{
    if (now_s < c->not_before_s)
        return REASON_CERTIFICATE_NOT_YET_VALID;
    if (now_s > c->not_after_s)
        return REASON_CERTIFICATE_EXPIRED;
    return REASON_OK;
}

/* What is needed to read one unit; each step below adds its problems and goes on. */
struct reading {
    struct certificate *certificate;
    struct arena *arena;
    struct str chain_name, x5u_name;
    struct problems *problems;
    STACK_OF(X509) * chain;
};

/* ---- the chain ---- */

/* The place, from 1, of the same certificate before that at I; 0: there is none. */
static int place_before(STACK_OF(X509) * chain, int i)
{
    for (int other = 0; other < i; other++)
        if (X509_cmp(sk_X509_value(chain, other), sk_X509_value(chain, i)) == 0)
            return other + 1;
    return 0;
}

static void check_order(struct reading *r)
{
    for (int i = 1; i < sk_X509_num(r->chain); i++)
        if (place_before(r->chain, i) > 0)
            problems_add(r->problems, r->chain_name, 0,
                         "certificate %d is certificate %d once more: leave each once", i + 1,
                         place_before(r->chain, i));
        else if (X509_NAME_cmp(X509_get_issuer_name(sk_X509_value(r->chain, i - 1)),
                               X509_get_subject_name(sk_X509_value(r->chain, i))) != 0)
            problems_add(r->problems, r->chain_name, 0,
                         "certificate %d is not the issuer of the one before it: put the "
                         "end-entity certificate first, then each one's issuer",
                         i + 1);
}

static void keep_chain(struct reading *r)
{
    struct buf ders = BUF_INIT;
    bool good = true;
    for (int i = 0; i < sk_X509_num(r->chain); i++)
        good = x509_add_der(&ders, sk_X509_value(r->chain, i)) && good;
    r->certificate->chain = arena_copy(r->arena, buf_str(&ders));
    if (!good || !r->certificate->chain.p)
        r->problems->out_of_memory = true;
    buf_fini(&ders);
}

/* ---- the end-entity certificate ---- */

static void expired(struct reading *r)
{
    char day[16] = "";
    struct tm utc;
    time_t end = (time_t)r->certificate->not_after_s;
    if (gmtime_r(&end, &utc))
        strftime(day, sizeof(day), "%Y-%m-%d", &utc);
    problems_add(r->problems, r->chain_name, 0,
                 "the certificate expired on %s: put a new one here (key.pem, chain.pem and x5u "
                 "together)",
                 day);
}

/* "its key ..." to "the certificate's key ...". */
static void refuse(struct reading *r, const char *why, const char *advice)
{
    bool its = str_starts(str_of(why), STR("its "));
    problems_add(r->problems, r->chain_name, 0, "the certificate%s%s: %s", its ? "'s" : "",
                 why + (its ? 3 : 2), advice);
}

/* Where memory ran out, OpenSSL's missing parts look like a fault of the certificate. */
static bool has_memory(struct reading *r, unsigned long since)
{
    if (shortages() != since)
        r->problems->out_of_memory = true;
    return shortages() == since;
}

static void take_leaf(struct reading *r, int64_t now_s)
{
    struct sti_certificate leaf;
    struct certificate *c = r->certificate;
    if (!sti_certificate_judge(&leaf, r->chain, NULL, now_s, r->arena)) {
        r->problems->out_of_memory = true;
        sti_certificate_fini(&leaf);
        return;
    }
    for (unsigned i = 0; i < STI_RULES; i++)
        if (leaf.fault[i])
            refuse(r, leaf.fault[i], sti_rule_advice((enum sti_rule)i));
    c->spc = leaf.spc;
    c->subject = leaf.subject;
    c->serial = leaf.serial;
    c->scope = leaf.scope;
    c->not_before_s = leaf.not_before_s;
    c->not_after_s = leaf.not_after_s;
    c->public_key = leaf.key; /* owned by the certificate from here on */
    leaf.key = NULL;
    sti_certificate_fini(&leaf);
    if (!leaf.fault[STI_DATES] && now_s > c->not_after_s)
        expired(r);
}

static void read_chain(struct reading *r, struct str text, int64_t now_s)
{
    struct text_fault fault;
    r->chain = certificates_read(text, &fault);
    if (!r->chain) {
        text_fault_add(&fault, r->chain_name, r->problems);
        return;
    }
    const unsigned long before = shortages();
    check_order(r);
    keep_chain(r);
    if (has_memory(r, before))
        take_leaf(r, now_s);
    sk_X509_pop_free(r->chain, X509_free);
}

/* ---- x5u ---- */

static void read_x5u(struct reading *r, struct str text)
{
    struct str url = str_trim(text);
    const char *why = x5u_fault(url);
    if (why)
        problems_add(r->problems, r->x5u_name, 0, "%s", why);
    r->certificate->x5u = arena_copy(r->arena, url);
    if (!r->certificate->x5u.p)
        r->problems->out_of_memory = true;
}

bool certificate_read(struct certificate *c, struct arena *arena, struct str id,
                      struct str directory, struct str chain_name, struct str chain_pem,
                      struct str x5u_name, struct str x5u_text, int64_t now_s,
                      struct problems *problems)
{
    struct certificate read = {
        .id = arena_copy(arena, id),
        .directory = arena_copy(arena, directory),
    };
    struct reading r = {&read, arena, chain_name, x5u_name, problems, NULL};
    size_t known = problems->n;
    if (!read.id.p || !read.directory.p)
        problems->out_of_memory = true;
    read_chain(&r, chain_pem, now_s);
    read_x5u(&r, x5u_text);
    if (problems->n != known || problems->out_of_memory) {
        certificate_fini(&read);
        return false;
    }
    *c = read;
    return true;
}

enum certificate_life certificate_life(const struct certificate *c, int64_t now_s)
{
    return certificate_life_between(c->not_before_s, c->not_after_s, now_s);
}

enum certificate_life certificate_life_between(int64_t not_before_s, int64_t not_after_s,
                                               int64_t now_s)
{
    int64_t whole = not_after_s - not_before_s, left = not_after_s - now_s;
    if (left < 0)
        return LIFE_OVER;
    return left < whole / 10 ? LIFE_A_TENTH : left < whole / 3 ? LIFE_A_THIRD : LIFE_LONG;
}
