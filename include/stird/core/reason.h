/*
 * reason - why an outcome is what it is: one table feeds log, records, metrics, SIP answers and
 * the manual. The table is reason.def; a name and its id never change once released.
 */
#ifndef STIRD_REASON_H
#define STIRD_REASON_H

#include <stird/base/str.h>

enum reason {
#define REASON(name, id, sip_status, text) REASON_##name = (id),
#include <stird/core/reason.def>
#undef REASON
};

/* "signed_owned": the stable name, as in records and metrics. */
struct str reason_name(enum reason r);
/* REASON_INTERNAL when there is no such name. */
enum reason reason_by_name(struct str name);
/* The status of a SIP answer with this reason; 0 for reasons that let the call go on. */
int reason_sip_status(enum reason r);
/* One sentence for an operator. */
struct str reason_text(enum reason r);

#endif
