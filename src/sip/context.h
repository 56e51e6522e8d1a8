/*
 * context - one request on its way through the proxy, and its responses on their way back: the
 * response context of RFC 3261 section 16. Also the proxy itself, which owns all of them.
 *
 * Not for other rings; proxy.h is.
 */
#ifndef STIRD_SIP_CONTEXT_H
#define STIRD_SIP_CONTEXT_H

#include <event2/event.h>
#include <stird/core/call.h>
#include <stird/core/cause.h>
#include <stird/core/emergency.h>
#include <stird/core/listeners.h>
#include <stird/core/outcome.h>
#include <stird/core/privacy.h>
#include <stird/core/share.h>
#include <stird/sip/proxy.h>

#include "allowance.h"
#include "sip/message/answer.h"
#include "branch.h"
#include "failed_calls.h"
#include "full.h"
#include "health.h"
#include "holding.h"
#include "limits.h"
#include "sip/message/message.h"
#include "own_routes.h"
#include "peer_ports.h"
#include "recording.h"
#include "refused_sources.h"
#include "routes.h"
#include "timers.h"
#include "trail.h"
#include "sip/transaction/transaction.h"
#include "undecided.h"

struct proxy {
    struct event_base *base;
    struct event *wake_up; /* at the next timer */
    int64_t wake_up_ms;    /* when it is armed for; -1: not */
    struct timers timers;
    struct transactions *transactions;
    struct net *net;
    struct listeners listeners; /* our own copy: settings come and go, sockets stay */
    struct branches branches;
    struct snapshot *snapshot;
    struct mapped_numbers overlay; /* urgent changes of numbers */
    struct resolver *resolver;
    struct routes *routes;
    const struct rehearsal *rehearsal; /* else NULL: it knows what names mean */
    struct probes *probes;
    struct timer start; /* until the names of upstreams are known, or for a while */
    int64_t start_until_ms;
    struct context *contexts; /* doubly linked */
    struct proxy_counters counters;
    int64_t groups_in_from_said_ms; /* when the log last said so */
    int64_t fits_none_said_ms;      /* likewise, of emergency calls that fit no trunk */
    int64_t lost_emergency_said_ms; /* and of those that were refused */
    struct share emergency_by_to;   /* of the calls: emergency calls by their To alone */
    int64_t fenced_said_ms;         /* the same of fence.h */
    struct limits limits;
    struct holdings holdings;
    struct full_table full;
    struct undecided_table undecided;
    struct allowances allowances;
    struct peer_ports peer_ports;
    int64_t foreign_said_ms; /* when the log last said so: stranger.c */
    struct health_told health;
    struct refused_sources refused_sources;
    struct failed_calls failed_calls;
    struct buf scratch;          /* one message being printed */
    struct recording *recording; /* NULL: no records */
    unsigned worker;
    unsigned n_workers; /* with the rest: inbox.h; 0 with one worker */
    const int *others_fds;
    const struct dispatch_key *dispatch_key;
    struct event *inbox;
    char *inbox_room;
    bool from_inbox; /* what is being handled was handed over */
    bool draining;
    void (*drained)(void *user);
    void *drained_user;
    struct timer drain_limit;
    int64_t drain_until_ms;
};

/* Where a source address belongs (Decided 12). One that is both, a trunk's and an upstream's, is
   the trunk's: what belongs to a call that is there goes by its transaction or its Route. */
enum source_class { SOURCE_UNKNOWN, SOURCE_TRUNK, SOURCE_UPSTREAM };
enum source_class proxy_classify(const struct proxy *p, const struct address *source);
/* Whether what comes from SOURCE may begin a call of TRUNK: it is no upstream's, by sources, uri or
   what its name means, or TRUNK (NULL: none) names it as narrowly (claim.h). */
bool proxy_may_begin(const struct proxy *p, const struct trunk *trunk,
                     const struct address *source);
/* Whether SOURCE, which TRUNK covers by a prefix only, may turn out to be an upstream's: the name
   of one has no address yet. */
