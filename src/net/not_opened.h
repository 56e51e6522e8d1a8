/*
 * not_opened - connections that stird had no room to open: counted, and told in the log with the
 * reason, one line a minute for each reason. They say nothing about the peers.
 */
#ifndef STIRD_NET_NOT_OPENED_H
#define STIRD_NET_NOT_OPENED_H

#include <stdint.h>
#include <stird/base/address.h>

enum not_opened_why {
    NOT_OPENED_LED, /* what peers wrote may have no more: limits.connections_led, _per_peer */
    NOT_OPENED_ALL, /* limits.connections */
    NOT_OPENED_FEW, /* fewer than limits.connections: LimitNOFILE */
    NOT_OPENED_DESCRIPTORS, /* no descriptor is left */
    NOT_OPENED_OTHER,       /* no memory, no port of ours, no TLS: `error` says */
    NOT_OPENED_KINDS
};

struct not_opened {
    uint64_t n, of[NOT_OPENED_KINDS];
    int64_t said_ms[NOT_OPENED_KINDS];
};

/* One of them, and for whom. */
struct not_opened_case {
    enum not_opened_why why;
    int error; /* -errno */
    const struct address *remote;
    const char *opened_for;   /* in words */
    unsigned open_led, to_it; /* that what peers wrote has led to: in all, to this peer */
    unsigned open;            /* connections there are */
};

void not_opened_add(struct not_opened *all, const struct not_opened_case *one, int64_t now_ms);
/* Why, by the ERROR of a call that should have made a socket. */
enum not_opened_why not_opened_by_error(int error);

#endif
