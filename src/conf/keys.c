#include "keys.h"

#include "draft.h"

#include <stird/base/container_of.h>
#include <stird/conf/runtime_directory.h>
#include <stird/core/service_word.h>

/* A row of settings.def as a key; its place in a draft. */
#define PLACE(draft, place)                                                                        \
    .offset = offsetof(struct draft, place), .width = sizeof(((struct draft *)0)->place)
#define ROW(draft, place, key_name, kind, ...)                                                     \
    {.name = (key_name), .type = (kind), PLACE(draft, place), __VA_ARGS__},
/* A key that all trunks share, and the key by which a trunk says something else: all columns but
   these are the same. */
#define COMMON_ROW(place, key_name, own_name, ...) ROW(draft, common.place, key_name, __VA_ARGS__)
#define OWN_ROW(place, key_name, own_name, kind, ...)                                              \
    {__VA_ARGS__,                                                                                  \
     .name = (own_name),                                                                           \
     .type = (kind),                                                                               \
     PLACE(draft_trunk, trunk.place),                                                              \
     .inherited_from = offsetof(struct draft, common.place),                                       \
     .fallback = NULL,                                                                             \
     .help = "As " key_name ", for this trunk."},
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define NOT_A (1u << TREATMENT_A)
#define WHY_NOT_A                                                                                  \
    "level A is for owned and delegated numbers only (ATIS-1000074): write B, C, unsigned or "     \
    "refuse"
#define LEVELS (1u << TREATMENT_A | 1u << TREATMENT_B | 1u << TREATMENT_C)
#define WHY_NOT_SIGNED                                                                             \
    "a number that is marked as blocked is never signed: write refuse or unsigned"
#define WHY_GATEWAY "a gateway call is never above C: write C, unsigned or refuse"
#define WHY_NOT_REFUSE                                                                             \
    "a trunk whose calls are all refused is no trunk: write unsigned, or a rule that refuses"
#define WHY_IMPOSSIBLE "a number that cannot exist is never signed: write unsigned or refuse"
#define WHY_NO_NUMBER  "a call without a calling number cannot be signed: write unsigned or refuse"

static const char service_help[] = "What becomes of its calls: "
#define SERVICE(NAME, word, ...) #word ", "
#include <stird/core/service_word.def>
                                   "and no other.";
#define NOT_SERVED   (1u << FRONT_REST)
#define WHY_NO_FRONT "this version of stird has no such front: write proxy or redirect"

/* In the order of the enums whose values are kept. */
const char *const treatments[] = {"A", "B", "C", "unsigned", "refuse", NULL};
static const char *const identities[] = {"authenticated", "gateway", NULL};
static const char *const modes[] = {"sign", "shadow", NULL};
static const char *const existing[] = {"keep", "strip", "replace", "add", NULL};
static const char *const group_places[] = {"contact", "request_uri", "from", NULL};
static const char *const called[] = {"to", "request_uri", NULL};
static const char *const request_uris[] = {"keep", "replace", NULL};
static const char *const private_identities[] = {"keep", "strip", NULL};
static const char *const healths[] = {"alive", "next_hops", "signing", NULL};
static const char *const services[] = {
#define SERVICE(NAME, word, ...) #word,
#include <stird/core/service_word.def>
    NULL};
static const char *const fronts[] = {"proxy", "redirect", "rest", NULL};
static const char *const drains[] = {"503", "silence", NULL};
static const char *const dialog_peers[] = {"known", "any", NULL};
static const char *const verifications[] = {"none", "require", NULL};
static const char *const failures[] = {"fail_open", "fail_closed", NULL};
static const char *const two_owners[] = {"warn", "refuse", NULL};
static const char *const crl_stales[] = {"warn", "open", NULL};
static const char *const verified_dests[] = {"to", "request_uri", "either", NULL};
static const char *const verified_levels[] = {"A", "B", "C", NULL};
static const char *const verification_failures[] = {"mark", "reason", "reject", NULL};
static const char *const verified_anonymous[] = {"mark", "reject", NULL};
static const char *const blocked_locations[] = {"U",   "LPN",  "LN", "TN", "RLN",
                                                "RPN", "INTL", "BI", NULL};
