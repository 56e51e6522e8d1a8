/*
 * qtype - what From asks for, of an SBC that asks by redirect and has one way for signatures and
 * verdicts: its parameter qtype, sti-as or sti-vs (R-D-022). Pure.
 *
 * From is the caller's own text, so nothing is gained by it: a signature is asked for by one
 * parameter of From's URI that nothing else in From disputes. Any trace of sti-vs, wherever it
 * stands and however it is written, keeps a token from the call.
 */
#ifndef STIRD_QTYPE_H
#define STIRD_QTYPE_H

#include <stdbool.h>
#include <stird/base/str.h>

struct call;

/* What was read of the lines of From, and of those that may be taken for one. */
struct qtype {
    unsigned n_names;    /* how often they say qtype */
    unsigned n_verdicts; /* and sti-vs */
    unsigned n_known;    /* parameters qtype of a From's URI that have either value; ... */
    bool is_signature;   /* the last of them: sti-as */
};

enum qtype_asks {
    ASKED_NOTHING,   /* nor is any qtype there that counts */
    ASKED_SIGNATURE, /* by one undisputed parameter */
    ASKED_VERDICT,   /* likewise */
    ASKED_UNCLEAR    /* perhaps a verdict: none is told for it, and no token */
};

/* LINE is the whole line; URI that in it, or empty where it is not one address. */
void qtype_add(struct qtype *read, struct str line, struct str uri);
/* By the dialect of CALL's trunk, which is known. */
enum qtype_asks qtype_asks(const struct call *call);
/* Whether it may ask for a verdict, so that no service signs it. */
bool qtype_forbids(const struct call *call);

#endif
