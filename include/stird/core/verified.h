/*
 * verified - what is kept of the verification of a call (verification.h), for its record and its
 * line of the log. Plain data; texts are borrowed.
 */
#ifndef STIRD_VERIFIED_H
#define STIRD_VERIFIED_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/base/json.h>
#include <stird/base/str.h>
#include <stird/core/verification.h>
#include <stird/core/verification_answer.h>
#include <stird/core/verstat_told.h>

/* Where the certificate of the token that decided came from. */
enum verified_cache {
    VERIFIED_NO_CERTIFICATE, /* no URL was looked up for it */
    VERIFIED_HIT,            /* it was there */
    VERIFIED_STALE,          /* it was there, and is to be fetched anew */
    VERIFIED_WAIT,           /* the call waited for it */
    VERIFIED_MISS,           /* it was not there in time, or cannot be had */
    VERIFIED_CACHES,
    VERIFIED_NOT_ASKED = VERIFIED_CACHES /* of a rehearsal, and no record's: what a worker has is
                                            not looked at */
};
struct str verified_cache_name(enum verified_cache cache); /* "hit"; of none empty */

#define VERIFIED_NO_HEADER UINT32_MAX
#define VERIFIED_TEXT_MAX  1024 /* octets of a text; what is longer is cut where it is written */
#define VERIFIED_NO_TIME   INT64_MIN

struct verified {
    enum verification_class class;
    enum reason reason;           /* the verdict's: of a call that is signed too it has one more */
    char level;                   /* of a call that passed; else NUL */
    enum verify_check check;      /* that failed; VERIFY_CHECKS: none */
    uint32_t header;              /* of the call's Identity values, from 0; VERIFIED_NO_HEADER */
    uint32_t headers;             /* how many there are that are not empty */
    uint32_t beyond;              /* so many of them were not looked at */
    uint32_t valid;               /* a bit for each of the first 32: which are */
    char attest;                  /* as the token says; NUL: nothing readable */
    struct str x5u, spc, subject; /* of the token, of its certificate */
    struct str origid;
    struct str trust; /* the domain of trust by which its certificate was judged */
    /* Of all other valid tokens, joined by commas: their certificates' codes and domains. */
    struct str spcs_beside, trusts_beside;
    bool some_invalid; /* some value is not valid, or was not looked at, or says div where nothing
                          says shaken */
    bool chain_broken; /* such a one says shaken or div, or nobody can tell what it says */
    int64_t iat_s, age_s;   /* VERIFIED_NO_TIME: it has none */
    struct tn orig;         /* the calling number that the message says; n == 0: it says none */
    struct tn elsewhere;    /* the Request-URI's number, where the token that is told of is for
                               another one, which fits To, and no div leads there; n == 0: none */
    enum verstat verstat;   /* of the verdict */
    struct verified_shown { /* what is told on in its place, where a rule or the list of signers
                               lowered it (by_verdict.h) */
        bool is_lowered;
        char level;
        enum verification_class class;
        enum verstat verstat;
    } shown;
    bool replayed;          /* another call had its token before (replays.h) */
    bool own_number;        /* one of our own numbers calls from outside (own_number.h) */
    bool is_priority;       /* asks for what emergency services have: never refused */
    enum verstat_told told; /* what came along: read, never believed */
    enum verified_cache cache;
    enum fetch_outcome fetched; /* why there is no certificate for it; FETCH_OK: nothing failed */
    int64_t wait_us, verify_us; /* for certificates; what judging took */
    enum verification_answered answered; /* what the profile does about it */
    uint16_t answer_status;              /* by which it was, or would have been, refused; 0: none */
    uint64_t trust_generation;           /* by which certificates were judged; 0: by nothing */
};

struct verification_question;
/* Fills V from ANSWER, as of the question's time; the texts are the answer's, or ARENA's. The
   caller sets cache, times and what was told. False: no memory. */
/* Which entry of ANSWER it tells of; -1: of none. */
int verified_entry(const struct verification *answer);
bool verified_of(struct verified *v, const struct verification_question *question,
                 const struct verification *answer, struct arena *arena);
/* V with what is told on in the place of its verdict: what marks are made of. */
struct verified verified_as_shown(const struct verified *v);
/* How much of an arena a copy of it takes, with its texts. */
size_t verified_kept_bytes(const struct verified *v);
/* Copies its texts into ARENA. False: no memory. */
bool verified_keep(struct verified *v, struct arena *arena);
/* Writes it as one object: what a record has as `verification`, and `stirctl explain` too. */
void verified_put(struct json *j, const struct verified *v);

#endif
