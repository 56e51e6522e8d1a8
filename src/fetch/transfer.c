#include "transfer.h"

#include "web_address.h"

#include <stdio.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>
#include <string.h>
#include <sys/socket.h>

_Static_assert(FETCH_MAX_BYTES == CERTIFICATES_BYTES_MAX, "what is too large is one thing");

/* ---- what libcurl calls ---- */

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = user;
    (void)purpose;
    if (!web_address_has_family(to->family))
        return CURL_SOCKET_BAD;
    if (!t->options->allow_private && !web_address_is_open(&to->addr)) {
        t->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t most_bytes(const struct fetch_options *o)
{
    if (o->is_list)
        return FETCH_LIST_BYTES;
    return o->most_bytes > 0 && o->most_bytes < FETCH_MAX_BYTES ? o->most_bytes : FETCH_MAX_BYTES;
}

/* Of a body that is too long it takes just enough to show that it is too long. */
static size_t take_body(char *bytes, size_t size, size_t n, void *user)
{
    struct transfer *t = user;
    size_t all = size * n, room = most_bytes(t->options) + 1 - t->reply->body.n;
    buf_add(&t->reply->body, bytes, all < room ? all : room);
    t->too_long = all >= room;
    return buf_failed(&t->reply->body) || t->too_long ? 0 : all;
}

static void take_content_type(struct fetch_reply *reply, struct str value)
{
    struct str type = str_trim(str_slice(value, 0, str_find(value, ';', 0)));
    size_t n = 0;
    for (; n < type.n && n < sizeof(reply->content_type) - 1; n++)
        reply->content_type[n] = type.p[n] > ' ' && type.p[n] < 0x7f ? ascii_lower(type.p[n]) : '?';
    reply->content_type[n] = '\0';
}

/* Of an answer the first line, and what follows the head of a provisional response; any other line
   that looks like it is a header, or a trailer. */
static bool begins_response(const struct transfer *t, struct str line)
{
    return !t->in_response && str_starts_nocase(line, STR("HTTP/"));
}

/* Forgets what a provisional response before this one said. */
static void begin_response(struct transfer *t, struct str status_line)
{
    const struct str status = str_slice(status_line, str_find(status_line, ' ', 0) + 1,
                                        status_line.n);
    t->in_response = true;
    t->is_provisional = str_starts(status, STR("1"));
    t->freshness = FRESHNESS_INIT;
    t->encoded = false;
    t->reply->content_type[0] = '\0';
}

/* Nobody asked for an encoding: neither of the body, nor on its way, which libcurl would unpack.
   One header of several is enough. */
static bool is_encoding(struct str name, struct str value)
{
    if (str_eq_nocase(name, STR("transfer-encoding")))
        return !str_eq_nocase(value, STR("chunked")) && !str_eq_nocase(value, STR("identity"));
    return str_eq_nocase(name, STR("content-encoding")) && !str_eq_nocase(value, STR("identity"));
}

static size_t take_header(char *bytes, size_t size, size_t n, void *user)
{
    struct transfer *t = user;
    struct str line = {bytes, size * n};
    size_t colon = str_find(line, ':', 0);
    struct str name = str_slice(line, 0, colon);
    struct str value = str_trim(str_slice(line, colon + 1, line.n));
    if (begins_response(t, line))
        begin_response(t, line);
    else if (str_eq(line, STR("\r\n")) || str_eq(line, STR("\n"))) /* the head is over */
        t->in_response &= !t->is_provisional;
    else if (str_eq_nocase(name, STR("content-type")))
        take_content_type(t->reply, value);
    else if (is_encoding(name, value))
        t->encoded = true;
    else
        freshness_take(&t->freshness, name, value);
    return size * n;
}

/* ---- what it is told ---- */

static bool set_numbers(const struct transfer *t, const struct libcurl *c, CURL *curl)
{
    const struct fetch_options *o = t->options;
    long timeout = o->timeout_ms > 0 ? (long)o->timeout_ms : FETCH_TIMEOUT_MS;
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_TIMEOUT_MS, timeout},
        {CURLOPT_CONNECTTIMEOUT_MS, timeout},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_HTTP_TRANSFER_DECODING, 1},
        {CURLOPT_FRESH_CONNECT, 1},
        {CURLOPT_FORBID_REUSE, 1},
        {CURLOPT_SSL_SESSIONID_CACHE, 0},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        good = c->setopt(curl, numbers[i].option, numbers[i].value) == CURLE_OK && good;
    return good;
}

