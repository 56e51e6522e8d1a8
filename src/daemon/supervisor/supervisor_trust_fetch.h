/*
 * supervisor_trust_fetch - when lists of domains of trust are fetched, and what came of it: a
 * courier (courier_process.h) runs errands, one round after the other. For the part trust alone.
 */
#ifndef STIRD_SUPERVISOR_TRUST_FETCH_H
#define STIRD_SUPERVISOR_TRUST_FETCH_H

#include "loop.h"

#include "daemon/courier_process.h"
#include "daemon/trust_process.h"

/* A list that is fetched. */
struct trust_fetch {
    int64_t due_s; /* since 1970; 0: at once */
    unsigned errors;
    /* What came last, until it is taken, and its signer's certificate; -1: nothing. What was
       refused stays: it is judged again with each image, since what it is judged by (the list's
       authorities, files of the operator's, the clock) may have changed. */
    int fd, signer_fd;
    bool is_judged; /* what came last was, and refused */
    bool signer_failed;
    char signer_url[CONTROL_TEXT];
    char saying[CONTROL_TEXT]; /* why the last one failed; empty: it did not */
    /* The URL of the signer's certificate, where that is what failed; empty: the list is. */
    char failed_signer[CONTROL_TEXT];
    int64_t since_s; /* since when they fail */
};

#define TRUST_ERRANDS_MAX 32
/* Lists that are kept though they were refused. What is more is judged when it is fetched next. */
#define TRUST_REFUSED_MAX 64

struct trust_round {
    struct courier_errand errands[TRUST_ERRANDS_MAX];
    struct {
        struct trust_fetch *of;
        int fd; /* what comes; -1: it has come, or failed */
        bool is_signer, told;
    } asked[TRUST_ERRANDS_MAX];
    unsigned n;
    bool came;                          /* something that is to be judged */
    uint64_t passes[TRUST_DOMAINS_MAX]; /* what the files looked like that a list is asked for by */
    struct trust_fetch of[TRUST_DOMAINS_MAX][TRUST_SOURCES_MAX];
};

void trust_round_init(struct trust_round *r);
/* Forgets what came and when each list is due: all are fetched anew. */
void trust_round_reset(struct trust_round *r);
/*
 * AFTER is in force in place of BEFORE (either may be NULL): all are fetched anew, and nothing that
 * is under way is waited for. What came of a URL of the same domain, and why and since when it
 * cannot be fetched, stays until it is fetched again.
 */
void trust_round_follow(struct trust_round *r, const struct settings *before,
                        const struct settings *after);
/*
 * Whether some are due at NOW_S: then they are the round's errands. One that failed the last time
 * may hang again: unless ALL are wanted at once it has a round of its own, behind the others.
 */
bool trust_round_begin(struct trust_round *r, const struct settings *s, bool all, int64_t now_s);
/* False: there is no such errand, or it was told already. */
bool trust_round_take(struct trust_round *r, const struct settings *s,
                      const struct control_brought *m, int64_t now_s);
/* The courier is gone: errands that it told nothing of have failed. Returns whether something is to
   be judged. */
bool trust_round_end(struct trust_round *r, const struct settings *s, int64_t now_s);
/* What came of the judgement; WANTED: the URL of its signer's certificate, or empty. */
void trust_round_judged(struct trust_round *r, unsigned domain, unsigned source, bool refused,
                        const char *wanted, int64_t until_s, int64_t now_s);
/* It could not be judged. */
void trust_round_failed(struct trust_round *r, int64_t now_s);
/* Makes all that is fetched due now. */
void trust_round_hurry(struct trust_round *r);
/* Looks whether a token or a login has changed since this looked last: a list that failed may have
   failed for it, and is due now. */
void trust_round_look(struct trust_round *r, const struct settings *s);
/* A signer's certificate is still to be fetched, for a list that came. */
bool trust_round_is_half(const struct trust_round *r);
int64_t trust_round_due_s(const struct trust_round *r, const struct settings *s);

#endif
