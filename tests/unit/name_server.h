/* A name server in this process and a resolver that asks it, on a clock that is the test's own. */
#ifndef STIRD_TESTS_NAME_SERVER_H
#define STIRD_TESTS_NAME_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <event2/event.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/net/resolver.h>
#include <string.h>
#include <unistd.h>

/* How far the resolver's clock has gone. The real one plays no part, so that a slow machine has
 * nothing expire. */
static int64_t ahead_ms = 1000000;

int64_t __wrap_clock_monotonic_ms(void);

int64_t __wrap_clock_monotonic_ms(void)
{
    return ahead_ms;
}

#define A    1
#define AAAA 28
#define SRV  33

/* One record; the answer to a name and type is all that match. */
static const struct record {
    const char *name;
    uint16_t type, priority, weight, port;
    const char *value; /* address or target */
} zone[] = {
    {"plain.example", A, 0, 0, 0, "192.0.2.1"},
    {"plain.example", A, 0, 0, 0, "192.0.2.2"},
    {"_sip._udp.carrier.example", SRV, 20, 0, 5080, "b.carrier.example"},
    {"_sip._udp.carrier.example", SRV, 10, 5, 5070, "a.carrier.example"},
    {"_sip._udp.carrier.example", SRV, 30, 0, 5090, "gone.carrier.example"},
    {"a.carrier.example", A, 0, 0, 0, "192.0.2.11"},
    {"a.carrier.example", A, 0, 0, 0, "192.0.2.12"},
    {"b.carrier.example", A, 0, 0, 0, "192.0.2.20"},
    {"_sip._udp.never.example", SRV, 0, 0, 0, ""},
    {"short.example", A, 0, 0, 0, "192.0.2.30"},
    {"both.example", A, 0, 0, 0, "192.0.2.40"},
    {"both.example", AAAA, 0, 0, 0, "2001:db8::40"},
    {"_sip._udp.moving.example", SRV, 10, 0, 5070, "a.carrier.example"},
    {"_sip._udp.moving.example", SRV, 20, 0, 5080, "b.carrier.example"},
    {"_sip._udp.moving.example", SRV, 30, 0, 5080, "192.0.2.77"},
    {"_sip._udp.moving.example", SRV, 40, 0, 5080, ""},
};

struct server {
    struct event_base *base;
    struct event *readable, *callable, *called; /* by TCP: one connection at a time */
    struct resolver *resolver;
    struct address at;
    int fd;
    unsigned questions;
    bool broken;         /* SERVFAIL for all */
    const char *ill;     /* and for this name, or only if it is asked for a TYPE */
    uint16_t ill_type;   /* 0: any */
    const char *without; /* this name is no more */
    struct crowd {
        unsigned hosts,
            addresses;  /* of crowd.example: so many targets with so many addresses each */
        unsigned first; /* the number of the first address */
    } crowd;
};

static inline size_t put_name(uint8_t *to, const char *name)
{
    size_t n = 0;
    while (*name) {
        const char *end = strchr(name, '.');
        size_t label = end ? (size_t)(end - name) : strlen(name);
        to[n++] = (uint8_t)label;
        memcpy(to + n, name, label);
        n += label;
        name += label + (end != NULL);
    }
    to[n++] = 0;
    return n;
}

static inline size_t put_u16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
    return 2;
}

static inline size_t put_record(uint8_t *to, const struct record *r)
{
    uint8_t data[300];
    size_t n = 0, length = 4;
    if (r->type == A) {
        inet_pton(AF_INET, r->value, data);
    } else if (r->type == AAAA) {
        length = 16;
        inet_pton(AF_INET6, r->value, data);
    } else {
        length = put_u16(data, r->priority);
        length += put_u16(data + length, r->weight);
        length += put_u16(data + length, r->port);
        length += put_name(data + length, r->value);
    }
    n += put_u16(to, 0xc00c); /* the question's name */
    n += put_u16(to + n, r->type);
    n += put_u16(to + n, 1);
    n += put_u16(to + n, 0);
    n += put_u16(to + n, strcmp(r->name, "short.example") == 0 ? 0 : 60); /* time to live */
    n += put_u16(to + n, (unsigned)length);
    memcpy(to + n, data, length);
    return n + length;
}

