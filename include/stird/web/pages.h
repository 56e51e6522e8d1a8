/*
 * pages - what the web process serves of a view: /livez, /readyz, /status, /metrics.
 */
#ifndef STIRD_WEB_PAGES_H
#define STIRD_WEB_PAGES_H

#include <stird/base/buf.h>
#include <stird/io/web_view.h>
#include <stird/web/http_server.h>

#define PAGES_MAX 8

struct pages {
    struct http_page list[PAGES_MAX];
    unsigned n;
    struct buf ready, metrics; /* texts of /readyz and /metrics */
};

/* The pages of V, which is borrowed until pages_fini(). False: no memory, or what V says of itself
   is no JSON; pages_fini() all the same. */
bool pages_make(struct pages *p, const struct web_view *v);
void pages_fini(struct pages *p);

#endif
