#include <stird/fetch/fetcher.h>

#include "fetch_reach.h"
#include "fetch_places.h"
#include "fetch_queue.h"
#include "fetched.h"

#include <assert.h>
#include <stdlib.h>
#include <stird/base/container_of.h>

#define RENEWED_AFTER_S    60
#define BURST_SECONDS      5
#define HOST_BURST_SECONDS 2

struct fetcher {
    struct fetcher_options options;
    struct libcurl curl;
    CURLM *multi;
    struct fetched *fetched;
    struct fetch_hosts *hosts;
    struct fetch_trunks *trunks;
    struct fetch_reach reach;
    struct lru flights; /* by URL: those in the queue, and those that are being transferred */
    struct fetch_queue queue;
    struct fetch_places places;
    struct deadlines deadlines;
    struct fetcher_counts counts;
    unsigned probed; /* times that hosts were asked whether we are cut off */
    bool answering;  /* a callback runs */
};

/* A question, with all that goes with it. */
struct asked {
    const struct fetch_question *q;
    struct fetch_now now;
    fetcher_done *done;
    void *user;
    struct x5u_parts parts; /* of its URL */
};

static struct fetch_aim aim_of(const struct fetcher *f, const struct asked *a)
{
    return (struct fetch_aim){.host = a->parts.host,
                              .port = a->parts.port,
                              .is_proven = fetched_has_proven(f->fetched, a->q->url)};
}

struct fetcher_options fetcher_options_usual(void)
{
    const struct fetched_limits limits = FETCHED_LIMITS_USUAL;
    const struct host_rules host = HOST_RULES_USUAL;
    const struct trunk_rules trunk = TRUNK_RULES_USUAL;
    return (struct fetcher_options){.keep = KEEP_RULES_USUAL,
                                    .at_once = 32,
                                    .per_host = host.at_once,
                                    .per_host_rate = host.rate.per_s,
                                    .new_per_trunk = trunk.rate.per_s,
                                    .queued = 256,
                                    .askers = 16384,
                                    .cut_off_after = FETCH_REACH_USUAL,
                                    .bodies = limits.bodies,
                                    .octets = limits.octets,
                                    .directory = -1};
}

/* ---- answers ---- */

static void deliver(struct fetcher *f, fetcher_done *done, void *user,
                    const struct fetch_answer *answer)
{
    f->counts.outcomes[answer->outcome]++;
    f->counts.sources[answer->source]++;
    f->answering = true;
    if (done)
        done(user, answer);
    f->answering = false;
}

static struct fetch_answer answer_of(struct fetcher *f, const struct fetched_body *b,
                                     enum fetch_source source)
{
    return (struct fetch_answer){.outcome = FETCH_OK,
                                 .source = source,
                                 .status = 200,
                                 .fetched_s = b->kept.fetched_s,
                                 .until_s = keep_until_s(&f->options.keep, &b->kept),
                                 .has_former = !b->proven &&
                                               fetched_proven(f->fetched, b->link.name),
                                 .body = b->body};
}

/* The newest kept body of URL that may still be used. What is proven stays though its time is over:
   it may be the clock that is wrong, and its successor takes its place. */
static const struct fetched_body *usable(struct fetcher *f, struct str url, int64_t now_s,
                                         enum keep_state *state)
{
    const struct fetched_body *b;
    *state = KEEP_OVER;
    fetched_mend_times(f->fetched, url, &f->options.keep, now_s);
    while ((b = fetched_find(f->fetched, url)) &&
           (*state = keep_state(&f->options.keep, &b->kept, now_s)) == KEEP_OVER) {
        if (b->proven)
            return NULL;
        fetched_drop(f->fetched, url);
    }
    return b;
}

