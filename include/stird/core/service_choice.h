/*
 * service_choice - of a trunk with service "auto": whether a call is judged, as by "verify", or
 * signed, as by "sign". Pure.
 *
 * A call is judged that brings an Identity and goes to one of our numbers: its Request-URI, where
 * the call really goes, names a number that a row of the tables in force says to be owned by a
 * customer of ours or delegated to one. To is the caller's own text and chooses nothing.
 *
 * Where the dialect of its trunk says so, From's parameter qtype asks for the one or the other
 * instead (qtype.h). That raises nothing: what may come from outside is signed with C at most all
 * the same, and what may ask for a verdict is never signed.
 *
 * Nobody gains by an Identity that is worth nothing. A call that is judged is asked whether its
 * number is blocked and whether a rule refuses it, as others are, and never gets a token; one that
 * goes elsewhere is signed, or not, as if the trunk had service "sign".
 *
 * What goes to one of our numbers may come from outside, where anybody may write the number of a
 * customer: such a call never gets more than C for its number.
 */
#ifndef STIRD_SERVICE_CHOICE_H
#define STIRD_SERVICE_CHOICE_H

#include <stird/core/call.h>

struct service_choice {
    bool is_judged; /* else it is signed, ... */
    bool in_doubt;  /* ... never above C, for it may go to one of our numbers */
    const char *why;
};

/* CALL->trunk, customer and overlay are set. TABLE may be NULL: no number is ours then. */
void service_choose(struct service_choice *choice, const struct settings *settings,
                    const struct numbers *table, const struct call *call);

#endif
