/* Rules, and the table of signers, that can never do what they say: what only shows when all parts
   are known. Warnings, for each of these may be what comes next; but a mistake where somebody
   relies on a rule that lowers. */
#include "reader.h"
#include "way_back.h"

#include <stird/base/container_of.h>
#include <stird/core/service_word.h>

static const struct service_word *word_of(const struct trunk *t)
{
    return &service_words[t->service];
}

static bool may_act_on(const struct rule *rule, uint32_t trunk)
{
    for (unsigned i = 0; i < rule->n_trunks; i++)
        if (rule->trunks[i] == trunk)
            return true;
    return rule->n_trunks == 0;
}

/* Whether all trunks that RULE may act on judge calls and sign none. */
static bool only_verifies(const struct settings *s, const struct rule *rule)
{
    bool only = s->n_trunks > 0;
    for (unsigned i = 0; i < s->n_trunks; i++)
        only = only && (!may_act_on(rule, i) || !word_of(&s->trunks[i])->signs);
    return only;
}

/* ---- no call fits it ---- */

static bool is_a_customer_there(const struct settings *s, const struct rule *rule)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        for (unsigned k = 0; k < rule->n_customers; k++)
            if (may_act_on(rule, i) && str_eq(rule->customers[k], s->trunks[i].customer))
                return true;
    return false;
}

/* Of a call that is only judged nobody looks the number up, and its trunk is no customer's. */
static void check_unasked(struct reader *r, const struct settings *s, const struct draft_rule *d)
{
    const struct rule *rule = &d->rule;
    const struct {
        const char *key;
        bool never;
    } keys[] = {{"customers", rule->n_customers > 0 && !is_a_customer_there(s, rule)},
                {"number_states", rule->number_states != 0},
                {"number_is", rule->n_number_is > 0}};
    if (!rule_asks_for_verdict(rule) || !only_verifies(s, rule))
        return;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].never)
            warn(r, &d->object, place_of(&d->object, keys[i].key),
                 "%s: the trunks of this rule only verify, and no table is asked about their "
                 "calling numbers: it can never hold: take it out; called_customers asks whom they "
                 "call",
                 keys[i].key);
}

/* "A" is bit 0; the floor is the first letter that is not below it. */
static void check_levels(struct reader *r, const struct draft_rule *d)
{
    static const unsigned below[] = {
        [RULE_NO_FLOOR] = 7, [RULE_FLOOR_C] = 0, [RULE_FLOOR_B] = 4, [RULE_FLOOR_A] = 6};
    const struct rule *rule = &d->rule;
    if (rule->levels != 0 && !(rule->levels & below[rule->level_below]))
        warn(r, &d->object, place_of(&d->object, "levels"),
             "levels: none of them is below level_below, so no call fits both: leave one of the "
             "two out");
}

static void check_never_acts(struct reader *r, const struct settings *s, const struct draft_rule *d)
{
    const struct rule *rule = &d->rule;
    if (rule->n_trunks == 0 && !rule_asks_for_verdict(rule) && !rule_asks_for_rate(rule) &&
        only_verifies(s, rule))
        warn(r, &d->object, d->object.at,
             "all trunks only verify, where a rule acts that names its trunks or asks for the "
             "verdict: it never acts: write trunks");
}

/* ---- back where it came from ---- */

/* What a trunk's own upstreams are looked at for, where it does not have this one itself. */
static void check_way_back(struct reader *r, const struct settings *s, const struct draft_rule *d)
{
    const struct rule *rule = &d->rule;
    for (unsigned k = 0; k < rule->n_upstreams; k++)
        for (unsigned i = 0; i < s->n_trunks; i++) {
            const struct trunk *t = &s->trunks[i];
            const uint32_t u = rule->upstreams[k];
            if (!may_act_on(rule, i) || !word_of(t)->verifies || way_back_leads_to(t, u) ||
                !way_back_is_from(t, &s->upstreams[u]))
                continue;
            warn(r, &d->object, place_of(&d->object, "upstreams"),
                 "upstreams: %.*s is where calls of trunk %.*s come from: they would go back, in a "
                 "circle: name another one, or the trunks of this rule",
                 STR_ARG(shown(r, s->upstreams[u].name)), STR_ARG(shown(r, t->name)));
            break;
        }
}

/* Whether stird sends no call that RULE may act on. */
static bool sends_none(const struct settings *s, const struct rule *rule)
{
    bool any = false;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        if (may_act_on(rule, i) && !s->trunks[i].in_dialect)
            return false;
        any = any || may_act_on(rule, i);
    }
    return any;
}

