#include "transaction.h"

#include <stdlib.h>

#include "transaction_internal.h"

static struct transaction_node **bucket(const struct transaction_table *table,
                                        const struct transaction_key *key)
{
    return &table->buckets[key->low % TRANSACTION_BUCKETS];
}

void transaction_table_add(struct transaction_table *table, struct transaction_node *node,
                           const struct transaction_key *key)
{
    struct transaction_node **head = bucket(table, key);
    node->key = *key;
    node->next = *head;
    *head = node;
    table->count++;
}

void transaction_table_remove(struct transaction_table *table, struct transaction_node *node)
{
    struct transaction_node **link = bucket(table, &node->key);
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    table->count--;
}

struct transaction_node *transaction_table_find(const struct transaction_table *table,
                                                const struct transaction_key *key)
{
    struct transaction_node *n = *bucket(table, key);
    while (n && (n->key.low != key->low || n->key.high != key->high))
        n = n->next;
    return n;
}

void transaction_shrink(struct transaction_table *table, struct transaction_node *node,
                        struct timer *timer, size_t bytes)
{
    const size_t timer_at = (size_t)((char *)timer - (char *)node);
    struct transaction_node **link = bucket(table, &node->key);
    while (*link != node)
        link = &(*link)->next;
    struct transaction_node *smaller = realloc(node, bytes);
    if (!smaller)
        return; /* it stays as it was */
    *link = smaller;
    timer_moved((struct timer *)((char *)smaller + timer_at));
}

typedef void node_free(struct transactions *all, struct transaction_node *node);

static void table_free(struct transactions *all, struct transaction_table *table, node_free *fn)
{
    for (unsigned i = 0; table->count > 0 && i < TRANSACTION_BUCKETS; i++)
        while (table->buckets[i])
            fn(all, table->buckets[i]);
    free(table->buckets);
}

static void each(const struct transaction_table *table,
                 void (*visit)(const struct transaction_node *node))
{
    for (unsigned i = 0; table->count > 0 && i < TRANSACTION_BUCKETS; i++)
        for (const struct transaction_node *n = table->buckets[i]; n; n = n->next)
            visit(n);
}

void transactions_say_again(const struct transactions *all)
{
    each(&all->servers, server_transaction_say_again);
    each(&all->clients, client_transaction_say_again);
}

void transactions_free(struct transactions *all)
{
    if (!all)
        return;
    table_free(all, &all->servers, server_transaction_free);
    table_free(all, &all->clients, client_transaction_free);
    free(all);
}

struct transactions *transactions_new(const struct transaction_timing *timing,
                                      const struct transaction_hooks *hooks, struct timers *timers)
{
    struct transactions *all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    all->timing = *timing;
    all->hooks = *hooks;
    all->timers = timers;
    all->servers.buckets = calloc(TRANSACTION_BUCKETS, sizeof(*all->servers.buckets));
    all->clients.buckets = calloc(TRANSACTION_BUCKETS, sizeof(*all->clients.buckets));
    if (!all->servers.buckets || !all->clients.buckets) {
        transactions_free(all);
        return NULL;
    }
    return all;
}

void transactions_set_timing(struct transactions *all, const struct transaction_timing *timing)
{
    all->timing = *timing;
}

unsigned transactions_count(const struct transactions *all)
{
    return all->servers.count + all->clients.count;
}
