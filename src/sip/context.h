/*
 * context - one request on its way through the proxy, and its responses on their way back: the
 * response context of RFC 3261 section 16.
 */
#ifndef STIRD_SIP_CONTEXT_H
#define STIRD_SIP_CONTEXT_H

#include <stird/core/call.h>
#include <stird/core/cause.h>
#include <stird/core/emergency.h>
#include <stird/core/outcome.h>
#include <stird/core/privacy.h>
#include <stird/io/ledger.h>
#include <stird/net/resolver.h>

#include "sip/message/answer.h"
#include "attempt.h"
#include "kept_call.h"
#include "sip/transaction/channel.h"
#include "sip/message/message.h"
#include "own_routes.h"
#include "proxy_parts.h"
#include "source_class.h"
#include "target.h"
#include "trail.h"
#include "wait.h"

#define CALL_COUNTS 4 /* a call counts for its trunk and its source, an emergency call twice */

/* How far a request has come. */
enum progress {
    PROGRESS_ARRIVED,
    PROGRESS_ADMITTED, /* it is below all ceilings, so what it keeps may stay */
    PROGRESS_DECIDED,  /* the policy has had its say */
    PROGRESS_RINGING   /* 101-199 was passed: no failover any more (R-P-037) */
};

/* What was asked for, by the kind of the wait (wait.h). */
struct asked {
    struct context *context;
    union {
        uint64_t ticket;                   /* a signature */
        struct name_waiter name;           /* the address of a peer */
        struct stream_waiter {             /* a connection, size_switch.c */
            struct connection *connection; /* held */
            struct channel_member member;
        } stream;
    };
};

/* A response that the last attempt might still beat. */
struct best {
    int status;
    size_t n;
    char octets[];
};

struct context {
    struct proxy *proxy;
    struct server_user server_user;
    struct context *next, **link;
    struct snapshot *snapshot;
    struct server_transaction *server; /* NULL once it has ended */
    struct attempt *attempts;          /* whose client transactions live */
    struct attempt *current;           /* the one that counts, or NULL */
    const struct way *way;             /* of the lists in steps.c, then of its service */
    const struct service *service;     /* its trunk's; NULL until that is known */
    struct wait wait;                  /* what it waits for between two runs of a step */
    unsigned step;                     /* of its way: that runs, or waits */

    char tag[TAG_LENGTH + 1];
    bool invite, initial; /* initial: an INVITE that begins a call, for all that is proved */
    bool unmeasured;      /* as message_parse_unmeasured() has it */
    bool emergency;       /* no limit counts but that of emergency calls */
    bool emergency_by_to; /* an emergency call by its To alone */
    bool redirected;      /* a rule named its next hops */
    bool bare;            /* what is sent now has no token: the next hop refused it with one */
    bool cancelled, finished;
    bool refused;                      /* by us, for `refused_for`, before it was sent anywhere */
    bool reasons_told;                 /* in a provisional response */
    bool answered_late;                /* a 2xx came when it had ended otherwise */
    enum emergency says_emergency : 8; /* by its trunk's reading, once that is known */
    enum progress progress : 8;        /* how far it has come before it was finished */
    enum cause cause : 8;              /* of its end; UNKNOWN until it is known */
    enum source_class source_class : 8;
    enum privacy_view view : 8; /* that counts now */
    enum reason refused_for : 16;

    /* until the final response; then freed */
    struct arena *arena;
    struct message *message; /* parsed from the request; empty between attempts; NULL: gone with
                                it */
    char *request;           /* as received, NUL-terminated; behind the message, in its block */
    uint32_t request_bytes;
    int status; /* final status sent upstream, 0: none */
    struct answer_base answer;
    struct str call_id;       /* in the arena, once `request` is gone */
    struct str cancel_reason; /* Reason lines of the caller's CANCEL, in the arena */
    struct flow from;         /* as the packet has it; answers may go elsewhere */
    struct call *call;        /* of an initial INVITE, in the arena; NULL otherwise, and where it
                                 is `kept` */
    struct kept_call *kept;   /* kept_call.h; in the arena; NULL: call and outcome are there */
    struct leaving *leaving;  /* LEAVINGS of them, in the arena; NULL where they are `kept` */
    struct outcome *outcome;  /* of what leaves now; before a decision, what would be recorded if a
                                 path forgot to decide */
    struct rated *rated;      /* rating.h; in the arena; NULL: no rate counts it */
    struct asked *asked;      /* in the arena; NULL: it waits for nothing any more */
    struct verifying *verifying;  /* in the arena; of a call that is to be judged, until it is */
    const struct target *targets; /* in the order they are tried */
    uint16_t n_targets, target;   /* target: the one that is tried now */
    uint16_t stream_waited;       /* for whose connection it waited, from 1; 0: for none */
    struct own_routes own;
    struct trail trail;
    struct best *best;     /* NULL: none yet */
    char *reasons;         /* refusing.h; NULL: no response tells of it */
    struct placed *placed; /* placing.h: a call of our own; NULL: of others */
    const char *monitor;   /* whose call it is, sent or come back (monitored.h); NULL: nobody's */

