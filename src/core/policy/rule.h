/*
 * rule - which of the configuration's rules holds for a call: the first one all of whose conditions
 * are met. Private to core/policy.
 */
#ifndef STIRD_CORE_RULE_H
#define STIRD_CORE_RULE_H

#include "beside.h"

#include <stird/core/call.h>
#include <stird/core/fit.h>
#include <stird/core/outcome.h>
#include <stird/core/tn_reach.h>

/* What the conditions look at, besides the call. */
struct rule_facts {
    const struct settings *settings;
    const struct numbers *table;
    const struct call *call;
    const struct outcome *outcome; /* its number, orig and dest */
    bool has_orig, has_dest;
    bool has_other_dest;
    struct tn other_dest; /* of the Request-URI where DEST is of To, and the other way round */
    /* Numbers that may be meant where there is none: each of them can only fit in part. */
    const struct tn_reach *orig_reach, *dest_reach, *other_reach;
    const struct beside *beside; /* what both called URIs name beside their numbers */
    /* Asked what becomes of a call that was judged (by_verdict.h): only rules that act there count
       (rule_acts_on_judged()), and one that gives nothing takes nothing. */
    bool of_judged;
};

/* Whether RULE acts on calls of TRUNK that were judged: because it asks for the verdict, or because
   it names the trunk, which does nothing but verify. */
bool rule_acts_on_judged(const struct rule *rule, const struct settings *settings,
                         const struct trunk *trunk);

/*
 * Of the rules that ask for no rate, and, but of a judged call, for no verdict; NULL when none
 * holds. TELL, if not NULL, is called for each
 * rule that was looked at and does not fit, or only in part, with the condition as WHICH; and at
 * last, with FITS, for the rule that holds.
 */
const struct rule *rule_find(const struct rule_facts *facts,
                             void (*tell)(void *user, const struct rule *rule, enum fit fit,
                                          const char *which),
                             void *user);

/* "rule NAME", as an outcome names it. */
struct str rule_text(const struct rule *rule, struct arena *arena);

/* How well the call fits all conditions of RULE but a rate; WHICH names the one that fits the
   least. */
enum fit rule_fit(const struct rule *rule, const struct rule_facts *facts, const char **which);

/* What is known about the call's customer, by the name of a column; empty when nothing is. */
struct str rule_customer_attribute(const struct settings *settings, const struct numbers *table,
                                   const struct call *call, struct str column);

/* The same of a customer by its name. */
struct str rule_attribute_of(const struct settings *settings, const struct numbers *table,
                             struct str customer, struct str column);

/* What RULE gives a call that is to be signed; not of RULE_BY_NUMBER and RULE_ALARM. */
enum treatment rule_treatment(const struct rule *rule);

#endif