bool proxy_source_in_doubt(const struct proxy *p, const struct trunk *trunk,
                           const struct address *source);

/* Where a request goes next. */
struct target {
    struct address address;
    uint16_t listener;
    uint8_t transport;
    uint8_t opening; /* enum opening, without an upstream */
    uint64_t trunk;  /* whose side it is (dialog_trunk.h); 0: an upstream's, or not known */
    const struct upstream *upstream; /* NULL: by Route or Request-URI of a dialog */
};

#define TARGETS_OF_DIALOG 4
#define MAX_FORWARDS_MAX  255 /* section 20.22 */

struct targets {
    struct target list[TARGETS_OF_DIALOG];
    unsigned n;
};

/* One client transaction of a context. */
struct attempt {
    struct attempt *next;
    struct context *context;
    struct client_transaction *client;
    struct target target;
    enum privacy_view view; /* whose decision left */
    char branch[BRANCH_LENGTH + 1];
    struct limit *limit; /* of the upstream; until its final answer */
    unsigned place;      /* in the context's trail; 0: none */
    bool abandoned;      /* another attempt has taken over */
    bool cancel_wanted;  /* as soon as a provisional comes (section 9.1) */
    bool cancel_sent;
    bool provisional_seen;
    bool final_seen;
};

/* What was decided and signed for next hops that see the same of a call. */
struct leaving {
    struct outcome *outcome; /* in the arena; NULL: not decided yet */
    struct str identity;     /* the Identity value to insert, in the arena */
};

#define CALL_COUNTS 4 /* a call counts for its trunk and its source, an emergency call twice */

struct context {
    struct proxy *proxy;
    struct context *next, **link;
    struct snapshot *snapshot;
    struct server_transaction *server; /* NULL once it has ended */
    struct attempt *attempts;          /* whose client transactions live */
    struct attempt *current;           /* the one that counts, or NULL */
    unsigned step;                     /* of the list in steps.c */
    const struct step *steps;

    bool invite, initial; /* initial: an INVITE that begins a call, for all that is proved */
    bool unmeasured;      /* as message_parse_unmeasured() has it */
    bool signing;         /* waits for `ticket` */
    bool cancelled, finished;
    bool decided; /* the policy has had its say */
    bool refused; /* by us, for `refused_for`, before it was sent anywhere */
    enum reason refused_for;
    enum cause cause;        /* of its end; UNKNOWN until it is known */
    bool emergency;          /* no limit counts but that of emergency calls */
    bool emergency_by_to;    /* an emergency call by its To alone */
    bool admitted;           /* below all ceilings: what it keeps may stay */
    bool answered_late;      /* a 2xx came when it had ended otherwise */
    bool provisional_passed; /* 101-199: no failover any more (R-P-037) */
    enum source_class source_class;

    /* until the final response; then freed */
    struct arena *arena;
    char *request; /* as received, NUL-terminated */
    size_t request_bytes;
    struct message message; /* parsed from it; empty between attempts */
    struct answer_base answer;
    char tag[TAG_LENGTH + 1];
    struct str cancel_reason; /* Reason lines of the caller's CANCEL, in the arena */
    struct flow from;         /* as the packet has it; answers may go elsewhere */
    struct call *call;        /* of an initial INVITE, in the arena; NULL otherwise */
    struct leaving leaving[PRIVACY_VIEWS];
    enum privacy_view view;  /* that counts now */
    struct outcome *outcome; /* leaving[view]'s; before a decision, what a forgotten path records */
    uint64_t ticket;
    const struct target *targets; /* in the order they are tried */
    unsigned n_targets, next_target;
    struct flow stream; /* size_switch.c: while it is being opened */
    bool waits_for_stream;
    unsigned stream_waited; /* for the target before this one; 0: for none */
    int64_t stream_until_ms;
    struct own_routes own;
    struct trail trail;
    char *best; /* a real response that the last attempt might still beat */
    size_t best_bytes;
    int best_status;

