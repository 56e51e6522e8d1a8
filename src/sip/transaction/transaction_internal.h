/* transaction_internal - what the client and server machines share. Not for others. */
#ifndef STIRD_SIP_TRANSACTION_INTERNAL_H
#define STIRD_SIP_TRANSACTION_INTERNAL_H

#include <stird/base/container_of.h>

#include "channel.h"
#include "transaction.h"

#define TRANSACTION_BUCKETS 65536 /* never grows: no pause for rehashing under load */

/* First member of both kinds. */
struct transaction_node {
    struct transaction_node *next; /* in its bucket */
    struct transaction_key key;
};

struct transaction_table {
    struct transaction_node **buckets;
    unsigned count;
};

struct transactions {
    struct transaction_timing timing;
    struct transaction_hooks hooks;
    struct timers *timers;
    struct transaction_table servers, clients;
    struct channels channels; /* of the clients that a connection carries */
};

void transaction_table_add(struct transaction_table *table, struct transaction_node *node,
                           const struct transaction_key *key);
void transaction_table_remove(struct transaction_table *table, struct transaction_node *node);
struct transaction_node *transaction_table_find(const struct transaction_table *table,
                                                const struct transaction_key *key);

/*
 * Gives back what the transaction of NODE and TIMER takes above BYTES, which hold both. It may be
 * at another place afterwards.
 */
void transaction_shrink(struct transaction_table *table, struct transaction_node *node,
                        struct timer *timer, size_t bytes);

/* holding_count() where *COUNTED is half as wide: what a transaction keeps is far below 4 GiB. */
static inline void transaction_count(struct holding *holding, uint32_t *counted, size_t now)
{
    size_t before = *counted;
    holding_count(holding, &before, now);
    *counted = (uint32_t)now;
}

/*
 * From when the wait for the next retransmission counts, WAIT_MS of them: from when this one, of
 * TIMER, was to be due (LATE_MS: of timer_set_about()), so that small delays do not add up to one
 * less before the end. Of a long one, as when the process stood still, no more than a quarter of
 * the wait is made up for, so that several do not leave at once.
 */
static inline int64_t transaction_again_from(const struct timer *timer, unsigned late_ms,
                                             uint32_t wait_ms, int64_t now_ms)
{
    const int64_t due_ms = timer->due_ms - late_ms, first_ms = now_ms - wait_ms / 4;
    return due_ms > first_ms ? due_ms : first_ms;
}

void server_transaction_free(struct transactions *all, struct transaction_node *node);
/* For transactions_say_again(). */
void server_transaction_say_again(const struct transaction_node *node);
void client_transaction_say_again(const struct transaction_node *node);
void client_transaction_free(struct transactions *all, struct transaction_node *node);

#endif