static const char *const verstat_maps[] = {"evidence", "all", "signature", NULL};
static const char *const verstat_places[] = {"pai", "from", "both", "none", NULL};
static const char *const verstat_forms[] = {"user", "uri", "tel", NULL};
static const char *const verstat_suffixes[] = {"none", "letter", NULL};
static const char *const identity_outs[] = {"keep", "strip", "keep_valid", NULL};
static const char *const dialect_dates[] = {"added", "always", "never", NULL};
static const char *const dialect_contacts[] = {"source", "request", "host", "echo", "none", NULL};
static const char *const dialect_withheld[] = {"unsigned", "sign", NULL};
static const char *const dialect_pais[] = {"as_received", "canonical", NULL};
static const char *const monitor_expects[] = {"A", "B", "C", "signed", "arrives", NULL};
static const char *const levels[] = {"error", "warning", "info", "debug", NULL};

const char *const keys_kyc_states[] = {"verified", "pending", "failed", "none", NULL};
static const char *const origids[] = {"call", "trunk", "customer", NULL};
static const char *const rule_identities[] = {"any", "authenticated", "gateway", NULL};
static const char *const carried[] = {"any", "shaken", "none", NULL};
static const char *const verdicts[] = {"A",         "B",     "C",      "unsigned", "refuse",
                                       "by_number", "alarm", "failed", NULL};
static const char *const rule_floors[] = {"none", "C", "B", "A", NULL};
static const char *const rates_of[] = {"number", "customer", NULL};

/* ---- what is required where something else says so ---- */

/* NULL: its service is a mistake. */
static const struct service_word *word_of(const struct object *trunk)
{
    const struct draft_trunk *d = container_of(trunk, const struct draft_trunk, object);
    bool unread = trunk->given[key_find(&trunk_table, STR("service"))].unread;
    return unread ? NULL : &service_words[d->trunk.service];
}

/* False where its front is a mistake. */
static bool is_proxied(const struct object *trunk)
{
    const struct draft_trunk *d = container_of(trunk, const struct draft_trunk, object);
    bool unread = trunk->given[key_find(&trunk_table, STR("front"))].unread;
    return !unread && d->trunk.front == FRONT_PROXY;
}

/* One that names a dialect is meant to answer: that its front is missing is said there. */
bool keys_use_upstreams(const struct object *trunk)
{
    const struct service_word *word = word_of(trunk);
    const bool is_to_answer = trunk->given[key_find(&trunk_table, STR("dialect"))].line > 0;
    return word && word->sends && is_proxied(trunk) && !is_to_answer;
}

bool keys_sign(const struct object *trunk)
{
    const struct service_word *word = word_of(trunk);
    return word && word->signs;
}

/* Of the trunks that there are, or of those that are missing. */
static bool any(const struct object *root, bool (*has_use)(const struct object *trunk))
{
    const struct objects *trunks = &container_of(root, const struct draft, object)->trunks;
    bool used = trunks->n == 0;
    for (unsigned i = 0; i < trunks->n; i++)
        used = used || has_use(trunks->items[i]);
    return used;
}

static bool any_has_use_of_upstreams(const struct object *root)
{
    return any(root, keys_use_upstreams);
}

static bool any_has_use_of_certificates(const struct object *root)
{
    return any(root, keys_sign);
}

/* ---- the tables ---- */

