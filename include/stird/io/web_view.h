/*
 * web_view - what the web process shows, as the supervisor knows it at one moment: sealed memory
 * that the one writes and the other reads. Both are the same program, so numbers lie in it as they
 * lie in their structs.
 */
#ifndef STIRD_WEB_VIEW_H
#define STIRD_WEB_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/str.h>

/* What stird lacks of what calls need. */
enum web_lack {
    WEB_LACKS_CALLS,       /* it takes none: it starts, stops, or is not whole */
    WEB_LACKS_CERTIFICATE, /* of a provider: that of a trunk that signs */
    WEB_LACKS_NUMBERS,
    WEB_LACKS_NEXT_HOP, /* of trunks that send to any */
    WEB_LACKS_LEAVE,    /* to take calls: an operator lets it drain */
    WEB_LACKS_TRUNKS,   /* whose calls it takes: an operator has disabled each */
    WEB_LACKS
};

#define WEB_VIEW_PARTS_MAX 2000 /* trunks that are shown, and upstreams, and next hops */

/* Trunks, or upstreams: counters.h has as many numbers for each as its table of them says. */
struct web_view_parts {
    struct str names; /* each with a NUL behind it */
    const uint64_t *numbers;
    unsigned n, left_out;
};

struct web_view {
    bool lacks[WEB_LACKS];
    char state[24];                /* as `stirctl status` has it */
    struct str provider;           /* whose certificate is lacking; empty: it has no name */
    const uint64_t *all, *service; /* counters.h: of calls, of stird itself */
    struct web_view_parts trunks, upstreams;
    struct str status, trust; /* JSON: what `stirctl status --json`, and `trust list`, print */
    struct str hops;          /* JSON: "next_hops", each with "upstream", "address", "transport",
                                 "usable"; "not_shown": how many are left out */
    void *mapped;             /* of one that was read */
    size_t mapped_bytes;
};

/* A descriptor of it, or -errno. */
int web_view_write(const struct web_view *v);
/* 0, and web_view_close() ends it; or -errno, -EBADMSG when FD is no such memory. FD stays the
   caller's. */
int web_view_read(struct web_view *v, int fd);
void web_view_close(struct web_view *v);

#endif
