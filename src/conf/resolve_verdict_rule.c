/* What a rule asks of the verdict on a call, of whom it calls, and where it sends it. */
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/core/service_word.h>
#include <stird/core/signers.h>
#include <stird/core/trust_image.h>
#include <stird/core/verification.h>

/* The words of `verdict`: classes by their names, and one of our own. */
static const char *const classes[] = {"passed", "failed", "nothing", "open", "unsigned", NULL};
static const char *const levels[] = {"A", "B", "C", NULL};

static unsigned bit_of_class(struct str word)
{
    for (unsigned i = 0; i < VERIFICATION_CLASSES; i++)
        if (str_eq(word, verification_class_name((enum verification_class)i)))
            return 1u << i;
    return str_eq(word, STR("unsigned")) ? RULE_JUDGED_UNSIGNED : 0;
}

static unsigned bit_of_level(struct str word)
{
    const bool good = word.n == 1 && word.p[0] >= 'A' && word.p[0] <= 'C';
    return good ? 1u << (word.p[0] - 'A') : 0;
}

static void say_empty(struct reader *r, const struct draft_rule *d, const char *key,
                      const struct texts *texts)
{
    if (was_given(&d->object, key) && texts->n == 0 && !texts->faulty)
        complain(r, &d->object, place_of(&d->object, key),
                 "%s is empty: leave it out, and the rule does not ask for it", key);
}

static unsigned read_bits(struct reader *r, const struct draft_rule *d, const char *key,
                          const struct texts *texts, unsigned (*bit_of)(struct str word),
                          const char *const *words, const char *all)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < texts->n; i++) {
        const struct str word = texts->items[i].text;
        const unsigned bit = bit_of(word);
        if (bit == 0)
            complain(r, &d->object, texts->items[i].at, "%s: %.*s is none of %s%.*s", key,
                     STR_ARG(shown(r, word)), all, STR_ARG(hint_of_words(r, words, word)));
        bits |= bit;
    }
    say_empty(r, d, key, texts);
    return bits;
}

static const struct str *read_codes(struct reader *r, const struct draft_rule *d, unsigned *n)
{
    struct str *list = reader_array(r, d->signers.n, sizeof(*list));
    *n = list ? d->signers.n : 0;
    for (unsigned i = 0; i < *n; i++) {
        list[i] = d->signers.items[i].text;
        if (!signer_code_is_good(list[i]))
            complain(r, &d->object, d->signers.items[i].at,
                     "signers: %.*s is no service provider code: upper-case letters and digits",
                     STR_ARG(shown(r, list[i])));
    }
    say_empty(r, d, "signers", &d->signers);
    return list;
}

static uint32_t read_trusts(struct reader *r, const struct draft *draft, const struct draft_rule *d)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < d->trust.n; i++) {
        const struct text_item *item = &d->trust.items[i];
        const unsigned domain = object_find(&draft->trusts, item->text);
        if (domain < draft->trusts.n && domain < TRUST_DOMAINS_MAX)
            bits |= UINT32_C(1) << domain;
        else if (objects_lack(r, &draft->trusts, item->text))
            complain(r, &d->object, item->at, "trust: there is no trust %.*s%.*s",
                     STR_ARG(shown(r, item->text)),
                     STR_ARG(hint_of_objects(r, &draft->trusts, item->text)));
    }
    say_empty(r, d, "trust", &d->trust);
    return bits;
}

static const struct str *read_called(struct reader *r, const struct draft_rule *d, unsigned *n)
{
    struct str *list = reader_array(r, d->called_customers.n, sizeof(*list));
    *n = list ? d->called_customers.n : 0;
    for (unsigned i = 0; i < *n; i++)
        list[i] = d->called_customers.items[i].text;
    say_empty(r, d, "called_customers", &d->called_customers);
    return list;
}

static bool is_listed(const uint32_t *list, unsigned n, uint32_t index)
{
    for (unsigned i = 0; i < n; i++)
        if (list[i] == index)
            return true;
    return false;
}

static const uint32_t *read_upstreams(struct reader *r, const struct draft *draft,
                                      const struct draft_rule *d, unsigned *n)
{
    const struct texts *names = &d->upstreams;
    uint32_t *list = reader_array(r, names->n, sizeof(*list));
    *n = 0;
    for (unsigned i = 0; list && i < names->n; i++) {
        const struct text_item *item = &names->items[i];
        const uint32_t index = object_find(&draft->upstreams, item->text);
        if (objects_lack(r, &draft->upstreams, item->text))
            complain(r, &d->object, item->at, "upstreams: there is no upstream %.*s%.*s",
                     STR_ARG(shown(r, item->text)),
                     STR_ARG(hint_of_objects(r, &draft->upstreams, item->text)));
        else if (is_listed(list, *n, index))
            complain(r, &d->object, item->at, "upstreams: %.*s is there twice",
                     STR_ARG(shown(r, item->text)));
        else if (index < draft->upstreams.n)
            list[(*n)++] = index;
    }
    say_empty(r, d, "upstreams", names);
    return list;
}