static inline void read_question(const uint8_t *at, char *name, uint16_t *type, size_t *length)
{
    const uint8_t *begin = at;
    size_t n = 0;
    while (*at) {
        memcpy(name + n, at + 1, *at);
        n += *at;
        name[n++] = '.';
        at += 1 + *at;
    }
    name[n > 0 ? n - 1 : 0] = '\0';
    *type = (uint16_t)(at[1] << 8 | at[2]);
    *length = (size_t)(at + 5 - begin);
}

static inline bool is_ill(const struct server *s, const char *name, uint16_t type)
{
    bool this_one = s->ill && strcasecmp(s->ill, name) == 0;
    return s->broken || (this_one && (s->ill_type == 0 || s->ill_type == type));
}

/* What _sip._udp.crowd.example and h0.crowd.example, h1.crowd.example ... have. */
static inline unsigned put_crowd(const struct server *s, uint8_t *packet, size_t *end,
                                 const char *name, uint16_t type)
{
    unsigned host, n = 0;
    char value[64];
    if (is_ill(s, name, type))
        return 0;
    for (; type == SRV && strcmp(name, "_sip._udp.crowd.example") == 0 && n < s->crowd.hosts; n++) {
        snprintf(value, sizeof(value), "h%u.crowd.example", n);
        const struct record r = {name, SRV, (uint16_t)(1000 - n), 0, 5060, value};
        *end += put_record(packet + *end, &r);
    }
    for (; type == A && sscanf(name, "h%u.crowd.", &host) == 1 && n < s->crowd.addresses; n++) {
        unsigned number = s->crowd.first + host * s->crowd.addresses + n;
        snprintf(value, sizeof(value), "198.51.%u.%u", number / 250, 1 + number % 250);
        const struct record r = {name, A, 0, 0, 0, value};
        *end += put_record(packet + *end, &r);
    }
    return n;
}

#define UDP_MAX 512 /* more only over TCP */

/* Makes the question the answer, of so many octets. */
static inline size_t answer_to(struct server *s, uint8_t *packet, bool tcp)
{
    char name[256];
    uint16_t type;
    size_t length;
    unsigned answers = 0;
    read_question(packet + 12, name, &type, &length);
    size_t end = 12 + length;
    for (size_t i = 0; i < sizeof(zone) / sizeof(zone[0]); i++) {
        if (is_ill(s, name, type) || zone[i].type != type || strcasecmp(zone[i].name, name) != 0 ||
            (s->without && strcmp(name, s->without) == 0))
            continue;
        end += put_record(packet + end, &zone[i]);
        answers++;
    }
    answers += put_crowd(s, packet, &end, name, type);
    bool truncated = !tcp && end > UDP_MAX;
    packet[2] = truncated ? 0x86 : 0x84;
    packet[3] = is_ill(s, name, type) ? 2 : answers > 0 ? 0 : 3;
    put_u16(packet + 6, truncated ? 0 : answers);
    put_u16(packet + 10, 0); /* the resolver's EDNS record */
    s->questions += !truncated;
    return truncated ? 12 + length : end;
}

static inline void on_question(evutil_socket_t fd, short what, void *context)
{
    struct sockaddr_storage from;
    socklen_t from_length = sizeof(from);
    uint8_t packet[4096];
    (void)what;
    ssize_t n = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from, &from_length);
    assert_true(n > 12);
    sendto(fd, packet, answer_to(context, packet, false), 0, (struct sockaddr *)&from, from_length);
}

static inline void hang_up(struct server *s)
{
    if (!s->called)
        return;
    close(event_get_fd(s->called));
    event_free(s->called);
    s->called = NULL;
}