/* The answer when it cannot be fetched now: what was kept before, or why not. */
static struct fetch_answer instead(struct fetcher *f, struct str url, int64_t now_s,
                                   enum fetch_outcome why, unsigned status)
{
    enum keep_state state;
    const struct fetched_body *b = usable(f, url, now_s, &state);
    if (b)
        return answer_of(f, b, state == KEEP_STALE ? FETCH_FROM_STALE : FETCH_FROM_KEPT);
    return (struct fetch_answer){
        .outcome = fetch_reach_says(&f->reach, why),
        .source = FETCH_FROM_KEPT,
        .status = (uint16_t)status,
        .why = why == FETCH_UNAVAILABLE && f->options.unable ? str_of(f->options.unable) : STR("")};
}

static void answer_asked(struct fetcher *f, const struct asked *a, struct fetch_answer answer)
{
    answer.ticket = a->q->ticket;
    deliver(f, a->done, a->user, &answer);
}

static void answer_instead(struct fetcher *f, const struct asked *a, enum fetch_outcome why,
                           unsigned status)
{
    answer_asked(f, a, instead(f, a->q->url, a->now.real_s, why, status));
}

static void answer_asker(struct fetcher *f, struct asker *asker, struct fetch_answer answer)
{
    fetcher_done *done = asker->done;
    void *user = asker->user;
    answer.ticket = asker->ticket;
    asker_free(asker, &f->deadlines);
    deliver(f, done, user, &answer);
}

/* ---- the way of a flight ---- */

static struct flight *flight_of(struct lru_link *link)
{
    return container_of(link, struct flight, link);
}

static struct flight *find(struct fetcher *f, struct str url)
{
    struct lru_link *link = lru_find(&f->flights, url);
    return link ? flight_of(link) : NULL;
}

/* Ends a flight that is neither queued nor transferred any more: all who wait are told. It is
   freed, or stays while the resolver's thread goes on. */
static void end(struct fetcher *f, struct flight *flight, struct fetch_answer answer)
{
    fetch_host_leave(flight->host);
    lru_remove(&f->flights, &flight->link);
    if (flight->is_probe)
        fetch_reach_probe_ended(&f->reach);
    while (flight->first) {
        const bool of_server = answer.source == FETCH_FROM_SERVER;
        struct fetch_answer his = answer;
        if (of_server)
            his.source = flight->first->source;
        answer_asker(f, flight->first, his);
    }
    if (!fetch_places_keep(&f->places, flight))
        flight_free(flight);
}

/* Takes it out of the queue, for the reason WHY. */
static void give_up(struct fetcher *f, struct flight *flight, enum fetch_outcome why, int64_t now_s)
{
    flight->trunk->queued--;
    f->counts.queued--;
    end(f, flight, instead(f, flight->link.name, now_s, why, 0));
}

static struct fetch_answer keep_body(struct fetcher *f, struct flight *flight, int64_t now_s)
{
    struct str body = buf_str(&flight->reply.body);
    const struct fetched_body *b = fetched_put(f->fetched, flight->link.name, body, now_s,
                                               flight->reply.served_s);
    const struct fetched_body lost = {.body = body,
                                      .kept = {now_s, flight->reply.served_s, KEEP_NO_END}};
    return answer_of(f, b ? b : &lost, FETCH_FROM_SERVER);
}

static void begin_probes(struct fetcher *f, struct fetch_now now);

static void note_reach(struct fetcher *f, const struct flight *flight, struct fetch_now now)
{
    const enum fetch_reach_news news = fetch_reach_note(&f->reach, fetch_host_name(flight->host),
                                                        flight->reply.outcome, now.monotonic_ms);
    if (news == FETCH_REACH_SUSPECTED)
        begin_probes(f, now);
    if (news != FETCH_REACH_OVER || !fetch_reach_may_ease(&f->reach, now.monotonic_ms))
        return;
    fetched_ease(f->fetched, fetch_reach_is_amiss, f->reach.since_ms, now.monotonic_ms);
    fetch_hosts_ease(f->hosts);
}