/* ---- what contradicts itself ---- */

static bool may_hold_where(const struct rule *rule, const struct settings *s,
                           bool (*is)(const struct trunk *trunk))
{
    for (uint32_t i = 0; i < s->n_trunks; i++)
        if ((rule->n_trunks == 0 || is_listed(rule->trunks, rule->n_trunks, i)) &&
            is(&s->trunks[i]))
            return true;
    return false;
}

static bool verifies(const struct trunk *t)
{
    return service_words[t->service].verifies;
}

static bool does_not_verify(const struct trunk *t)
{
    return !verifies(t);
}

static void check_classes(struct reader *r, const struct draft_rule *d)
{
    const struct rule *rule = &d->rule;
    const struct place at = place_of(&d->object, "verdict");
    const unsigned passed = 1u << VERIFICATION_PASSED, open = 1u << VERIFICATION_OPEN;
    if ((unsigned)__builtin_popcount(rule->judged) < d->judged.n)
        return; /* what it asks for was not understood, which was reported */
    if (rule->judged == open && rule->verdict == RULE_REFUSE)
        complain(r, &d->object, at,
                 "verdict: a call that is open is never refused, since what is missing is ours");
    if (rule->judged == open && rule->level_below != RULE_NO_FLOOR)
        complain(r, &d->object, at,
                 "verdict: level_below never fits a call that is open: no call fits both");
    if (rule->judged != 0 && !(rule->judged & passed) && rule->levels != 0)
        complain(r, &d->object, at,
                 "verdict: levels are those of calls that passed: no call fits both");
}

static bool asks_for_rate(const struct draft_rule *d)
{
    return rule_asks_for_rate(&d->rule);
}

static void check_rate(struct reader *r, const struct draft_rule *d)
{
    static const char *const keys[] = {"verdict", "levels",     "level_below", "signers",
                                       "trust",   "own_number", "replayed",    "upstreams"};
    for (size_t i = 0; asks_for_rate(d) && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (was_given(&d->object, keys[i]))
            complain(r, &d->object, place_of(&d->object, keys[i]),
                     "%s has no meaning in a rule that asks for a rate: it only lowers or alarms",
                     keys[i]);
}

/* Of a token of ours it lowers the level, and that is all (by_verdict.h). */
static void check_signing(struct reader *r, const struct draft_rule *d)
{
    static const char *const keys[] = {"existing_identity", "certificate"};
    for (size_t i = 0; rule_asks_for_verdict(&d->rule) && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (was_given(&d->object, keys[i]))
            complain(r, &d->object, place_of(&d->object, keys[i]),
                     "%s has no meaning in a rule that asks for the verdict: it only lowers, "
                     "refuses or sends elsewhere",
                     keys[i]);
}

static void check_where(struct reader *r, const struct draft *draft, const struct draft_rule *d)
{
    const struct settings *s = &draft->settings;
    const struct rule *rule = &d->rule;
    if (s->n_trunks == 0 || r->incomplete || draft->trunks.faulty)
        return;
    if (rule_asks_for_verdict(rule) && !may_hold_where(rule, s, verifies))
        complain(r, &d->object, d->object.at,
                 "it asks what a call's Identity is worth, and none of its trunks verifies "
                 "(service): it can never hold");
    if (rule->verdict == RULE_FAILED && !rule_asks_for_verdict(rule) &&
        may_hold_where(rule, s, does_not_verify))
        complain(r, &d->object, place_of(&d->object, "then"),
                 "then: failed is for calls that were judged: ask for the verdict, or name trunks "
                 "that verify");
}

void resolve_verdict_rule(struct reader *r, const struct draft *draft, struct draft_rule *d)
{
    struct rule *rule = &d->rule;
    rule->judged = read_bits(r, d, "verdict", &d->judged, bit_of_class, classes,
                             "passed, failed, nothing, open, unsigned");
    rule->levels = read_bits(r, d, "levels", &d->levels, bit_of_level, levels, "A, B, C");
    rule->signers = read_codes(r, d, &rule->n_signers);
    rule->trusts = read_trusts(r, draft, d);
    rule->called_customers = read_called(r, d, &rule->n_called_customers);
    rule->called_customer_is = resolve_attributes(
        r, &d->object, "called_customer_is", &d->called_customer_is, &rule->n_called_customer_is);
    rule->upstreams = read_upstreams(r, draft, d, &rule->n_upstreams);
    if (rule->verdict == RULE_REFUSE && was_given(&d->object, "upstreams"))
        complain(r, &d->object, place_of(&d->object, "upstreams"),
                 "upstreams has no meaning for a call that is refused");
    check_classes(r, d);
    check_rate(r, d);
    check_signing(r, d);
    check_where(r, draft, d);
}
