/*
 * rates - how many calls a number or a customer had of late, and how they ended: counts by key over
 * windows that slide, for rules that ask for a rate (rate_reader.h). Pure: memory and time come
 * from whoever counts; a time is monotonic, in ms, and the same for all workers.
 *
 * All workers have the memory together. Each counts in a section of its own and reads those of all
 * others, without a lock: nobody else writes there. In it are numbers at fixed places, no length
 * and no pointer, so whatever a worker writes there can be no more than a false count.
 *
 * What is counted counts for its window and for at most a RATE_PARTS-th of it more: never for less.
 * There is room for so many. Where there is none for a number, its calls are counted together with
 * those of others of its customer that found none, and count against all numbers of that customer;
 * where there is none for a customer, together with all others that found none. So want of room
 * makes a count too large, never too small. Who has most in a full row gives way.
 */
#ifndef STIRD_RATES_H
#define STIRD_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/str.h>

#define RATE_RULES_MAX 8 /* rules that ask for a rate */
#define RATE_PARTS     4 /* of a window */

enum rate_event {
    RATE_CALL,       /* an INVITE that begins one was decided */
    RATE_ANSWERED,   /* it got a 2xx */
    RATE_UNANSWERED, /* it ended without one */
    RATE_SHORT,      /* it was answered, and ended soon after that */
    RATE_EVENTS
};

struct rate_counts {
    uint64_t n[RATE_EVENTS];
    bool held;   /* it was above the rate less than a window ago */
    bool coarse; /* what found no room is counted in */
};

/* Hashes with a key of the memory's; 0: not of a number, but of a whole customer. */
struct rate_who {
    uint64_t number, customer;
};

/* Of a rule, as rates_rule_id() has it. */
struct rate_rule {
    uint32_t id, window_ms;
};

/* What all who use one memory have to say alike. */
struct rates_shape {
    uint32_t workers, numbers, calls; /* numbers, calls: places of each worker */
    uint64_t seed;
};

struct rates {
    struct rates_shape shape;
    char *own;       /* the section that is counted in; NULL: it is read only */
    const char *all; /* the sections of all */
};

/* An answered call that may turn out to be a short one. */
struct rate_call {
    uint64_t id; /* rates_call_id() */
    struct rate_who who;
    uint32_t answered_ms; /* its lower bits */
    uint32_t n_rules;
    uint32_t rules[RATE_RULES_MAX]; /* their ids */
};

/* The same for rules of the same name that count alike: counts outlive a reload. */
uint32_t rates_rule_id(struct str name, bool of_customers, uint32_t window_ms);
/* NUMBER may be empty. */
struct rate_who rates_who(const struct rates *r, struct str customer, struct str number);

/* Of a worker, a multiple of a page; all of it 0 in the beginning. */
size_t rates_section_bytes(const struct rates_shape *shape);

/* N more of EVENT, or less where N is below 0. False: it was counted with others for want of room.
 */
bool rates_count(struct rates *r, const struct rate_rule *rule, const struct rate_who *who,
                 enum rate_event event, int n, int64_t now_ms);
/* From now on it is held, for a window. */
void rates_hold(struct rates *r, const struct rate_rule *rule, const struct rate_who *who,
                int64_t now_ms);
/* Of all workers. */
struct rate_counts rates_look(const struct rates *r, const struct rate_rule *rule,
                              const struct rate_who *who, int64_t now_ms);

/* TAG: that of the side that called. */
uint64_t rates_call_id(const struct rates *r, struct str call_id, struct str tag);
/* Keeps CALL for KEEP_MS from its answer. False: for want of room one is not watched any more,
   which is put in LOST: CALL, or one that was kept. */
bool rates_keep_call(struct rates *r, const struct rate_call *call, uint32_t keep_ms,
                     int64_t now_ms, struct rate_call *lost);
/* Finds the call with ID that was answered less than KEEP_MS ago, of any worker, and sees to it
   that no worker finds it again (two at the same moment may, and later
   ones where there is no room to note it). */
bool rates_take_call(struct rates *r, uint64_t id, uint32_t keep_ms, int64_t now_ms,
                     struct rate_call *call);
/* Whether there is one with ID, of any worker, or was one that has been taken since. */
bool rates_has_call(const struct rates *r, uint64_t id, uint32_t keep_ms, int64_t now_ms);

#endif
