/*
 * lru - things by name, and in the order in which they were used. Knows neither what they are nor
 * how many there may be: whoever keeps them takes the oldest out.
 *
 * A thing has a link in it and stays where it is; nothing is allocated but the table. Names are of
 * others' choice: where they all fall into one chain, a search walks past all of them, which is why
 * a table is for thousands and not for millions.
 */
#ifndef STIRD_LRU_H
#define STIRD_LRU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/str.h>

struct lru_link {
    struct str name; /* borrowed: it lies with the thing */
    uint64_t hash;
    struct lru_link *older, *newer, *chain;
};

struct lru {
    struct lru_link **buckets;
    size_t mask, n;
    uint64_t seed;
    struct lru_link *oldest, *newest;
};

/* For about EXPECTED things. False: no memory, or no chance; lru_fini() is harmless then. */
bool lru_init(struct lru *l, size_t expected);
/* The things are their owner's. */
void lru_fini(struct lru *l);

struct lru_link *lru_find(const struct lru *l, struct str name);
/* As the newest one, under a name that is not there yet. */
void lru_add(struct lru *l, struct lru_link *link, struct str name);
void lru_remove(struct lru *l, struct lru_link *link);
/* It was used: the newest one now. */
void lru_touch(struct lru *l, struct lru_link *link);

#endif
