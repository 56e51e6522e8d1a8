/*
 * octets - how much a server may send in one transfer, counted where TLS takes it apart, before
 * anything is made of it: records without data (KeyUpdate, tickets, a renegotiation) and headers
 * without end never come to libcurl's own limits, and libcurl looks at no clock while records come.
 * Private to fetch.
 */
#ifndef STIRD_FETCH_OCTETS_H
#define STIRD_FETCH_OCTETS_H

#include "libcurl.h"

#define OCTETS_MOST  (512 * 1024) /* a chain of 100 KiB, headers, 32 KiB of body in chunks */
#define RECORDS_MOST 1024
#define LARGE_TIMES  8

struct octets {
    const struct openssl *openssl;
    size_t n;
    unsigned records;
    bool large; /* a list: LARGE_TIMES as much */
    bool over;  /* the session was ended in the middle of what it read */
};

/* Counts from the beginning of the handshake on. O stays until CURL is cleaned up. False: libcurl
   is built with another TLS library than OpenSSL. */
bool octets_watch(struct octets *o, const struct libcurl *c, CURL *curl);

#endif
