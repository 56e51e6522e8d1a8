/*
 * routes - the next hops of upstreams: which addresses they have, in which order they are tried,
 * and which of them are well.
 *
 * Knows no socket and no message: names come by a function, time is an argument, chance has a seed.
 * Health belongs to an address and outlives a reload.
 */
#ifndef STIRD_SIP_ROUTES_H
#define STIRD_SIP_ROUTES_H

#include <stird/core/hop_state.h>
#include <stird/core/listeners.h>
#include <stird/core/settings.h>
#include <stird/net/resolver.h>

struct routes;
struct switches;
struct target;

#define ROUTES_TARGETS_MAX  32 /* of one call */
#define ROUTES_CALLS_FAILED 3  /* in a row without a sign of life: out */
#define ROUTES_OUT_MS                                                                              \
    HOP_STATE_OUT_MS            /* then one call tries again; a probed one waits for its probe */
#define ROUTES_TELL_MS   5000   /* the news of an answer may be so old */
#define ROUTES_NO_TCP_MS 600000 /* one that took no connection is left alone so long */

struct routes_options {
    const struct listeners *listeners; /* ours; they stay */
    struct name_answer (*look_up)(void *resolver, const struct name_query *query);
    void *resolver;
    uint64_t seed;
};

struct routes_counters {
    uint64_t hops_lost, hops_back;
};

/* What is wrong now. */
struct routes_ills {
    unsigned hops_out;         /* next hops */
    unsigned names_unresolved; /* upstreams whose name has no answer, in part or none with an
                                  address that can be reached */
};

/* NULL: no memory. */
struct routes *routes_new(const struct routes_options *options);
void routes_free(struct routes *r);
const struct routes_counters *routes_get_counters(const struct routes *r);

/* Looks up the names of all upstreams, so that no call is the first to need them. */
void routes_keep_names(struct routes *r, const struct settings *settings);
/* Whether the first answer for one of them is still to come: WAITER waits for it then. */
bool routes_wait_for_names(struct routes *r, const struct settings *settings,
                           struct name_waiter *waiter);
/* Whether each of them has had an address since the start, or before, and all of it is known. */
bool routes_know_names(struct routes *r, const struct settings *settings);
/* Of the upstreams of SETTINGS. */
struct routes_ills routes_ills_of(struct routes *r, const struct settings *settings);
/* The next hops of UPSTREAM, well or not, in the order of this moment: how many of MAX. */
unsigned routes_hops(struct routes *r, const struct upstream *upstream, struct target *hops,
                     unsigned max);
/*
 * Where a call is tried that goes by N of the UPSTREAMS, indices, in this order: not by upstreams
 * that an operator has disabled (OFF; NULL: none). Hops that are out are left out, but for one call
 * from time to time, and unless all are: nobody is refused for health
 * alone. TARGETS has room for ROUTES_TARGETS_MAX.
 */
unsigned routes_targets(struct routes *r, const struct settings *settings,
                        const uint32_t *upstreams, unsigned n_upstreams, const struct switches *off,
                        int64_t now_ms, struct target *targets);
/* Whether a call of TRUNK would find a next hop that is in service, or one whose time out is over.
 */
bool routes_are_usable(struct routes *r, const struct settings *settings, const struct trunk *trunk,
                       const struct switches *off, int64_t now_ms);
/* The addresses of a name that has no port (0), or one, by TRANSPORT; not to ourselves. ASKER as in
   resolver.h; NULL: nothing is asked for, only what is known counts. */
enum name_state routes_by_name(struct routes *r, struct str host, uint16_t port,
                               enum transport transport, const struct name_asker *asker,
                               struct target *hops, unsigned max, unsigned *n);
/* Whether an upstream listens at this address and port. Without R names mean nothing. */
bool routes_is_hop(struct routes *r, const struct settings *settings,
                   const struct address *address);
/* An address that the name of an upstream stands for, or stood for until a while ago. */
bool routes_lead_to(struct routes *r, const struct settings *settings,
                    const struct address *address);
/* The same, of an upstream that has no `sources` of its own. */
bool routes_is_source(struct routes *r, const struct settings *settings,
                      const struct address *source);

/* ---- what became of a target of an upstream; without one nothing is done ---- */

void routes_call_failed(struct routes *r, const struct target *target, int64_t now_ms);
void routes_call_answered(struct routes *r, const struct target *target, int64_t now_ms);
void routes_probe_ended(struct routes *r, const struct target *target, bool well, int64_t now_ms);
bool routes_is_out(const struct routes *r, const struct target *target);
/* One that is out and has no probes was asked whether it is back. */
enum question_end {
    QUESTION_WELL,
    QUESTION_ILL, /* it speaks, and wants no calls */
    QUESTION_UNREACHABLE,
    QUESTION_SILENT /* some never answer OPTIONS */
};
void routes_question_ended(struct routes *r, const struct target *target, enum question_end end,
                           int64_t now_ms);
/* Whether a connection to this peer was refused a while ago. */
bool routes_refuses_tcp(const struct routes *r, const struct target *target, int64_t now_ms);
void routes_remember_refusal(struct routes *r, const struct target *target, int64_t now_ms);

/*
 * The next hop that has come or gone since it was told, or else has answered while it was not told
 * for ROUTES_TELL_MS. False: none has.
 */
bool routes_tell(struct routes *r, int64_t now_ms, struct hop_state *news);
void routes_tell_again(struct routes *r, const struct hop_state *news); /* nobody heard it */

/* RFC 2782: by priority, within one by chance as the weights say. ORDERED has room for N. */
void routes_order(const struct name_address *addresses, unsigned n, uint64_t *seed,
                  struct name_address *ordered);

#endif