static struct fetch_answer keep_failure(struct fetcher *f, struct flight *flight,
                                        struct fetch_now now)
{
    struct fetch_reply *reply = &flight->reply;
    const unsigned status = reply->status > 0 && reply->status < 1000 ? (unsigned)reply->status : 0;
    fetched_fail(f->fetched, flight->link.name, reply->outcome, status, now.monotonic_ms);
    struct fetch_answer answer = instead(f, flight->link.name, now.real_s, reply->outcome, status);
    if (answer.outcome != FETCH_OK)
        answer.source = FETCH_FROM_SERVER;
    return answer;
}

/* Whether the port is to be left alone when that goes on: where HTTP has answered it is up, unless
   what it says then does not end. */
static bool is_hosts_fault(const struct fetch_reply *reply)
{
    return keep_is_hosts_fault(reply->outcome) &&
           (reply->status == 0 || reply->outcome == FETCH_TIMEOUT);
}

/* Takes the outcome of a transfer that has ended. */
static void land(struct fetcher *f, struct flight *flight, struct fetch_now now)
{
    const enum fetch_outcome outcome = flight->reply.outcome;
    const int64_t ms = now.monotonic_ms - flight->began_ms;
    f->counts.fetched[outcome]++;
    fetch_host_end(flight->host, is_hosts_fault(&flight->reply), now.monotonic_ms);
    note_reach(f, flight, now);
    fetch_places_end(&f->places, flight, flight->transfer.still_resolving, now.monotonic_ms);
    struct fetch_answer answer = outcome == FETCH_OK ? keep_body(f, flight, now.real_s)
                                                     : keep_failure(f, flight, now);
    answer.content_type = str_of(flight->reply.content_type);
    answer.why = str_of(flight->reply.why);
    answer.fetched_ms = ms > 0 && ms < UINT32_MAX ? (uint32_t)ms : 0;
    end(f, flight, answer);
}

static void transfer_now(struct fetcher *f, struct flight *flight, struct fetch_now now)
{
    flight->trunk->queued--;
    f->counts.queued--;
    fetch_places_take(&f->places, flight);
    flight->began_ms = now.monotonic_ms;
    flight->curl = transfer_begin(&flight->transfer, &f->curl, flight->url, &f->options.fetch,
                                  &flight->reply);
    if (!flight->curl) {
        land(f, flight, now);
    } else if (f->curl.setopt(flight->curl, CURLOPT_PRIVATE, flight) != CURLE_OK ||
               f->curl.multi.add_handle(f->multi, flight->curl) != CURLM_OK) {
        transfer_end(&flight->transfer, &f->curl, flight->curl, CURLE_FAILED_INIT, now.real_s);
        flight->curl = NULL;
        land(f, flight, now);
    }
}

/* Nobody waits any longer for a host that is given up by now. */
static void give_up_shut(struct fetcher *f, struct fetch_now now)
{
    struct flight **at = &f->queue.first;
    while (*at) {
        if (fetch_host_is_shut((*at)->host, now.monotonic_ms))
            give_up(f, fetch_queue_take(&f->queue, at), FETCH_BREAKER, now.real_s);
        else
            at = &(*at)->next;
    }
}

/* Of those that may begin, whose turn it is. NULL: none. */
static struct flight **next_of_queue(struct fetcher *f, int64_t now_ms)
{
    struct flight **best = NULL;
    for (struct flight **at = &f->queue.first; *at; at = &(*at)->next)
        if (fetch_places_has(&f->places, f->trunks, *at, now_ms) &&
            (!best || fetch_queue_is_before(*at, *best)))
            best = at;
    return best;
}

/* Begins all in the queue whose turn it is. */
static void begin_queued(struct fetcher *f, struct fetch_now now)
{
    struct flight **at;
    give_up_shut(f, now);
    while ((at = next_of_queue(f, now.monotonic_ms))) {
        struct flight *flight = fetch_queue_take(&f->queue, at);
        fetch_host_begin(flight->host, now.monotonic_ms);
        transfer_now(f, flight, now);
    }
}

