/*
 * token_bucket - allows so many a second, and so many at once after a pause. Pure: time is handed
 * in. Private to fetch.
 */
#ifndef STIRD_FETCH_TOKEN_BUCKET_H
#define STIRD_FETCH_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct token_rate {
    uint32_t per_s; /* 0: nothing is ever added */
    uint32_t burst;
};

struct token_bucket {
    int64_t thousandths; /* of a token */
    int64_t filled_ms;
};

/* A full one. */
struct token_bucket token_bucket_full(const struct token_rate *rate, int64_t now_ms);
bool token_bucket_has(struct token_bucket *b, const struct token_rate *rate, int64_t now_ms);
/* Takes one out. False: there is none. */
bool token_bucket_take(struct token_bucket *b, const struct token_rate *rate, int64_t now_ms);

#endif
