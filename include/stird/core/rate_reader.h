/*
 * rate_reader - how a decision learns at which rate a number or a customer calls: whoever decides
 * says where that is known (a worker: rates.h; stirctl explain: the stird that runs).
 */
#ifndef STIRD_RATE_READER_H
#define STIRD_RATE_READER_H

#include <stdbool.h>
#include <stird/base/str.h>
#include <stird/core/rates.h>

struct rule;

struct rate_reader {
    /* What RULE has counted before this call. NUMBER is empty where it counts by customer. False:
       nobody knows. */
    bool (*look)(void *user, const struct rule *rule, struct str customer, struct str number,
                 struct rate_counts *counts);
    void *user;
};

#endif