/* ---- asking ---- */

/* Whether one more of TRUNK may wait for a place. Where a call waits for it, the last of the trunk
   that ranks lower gives way. */
static bool has_queue_room(struct fetcher *f, const struct asked *a, const struct fetch_aim *aim,
                           struct fetch_trunk *trunk, bool charged)
{
    const bool waits = charged && a->q->wait_ms > 0;
    const unsigned rank = flight_rank_of(fetch_hosts_standing(f->hosts, aim), waits);
    struct flight **last = NULL;
    if (fetch_trunk_has_room(f->trunks, trunk->queued, f->options.queued - f->counts.queued))
        return true;
    if (waits)
        last = fetch_queue_last_of(&f->queue, trunk);
    if (!last || flight_rank(*last) <= rank)
        return false;
    give_up(f, fetch_queue_take(&f->queue, last), FETCH_OVERLOADED, a->now.real_s);
    return true; /* its place */
}

/* CHARGED: a call waits for it, and it counts against the trunk's budget. */
static enum fetch_outcome may_fly(struct fetcher *f, const struct asked *a,
                                  const struct fetch_aim *aim, struct fetch_trunk *trunk,
                                  bool charged)
{
    if (f->options.unable) /* nobody is connected to in vain */
        return FETCH_UNAVAILABLE;
    enum fetch_outcome outcome = (charged ? fetch_host_look : fetch_host_look_spare)(
        f->hosts, aim, fetch_trunk_index(f->trunks, trunk), a->now.monotonic_ms);
    if (outcome != FETCH_OK)
        return outcome;
    if (charged && !fetch_trunk_has(f->trunks, trunk, a->now.monotonic_ms))
        return FETCH_LIMIT; /* before anything gives way to it */
    if (!has_queue_room(f, a, aim, trunk, charged))
        return FETCH_OVERLOADED;
    if (charged)
        fetch_trunk_take(f->trunks, trunk, a->now.monotonic_ms);
    return FETCH_OK;
}

static enum fetch_outcome fly(struct fetcher *f, const struct asked *a, bool charged,
                              struct flight **flight)
{
    struct fetch_trunk *trunk = fetch_trunk_of(f->trunks, a->q->trunk);
    const struct fetch_aim aim = aim_of(f, a);
    struct fetch_host *host;
    enum fetch_outcome outcome = may_fly(f, a, &aim, trunk, charged);
    if (outcome == FETCH_OK)
        outcome = fetch_host_enter(f->hosts, &aim, fetch_trunk_index(f->trunks, trunk),
                                   a->now.monotonic_ms, &host);
    if (outcome != FETCH_OK)
        return outcome;
    *flight = flight_new(a->q->url, host, trunk);
    if (!*flight) {
        fetch_host_leave(host);
        return FETCH_UNAVAILABLE;
    }
    lru_add(&f->flights, &(*flight)->link, str_of((*flight)->url));
    fetch_queue_add(&f->queue, *flight);
    trunk->queued++;
    f->counts.queued++;
    return FETCH_OK;
}

static void wait_for(struct fetcher *f, const struct asked *a, struct flight *flight,
                     enum fetch_source source)
{
    struct asker *asker = NULL;
    if (a->q->wait_ms == 0) {
        answer_instead(f, a, FETCH_PENDING, 0);
        return;
    }
    if (f->deadlines.n < f->options.askers)
        asker = flight_join(flight, &f->deadlines, a->now.monotonic_ms + a->q->wait_ms);
    if (!asker) {
        answer_instead(f, a, FETCH_OVERLOADED, 0);
        return;
    }
    asker->done = a->done;
    asker->user = a->user;
    asker->ticket = a->q->ticket;
    asker->source = source;
}

static unsigned all_of(const struct fetch_trunk *trunk)
{
    return trunk->queued + trunk->running;
}

/* Whoever asks for a URL that is in the queue of a trunk with more than his does not wait with that
   one's. */