/* A fetch whose time is over must not wait for the system's resolver, which libcurl can avoid from
   7.87.0 on. */
static void leave_resolver(const struct libcurl *c, CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075700
    c->setopt(curl, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)c, (void)curl;
#endif
}

static bool add_header(struct transfer *t, const struct libcurl *c, const char *name,
                       const char *value)
{
    struct buf line = BUF_INIT;
    buf_addf(&line, "%s: %s", name, value);
    buf_add_char(&line, '\0');
    struct curl_slist *with = buf_failed(&line) ? NULL : c->slist_append(t->headers, line.p);
    if (line.p)
        explicit_bzero(line.p, line.n);
    buf_fini(&line);
    if (with)
        t->headers = with;
    return with != NULL;
}

/* No token and no password is sent to another host: nobody follows a redirect. */
static bool set_bearer(struct transfer *t, const struct libcurl *c, CURL *curl)
{
    const char *bearer = t->options->bearer;
    if (bearer && t->options->is_bare)
        return add_header(t, c, "Authorization", bearer);
    return !bearer || (c->setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) == CURLE_OK &&
                       c->setopt(curl, CURLOPT_XOAUTH2_BEARER, bearer) == CURLE_OK);
}

static bool set_post(struct transfer *t, const struct libcurl *c, CURL *curl)
{
    const char *post = t->options->post;
    return !post || (add_header(t, c, "Content-Type", "application/json") &&
                     c->setopt(curl, CURLOPT_POSTFIELDS, post) == CURLE_OK);
}

