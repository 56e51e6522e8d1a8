/*
 * http_server - serves pages to whoever asks by GET or HEAD, over TLS or without. One request for a
 * connection, and so long a connection may last at most: whatever a client does, it is gone then.
 *
 * Pages are made before anybody asks. Those of a server whose pages age are made anew when somebody
 * asks and the present ones are old: the request waits meanwhile, and all who wait get the same.
 *
 * One thread, nothing waits, no file is opened once it was made.
 */
#ifndef STIRD_WEB_HTTP_SERVER_H
#define STIRD_WEB_HTTP_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define HTTP_WATCHED   3    /* descriptors */
#define HTTP_HEAD_MAX  8192 /* octets of a request */
#define HTTP_EDITIONS  3    /* of its pages: the present ones, and older ones that are still read */
#define HTTP_PAGES_MAX 1024

struct http_rules {
    const char *certificate, *key; /* PEM, borrowed until http_server_new() returns; NULL: no TLS */
    unsigned connections, per_source; /* at once */
    unsigned per_second;              /* connections that are taken; half is for others than one */
    int64_t most_ms;                  /* of a connection */
    int64_t fresh_ms;                 /* so long pages are good; 0: for good */
    int64_t wait_ms;                  /* so long a request waits for fresh ones */
    const char *cache_control;        /* borrowed; of every answer 200 */
    bool known_hosts_only;            /* a request names an address, localhost or HOST */
    struct str host;                  /* borrowed */
};

struct http_page {
    struct str path; /* "/metrics" */
    const char *type;
    unsigned status; /* 200, 503 */
    struct str text;
};

struct http_counts {
    uint64_t answered, refused; /* 200; any other answer; each once it has left whole */
    uint64_t unreadable;        /* connections on which something came that is no request */
    uint64_t unshaken;          /* the same by TLS, before a request began: failed handshakes */
    uint64_t crowded;           /* connections of a source that has its part */
    uint64_t thrown_out;        /* connections whose time was over, or whose pages were too old */
};

struct http_server;

/* LISTENING stays the caller's, is non-blocking, and is only accepted from. NULL with *WHY,
   borrowed for good. */
struct http_server *http_server_new(const struct http_rules *rules, int listening, int64_t now_ms,
                                    const char **why);
void http_server_free(struct http_server *s);
/* What it waits for; how many of LIST it has set. */
unsigned http_server_watch(const struct http_server *s, struct pollfd list[HTTP_WATCHED],
                           int64_t now_ms);
/* When http_server_run() is due though nothing came; INT64_MAX: never. */
int64_t http_server_due_ms(const struct http_server *s, int64_t now_ms);
void http_server_run(struct http_server *s, int64_t now_ms);
/* Takes no more connections; those that it has are still answered, by the pages that it has. */
void http_server_close(struct http_server *s);
/* Connections that are open. */
unsigned http_server_busy(const struct http_server *s);
/* Somebody waits for fresh pages. */
bool http_server_wants(const struct http_server *s);
/* These are the pages from now on; their texts are copied. False: no memory, and those before
   stay. */
bool http_server_publish(struct http_server *s, const struct http_page *pages, unsigned n,
                         int64_t now_ms);
struct http_counts http_server_counts(const struct http_server *s);

#endif