static void carry(struct flight *flight, struct fetch_trunk *trunk)
{
    if (!flight->is_queued || all_of(trunk) + 1 >= all_of(flight->trunk))
        return;
    flight->trunk->queued--;
    flight->trunk = trunk;
    trunk->queued++;
}

/* ---- is anybody reached ---- */

/* Fetches it for nobody. False: it may not be asked for now. */
static bool begin_probe(struct fetcher *f, struct str url, struct fetch_now now)
{
    const struct fetch_question q = {.kind = FETCH_ASK, .trunk = FETCH_NO_TRUNK, .url = url};
    struct asked a = {.q = &q, .now = now};
    struct flight *flight = find(f, url);
    if (!flight && (x5u_split(url, &a.parts) || fly(f, &a, false, &flight) != FETCH_OK))
        return false;
    if (flight->is_probe)
        return false;
    flight->is_probe = true;
    return true;
}

/* Whether URL tells whether we are cut off: it has served before, and is of a host that neither has
   failed just now nor is asked already. */
static bool is_telling(struct fetcher *f, struct str url, struct str *asked, unsigned n,
                       struct fetch_now now)
{
    struct x5u_parts parts;
    if (x5u_split(url, &parts) || fetch_reach_has(&f->reach, parts.host) ||
        fetched_failing(f->fetched, url, now.monotonic_ms))
        return false;
    for (unsigned i = 0; i < n; i++)
        if (str_eq_nocase(asked[i], parts.host))
            return false;
    asked[n] = parts.host;
    return true;
}

/* Asks up to MOST hosts that have served what proved good. Some may be gone: so each time it begins
   with the one after the last. */
static unsigned probe(struct fetcher *f, unsigned most, struct fetch_now now)
{
    const unsigned all = fetched_counts(f->fetched)->proven;
    struct str hosts[FETCH_REACH_MAX], url = fetched_first_proven(f->fetched);
    unsigned n = 0;
    for (unsigned skip = all > 0 ? f->probed++ % all : 0; skip > 0; skip--)
        url = fetched_next_proven(f->fetched, url);
    for (unsigned i = 0; i < all && n < most; i++) {
        if (is_telling(f, url, hosts, n, now) && begin_probe(f, url, now))
            n++;
        url = fetched_next_proven(f->fetched, url);
        if (url.n == 0)
            url = fetched_first_proven(f->fetched);
    }
    return n;
}

static void begin_probes(struct fetcher *f, struct fetch_now now)
{
    fetch_reach_probed(&f->reach, probe(f, FETCH_REACH_USUAL, now));
}

/* While we are cut off: asks whether that is over. True: by the URL that is asked for now, since
   there is no other. */
static bool is_probe_due(struct fetcher *f, struct fetch_now now)
{
    if (!fetch_reach_may_probe(&f->reach, now.monotonic_ms))
        return false;
    const unsigned n = probe(f, 1, now);
    fetch_reach_probed(&f->reach, n);
    return n == 0;
}

/* When nothing fresh is kept: joins a fetch that is under way, answers that it cannot be had, or
   begins a fetch. */
static void have_fetched(struct fetcher *f, const struct asked *a)
{
    struct flight *flight = find(f, a->q->url);
    if (flight) {
        carry(flight, fetch_trunk_of(f->trunks, a->q->trunk));
        wait_for(f, a, flight, FETCH_FROM_OTHERS);
        return;
    }
    const struct fetched_failure *failing = fetched_failing(f->fetched, a->q->url,
                                                            a->now.monotonic_ms);
    if (failing && !is_probe_due(f, a->now)) {
        answer_instead(f, a, failing->outcome, failing->status);
        return;
    }
    enum fetch_outcome outcome = fly(f, a, true, &flight);
    if (outcome == FETCH_OK)
        wait_for(f, a, flight, FETCH_FROM_SERVER);
    else
        answer_instead(f, a, outcome, 0);
}

