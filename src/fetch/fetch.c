#include <stird/fetch/fetch.h>

#include "transfer.h"

#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/shortage.h>
#include <stird/core/x5u.h>
#include <string.h>

static void get(const struct fetch_options *options, const char *url, struct fetch_reply *reply)
{
    struct transfer t;
    struct libcurl c;
    if (!libcurl_load(&c)) {
        transfer_say(reply, FETCH_UNAVAILABLE, "", LIBCURL_MISSING);
        return;
    }
    CURL *curl = transfer_begin(&t, &c, url, options, reply);
    if (curl)
        transfer_end(&t, &c, curl, c.perform(curl), clock_real_s());
}

bool fetch_prepare(void)
{
    struct libcurl c;
    return libcurl_load(&c);
}

bool fetch(const struct fetch_options *options, struct str url, struct fetch_reply *reply)
{
    struct x5u_parts parts;
    *reply = FETCH_REPLY_INIT;
    const char *why = x5u_split(url, &parts);
    char *z = why ? NULL : strndup(url.p, url.n);
    if (!why && !z)
        shortage_add();
    if (why)
        transfer_say(reply, FETCH_BAD_URL, "the URL ", why);
    else if (!z)
        transfer_say(reply, FETCH_UNAVAILABLE, "", "out of memory");
    else
        get(options, z, reply);
    free(z);
    return reply->why[0] == '\0';
}

void fetch_reply_fini(struct fetch_reply *reply)
{
    buf_fini(&reply->body);
}
