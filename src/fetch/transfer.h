/*
 * transfer - one GET, or POST: what libcurl is told, how much of the answer is taken, and what came
 * of it. It is the one place that sets libcurl's options, for fetch.h and fetcher.h alike.
 *
 * Https on the ports that x5u.h allows; no redirect, no proxy of the environment, no user name, no
 * encoding asked for, TLS 1.2 or later, a body and a number of octets at most (octets.h), and the
 * address is looked at when it is connected to. Private to fetch.
 */
#ifndef STIRD_FETCH_TRANSFER_H
#define STIRD_FETCH_TRANSFER_H

#include <stird/fetch/fetch.h>

#include "freshness.h"
#include "libcurl.h"
#include "octets.h"

struct transfer {
    const struct fetch_options *options; /* borrowed, as is reply */
    struct fetch_reply *reply;
    struct octets octets;
    struct freshness freshness;
    struct curl_slist *headers; /* that are sent besides the usual ones; NULL: none */
    bool refused_address, too_long, encoded;
    bool in_response, is_provisional; /* from its status line on; until its head is over */
    bool still_resolving; /* when it ended: a thread of libcurl's goes on for as long as the
                             system's resolver does, and nobody can stop it */
    char error[CURL_ERROR_SIZE];
};

/* What became of it, and why: BEFORE and TEXT, which is escaped. */
void transfer_say(struct fetch_reply *reply, enum fetch_outcome outcome, const char *before,
                  const char *text);
/* A handle, to be performed, for a URL in which x5u.h finds no fault; T and C stay where they are
   until it has ended. NULL: the reply says why. */
CURL *transfer_begin(struct transfer *t, const struct libcurl *c, const char *url,
                     const struct fetch_options *options, struct fetch_reply *reply);
/* Fills in the reply; CURL is freed. Of a transfer without `post` and `is_bare` that is dropped
   before its end nothing else has to be freed. */
void transfer_end(struct transfer *t, const struct libcurl *c, CURL *curl, CURLcode result,
                  int64_t now_s);

#endif
