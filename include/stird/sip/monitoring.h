/*
 * monitoring - calls of our own, as a worker knows them: those that are looked for where calls are
 * verified, those that it has placed itself, and what it has to tell of both (monitor_call.h).
 * Where nothing is looked for it costs one branch a verified call.
 */
#ifndef STIRD_MONITORING_H
#define STIRD_MONITORING_H

#include <stird/core/monitor_call.h>

struct proxy;
struct placed;

/* News that nobody has taken; strangers' arrivals give way first. */
#define MONITORING_NEWS_MAX 256
/* Arrivals of a watch that are told, of those who may be anybody. */
#define MONITORING_STRANGERS 8

struct monitor_news {
    bool arrived;     /* else it has ended */
    bool is_stranger; /* it arrived, and nobody but its own words says that it is ours */
    union {
        struct monitor_placed placed;
        struct monitor_arrival arrival;
    };
};

/* All zero: nothing is looked for. One thread. */
struct monitoring {
    struct monitor_watch watched[MONITORS_MAX];
    uint32_t strangers[MONITORS_MAX]; /* of each, that were told of */
    unsigned n;
    struct placed *placed; /* a list */
    struct told_news *first, *last;
    unsigned n_news;
};

/* In the place of what was looked for by its ticket; one whose time is over only ends that. */
void monitoring_watch(struct monitoring *m, const struct monitor_watch *watch, int64_t now_ms);
/* Places a call. Whatever becomes of it is told. */
void monitoring_place(struct monitoring *m, struct proxy *p, const struct monitor_order *order);
/* The oldest news, borrowed until the next call; NULL: none. */
const struct monitor_news *monitoring_news(const struct monitoring *m);
/* Somebody has heard them. */
void monitoring_heard(struct monitoring *m);
/* To be called before the proxy is freed. */
void monitoring_fini(struct monitoring *m);

#endif