static inline void on_tcp_question(evutil_socket_t fd, short what, void *context)
{
    uint8_t packet[4096];
    (void)what;
    if (recv(fd, packet, 2, MSG_WAITALL) != 2) {
        hang_up(context);
        return;
    }
    size_t n = (size_t)(packet[0] << 8 | packet[1]);
    assert_true(n > 12 && n <= 512);
    assert_int_equal(recv(fd, packet + 2, n, MSG_WAITALL), n);
    n = answer_to(context, packet + 2, true);
    put_u16(packet, (unsigned)n);
    assert_int_equal(send(fd, packet, n + 2, MSG_NOSIGNAL), n + 2);
}

static inline void on_connection(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;
    (void)what;
    hang_up(s);
    s->called = event_new(s->base, accept(fd, NULL, NULL), EV_READ | EV_PERSIST, on_tcp_question,
                          s);
    event_add(s->called, NULL);
}

static inline int bound(int type, const struct sockaddr_in *name)
{
    const int on = 1;
    int fd = socket(AF_INET, type, 0);
    assert_true(fd >= 0);
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)name, sizeof(*name)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* One port for both. What is free for UDP may be somebody else's for TCP: then another one. */
static inline void bind_both(struct server *s, struct sockaddr_in *name, int *stream)
{
    *stream = -1;
    for (int tries = 0; tries < 1000 && *stream < 0; tries++) {
        socklen_t length = sizeof(*name);
        name->sin_port = 0;
        s->fd = bound(SOCK_DGRAM | SOCK_NONBLOCK, name);
        assert_int_equal(getsockname(s->fd, (struct sockaddr *)name, &length), 0);
        *stream = bound(SOCK_STREAM, name);
        if (*stream < 0)
            close(s->fd);
    }
    assert_true(*stream >= 0);
}

static inline int set_up(void **state)
{
    struct server *s = calloc(1, sizeof(*s));
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int stream;
    assert_non_null(s);
    s->base = event_base_new();
    bind_both(s, &name, &stream);
    s->readable = event_new(s->base, s->fd, EV_READ | EV_PERSIST, on_question, s);
    event_add(s->readable, NULL);
    assert_int_equal(listen(stream, 5), 0);
    s->callable = event_new(s->base, stream, EV_READ | EV_PERSIST, on_connection, s);
    event_add(s->callable, NULL);
    assert_true(address_parse(STR("127.0.0.1"), &s->at));
    s->at.port = ntohs(name.sin_port);
    s->resolver = resolver_new(s->base, &s->at, 1);
    assert_non_null(s->resolver);
    *state = s;
    return 0;
}

static inline int tear_down(void **state)
{
    struct server *s = *state;
    resolver_free(s->resolver);
    hang_up(s);
    close(event_get_fd(s->callable));
    event_free(s->callable);
    event_free(s->readable);
    event_base_free(s->base);
    close(s->fd);
    free(s);
    return 0;
}

static inline struct name_query by_name(const char *host, const char *service)
{
    return (struct name_query){
        .host = str_of(host), .service = service, .port = 5060, .want_ipv4 = true};
}

#define HANG_MS 60000 /* only a hang exceeds it */

static inline void run_for(struct server *s, int64_t ms)
{
    const struct timeval turn = {.tv_usec = 5000};
    for (int64_t until = ahead_ms + ms; ahead_ms < until; ahead_ms += 5) {
        event_base_loopexit(s->base, &turn);
        event_base_dispatch(s->base);
    }
}

/* Until the server has heard so many questions, and their answers have arrived. */
static inline void run_until_asked(struct server *s, unsigned questions)
{
    for (int i = 0; s->questions < questions && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_true(s->questions >= questions);
    run_for(s, 50);
}

static inline struct name_answer settled(struct server *s, const struct name_query *q)
{
    struct name_answer answer = resolver_look_up(s->resolver, q);
    for (int i = 0; (answer.state == NAME_PENDING || answer.handed) && i < HANG_MS / 5; i++) {
        run_for(s, 5);
        answer = resolver_look_up(s->resolver, q);
    }
    return answer;
}

static inline void expect_address(const struct name_answer *answer, unsigned i, const char *text)
{
    struct buf out = BUF_INIT;
    assert_true(i < answer->n);
    address_add(&out, &answer->addresses[i].address);
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, text);
    buf_fini(&out);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
