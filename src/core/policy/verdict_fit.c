#include "verdict_fit.h"

#include <stird/core/signers.h>
#include <stird/core/verified.h>

#include "decision.h"
#include "own_number.h"

static bool is_unsigned(const struct verified *v)
{
    return v->class == VERIFICATION_NOTHING && v->headers == 0;
}

enum fit verdict_fit_class(const struct rule *r, const struct rule_facts *f)
{
    const struct verified *v = f->call->verified;
    if (r->judged == 0)
        return FITS;
    const bool fits = v && ((r->judged >> v->class & 1) ||
                            ((r->judged & RULE_JUDGED_UNSIGNED) && is_unsigned(v)));
    return fit_of(fits, fits);
}

static bool has_level(const struct verified *v)
{
    return v->class == VERIFICATION_PASSED && v->level >= 'A' && v->level <= 'C';
}

enum fit verdict_fit_levels(const struct rule *r, const struct rule_facts *f)
{
    const struct verified *v = f->call->verified;
    const bool fits = r->levels == 0 || (v && has_level(v) && (r->levels >> (v->level - 'A') & 1));
    return fit_of(fits, fits);
}

/* What of a call that is open is ours to find out, and does not count as too low. */
enum fit verdict_fit_below(const struct rule *r, const struct rule_facts *f)
{
    static const char lowest[] = {[RULE_FLOOR_C] = 'C', [RULE_FLOOR_B] = 'B', [RULE_FLOOR_A] = 'A'};
    const struct verified *v = f->call->verified;
    const bool fits = r->level_below == RULE_NO_FLOOR ||
                      (v && v->class != VERIFICATION_OPEN &&
                       (!has_level(v) || v->level > lowest[r->level_below]));
    return fit_of(fits, fits);
}

static bool is_in(const struct str *list, unsigned n, struct str text)
{
    for (unsigned i = 0; i < n; i++)
        if (str_eq(list[i], text))
            return true;
    return false;
}

/* Whether one, and whether each, of several words is asked for. */
struct some_of {
    bool one, each;
};

static void look_for(struct some_of *some, const struct str *list, unsigned n, struct str words)
{
    while (words.n > 0) {
        const bool is = is_in(list, n, str_cut(&words, ','));
        some->one = some->one || is;
        some->each = some->each && is;
    }
}

/* Of several codes, of one certificate or of several valid tokens, one is enough to count against
   the call. So is a certificate that a token names which did not pass: anybody may have sent it. */
enum fit verdict_fit_signers(const struct rule *r, const struct rule_facts *f)
{
    const struct verified *v = f->call->verified;
    struct some_of some = {.each = v && v->spc.n > 0};
    if (r->n_signers == 0)
        return FITS;
    if (v) {
        look_for(&some, r->signers, r->n_signers, v->spc);
        look_for(&some, r->signers, r->n_signers, v->spcs_beside);
    }
    return fit_of(some.one, some.each && v->class == VERIFICATION_PASSED);
}

static bool is_domain(const struct rule *r, const struct settings *s, struct str name)
{
    for (unsigned i = 0; name.n > 0 && i < s->n_trusts && i < 32; i++)
        if ((r->trusts >> i & 1) && str_eq(s->trusts[i].name, name))
            return true;
    return false;
}

enum fit verdict_fit_trust(const struct rule *r, const struct rule_facts *f)
{
    const struct verified *v = f->call->verified;
    if (r->trusts == 0)
        return FITS;
    bool one = v && is_domain(r, f->settings, v->trust), each = one;
    struct str beside = v ? v->trusts_beside : STR("");
    while (beside.n > 0) {
        const bool is = is_domain(r, f->settings, str_cut(&beside, ','));
        one = one || is;
        each = each && is;
    }
    return fit_of(one, each && v->class == VERIFICATION_PASSED);
}

enum fit verdict_fit_own(const struct rule *r, const struct rule_facts *f)
{
    return r->own_number
               ? own_number_fit(f->settings, f->table, f->call,
                                f->has_orig ? &f->outcome->claims.orig : NULL, f->orig_reach)
               : FITS;
}