    struct limit *in_progress[CALL_COUNTS]; /* of trunk and source; until the final answer */
    struct holding *holding;                /* shared with its transactions */
    size_t counted;                         /* octets of it that are our own */
    struct limit *unacknowledged;           /* of the trunk; until the ACK of a refusal */
    struct timer timer;          /* signing deadline, then next-hop timeout, then timer C */
    int64_t arrived_us, real_us; /* monotonic, real */
    int64_t sign_us, sent_us;    /* -1: not (yet) */
    int status;                  /* final status sent upstream, 0: none */
};

/* ---- context.c ---- */

/* Parses what C keeps of its request, as it was parsed when it came. */
bool context_parse(const struct context *c, struct message *m);
/* Where the responses to a request go (RFC 3261 section 18.2.2): not always whence it came. */
struct flow context_reply_flow(const struct message *request, const struct flow *from);
/* For REQUEST, which is taken over and left empty. NULL: no memory; nothing is taken then. */
struct context *context_new(struct proxy *p, struct message *request, const struct flow *from,
                            enum source_class source_class, const struct transaction_key *key);
/* No further attempt, as it rings or the last one is under way: gives back what only another
 * attempt would need. */
void context_shrink(struct context *c);
/* Frees when nothing can come for it any more. */
void context_release_if_idle(struct context *c);
void context_free(struct context *c);
/* Makes ready what an answer of our own repeats of the request; cheap while it is still parsed, or
   when a response was sent. False: no memory. */
bool context_prepare_answer(struct context *c);
/* An answer of our own; a final one finishes the context. EXTRA: header lines or empty. */
void context_answer(struct context *c, int status, struct str extra);
/* 100, unless the caller has heard something already. Of an INVITE only (RFC 4320 section 4.1). */
void context_say_trying(struct context *c);
/* Answers for REASON, as its table entry says; EXTRA as above. */
void context_refuse(struct context *c, enum reason reason);
void context_refuse_with(struct context *c, enum reason reason, struct str extra);
/* The same, and nothing of it stays: a copy of the request is judged anew. Before any answer. */
void context_refuse_stateless(struct context *c, enum reason reason);
/* What C keeps has changed. */
void context_count(struct context *c);
/* Whether what C is (as holding_is() was told) may stay; otherwise it is refused without state. */
bool context_admit(struct context *c);
/* It is not in progress any more. */
void context_uncount(struct context *c);
/* A refusal was acknowledged, or nobody will. */
void context_acknowledged(struct context *c);
/* The attempt that has won: what was decided for it is what counts. */
void context_set_winner(struct context *c, struct attempt *a);
/* A final response has gone up with STATUS (0: none will): record, free what is heavy. */
void context_finish(struct context *c, int status);
/* The same; CAUSE is what ended it. */
void context_end(struct context *c, int status, enum cause cause);

/* ---- steps.c: the way of a request ---- */

enum step_result { STEP_NEXT, STEP_WAIT, STEP_DONE };
struct step {
    const char *name;
    enum step_result (*run)(struct context *c);
};
/* Begins the way that fits the request. */
void steps_begin(struct context *c);
/*
 * The steps up to the decision, for a call that nobody places (rehearsal.h): none of them sends or
 * waits. KNOWN is called once the facts are in C->call, SUPPOSE sets C->targets once its trunk is
 * known. True: it is inside a dialog of ours.
 */
bool steps_rehearse(struct context *c, void (*known)(struct context *c),
                    void (*suppose)(struct context *c));
/* A call that nothing refuses, as EMERGENCY says: C->call->trunk is set. */
void steps_count_emergency(struct context *c, enum emergency emergency);
/*
 * When to stop waiting for a signature. Unsigned within signing.timeout of the arrival is a
 * promise: it is early, for timers are rounded up to a tick and the loop may be busy. A short
 * timeout keeps half of its time.
 */
int64_t sign_deadline_ms(int64_t now_ms, uint32_t timeout_ms);
/* Goes on behind the step that waited. */
void steps_resume(struct context *c);
/*
 * On to the next target: with the same Identity while it is fresh, a new one when it is not
 * (R-P-138), one of its own where it sees another part of the call.
 */