/* Begins to fetch it anew in the background; whoever uses the kept body asks for that. */
static void renew(struct fetcher *f, const struct asked *a)
{
    struct flight *flight;
    if (!find(f, a->q->url) && !fetched_failing(f->fetched, a->q->url, a->now.monotonic_ms))
        (void)fly(f, a, false, &flight);
}

static void ask(struct fetcher *f, const struct asked *a)
{
    enum keep_state state;
    const struct fetched_body *b = usable(f, a->q->url, a->now.real_s, &state);
    if (!b || state == KEEP_STALE) {
        have_fetched(f, a);
        return;
    }
    answer_asked(f, a, answer_of(f, b, FETCH_FROM_KEPT));
    if (state == KEEP_RENEW)
        renew(f, a);
}

/* For a kept body that does not fit, since keys change under a URL. One that was fetched just now
   is not fetched again: then the call is wrong and not the body. One that is at fault by itself is
   fetched again seldom, however many workers and calls find that. */
static void ask_for_newer(struct fetcher *f, const struct asked *a)
{
    enum keep_state state;
    const struct fetched_body *b = usable(f, a->q->url, a->now.real_s, &state);
    const int64_t after_s = a->q->fetched_s > 0 ? FETCH_DOUBT_S : RENEWED_AFTER_S;
    const int64_t age_s = b ? a->now.real_s - b->kept.fetched_s : after_s;
    if (age_s >= 0 && age_s < after_s)
        answer_asked(f, a, answer_of(f, b, FETCH_FROM_KEPT));
    else
        have_fetched(f, a);
}

/* For one to whom the newest body is worth nothing. */
static void ask_for_former(struct fetcher *f, const struct asked *a)
{
    const struct fetched_body *b = fetched_proven(f->fetched, a->q->url);
    if (b && keep_state(&f->options.keep, &b->kept, a->now.real_s) != KEEP_OVER)
        answer_asked(f, a, answer_of(f, b, FETCH_FROM_KEPT));
    else
        answer_asked(f, a, (struct fetch_answer){.outcome = FETCH_UNAVAILABLE});
}

/* For notes: the body that was judged, if it is still the newest that is kept. */
static const struct fetched_body *meant(struct fetcher *f, const struct asked *a)
{
    const struct fetched_body *b = fetched_find(f->fetched, a->q->url);
    return b && b->kept.fetched_s == a->q->fetched_s ? b : NULL;
}

static void drop_garbage(struct fetcher *f, const struct asked *a)
{
    fetched_drop(f->fetched, a->q->url);
    fetched_fail(f->fetched, a->q->url, FETCH_GARBAGE, 200, a->now.monotonic_ms);
}

/* What leads to an anchor for others is not lost because somebody believes other authorities. */
static void note_garbage(struct fetcher *f, const struct asked *a)
{
    const struct fetched_body *b = meant(f, a);
    if (b && !b->proven)
        drop_garbage(f, a);
}

/* It tells more than that there is none: all who ask within that time judge it alike, and nothing
   is fetched for each call. What others vouched for has its end already. */
static void note_over(struct fetcher *f, const struct asked *a)
{
    const struct fetched_body *b = meant(f, a);
    if (b && !b->proven)
        fetched_bound(f->fetched, a->q->url,
                      b->kept.fetched_s + keep_failure_ms(FETCH_GARBAGE, 1) / 1000);
}

static void prove(struct fetcher *f, const struct asked *a)
{
    fetched_prove(f->fetched, a->q->url, a->q->ends_s);
    fetch_hosts_prove(f->hosts, a->parts.host, a->now.monotonic_ms);
}

static void note_proven(struct fetcher *f, const struct asked *a)
{
    if (!meant(f, a))
        return;
    if (a->q->ends_s <= a->now.real_s)
        note_over(f, a);
    else
        prove(f, a);
}

