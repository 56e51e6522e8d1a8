#include <stird/core/trust_image.h>

#include "packed.h"
#include "trust_write.h"
#include "x509_parts.h"

#include <stdlib.h>
#include <stird/base/shortage.h>

#define MAGIC "stird trust 2\n"

struct trust_image {
    uint64_t generation;
    unsigned n;
    struct trust_image_domain domains[TRUST_DOMAINS_MAX];
    struct trust *trust[TRUST_DOMAINS_MAX]; /* of each domain: what it owns */
    struct str *countries[TRUST_DOMAINS_MAX];
};

/* ---- writing ---- */

static bool add_domain(struct buf *out, const struct trust_image_domain *d)
{
    packed_add_text(out, d->name);
    packed_add_text(out, d->mark);
    packed_add_number(out, d->n_countries);
    for (unsigned i = 0; i < d->n_countries; i++)
        packed_add_text(out, d->countries[i]);
    packed_add_number(out, d->is_listed);
    packed_add_number(out, (uint64_t)d->sequence);
    packed_add_number(out, (uint64_t)d->expires_s);
    packed_add_number(out, (uint64_t)d->stale_s);
    packed_add_number(out, d->wants_crls);
    packed_add_number(out, d->crl_opens);
    return trust_write(d->trust, d->has_grace ? 0 : TRUST_CRL_GRACE_S, out);
}

bool trust_image_write(struct buf *out, const struct trust_image_domain *domains, unsigned n)
{
    const unsigned long before = shortages();
    bool good = true;
    buf_add_str(out, STR(MAGIC));
    packed_add_number(out, n);
    for (unsigned i = 0; i < n && good; i++)
        good = add_domain(out, &domains[i]);
    return good && !buf_failed(out) && shortages() == before;
}

/* ---- reading ---- */

static bool read_countries(struct trust_image *i, unsigned domain, struct packed *in)
{
    struct trust_image_domain *d = &i->domains[domain];
    d->n_countries = packed_count(in, TRUST_COUNTRIES_MAX);
    struct str *all = calloc(d->n_countries + 1, sizeof(*all));
    for (unsigned c = 0; all && c < d->n_countries; c++)
        all[c] = packed_text(in);
    d->countries = i->countries[domain] = all;
    return all != NULL;
}

static int64_t read_time(struct packed *in)
{
    uint64_t s = packed_number(in);
    in->broken = in->broken || s > TRUST_TIME_MAX_S;
    return in->broken ? 0 : (int64_t)s;
}

static bool read_domain(struct trust_image *i, unsigned domain, struct packed *in)
{
    struct trust_image_domain *d = &i->domains[domain];
    d->name = packed_text(in);
    d->mark = packed_text(in);
    if (!read_countries(i, domain, in))
        return false;
    d->is_listed = packed_number(in) != 0;
    d->sequence = (int64_t)packed_number(in);
    d->expires_s = read_time(in);
    d->stale_s = read_time(in);
    d->wants_crls = packed_number(in) != 0;
    d->crl_opens = packed_number(in) != 0;
    d->has_grace = true;
    d->trust = i->trust[domain] = trust_open(in);
    return d->trust != NULL;
}

static bool read_image(struct trust_image *i, struct packed *in)
{
    in->broken = !str_starts(in->rest, STR(MAGIC));
    in->rest = str_slice(in->rest, sizeof(MAGIC) - 1, in->rest.n);
    i->n = packed_count(in, TRUST_DOMAINS_MAX);
    bool good = !in->broken;
    for (unsigned d = 0; d < i->n && good; d++)
        good = read_domain(i, d, in);
    return good && !in->broken && in->rest.n == 0;
}

struct trust_image *trust_image_open(struct str image, uint64_t generation, const char **why)
{
    const unsigned long before = shortages();
    struct trust_image *i = calloc(1, sizeof(*i));
    struct packed in = {.rest = image};
    if (i && read_image(i, &in)) {
        i->generation = generation;
        return i;
    }
    *why = !i || shortages() != before ? TRUST_NO_MEMORY : "is no image of trust, or a broken one";
    trust_image_close(i);
    return NULL;
}

void trust_image_close(struct trust_image *i)
{
    for (unsigned d = 0; i && d < TRUST_DOMAINS_MAX; d++) {
        trust_free(i->trust[d]);
        free(i->countries[d]);
    }
    free(i);
}

uint64_t trust_image_generation(const struct trust_image *i)
{
    return i->generation;
}

unsigned trust_image_domains(const struct trust_image *i)
{
    return i->n;
}

const struct trust_image_domain *trust_image_domain(const struct trust_image *i, unsigned domain)
{
    return &i->domains[domain];
}

uint32_t trust_image_mask(const struct trust_image *i, struct str name, struct str mark)
{
    for (unsigned d = 0; d < i->n; d++)
        if (str_eq(i->domains[d].name, name) && str_eq(i->domains[d].mark, mark))
            return UINT32_C(1) << d;
    return 0;
}

/* ---- asking ---- */

enum trust_state trust_image_state(const struct trust_image_domain *domain, int64_t now_s)
{
    if (!trust_has_anchors_at(domain->trust, now_s))
        return TRUST_UNAVAILABLE;
    if (!domain->is_listed || now_s < domain->expires_s)
        return TRUST_IN_FORCE;
    return now_s - domain->expires_s < domain->stale_s ? TRUST_LIST_STALE : TRUST_UNAVAILABLE;
}

static void narrow(struct trust_answer *answer, const struct trust_answer *other)
{
    answer->from_s = answer->from_s > other->from_s ? answer->from_s : other->from_s;
    answer->until_s = answer->until_s < other->until_s ? answer->until_s : other->until_s;
}