void steps_try_next_target(struct context *c);

/* ---- facts.c ---- */

/* Fills C->call from C->message; all text borrowed from C->request. False: no memory. */
bool facts_fill(struct context *c);

/* ---- target.c ---- */

/* Whether HOST[:PORT] of a URI is one of our listeners (default port 5060). */
bool target_is_ours(const struct proxy *p, const url_t *url, uint16_t *listener);
enum target_result {
    TARGET_NONE,    /* no such name, or no listener fits */
    TARGET_FENCED,  /* fence.h */
    TARGET_PENDING, /* a name that is being asked for */
    TARGET_FOUND
};
/* The next hop of a dialog's request: the first Route behind ours, else the Request-URI; of a name
   its addresses in the order they are tried. ASKER as in routes_by_name(). */
enum target_result target_of_dialog(const struct proxy *p, const struct message *m,
                                    const struct own_routes *own, const uint64_t *asker,
                                    struct targets *targets);
/* Fills C->targets with the trunk's upstreams; for a request that claims to be inside a dialog that
   one first where its dialog leads. False: no memory. */
bool target_of_trunk(struct context *c, const struct trunk *trunk);

/* The way to a target; over TLS its certificate must be for it. Not held. 0 or -errno. */
int target_flow(struct proxy *p, const struct target *target, struct flow *flow);

/* ---- forward.c ---- */

/* Prints C's request as it leaves for TARGET into P->scratch. */
enum reason forward_write(struct context *c, const struct target *target, const char *branch,
                          struct buf *out);
/* Whether C's request, as it came, leaves for TARGET with a Route: a proxy is there. */
bool forward_has_route(const struct context *c, const struct target *target);
enum forward_result {
    FORWARD_NONE, /* no target is left (or no memory) */
    FORWARD_SENT,
    FORWARD_UNDECIDED /* the next target sees another part of the call: decide for it first */
};
/* Sends to the next target. */
enum forward_result forward_next(struct context *c);
/* What the target that is likely next will see. */
enum privacy_view forward_next_view(const struct context *c);

/* ---- relay.c: responses ---- */

void relay_response(struct proxy *p, struct message *m, const struct flow *from,
                    enum source_class source_class);
/* One of a known source that cannot be parsed, for what is wrong in it: a final one ends its call
   with words of ours. RAW may be anything. */
bool relay_unread(struct proxy *p, struct str raw);
void relay_client_ended(void *proxy, void *attempt, enum transaction_end why);
void relay_client_broken(void *proxy, void *attempt);
/* The caller gave up: section 16.10. */
void relay_cancel(struct context *c);
/* Timer C or the next-hop timeout of the present attempt. */
void relay_timer(struct timer *timer, int64_t now_ms);
/* No attempt is left: the best real response, or STATUS of our own. */
void relay_give_up(struct context *c, enum reason reason);

/* ---- request.c ---- */

void request_received(struct proxy *p, struct message *m, const struct flow *from,
                      enum source_class source_class);

int64_t proxy_now_ms(void);
/* To the recorder; one that it does not take is counted. */
struct ledger_entry;
void proxy_write_record(struct proxy *p, const struct ledger_entry *entry);
/* Every message leaves by this; debug and sanitizer builds look whether it is well formed. */
int proxy_send(struct proxy *p, const struct flow *to, struct str bytes);
/* From somebody whom nobody listed, and not heard: counted, and told of. */
void proxy_unknown_source(struct proxy *p, const struct flow *from, struct str raw);
/* What a socket, or another worker, has brought: net_handlers' functions. */
void proxy_message(void *proxy, const struct flow *arrived, char *bytes, size_t n,
                   const struct frame *frame, enum frame_status status);
void proxy_undelivered(void *proxy, struct str datagram, int error);
void proxy_after_events(void *proxy);
/* While draining: soon it is over. */
void proxy_last_call_ended(struct proxy *p);
/* After work that did not come from the sockets: the loop wakes up for the timers it has set. */
void proxy_arm_timers(struct proxy *p);

#endif