static const struct {
    void (*run)(struct fetcher *f, const struct asked *a);
    bool is_note;
} kinds[FETCH_KINDS] = {
    [FETCH_ASK] = {ask, false},
    [FETCH_RENEW] = {ask_for_newer, false},
    [FETCH_FORMER] = {ask_for_former, false},
    [FETCH_PROVEN] = {note_proven, true},
    [FETCH_REFUSED] = {note_garbage, true},
    [FETCH_OVER] = {note_over, true},
};

void fetcher_ask(struct fetcher *f, const struct fetch_question *question, struct fetch_now now,
                 fetcher_done *done, void *user)
{
    struct asked a = {.q = question, .now = now, .done = done, .user = user};
    assert(!f->answering);
    fetched_watch_clock(f->fetched, now.real_s, now.monotonic_ms);
    const bool good = x5u_split(question->url, &a.parts) == NULL;
    if (good)
        kinds[question->kind].run(f, &a);
    else if (!kinds[question->kind].is_note)
        answer_asked(f, &a, (struct fetch_answer){.outcome = FETCH_BAD_URL});
    begin_queued(f, now);
}

void fetcher_forget(struct fetcher *f, const void *user)
{
    for (size_t i = 0; i < f->deadlines.n; i++) {
        struct asker *asker = container_of(f->deadlines.list[i], struct asker, deadline);
        if (asker->user == user)
            asker->done = NULL;
    }
}

/* ---- running ---- */

static void take_results(struct fetcher *f, struct fetch_now now)
{
    CURLMsg *m;
    int left;
    while ((m = f->curl.multi.info_read(f->multi, &left))) {
        struct flight *flight = NULL;
        CURL *curl = m->easy_handle;
        const CURLcode result = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        f->curl.getinfo(curl, CURLINFO_PRIVATE, &flight);
        f->curl.multi.remove_handle(f->multi, curl); /* M is not valid any more */
        transfer_end(&flight->transfer, &f->curl, curl, result, now.real_s);
        flight->curl = NULL;
        land(f, flight, now);
    }
}

static void answer_late(struct fetcher *f, struct fetch_now now)
{
    struct deadline *first;
    while ((first = deadlines_over(&f->deadlines, now.monotonic_ms))) {
        struct asker *asker = container_of(first, struct asker, deadline);
        answer_asker(f, asker, instead(f, asker->flight->link.name, now.real_s, FETCH_PENDING, 0));
    }
}

void fetcher_run(struct fetcher *f, struct fetch_now now)
{
    int running;
    assert(!f->answering);
    f->curl.multi.perform(f->multi, &running);
    take_results(f, now);
    fetch_reach_pass(&f->reach, now.monotonic_ms);
    answer_late(f, now);
    fetch_places_release(&f->places, now.monotonic_ms);
    begin_queued(f, now);
}

static int64_t next_ms(const struct fetcher *f)
{
    const struct deadline *first = deadlines_first(&f->deadlines);
    const int64_t at_ms = fetch_places_next_ms(&f->places);
    return first && first->at_ms < at_ms ? first->at_ms : at_ms;
}

void fetcher_wait(struct fetcher *f, struct pollfd *more, unsigned n, int most_ms,
                  struct fetch_now now)
{
    struct curl_waitfd list[FETCHER_MORE_MAX];
    const int64_t left_ms = next_ms(f) - now.monotonic_ms;
    int active;
    assert(n <= FETCHER_MORE_MAX);
    for (unsigned i = 0; i < n; i++)
        list[i] = (struct curl_waitfd){.fd = more[i].fd, .events = more[i].events};
    if (left_ms < most_ms)
        most_ms = left_ms > 0 ? (int)left_ms : 0;
    f->curl.multi.poll(f->multi, list, n, most_ms, &active);
    for (unsigned i = 0; i < n; i++)
        more[i].revents = list[i].revents;
}

/* ---- beginning and end ---- */