/* When the domain's list ends, or the last of its anchors, the domain becomes unavailable: the
   answer holds no longer than that. */
static void part_at_its_end(const struct trust_image_domain *d, int64_t now_s,
                            struct trust_answer *answer)
{
    if (answer->chain)
        trust_part_at_anchors(d->trust, now_s, answer);
    if (d->is_listed && d->expires_s > 0)
        x509_part_at(d->expires_s + d->stale_s, now_s, &answer->from_s, &answer->until_s);
}

/* What one domain answers, into BY_ANCHORS, and *BUILT where the leaf leads to it. */
static bool judge_by(const struct trust_image_domain *d, X509 *leaf, STACK_OF(X509) * more,
                     int64_t now_s, struct trust_answer *by_anchors, STACK_OF(X509) * *built)
{
    *built = NULL;
    *by_anchors = (struct trust_answer){
        .chain = "its domain of trust has no list of authorities that is in force",
        .from_s = INT64_MIN,
        .until_s = INT64_MAX};
    bool good = trust_image_state(d, now_s) == TRUST_UNAVAILABLE ||
                trust_judge(d->trust, leaf, more, now_s, by_anchors, built);
    part_at_its_end(d, now_s, by_anchors);
    if (d->wants_crls && !by_anchors->chain && by_anchors->revoked == TRUST_NO_LISTS) {
        by_anchors->revoked = TRUST_NOT_KNOWN;
        by_anchors->not_known = "no revocation list of its domain of trust is at hand";
    }
    return good;
}

/* Takes the answer of one more domain into what is said of all: the first domain to which the leaf
   leads, except for what is revoked; where it leads to none, the first that was asked. */
static void take(struct trust_image_answer *answer, unsigned domain,
                 const struct trust_image_domain *d, const struct trust_answer *one)
{
    struct trust_answer before = answer->by_anchors;
    bool first = answer->leads == 0;
    if (!one->chain)
        answer->leads |= UINT32_C(1) << domain;
    if (!one->chain && (first || one->revoked == TRUST_REVOKED)) {
        answer->domain = domain;
        answer->by_anchors = *one;
        answer->crl_opens = d->crl_opens && one->revoked == TRUST_NOT_KNOWN;
    } else if (one->chain && !before.chain && first) {
        answer->by_anchors = *one;
    }
    narrow(&answer->by_anchors, &before);
    narrow(&answer->by_anchors, one);
}

static void add_way(struct trust_image_ways *ways, unsigned domain,
                    const struct trust_image_domain *d, const struct trust_answer *one,
                    STACK_OF(X509) * up)
{
    if (up)
        ways->of[ways->n++] = (struct trust_image_way){.domain = domain,
                                                       .revoked = one->revoked,
                                                       .not_known = one->not_known,
                                                       .crl_opens = d->crl_opens &&
                                                                    one->revoked == TRUST_NOT_KNOWN,
                                                       .up = up};
}

static void revoke_all(struct trust_image_ways *ways)
{
    for (unsigned w = 0; w < ways->n; w++) {
        ways->of[w].revoked = TRUST_REVOKED;
        ways->of[w].not_known = NULL;
        ways->of[w].crl_opens = false;
    }
}

void trust_image_ways_fini(struct trust_image_ways *ways)
{
    for (unsigned w = 0; w < ways->n; w++)
        sk_X509_pop_free(ways->of[w].up, X509_free);
    ways->n = 0;
}

bool trust_image_judge(const struct trust_image *i, uint64_t domains, X509 *leaf,
                       STACK_OF(X509) * more, int64_t now_s, struct trust_image_answer *answer,
                       struct trust_image_ways *ways)
{
    bool good = true;
    struct trust_image_ways all = {.n = 0};
    *answer = (struct trust_image_answer){
        .domain = TRUST_NO_DOMAIN,
        .unheard = domains & TRUST_LACKING,
        .by_anchors = {.from_s = INT64_MIN, .until_s = INT64_MAX}};
    for (unsigned d = 0; d < i->n && good; d++) {
        struct trust_answer one;
        STACK_OF(X509) *up = NULL;
        if (!(domains & UINT64_C(1) << d))
            continue;
        good = judge_by(&i->domains[d], leaf, more, now_s, &one, &up);
        if (trust_image_state(&i->domains[d], now_s) == TRUST_UNAVAILABLE)
            answer->unheard |= UINT64_C(1) << d;
        take(answer, d, &i->domains[d], &one);
        add_way(&all, d, &i->domains[d], &one, up);
    }
    if (answer->by_anchors.revoked == TRUST_REVOKED)
        revoke_all(&all);
    answer->is_open = answer->unheard != 0 && answer->leads == 0;
    if (answer->leads == 0 && !answer->by_anchors.chain)
        answer->by_anchors.chain = "it is asked by no domain of trust";
    if (ways)
        *ways = all;
    else
        trust_image_ways_fini(&all);
    return good;
}

bool trust_image_vouches(const struct trust_image *i, uint32_t domains, struct str digits)
{
    bool vouches = false;
    for (unsigned d = 0; d < i->n && !vouches; d++) {
        const struct trust_image_domain *one = &i->domains[d];
        if (!(domains & UINT32_C(1) << d))
            continue;
        vouches = one->n_countries == 0;
        for (unsigned c = 0; c < one->n_countries && !vouches; c++)
            vouches = str_starts(digits, one->countries[c]);
    }
    return vouches;
}

bool trust_image_might_vouch(const struct trust_image *i, uint64_t unheard, struct str digits)
{
    return unheard & TRUST_LACKING || trust_image_vouches(i, (uint32_t)unheard, digits);
}