enum fit verdict_fit_replayed(const struct rule *r, const struct rule_facts *f)
{
    const bool fits = !r->replayed || (f->call->verified && f->call->verified->replayed);
    return fit_of(fits, fits);
}

/* ---- what changes nothing ---- */

bool verdict_fit_is_observed(const struct settings *s, const struct trunk *trunk)
{
    return trunk->verification < s->n_verifications &&
           s->verifications[trunk->verification].observe;
}

/* ---- whom it calls ---- */

struct owners {
    const struct rule *rule;
    const struct rule_facts *facts;
    bool (*wanted)(const struct rule *rule, const struct rule_facts *facts, struct str customer);
    int32_t today;
    bool found;
};

static void look(void *user, const struct numbers_row *row)
{
    struct owners *o = user;
    o->found = o->found ||
               ((row->state == NUMBER_OWNED || row->state == NUMBER_DELEGATED ||
                 row->state == NUMBER_UNVERIFIED) &&
                numbers_row_counts(row, o->today) && o->wanted(o->rule, o->facts, row->customer));
}

static bool is_of_one(struct owners *o, bool known, const struct tn *number)
{
    o->found = false;
    if (known)
        numbers_rows_urgent(o->facts->call->overlay, o->facts->table, number, o->today, look, o);
    return o->found;
}

static bool may_be_of_one(struct owners *o, const struct tn_reach *reach)
{
    bool may = reach->more;
    for (unsigned i = 0; i < reach->n && !may; i++)
        may = is_of_one(o, true, &reach->numbers[i]);
    return may;
}

/* Whether one of those that both called URIs name beside their numbers may be; *ALL: each. */
static bool beside_may_be(struct owners *o, const struct beside *beside, bool *all)
{
    bool some = beside->more;
    *all = !beside->more;
    for (unsigned i = 0; i < beside->n; i++) {
        const bool may = may_be_of_one(o, &beside->reach[i]);
        some = some || may;
        *all = *all && may;
    }
    return some;
}

/* The number that the token names, the one where the call really goes, and what their URIs may lead
   to: one of them is enough to count against the call. */
static enum fit called(struct owners *o)
{
    const struct rule_facts *f = o->facts;
    bool all_beside;
    o->today = decision_day(f->settings, f->call->now_s);
    const bool named = is_of_one(o, f->has_dest, &f->outcome->claims.dest);
    const bool routed = is_of_one(o, f->has_other_dest, &f->other_dest);
    const bool named_maybe = may_be_of_one(o, f->dest_reach);
    const bool routed_maybe = may_be_of_one(o, f->other_reach);
    const bool beside = beside_may_be(o, f->beside, &all_beside);
    const bool all_named = named || named_maybe || (!f->has_dest && f->dest_reach->n == 0);
    const bool all_routed = routed || routed_maybe ||
                            (!f->has_other_dest && f->other_reach->n == 0);
    return fit_of(named || routed || named_maybe || routed_maybe || beside,
                  (named || routed) && all_named && all_routed && all_beside);
}

static bool is_named(const struct rule *r, const struct rule_facts *f, struct str customer)
{
    (void)f;
    return is_in(r->called_customers, r->n_called_customers, customer);
}

enum fit verdict_fit_called(const struct rule *r, const struct rule_facts *f)
{
    struct owners o = {.rule = r, .facts = f, .wanted = is_named};
    return r->n_called_customers == 0 ? FITS : called(&o);
}

static bool has_all(const struct rule *r, const struct rule_facts *f, struct str customer)
{
    for (unsigned i = 0; i < r->n_called_customer_is; i++) {
        const struct attribute *a = &r->called_customer_is[i];
        if (!str_eq_nocase(rule_attribute_of(f->settings, f->table, customer, a->column), a->value))
            return false;
    }
    return true;
}

enum fit verdict_fit_called_is(const struct rule *r, const struct rule_facts *f)
{
    struct owners o = {.rule = r, .facts = f, .wanted = has_all};
    return r->n_called_customer_is == 0 ? FITS : called(&o);
}
