/*
 * proxy_parts - what a proxy is made of, for those that work in it: each asks for the part that it
 * needs by its name. struct proxy itself is proxy.c's own. Not for other rings; proxy.h is.
 */
#ifndef STIRD_SIP_PROXY_PARTS_H
#define STIRD_SIP_PROXY_PARTS_H

#include <stird/base/buf.h>
#include <stird/base/chance.h>
#include <stird/base/count.h>
#include <stird/core/framing.h>
#include <stird/core/listeners.h>
#include <stird/net/net.h>
#include <stird/sip/proxy.h>
#include <stird/core/rate_reader.h>
#include <stird/core/share.h>

#include "allowance.h"
#include "branch.h"
#include "certificates.h"
#include "sip/transaction/channel.h"
#include "draining.h"
#include "failed_calls.h"
#include "full.h"
#include "guards.h"
#include "health.h"
#include "holding.h"
#include "inbox.h"
#include "limits.h"
#include "peer_ports.h"
#include "recording.h"
#include "refused_sources.h"
#include "routes.h"
#include "timers.h"
#include "sip/transaction/transaction.h"
#include "undecided.h"
#include "yielding.h"

struct context;
struct resolver;
struct uncounted;
struct ledger_entry;
struct monitoring;
struct rehearsal;
struct switches;

/* ---- what is the same for its whole life, and lives as long ---- */

struct event_base *proxy_base(const struct proxy *p);
struct net *proxy_net(const struct proxy *p); /* NULL: offstage, nothing leaves */
struct transactions *proxy_transactions(const struct proxy *p);
struct routes *proxy_routes(const struct proxy *p); /* NULL: names mean nothing */
const struct listeners *proxy_listeners(const struct proxy *p);
const struct branches *proxy_branches(const struct proxy *p);
const struct route_days *proxy_route_days(const struct proxy *p);
struct timers *proxy_timers(struct proxy *p);
struct channels *proxy_opening(struct proxy *p); /* who waits for which connection to open */
struct limits *proxy_limits(struct proxy *p);
struct guards *proxy_guards(struct proxy *p); /* of trunks whose calls are refused unverified */
struct holdings *proxy_holdings(struct proxy *p);
struct allowances *proxy_allowances(struct proxy *p);
struct peer_ports *proxy_peer_ports(struct proxy *p);
struct full_table *proxy_full(struct proxy *p);
struct undecided_table *proxy_undecided(struct proxy *p);
struct refused_sources *proxy_refused_sources(struct proxy *p);
struct failed_calls *proxy_failed_calls(struct proxy *p);
struct health_told *proxy_health(struct proxy *p);
struct chance_stock *proxy_chance(struct proxy *p); /* for what is named at random, not for keys */
struct recording *proxy_recording(const struct proxy *p); /* NULL: no records */
struct resolver *proxy_resolver(const struct proxy *p);
struct certificates *proxy_certificates(const struct proxy *p); /* of others; NULL: a rehearsal */
struct proxy_counters *proxy_counters(struct proxy *p);
struct uncounted *proxy_uncounted(struct proxy *p);   /* tally.h */
struct share *proxy_emergency_share(struct proxy *p); /* of the calls: emergency ones by To alone */
struct context **proxy_contexts(struct proxy *p);     /* the first of a list */
struct inbox *proxy_inbox(struct proxy *p);
struct tracing *proxy_tracing(const struct proxy *p);       /* NULL: nothing is ever traced */
struct monitoring *proxy_monitoring(const struct proxy *p); /* NULL: no calls of our own */
struct shadow **proxy_shadow(struct proxy *p);              /* shadow.h; NULL there: none */
unsigned proxy_worker(const struct proxy *p);
unsigned proxy_workers(const struct proxy *p); /* 0 with one worker */
/* One message being printed: whoever prints the next one writes over it. */
struct buf *proxy_scratch(struct proxy *p);
const struct rehearsal *proxy_rehearsal(const struct proxy *p); /* else NULL: it knows names */

/* ---- what a reload changes ---- */

struct snapshot *proxy_snapshot(const struct proxy *p);
const struct settings *proxy_settings(const struct proxy *p);
/* Whom the verification service believes; NULL: nothing is known yet. For now alone: another one
   may come between two events. */
struct trust_image *proxy_trust(const struct proxy *p);
/* What a decision asks for rates, NULL: they are not known; what they are counted in, or NULL. */
const struct rate_reader *proxy_rate_reader(const struct proxy *p);
struct rates *proxy_rates(const struct proxy *p);
struct replays *proxy_replays(const struct proxy *p); /* NULL: no tokens are noted */
struct numbers *proxy_overlay(const struct proxy *p); /* urgent changes; NULL: none */
/* What an operator has switched; NULL: nothing. For now alone, as trust. */
const struct switches *proxy_switches(const struct proxy *p);
struct switches **proxy_switches_place(struct proxy *p); /* for proxy_switches.c */

/* ---- what it does for them ---- */

int64_t proxy_now_ms(void);
/* Every message leaves by this; debug and sanitizer builds look whether it is well formed. */
int proxy_send(struct proxy *p, const struct flow *to, struct str bytes);
/* To the recorder; one that it does not take is counted. */
void proxy_write_record(struct proxy *p, const struct ledger_entry *entry);
/* Counts and tells of a message that was not heard because nobody listed its source. */
void proxy_unknown_source(struct proxy *p, const struct flow *from, struct str raw);
void proxy_after_events(void *proxy);
bool proxy_is_draining(const struct proxy *p);
const struct draining *proxy_draining(const struct proxy *p);
struct draining *proxy_draining_of(struct proxy *p);
const struct yielding *proxy_yielding(const struct proxy *p);
struct yielding *proxy_yielding_of(struct proxy *p);
/* Notes one call less; while draining, the end of the last one soon ends the proxy. */
void proxy_call_ended(struct proxy *p);
/* After work that did not come from the sockets: the loop wakes up for the timers it has set. */
void proxy_arm_timers(struct proxy *p);

/* What the log tells once a minute, however often it happens. */
enum proxy_line {
    LINE_GROUP_IN_FROM,
    LINE_FITS_NONE,
    LINE_LOST_EMERGENCY,
    LINE_FENCED,
    LINE_FOREIGN,
    LINE_OWN_NUMBER,
    PROXY_LINES
};
/* Counts one more in *COUNTER. True when it is to be told in the log now. */
bool proxy_says(struct proxy *p, enum proxy_line line, uint64_t *counter);

/*
 * A proxy without a network, for rehearsals and tests: all that it is given is borrowed, and may be
 * NULL where it is not asked for. NULL: no memory.
 */
struct proxy_stage {
    struct event_base *base; /* whose loop wakes it up for its timers; NULL: time stands still */
    struct snapshot *snapshot;
    struct listeners listeners;
    const uint8_t *secret; /* SNAPSHOT_SECRET_BYTES */
    struct numbers *overlay;
    const struct rehearsal *rehearsal;
    struct routes *routes;
    struct transactions *transactions;
    struct recording *recording;
    struct certificates *certificates;
    unsigned worker, n_workers; /* 0 with one worker */
};
struct proxy *proxy_new_offstage(const struct proxy_stage *stage);
void proxy_free_offstage(struct proxy *p);

#endif
