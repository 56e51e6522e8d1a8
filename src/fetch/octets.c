#include "octets.h"

#define HEADER_BYTES 5

/* Its header has a record's length (RFC 8446 section 5.1). */
static void on_record(int is_ours, int version, int kind, const void *bytes, size_t n, SSL *session,
                      void *context)
{
    struct octets *o = context;
    const uint8_t *header = bytes;
    (void)version;
    if (is_ours || kind != SSL3_RT_HEADER || n < HEADER_BYTES)
        return;
    o->n += HEADER_BYTES + (size_t)(header[3] << 8 | header[4]);
    const unsigned times = o->large ? LARGE_TIMES : 1;
    if (++o->records <= RECORDS_MOST * times && o->n <= (size_t)OCTETS_MOST * times)
        return;
    o->over = true;
    /* The session then reads neither this record nor any after it. */
    o->openssl->set_shutdown(session, SSL_RECEIVED_SHUTDOWN | SSL_SENT_SHUTDOWN);
}

static CURLcode on_context(CURL *curl, void *context, void *user)
{
    struct octets *o = user;
    (void)curl;
    o->openssl->set_msg_callback(context, on_record);
    o->openssl->ctx_ctrl(context, SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, o);
    return CURLE_OK;
}

bool octets_watch(struct octets *o, const struct libcurl *c, CURL *curl)
{
    *o = (struct octets){.openssl = &c->openssl, .large = o->large};
    return c->has_openssl && c->setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK &&
           c->setopt(curl, CURLOPT_SSL_CTX_DATA, o) == CURLE_OK;
}