static bool set_headers(const struct transfer *t, const struct libcurl *c, CURL *curl)
{
    return !t->headers || c->setopt(curl, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

/* With a file of the operator's nobody else counts: libcurl would go on to the system's directory
   of authorities. */
static bool set_authorities(const struct transfer *t, const struct libcurl *c, CURL *curl)
{
    const char *ca_file = t->options->ca_file;
    return !ca_file || (c->setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK &&
                        c->setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK);
}

static bool set_options(struct transfer *t, const struct libcurl *c, CURL *curl, const char *url)
{
    leave_resolver(c, curl);
    return set_numbers(t, c, curl) && set_bearer(t, c, curl) && set_post(t, c, curl) &&
           set_headers(t, c, curl) && set_authorities(t, c, curl) &&
           c->setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           c->setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           c->setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           c->setopt(curl, CURLOPT_USERAGENT, "stird/" STIRD_VERSION) == CURLE_OK &&
           c->setopt(curl, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
           c->setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           c->setopt(curl, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
           c->setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           c->setopt(curl, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           c->setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           c->setopt(curl, CURLOPT_HEADERDATA, t) == CURLE_OK;
}

void transfer_say(struct fetch_reply *reply, enum fetch_outcome outcome, const char *before,
                  const char *text)
{
    struct buf escaped = BUF_INIT;
    buf_add_escaped(&escaped, str_of(text));
    snprintf(reply->why, sizeof(reply->why), "%s%.*s", before, STR_ARG(buf_str(&escaped)));
    buf_fini(&escaped);
    reply->outcome = outcome;
}

static void say(struct fetch_reply *reply, enum fetch_outcome outcome, const char *text)
{
    transfer_say(reply, outcome, "", text);
}

CURL *transfer_begin(struct transfer *t, const struct libcurl *c, const char *url,
                     const struct fetch_options *options, struct fetch_reply *reply)
{
    *t = (struct transfer){.options = options, .reply = reply, .freshness = FRESHNESS_INIT};
    t->octets.large = options->is_list;
    CURL *curl = c->init();
    if (curl && !octets_watch(&t->octets, c, curl)) {
        say(reply, FETCH_UNAVAILABLE,
            "libcurl here is built with another TLS library than OpenSSL, which cannot be "
            "kept in bounds (apt install libcurl4)");
        c->cleanup(curl);
        return NULL;
    }
    if (!curl)
        shortage_add();
    if (!curl || !set_options(t, c, curl, url)) {
        say(reply, FETCH_UNAVAILABLE, "libcurl refuses to work");
        c->cleanup(curl);
        c->slist_free_all(t->headers);
        t->headers = NULL;
        return NULL;
    }
    return curl;
}

/* ---- what became of it ---- */

static enum fetch_outcome outcome_of(CURLcode result)
{
    static const struct {
        CURLcode result;
        enum fetch_outcome outcome;
    } rows[] = {
        {CURLE_COULDNT_RESOLVE_HOST, FETCH_NAME},
        {CURLE_COULDNT_CONNECT, FETCH_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, FETCH_TIMEOUT},
        {CURLE_PEER_FAILED_VERIFICATION, FETCH_TLS},
        {CURLE_SSL_CONNECT_ERROR, FETCH_TLS},
        {CURLE_SSL_ISSUER_ERROR, FETCH_TLS},
        {CURLE_SSL_CIPHER, FETCH_TLS},
        /* the fault is ours, and not a host's */
        {CURLE_SSL_CACERT_BADFILE, FETCH_UNAVAILABLE},
        {CURLE_SSL_CERTPROBLEM, FETCH_UNAVAILABLE},
        {CURLE_SSL_ENGINE_NOTFOUND, FETCH_UNAVAILABLE},
        {CURLE_SSL_ENGINE_SETFAILED, FETCH_UNAVAILABLE},
        {CURLE_OUT_OF_MEMORY, FETCH_UNAVAILABLE},
        {CURLE_FAILED_INIT, FETCH_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].result == result)
            return rows[i].outcome;
    return FETCH_BROKEN;
}

static enum fetch_outcome outcome_of_status(long status)
{
    if (status >= 500 || status == 429)
        return FETCH_SERVER;
    return status == 404 || status == 410 ? FETCH_GONE : FETCH_STATUS;
}

static void judge_status(struct fetch_reply *reply)
{
    char text[64];
    if (reply->status == 200)
        return;
    if (reply->status >= 300 && reply->status < 400)
        snprintf(text, sizeof(text), "it redirects (%ld), which nobody follows", reply->status);
    else
        snprintf(text, sizeof(text), "it answers %ld", reply->status);
    say(reply, outcome_of_status(reply->status), text);
}

/* Each address is looked at when it is connected to: where one of them has answered, another one of
   the name that was refused does not matter. */
static bool is_refused(const struct transfer *t, CURLcode result)
{
    return t->refused_address && result != CURLE_OK && t->reply->status == 0;
}

static void judge(struct transfer *t, const struct libcurl *c, CURLcode result)
{
    struct fetch_reply *reply = t->reply;
    if (result == CURLE_OUT_OF_MEMORY)
        shortage_add();
    if (is_refused(t, result))
        say(reply, FETCH_BAD_ADDRESS,
            "its name leads to an address that is not of the open Internet, or is this machine's");
    else if (buf_failed(&reply->body))
        say(reply, FETCH_UNAVAILABLE, "out of memory");
    else if (t->octets.over && !t->too_long)
        say(reply, FETCH_TOO_MUCH,
            "it sends more than a certificate needs: headers, or TLS records without data");
    else if (reply->status == 200 && t->encoded) /* whatever became of unpacking it */
        say(reply, FETCH_ENCODED, "it serves it compressed, which nobody asked for");
    else if (result != CURLE_OK && !t->too_long)
        say(reply, t->still_resolving ? FETCH_NAME : outcome_of(result),
            t->error[0] ? t->error : c->strerror(result));
    else if (reply->status == 200 && t->too_long)
        reply->outcome = FETCH_TOO_MUCH; /* which whoever reads it says too */
    else
        judge_status(reply);
}

void transfer_end(struct transfer *t, const struct libcurl *c, CURL *curl, CURLcode result,
                  int64_t now_s)
{
    struct fetch_reply *reply = t->reply;
    curl_off_t resolved_us = 0;
    c->getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    c->getinfo(curl, CURLINFO_NAMELOOKUP_TIME_T, &resolved_us);
    t->still_resolving = result == CURLE_OPERATION_TIMEDOUT && resolved_us == 0;
    c->cleanup(curl);
    c->slist_free_all(t->headers);
    t->headers = NULL;
    reply->served_s = freshness_s(&t->freshness, now_s);
    reply->outcome = FETCH_OK;
    judge(t, c, result);
}
