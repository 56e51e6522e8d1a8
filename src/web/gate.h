/*
 * gate - who is let in, and for how long: so many connections at once, so many of one source, so
 * many a second, and each for a time that nothing extends. Pure: sockets are numbers to it, and
 * time is handed in. Private to web.
 *
 * Whoever finds a seat waits there until it has said something, and then for its turn. One source
 * never uses up what a second allows, for half is kept for the others; nor all seats, and what it
 * is refused costs the others nothing.
 *
 * Where handshakes cost much, few may be at one, and of one source half of these: however many
 * speak at once, a turn does no more of them. Of those that want to begin, who has the fewest at it
 * is next; and whoever is at it for long makes room for them.
 */
#ifndef STIRD_WEB_GATE_H
#define STIRD_WEB_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define GATE_SOURCE_MAX 16  /* octets of a source */
#define GATE_SOURCES    256 /* whose rate is known at a time */
#define GATE_OPENING    32  /* the most that rules.opening may be */

struct gate_rules {
    unsigned places, per_source; /* at once */
    unsigned per_second;         /* of all; half of it is each source's own */
    int64_t most_ms;             /* of a connection, from its being let in to its end */
    unsigned opening;            /* called, and have not begun a request; 0: as many as there are */
    int64_t opening_ms;          /* of these, while others wait for that */
};

struct gate_source {
    uint8_t octets[GATE_SOURCE_MAX];
    uint8_t n;
};

struct seat {
    int fd; /* -1: it is free */
    int64_t until_ms;
    int64_t hurry_ms;  /* it ends at this time already; INT64_MAX: it does not */
    uint64_t number;   /* they have their turns in this order */
    bool waits;        /* its turn has not come */
    bool spoke;        /* the server's word: something has come from it, else it has no turn */
    int64_t called_ms; /* its turn came */
    bool thrown_out;
    struct gate_source source;
    unsigned spender;  /* its place among these, as a rule */
    bool began, asked; /* the server's own, false at first: what was read of its request */
    unsigned status;   /* likewise: of its answer; 0: it has none */
    uint64_t edition;  /* likewise: of the page that it reads; 0: it reads none */
};

/* What a source has used of its own rate: up to this time. */
struct gate_spender {
    struct gate_source source;
    int64_t spent_to_us;
};

struct gate {
    struct gate_rules rules;
    unsigned taken; /* seats */
    uint64_t numbers;
    int64_t spent_to_us; /* the time up to here is used up */
    struct gate_spender spenders[GATE_SOURCES];
    struct seat seats[];
};

/* NULL: no memory. free() ends it. */
struct gate *gate_new(const struct gate_rules *rules, int64_t now_ms);
bool gate_is_full(const struct gate *g);
/* Gives FD, of SOURCE, a seat to wait in. NULL: it is full, or that source has its part. */
struct seat *gate_admit(struct gate *g, struct str source, int fd, int64_t now_ms);
/* Whose turn it is: it waits no more. NULL: nobody's, now. */
struct seat *gate_call(struct gate *g, int64_t now_ms);
/* When the next one has its turn: NOW_MS, a later time, or INT64_MAX. */
int64_t gate_calls_ms(const struct gate *g, int64_t now_ms);
/* NULL: no such seat is taken. */
struct seat *gate_seat_of(struct gate *g, int fd);
void gate_leave(struct gate *g, struct seat *seat);
/* One that was called long ago, has not begun, and is in the way of others: it is thrown out now
   and not named again. NULL: there is none. It is asked once what came of them has been read. */
struct seat *gate_stuck(struct gate *g, int64_t now_ms);
/* When there may be one; INT64_MAX: nobody waits for it. */
int64_t gate_stuck_ms(const struct gate *g);
/* One whose time is over, which is thrown out now and not named again; NULL: there is none. */
struct seat *gate_overdue(struct gate *g, int64_t now_ms);
/* When the time of the next one is over; INT64_MAX: never. */
int64_t gate_next_ms(const struct gate *g);

#endif