static void check_sent(struct reader *r, const struct settings *s, const struct draft_rule *d)
{
    if (d->rule.n_upstreams > 0 && sends_none(s, &d->rule))
        warn(r, &d->object, place_of(&d->object, "upstreams"),
             "upstreams: the SBCs of its trunks route their calls themselves (front = "
             "\"redirect\"), and nothing tells them of these: take it out");
}

/* ---- ends that nobody sees ---- */

static bool may_rate(const struct rule *rule, const struct settings *s, uint32_t trunk)
{
    bool customer = rule->n_customers == 0;
    for (unsigned i = 0; i < rule->n_customers; i++)
        customer = customer || str_eq(rule->customers[i], s->trunks[trunk].customer);
    return customer && may_act_on(rule, trunk) && word_of(&s->trunks[trunk])->signs;
}

/* Of a call that its SBC routes itself stird sees neither answer nor end. */
static void check_share(struct reader *r, const struct settings *s, const struct draft_rule *d,
                        const char *key)
{
    const struct trunk *unseen = NULL;
    bool some_end = false;
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (may_rate(&d->rule, s, i)) {
            const struct trunk *t = &s->trunks[i];
            some_end = some_end || !t->in_dialect;
            if (t->in_dialect && !unseen)
                unseen = t;
        }
    if (unseen && !some_end)
        complain(r, &d->object, place_of(&d->object, key),
                 "%s: the SBCs of its trunks route their calls themselves (front = \"redirect\"): "
                 "stird sees none of these answered or ended, so this rule can never hold: ask for "
                 "calls_per_minute alone, or take it out",
                 key);
    else if (unseen)
        warn(r, &d->object, place_of(&d->object, key),
             "%s: of calls of trunk %.*s none is seen to be answered or to end, for its SBC routes "
             "them itself (front = \"redirect\"): they are lowered by those of other trunks alone: "
             "write trunks, and for this one a rule that asks for calls_per_minute alone",
             key, STR_ARG(shown(r, unseen->name)));
}

static void check_shares(struct reader *r, const struct settings *s, const struct draft_rule *d)
{
    if (d->rule.short_share > 0)
        check_share(r, s, d, "short_share");
    if (d->rule.unanswered_share > 0)
        check_share(r, s, d, "unanswered_share");
}

/* ---- refused by nobody ---- */

/* Whether each profile of trunks that RULE may act on only observes. NULL: all trunks. */
static bool all_observe(const struct settings *s, const struct rule *rule)
{
    bool any = false;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        const uint32_t v = s->trunks[i].verification;
        if ((rule && !may_act_on(rule, i)) || !word_of(&s->trunks[i])->verifies ||
            v >= s->n_verifications)
            continue;
        if (!s->verifications[v].observe)
            return false;
        any = true;
    }
    return any;
}

static void check_observed(struct reader *r, const struct settings *s, const struct draft_rule *d)
{
    if (d->rule.verdict == RULE_REFUSE && rule_asks_for_verdict(&d->rule) &&
        all_observe(s, &d->rule))
        warn(r, &d->object, place_of(&d->object, "then"),
             "then: no call is refused while the verification of its trunk observes, and records "
             "tell what would become of it: then write observe = false there");
}

static void check_signers(struct reader *r, const struct draft *draft)
{
    const struct object *root = &draft->object;
    const struct settings *s = &draft->settings;
    static const char *const keys[] = {"signers.status", "signers.reason"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && s->signers_file.n == 0; i++)
        if (was_given(root, keys[i]))
            warn(r, root, place_of(root, keys[i]),
                 "%s: there is no table of signers, so nobody is answered so: write signers.file, "
                 "or take it out",
                 keys[i]);
    if (s->signers_file.n > 0 && all_observe(s, NULL))
        warn(r, root, place_of(root, "signers.file"),
             "signers.file: its rows neither refuse nor lower while all verifications observe, and "
             "records tell what would become of calls: then write observe = false there");
}

void rules_find_idle(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    if (r->problems->n > 0) /* what is not understood may be what makes it act */
        return;
    for (unsigned i = 0; i < draft->rules.n; i++) {
        const struct draft_rule *d = container_of(draft->rules.items[i], struct draft_rule, object);
        check_unasked(r, s, d);
        check_levels(r, d);
        check_never_acts(r, s, d);
        check_way_back(r, s, d);
        check_sent(r, s, d);
        check_shares(r, s, d);
        check_observed(r, s, d);
    }
    check_signers(r, draft);
}