static const struct key listener_keys[] = {
#define SETTINGS_OF_LISTENER
#define SETTING(type, field, ...) ROW(draft_listener, listener.field, __VA_ARGS__)
#define DRAFTED(place, ...)       ROW(draft_listener, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key certificate_keys[] = {
#define SETTINGS_OF_CERTIFICATE
#define DRAFTED(place, ...) ROW(draft_certificate, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key provider_keys[] = {
#define SETTINGS_OF_PROVIDER
#define DRAFTED(place, ...) ROW(draft_provider, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key trust_keys[] = {
#define SETTINGS_OF_TRUST
#define SETTING(type, field, ...) ROW(draft_trust, trust.field, __VA_ARGS__)
#define DRAFTED(place, ...)       ROW(draft_trust, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key verification_keys[] = {
#define SETTINGS_OF_VERIFICATION
#define SETTING(type, field, ...) ROW(draft_verification, verification.field, __VA_ARGS__)
#define DRAFTED(place, ...)       ROW(draft_verification, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key upstream_keys[] = {
#define SETTINGS_OF_UPSTREAM
#define SETTING(type, field, ...) ROW(draft_upstream, upstream.field, __VA_ARGS__)
#define DRAFTED(place, ...)       ROW(draft_upstream, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* OWN_ROW */
static const struct key trunk_keys[] = {
#define SETTINGS_OF_TRUNK
#define SETTING(type, field, ...) ROW(draft_trunk, trunk.field, __VA_ARGS__)
#define DRAFTED(place, ...)       ROW(draft_trunk, place, __VA_ARGS__)
#include <stird/core/settings.def>
#define SETTINGS_OF_ROOT
#define INHERITED(type, field, ...) OWN_ROW(field, __VA_ARGS__)
#define INHERITED_AT(place, ...)    OWN_ROW(place, __VA_ARGS__)
#include <stird/core/settings.def>
};
#pragma GCC diagnostic pop

static const struct key customer_keys[] = {
#define SETTINGS_OF_CUSTOMER
#define DRAFTED(place, ...) ROW(draft_customer, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key rule_keys[] = {
#define SETTINGS_OF_RULE
#define SETTING(type, field, ...) ROW(draft_rule, rule.field, __VA_ARGS__)
#define DRAFTED(place, ...)       ROW(draft_rule, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key dialect_keys[] = {
#define SETTINGS_OF_DIALECT
#define DRAFTED(place, ...) ROW(draft_dialect, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key monitor_keys[] = {
#define SETTINGS_OF_MONITOR
#define SETTING(type, field, ...) ROW(draft_monitor, monitor.field, __VA_ARGS__)
#define DRAFTED(place, ...)       ROW(draft_monitor, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

static const struct key root_keys[] = {
#define SETTINGS_OF_ROOT
#define SETTING(type, field, ...)       ROW(draft, settings.field, __VA_ARGS__)
#define CHECK_SETTING(type, field, ...) ROW(draft, settings.check.field, __VA_ARGS__)
#define FETCH_SETTING(type, field, ...) ROW(draft, settings.fetch.field, __VA_ARGS__)
#define INHERITED(type, field, ...)     COMMON_ROW(field, __VA_ARGS__)
#define INHERITED_AT(place, ...)        COMMON_ROW(place, __VA_ARGS__)
#define DRAFTED(place, ...)             ROW(draft, place, __VA_ARGS__)
#include <stird/core/settings.def>
};

const struct table listener_table = {"listener", "name", listener_keys, COUNT(listener_keys),
                                     sizeof(struct draft_listener)};
const struct table certificate_table = {"certificate", "id", certificate_keys,
                                        COUNT(certificate_keys), sizeof(struct draft_certificate)};
const struct table provider_table = {"provider", "name", provider_keys, COUNT(provider_keys),
                                     sizeof(struct draft_provider)};
const struct table trust_table = {"trust", "name", trust_keys, COUNT(trust_keys),
                                  sizeof(struct draft_trust)};
const struct table verification_table = {"verification", "name", verification_keys,
                                         COUNT(verification_keys),
                                         sizeof(struct draft_verification)};
const struct table upstream_table = {"upstream", "name", upstream_keys, COUNT(upstream_keys),
                                     sizeof(struct draft_upstream)};
const struct table trunk_table = {"trunk", "name", trunk_keys, COUNT(trunk_keys),
                                  sizeof(struct draft_trunk)};
const struct table customer_table = {"customer", "name", customer_keys, COUNT(customer_keys),
                                     sizeof(struct draft_customer)};
const struct table rule_table = {"rule", "name", rule_keys, COUNT(rule_keys),
                                 sizeof(struct draft_rule)};
const struct table dialect_table = {"dialect", "name", dialect_keys, COUNT(dialect_keys),
                                    sizeof(struct draft_dialect)};
const struct table monitor_table = {"monitor", "name", monitor_keys, COUNT(monitor_keys),
                                    sizeof(struct draft_monitor)};
const struct table root_table = {NULL, NULL, root_keys, COUNT(root_keys), sizeof(struct draft)};

unsigned key_find(const struct table *table, struct str name)
{
    unsigned i = 0;
    while (i < table->n_keys && !str_eq(str_of(table->keys[i].name), name))
        i++;
    return i;
}
