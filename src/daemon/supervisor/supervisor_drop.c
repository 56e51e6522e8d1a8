/*
 * What the URL of a certificate of others served, dropped at an operator's wish: the fetcher is
 * told first, or a worker could have the old one again from it, and then all workers. Whoever asked
 * hears of it when all have said that they have forgotten it. One URL at a time.
 */
#include "asker.h"
#include "patience.h"
#include "worker_places.h"

#include <stird/base/log.h>
#include <stird/core/x5u.h>
#include <stird/io/admin.h>
#include <string.h>

enum stage { IDLE, AT_FETCHER, AT_WORKERS };

struct drop {
    enum stage stage;
    uint64_t generation; /* of the last one that was asked for */
    int64_t until_ms;    /* it is given up then */
    char url[X5U_MAX_BYTES + 1];
    bool owed[WORKERS_MAX]; /* who has not said yet that it has forgotten it */
    struct patience patience[WORKERS_MAX];
};

static struct drop *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_drop);
}

/* ---- telling ---- */

static int tell(struct supervisor *s, struct child *c)
{
    struct control_message m = {.type = CONTROL_DROP, .drop = {.generation = own(s)->generation}};
    memcpy(m.drop.url, own(s)->url, sizeof(m.drop.url));
    return own(s)->stage == IDLE ? 0 : child_send(c, &m, NULL, 0);
}

static const struct due due = {tell};

static void tell_fetcher(struct supervisor *s)
{
    struct child *fetcher = supervisor_kept(s, ROLE_FETCHER);
    if (own(s)->stage == AT_FETCHER && fetcher->state == CHILD_SERVING)
        supervisor_owe(s, fetcher, &due);
}

static void tell_workers(struct supervisor *s, int64_t now_ms)
{
    own(s)->stage = AT_WORKERS;
    for (unsigned w = 0; w < worker_count(s); w++) {
        own(s)->owed[w] = worker_at(s, w)->state == CHILD_SERVING; /* one that begins has none */
        patience_begin(&own(s)->patience[w], own(s)->owed[w], now_ms);
        if (own(s)->owed[w])
            supervisor_owe(s, worker_at(s, w), &due);
    }
}

/* ---- who asked ---- */

static void answer_one(struct supervisor *s, struct asker *a, void *user)
{
    const char *why = user;
    if (a->ticket == own(s)->generation)
        asker_answer(a, why ? ASKER_REFUSED : 0, why ? str_of(why) : STR("{\"dropped\":true}"));
}

/* WHY it could not be done, or NULL. */
static void end(struct supervisor *s, const char *why)
{
    own(s)->stage = IDLE;
    memset(own(s)->owed, 0, sizeof(own(s)->owed));
    memset(own(s)->patience, 0, sizeof(own(s)->patience));
    asker_each(s, &part_drop, answer_one, (void *)(uintptr_t)why);
}

static void end_when_all_have(struct supervisor *s)
{
    for (unsigned w = 0; w < worker_count(s); w++)
        if (own(s)->owed[w])
            return;
    if (own(s)->stage == AT_WORKERS)
        end(s, NULL);
}

static const char *fault_of(const struct supervisor *s, struct str url)
{
    struct x5u_parts parts;
    const char *why = x5u_split(url, &parts);
    if (why)
        return why;
    if (!supervisor_kept(s, ROLE_FETCHER)->kept)
        return "nothing is fetched: no trunk verifies, and fetch.prefetch names nothing";
    return own(s)->stage != IDLE ? "another one is being dropped: try again" : NULL;
}

static void act(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    const char *why = fault_of(s, text);
    if (why) {
        asker_answer(a, ASKER_REFUSED, str_of(why));
        return;
    }
    memset(own(s)->url, 0, sizeof(own(s)->url));
    memcpy(own(s)->url, text.p, text.n);
    own(s)->generation++;
    own(s)->stage = AT_FETCHER;
    own(s)->until_ms = now_ms + ASKER_WAIT_MS;
    log_info("a certificate of others is dropped", LOG_TEXT("x5u", text));
    asker_wait(a, &part_drop, own(s)->generation, now_ms + ASKER_WAIT_MS);
    tell_fetcher(s);
}

/* ---- what children say ---- */

static void hear_fetcher(struct supervisor *s, const struct heard *h)
{
    const bool is_so = own(s)->stage == AT_FETCHER &&
                       h->child == supervisor_kept(s, ROLE_FETCHER) &&
                       h->message->dropped.generation == own(s)->generation;
    if (!is_so)
        supervisor_child_false(s, h->child, "that it has dropped what it was not told to");
    else
        tell_workers(s, h->now_ms);
    end_when_all_have(s);
}

static void hear_worker(struct supervisor *s, const struct heard *h)
{
    const unsigned w = h->child->index;
    const bool is_so = own(s)->owed[w] && h->message->dropped.generation == own(s)->generation;
    if (!is_so) {
        supervisor_child_false(s, h->child, "that it has dropped what it was not told to");
        return;
    }
    own(s)->owed[w] = false;
    own(s)->patience[w] = (struct patience){0};
    end_when_all_have(s);
}

static void hear_heartbeat(struct supervisor *s, const struct heard *h)
{
    own(s)->patience[h->child->index].beats++;
}

static const struct word hears[] = {
    {ROLE_FETCHER, CONTROL_DROPPED, hear_fetcher},
    {ROLE_WORKER, CONTROL_DROPPED, hear_worker},
    {ROLE_WORKER, CONTROL_HEARTBEAT, hear_heartbeat},
    {.take = NULL},
};

/* ---- the part ---- */

/* Another fetcher has read it from the disk again. */
static void hear_serves(struct supervisor *s, const struct news *news)
{
    if (news->child == supervisor_kept(s, ROLE_FETCHER))
        tell_fetcher(s);
}

/* A new worker has nothing. */
static void hear_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id == ROLE_WORKER)
        own(s)->owed[news->child->index] = false;
    end_when_all_have(s);
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    if (own(s)->stage == AT_FETCHER && !supervisor_kept(s, ROLE_FETCHER)->kept)
        end(s, "the fetcher is not there any more");
    if (own(s)->stage != IDLE && now_ms >= own(s)->until_ms)
        end(s, "it takes too long: ask again");
    for (unsigned w = 0; w < worker_count(s); w++)
        if (own(s)->owed[w] && worker_at(s, w)->control_fd >= 0 &&
            patience_is_over(&own(s)->patience[w], now_ms))
            supervisor_kill_idle(s, worker_at(s, w),
                                 "it does not say that it has dropped a certificate", now_ms);
}

const struct part part_drop = {
    .name = "drop",
    .bytes = sizeof(struct drop),
    .hears = hears,
    .tick = tick,
    .on = {[EVENT_CHILD_SERVES] = hear_serves, [EVENT_CHILD_GONE] = hear_gone},
    .asks = (const struct ask[]){{ADMIN_DROP, act, CONTROL_CHANGE}, {.act = NULL}},
};
