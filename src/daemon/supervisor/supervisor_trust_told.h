/*
 * supervisor_trust_told - what was found of the domains of trust, as the log and `stirctl trust`
 * tell it: what is in force, what was not taken, since when, and why. For the part trust alone.
 */
#ifndef STIRD_SUPERVISOR_TRUST_TOLD_H
#define STIRD_SUPERVISOR_TRUST_TOLD_H

#include "supervisor_trust_fetch.h"

#include <stird/base/json.h>
#include <stird/io/trust_kept.h>

/* A list of authorities, or of revocations. Times are since 1970. */
struct trust_source_found {
    bool is_used; /* it, or the last good one in its place */
    bool is_new;  /* there was something to be judged */
    bool is_refused;
    bool is_taken;   /* and taken: another one counts than before */
    int kept_error;  /* why the last good one cannot be read, an errno; 0: it is not needed */
    int64_t since_s; /* since when what comes is refused */
    int64_t until_s;
    struct trust_kept_place place; /* of the last good one */
    char saying[CONTROL_TEXT];
    char wanted[CONTROL_TEXT]; /* the URL of its signer's certificate */
};

/* Of one that the state directory lacks. */
struct trust_unkept {
    bool is_owed;
    int error; /* why the last try failed, an errno */
};

struct trust_found {
    bool is_made; /* what follows is of the settings in force */
    bool
        is_behind; /* but for countries and the like: calls do not go by it until it is made anew */
    bool is_broken;  /* its files cannot be used: what was there before stays */
    int64_t since_s; /* since when they are so */
    unsigned authorities, left_out;
    int64_t sequence, expires_s, until_s;
    uint64_t revoked;
    char saying[CONTROL_TEXT]; /* why it is broken, or what was left out */
    const char *told;          /* the state that the log has; NULL: none yet */
    struct trust_source_found sources[TRUST_SOURCES_MAX];
};

/* What NOW was found takes the place of what was found before; what nothing new was heard of stays
   as it was. */
void trust_found_take(struct trust_found *d, const struct trust_found *now, int64_t now_s);
/* *NOW, of AFTER and empty, goes on with what was found of BEFORE, where that is the domain of the
   same name: with all of it when both are made of the same places, else with what of the places of
   now is refused. */
void trust_found_carry(struct trust_found *now, const struct trust_found *was,
                       const struct trust_setting *before, const struct trust_setting *after);
const char *trust_found_state(const struct trust_setting *t, const struct trust_found *d,
                              int64_t now_s);
bool trust_found_is_refused(const struct trust_found *d, const struct trust_fetch *fetches);
void trust_found_log(const struct trust_setting *t, struct trust_found *d, uint64_t generation,
                     int64_t now_s);
/* Tells the log of a state that time has changed since that. */
void trust_found_watch(const struct trust_setting *t, struct trust_found *d, int64_t now_s);
/* FAILED: no image could be made of it, and another one is yet to be tried. */
void trust_found_put(struct json *j, const struct trust_setting *t, const struct trust_found *d,
                     const struct trust_fetch *fetches, const struct trust_unkept *unkept,
                     bool failed, int64_t now_s);
void trust_found_put_number(struct json *j, const char *key, int64_t number);
/* Revocation lists that are not there, or ended more than a day ago. */
unsigned trust_found_lacks_crls(const struct trust_setting *t, const struct trust_found *d,
                                int64_t now_s);

#endif