/* Of what was kept over a restart. */
static void prove_hosts(struct fetcher *f)
{
    struct x5u_parts parts;
    for (struct str url = fetched_first_proven(f->fetched); url.n > 0;
         url = fetched_next_proven(f->fetched, url))
        if (!x5u_split(url, &parts))
            fetch_hosts_prove(f->hosts, parts.host, 0);
}

static bool has_all(struct fetcher *f)
{
    const struct fetcher_options *o = &f->options;
    struct host_rules host = HOST_RULES_USUAL;
    const struct fetched_limits limits = {o->bodies, 1024, o->octets};
    host.at_once = o->per_host;
    host.rate = (struct token_rate){o->per_host_rate, HOST_BURST_SECONDS * o->per_host_rate};
    f->trunks = calloc(1, sizeof(*f->trunks));
    f->hosts = fetch_hosts_new(&host);
    if (!f->trunks || !f->hosts || !lru_init(&f->flights, o->at_once + o->queued))
        return false;
    f->trunks->rules = TRUNK_RULES_USUAL;
    f->trunks->rules.rate = (struct token_rate){o->new_per_trunk, BURST_SECONDS * o->new_per_trunk};
    f->fetched = fetched_new(&limits, o->directory);
    if (f->fetched)
        prove_hosts(f);
    return f->fetched != NULL;
}

struct fetcher *fetcher_new(const struct fetcher_options *options, const char **why)
{
    struct fetcher *f = calloc(1, sizeof(*f));
    *why = "out of memory";
    if (!f)
        return NULL;
    f->options = *options;
    f->places.at_once = options->at_once;
    f->reach.after = options->cut_off_after < FETCH_REACH_MAX ? options->cut_off_after
                                                              : FETCH_REACH_MAX;
    fetch_queue_init(&f->queue);
    const bool loaded = libcurl_load(&f->curl) && f->curl.has_multi;
    if (loaded)
        f->multi = f->curl.multi.init();
    if (f->multi && has_all(f))
        return f;
    if (!loaded)
        *why = LIBCURL_MULTI_MISSING;
    fetcher_free(f);
    return NULL;
}

static void drop(struct fetcher *f, struct flight *flight)
{
    if (flight->curl) {
        f->curl.multi.remove_handle(f->multi, flight->curl);
        f->curl.cleanup(flight->curl);
    }
    flight->linger_until_ms = 0;
    end(f, flight, (struct fetch_answer){.outcome = FETCH_UNAVAILABLE});
}

void fetcher_free(struct fetcher *f)
{
    if (!f)
        return;
    while (f->flights.oldest)
        drop(f, flight_of(f->flights.oldest));
    fetch_places_release(&f->places, INT64_MAX);
    if (f->multi)
        f->curl.multi.cleanup(f->multi);
    lru_fini(&f->flights);
    deadlines_fini(&f->deadlines);
    fetched_free(f->fetched);
    fetch_hosts_free(f->hosts);
    free(f->trunks);
    free(f);
}

struct fetcher_counts fetcher_counts(const struct fetcher *f, struct fetch_now now)
{
    struct fetcher_counts counts = f->counts;
    const struct fetched_counts *kept = fetched_counts(f->fetched);
    counts.running = f->places.taken;
    counts.lingering = f->places.threads;
    counts.held = f->places.held;
    counts.waiting = (unsigned)f->deadlines.n;
    counts.shut = fetch_hosts_shut(f->hosts, now.monotonic_ms);
    counts.bodies = kept->bodies;
    counts.proven = kept->proven;
    counts.failures = kept->failures;
    counts.octets = kept->octets;
    counts.pushed_out = kept->pushed_out;
    counts.files_failed = kept->files_failed;
    counts.files_broken = kept->files_broken;
    return counts;
}

const char *fetcher_cut_off(const struct fetcher *f)
{
    return fetch_reach_is_cut_off(&f->reach) ? fetch_outcome_text(f->reach.last) : NULL;
}

void fetcher_drop(struct fetcher *f, struct str url)
{
    fetched_forget(f->fetched, url);
}
