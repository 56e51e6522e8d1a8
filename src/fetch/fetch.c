#include <stird/core/public_address.h>
#include <stird/fetch/fetch.h>

#include "libcurl.h"
#include "octets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>
#include <stird/core/x5u.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(FETCH_MAX_BYTES == CERTIFICATES_BYTES_MAX, "what is too large is one thing");

struct transfer {
    const struct fetch_options *options;
    struct fetch_reply *reply;
    struct octets octets;
    bool refused_address, too_long;
    int64_t age_s;
};

static const void *bytes_of(const struct sockaddr *a, int *family)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    *family = a->sa_family;
    if (a->sa_family == AF_INET)
        return &((const struct sockaddr_in *)(const void *)a)->sin_addr;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    if (a->sa_family == AF_INET6 && memcmp(six, mapped, sizeof(mapped)) == 0) {
        *family = AF_INET;
        return (const char *)six + sizeof(mapped);
    }
    return six;
}

/* The machine itself, by whatever address: only there a socket can be bound. */
static bool is_own(const struct sockaddr *to)
{
    union {
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
    } a = {.ip4 = {.sin_family = to->sa_family}};
    socklen_t n = to->sa_family == AF_INET ? sizeof(a.ip4) : sizeof(a.ip6);
    int fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true; /* not known: no */
    if (to->sa_family == AF_INET)
        a.ip4.sin_addr = ((const struct sockaddr_in *)(const void *)to)->sin_addr;
    else
        a.ip6.sin6_addr = ((const struct sockaddr_in6 *)(const void *)to)->sin6_addr;
    bool own = bind(fd, (const struct sockaddr *)&a, n) == 0;
    close(fd);
    return own;
}

static bool is_public(int family, const void *bytes)
{
    return public_address(family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6, bytes);
}

/* Behind the resolver: a name that now leads into our network leads nowhere. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = user;
    int family;
    (void)purpose;
    if (to->family != AF_INET && to->family != AF_INET6)
        return CURL_SOCKET_BAD;
    const void *bytes = bytes_of(&to->addr, &family);
    if (!t->options->allow_private && (!is_public(family, bytes) || is_own(&to->addr))) {
        t->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Of a body that is too long only so much is taken that its reader sees that it is. */
static size_t take_body(char *bytes, size_t size, size_t n, void *user)
{
    struct transfer *t = user;
    size_t all = size * n, room = FETCH_MAX_BYTES + 1 - t->reply->body.n;
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

static int64_t digits_of(struct str s)
{
    int64_t value = 0;
    for (size_t i = 0; i < s.n && i < 10 && ascii_is_digit(s.p[i]); i++)
        value = value * 10 + (s.p[i] - '0');
    return value;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *user)
{
    struct transfer *t = user;
    struct str line = {bytes, size * n};
    size_t colon = str_find(line, ':', 0);
    struct str name = str_slice(line, 0, colon);
    struct str value = str_trim(str_slice(line, colon + 1, line.n));
    if (str_eq_nocase(name, STR("content-type")))
        take_content_type(t->reply, value);
    else if (str_eq_nocase(name, STR("cache-control")))
        t->reply->max_age_s = cache_control_max_age(value);
    else if (str_eq_nocase(name, STR("age")))
        t->age_s = digits_of(value);
    return size * n;
}

static bool set_options(const struct libcurl *c, CURL *curl, struct transfer *t, const char *url,
                        char *error)
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
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        good = c->setopt(curl, numbers[i].option, numbers[i].value) == CURLE_OK && good;
    return good && c->setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           c->setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           c->setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           c->setopt(curl, CURLOPT_USERAGENT, "stird/" STIRD_VERSION) == CURLE_OK &&
           c->setopt(curl, CURLOPT_ERRORBUFFER, error) == CURLE_OK &&
           c->setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           c->setopt(curl, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
           c->setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           c->setopt(curl, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           c->setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           c->setopt(curl, CURLOPT_HEADERDATA, t) == CURLE_OK &&
           (!o->ca_file || c->setopt(curl, CURLOPT_CAINFO, o->ca_file) == CURLE_OK);
}

static void say(struct fetch_reply *reply, const char *text)
{
    struct buf escaped = BUF_INIT;
    buf_add_escaped(&escaped, str_of(text));
    snprintf(reply->why, sizeof(reply->why), "%.*s", STR_ARG(buf_str(&escaped)));
    buf_fini(&escaped);
}

static bool judge(const struct libcurl *c, struct transfer *t, CURLcode result, const char *error)
{
    struct fetch_reply *reply = t->reply;
    if (result == CURLE_OUT_OF_MEMORY)
        shortage_add();
    if (t->refused_address)
        say(reply, "its name leads to an address that is not of the open Internet");
    else if (t->octets.over && !t->too_long)
        say(reply, "it sends more than a certificate needs: headers, or TLS records without data");
    else if (result != CURLE_OK && !t->too_long)
        say(reply, error[0] ? error : c->strerror(result));
    else if (reply->status >= 300 && reply->status < 400)
        snprintf(reply->why, sizeof(reply->why), "it redirects (%ld), which nobody follows",
                 reply->status);
    else if (reply->status != 200)
        snprintf(reply->why, sizeof(reply->why), "it answers %ld", reply->status);
    return reply->why[0] == '\0';
}

static bool transfer(struct transfer *t, const char *url)
{
    char error[CURL_ERROR_SIZE] = "";
    struct libcurl c;
    CURL *curl = NULL;
    if (!libcurl_load(&c)) {
        say(t->reply, "libcurl is not installed here (apt install libcurl4)");
        return false;
    }
    curl = c.init();
    if (curl && !octets_watch(&t->octets, &c, curl)) {
        say(t->reply,
            "libcurl here is built with another TLS library than OpenSSL, which cannot be "
            "kept in bounds (apt install libcurl4)");
        c.cleanup(curl);
        return false;
    }
    if (!curl)
        shortage_add();
    if (!curl || !set_options(&c, curl, t, url, error)) {
        say(t->reply, "libcurl refuses to work");
        c.cleanup(curl);
        return false;
    }
    CURLcode result = c.perform(curl);
    c.getinfo(curl, CURLINFO_RESPONSE_CODE, &t->reply->status);
    c.cleanup(curl);
    if (t->reply->max_age_s > 0 && t->age_s > 0)
        t->reply->max_age_s -= t->age_s < t->reply->max_age_s ? t->age_s : t->reply->max_age_s;
    return judge(&c, t, result, error);
}

bool fetch_prepare(void)
{
    struct libcurl c;
    return libcurl_load(&c);
}

bool fetch(const struct fetch_options *options, struct str url, struct fetch_reply *reply)
{
    struct transfer t = {.options = options, .reply = reply};
    struct x5u_parts parts;
    *reply = (struct fetch_reply){.max_age_s = -1};
    const char *why = x5u_split(url, &parts);
    if (why) {
        snprintf(reply->why, sizeof(reply->why), "the URL %s", why);
        return false;
    }
    char *z = strndup(url.p, url.n);
    bool good = z && transfer(&t, z);
    if (!z) {
        shortage_add();
        say(reply, "out of memory");
    }
    free(z);
    return good;
}

void fetch_reply_fini(struct fetch_reply *reply)
{
    buf_fini(&reply->body);
}
