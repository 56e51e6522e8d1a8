/*
 * fetch - fetches a certificate from the URL that a token names (RFC 8224 sections 7.3 and 12).
 * Whoever writes a URL must not be able to use us to look into our own network.
 *
 * A server may send 512 KiB in 1024 records of TLS, whatever they hold: nothing that it can make us
 * do is without bounds. Https on port 443 or 8443 only, no user name, no redirect, no proxy; the
 * address is looked at after it was resolved, when the socket is opened. Blocks for as long as the
 * limit says: never in a process that has calls, or a key.
 */
#ifndef STIRD_FETCH_H
#define STIRD_FETCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <stird/core/fetch_request.h>
#include <stird/core/settings.h>

#define FETCH_TIMEOUT_MS 2000
#define FETCH_MAX_BYTES  FETCH_BODY_MAX /* CERTIFICATES_BYTES_MAX: nobody reads more */

#define FETCH_LIST_BYTES ((size_t)2 << 20)

struct fetch_options {
    unsigned timeout_ms; /* for the whole of it; 0: FETCH_TIMEOUT_MS */
    size_t most_bytes;   /* of a body; 0: FETCH_MAX_BYTES, which none is above */
    bool is_list;        /* FETCH_LIST_BYTES at most: of authorities, or of revocations */
    const char *bearer;  /* sent as Authorization: Bearer; NULL: nothing */
    bool is_bare;        /* without the word Bearer */
    const char *post;    /* JSON that is sent (POST); NULL: nothing is (GET) */
    bool allow_private;  /* loopback, private, link-local and our own addresses too: for labs */
    const char *ca_file; /* PEM, whom the server's certificate may come from; NULL: the system's */
};

/* As the settings say for certificates of others. CA_FILE: that of the settings as a C string,
   which stays the caller's; NULL where they name none. */
struct fetch_options fetch_options_of(const struct fetch_settings *settings, const char *ca_file);

#define FETCH_WHY_BYTES 256

struct fetch_reply {
    struct buf body;
    char content_type[128]; /* in lower case, without parameters; empty: it said none */
    int64_t served_s;       /* how long it may be kept, as the server said; -1: it said nothing */
    long status;            /* the status of HTTP; 0: there was no answer */
    enum fetch_outcome outcome;
    char why[FETCH_WHY_BYTES]; /* what failed, when it did; no text of the network unescaped */
};

#define FETCH_REPLY_INIT ((struct fetch_reply){.served_s = -1, .outcome = FETCH_UNAVAILABLE})

/*
 * Loads from the disk what fetch() needs (libcurl), for a process that is about to give up files.
 * False when it is not there; fetch() will say so.
 */
bool fetch_prepare(void);
/*
 * True: status 200 and the whole body, which may be empty. A body above FETCH_MAX_BYTES is given up
 * to one octet more than that, so that whoever reads certificates finds it too large. In either
 * case end REPLY with fetch_reply_fini().
 */
bool fetch(const struct fetch_options *options, struct str url, struct fetch_reply *reply);
void fetch_reply_fini(struct fetch_reply *reply);

/* One of several that are fetched side by side. */
struct fetch_job {
    struct str url; /* borrowed, as is what the options point to */
    struct fetch_options options;
    struct fetch_reply reply; /* while it is told of */
};

/* Job I has ended as its reply says, which is freed then. True: it was given another URL or other
   options, and is fetched once more. */
typedef bool fetch_ended(void *user, unsigned i);
/*
 * As fetch(), of N URLs at the same time, so that a server that hangs holds up none of the others.
 * Each is told of once, and once more whenever it was fetched once more; where nothing can be
 * fetched at all, once.
 */
void fetch_together(struct fetch_job *jobs, unsigned n, fetch_ended *ended, void *user);

/* What a fetcher that reaches no host says of a transfer that came to OUTCOME. */
enum fetch_outcome fetch_reach_while_cut_off(enum fetch_outcome outcome);

#endif