    struct limit *in_progress[CALL_COUNTS]; /* of trunk and source; until the final answer */
    uint64_t *level;                        /* tally.h: of its trunk; as long; or NULL */
    struct holding *holding;                /* shared with its transactions */
    size_t counted;                         /* octets of it that are our own */
    struct limit *unacknowledged[2];        /* of trunk and source; until the ACK of a refusal */
    int64_t arrived_us, real_us;            /* monotonic, real */
    int64_t sign_us, sent_us;               /* -1: not (yet) */
    struct ledger_token *seen;              /* by next hops; as `leaving` */
};

/* ---- context.c ---- */

/* Parses what C keeps of its request, as it was parsed when it came. */
bool context_parse(const struct context *c, struct message *m);
/* For REQUEST, which came FROM there and is answered by REPLY (reply.h); it is taken over and left
   empty. NULL: no memory; nothing is taken then. */
struct context *context_new(struct proxy *p, struct message *request, const struct flow *from,
                            const struct flow *reply, enum source_class source_class,
                            const struct transaction_key *key);
/* Has room for what leaves, in C's arena. False: no memory. */
bool context_leavings_new(struct context *c);
/* No further attempt, as it rings or the last one is under way: gives back what only another
 * attempt would need. */
void context_shrink(struct context *c);
/* Frees when nothing can come for it any more. */
void context_release_if_idle(struct context *c);
void context_free(struct context *c);
/* Makes ready what an answer of our own repeats of the request, octet for octet, whatever a next
   hop wrote; cheap while it is still parsed, or when a response was sent. False: no memory. */
bool context_prepare_answer(struct context *c);
/* Sends BYTES, a provisional response of a next hop, to the caller; not without memory, for nobody
   could be answered after it. */
void context_pass_provisional(struct context *c, int status, struct str bytes);
/* An answer of our own; a final one finishes the context. EXTRA: header lines or empty. */
void context_answer(struct context *c, int status, struct str extra);
/* The same with another PHRASE; empty: the usual one. */
void context_answer_as(struct context *c, int status, struct str phrase, struct str extra);
/* 100, unless the caller has heard something already. Of an INVITE only (RFC 4320 section 4.1). */
void context_say_trying(struct context *c);
/* Answers for REASON, as its table entry says; EXTRA as above. */
void context_refuse(struct context *c, enum reason reason);
void context_refuse_with(struct context *c, enum reason reason, struct str extra);
/* The same, and nothing of it stays: a copy of the request is judged anew. Before any answer. */
void context_refuse_stateless(struct context *c, enum reason reason);
/* To be called when what C keeps has changed. */
void context_count(struct context *c);
/* Whether what C is (as holding_is() was told) may stay; otherwise it is refused without state. */
bool context_admit(struct context *c);
/* Notes that it is no longer in progress. */
void context_uncount(struct context *c);
/* Notes that a refusal was acknowledged, or will never be. */
void context_acknowledged(struct context *c);
/* The context of the server transaction T; NULL when it is gone. */
struct context *context_of_server(const struct server_transaction *t);
/* Notes that it has come as far as that, unless it is further already. */
void context_reaches(struct context *c, enum progress progress);
/* Which of LEAVING is sent now. */
static inline unsigned context_leaves(const struct context *c)
{
    return c->bare ? LEAVES_BARE : c->view;
}
/* Notes the attempt that has won: what was decided for it is what counts. */
void context_set_winner(struct context *c, struct attempt *a);
/* A final response has gone up with STATUS (0: none will): record, free what is heavy. */
void context_finish(struct context *c, int status);
/* The same; CAUSE is what ended it. */
void context_end(struct context *c, int status, enum cause cause);

#endif
