/* Names by SRV and by address, time to live, a DNS that fails. The name server is in this process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <event2/event.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/net/resolver.h>
#include <string.h>
#include <unistd.h>

#include "net/srv.h"

/* How far the resolver's clock is ahead of the real one. */
static int64_t ahead_ms;

int64_t __real_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void);

int64_t __wrap_clock_monotonic_ms(void)
{
    return __real_clock_monotonic_ms() + ahead_ms;
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

static size_t put_name(uint8_t *to, const char *name)
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

static size_t put_u16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
    return 2;
}

static size_t put_record(uint8_t *to, const struct record *r)
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

static void read_question(const uint8_t *at, char *name, uint16_t *type, size_t *length)
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

static bool is_ill(const struct server *s, const char *name, uint16_t type)
{
    bool this_one = s->ill && strcasecmp(s->ill, name) == 0;
    return s->broken || (this_one && (s->ill_type == 0 || s->ill_type == type));
}

/* What _sip._udp.crowd.example and h0.crowd.example, h1.crowd.example ... have. */
static unsigned put_crowd(const struct server *s, uint8_t *packet, size_t *end, const char *name,
                          uint16_t type)
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
static size_t answer_to(struct server *s, uint8_t *packet, bool tcp)
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

static void on_question(evutil_socket_t fd, short what, void *context)
{
    struct sockaddr_storage from;
    socklen_t from_length = sizeof(from);
    uint8_t packet[4096];
    (void)what;
    ssize_t n = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from, &from_length);
    assert_true(n > 12);
    sendto(fd, packet, answer_to(context, packet, false), 0, (struct sockaddr *)&from, from_length);
}

static void hang_up(struct server *s)
{
    if (!s->called)
        return;
    close(event_get_fd(s->called));
    event_free(s->called);
    s->called = NULL;
}

static void on_tcp_question(evutil_socket_t fd, short what, void *context)
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

static void on_connection(evutil_socket_t fd, short what, void *context)
{
    struct server *s = context;
    (void)what;
    hang_up(s);
    s->called = event_new(s->base, accept(fd, NULL, NULL), EV_READ | EV_PERSIST, on_tcp_question,
                          s);
    event_add(s->called, NULL);
}

static void listen_at(struct server *s, const struct sockaddr_in *name)
{
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_int_equal(bind(fd, (const struct sockaddr *)name, sizeof(*name)), 0);
    assert_int_equal(listen(fd, 5), 0);
    s->callable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_connection, s);
    event_add(s->callable, NULL);
}

static int set_up(void **state)
{
    struct server *s = calloc(1, sizeof(*s));
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(name);
    assert_non_null(s);
    s->base = event_base_new();
    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&name, length), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&name, &length), 0);
    s->readable = event_new(s->base, s->fd, EV_READ | EV_PERSIST, on_question, s);
    event_add(s->readable, NULL);
    listen_at(s, &name);
    assert_true(address_parse(STR("127.0.0.1"), &s->at));
    s->at.port = ntohs(name.sin_port);
    s->resolver = resolver_new(s->base, &s->at, 1);
    assert_non_null(s->resolver);
    *state = s;
    return 0;
}

static int tear_down(void **state)
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

static struct name_query by_name(const char *host, const char *service)
{
    return (struct name_query){
        .host = str_of(host), .service = service, .port = 5060, .want_ipv4 = true};
}

#define HANG_MS 60000 /* only a hang exceeds it */

static void run_for(struct server *s, int64_t ms)
{
    int64_t until = clock_monotonic_ms() + ms;
    const struct timeval turn = {.tv_usec = 5000};
    while (clock_monotonic_ms() < until) {
        event_base_loopexit(s->base, &turn);
        event_base_dispatch(s->base);
    }
}

static struct name_answer settled(struct server *s, const struct name_query *q)
{
    struct name_answer answer = resolver_look_up(s->resolver, q);
    for (int i = 0; (answer.state == NAME_PENDING || answer.handed) && i < HANG_MS / 5; i++) {
        run_for(s, 5);
        answer = resolver_look_up(s->resolver, q);
    }
    return answer;
}

static void expect_address(const struct name_answer *answer, unsigned i, const char *text)
{
    struct buf out = BUF_INIT;
    assert_true(i < answer->n);
    address_add(&out, &answer->addresses[i].address);
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, text);
    buf_fini(&out);
}

static void test_addresses(void **state)
{
    struct name_query q = by_name("plain.example", NULL);
    assert_int_equal(resolver_look_up(((struct server *)*state)->resolver, &q).state, NAME_PENDING);
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_int_equal(answer.n, 2);
    expect_address(&answer, 0, "192.0.2.1:5060");
    expect_address(&answer, 1, "192.0.2.2:5060");
    assert_int_equal(((struct server *)*state)->questions, 1);
}

/* By priority; addresses of a target lie together; a target without addresses is left out. */
static void test_srv(void **state)
{
    struct name_query q = by_name("Carrier.Example", "_sip._udp");
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_int_equal(answer.n, 3);
    expect_address(&answer, 0, "192.0.2.11:5070");
    expect_address(&answer, 1, "192.0.2.12:5070");
    expect_address(&answer, 2, "192.0.2.20:5080");
    assert_int_equal(answer.addresses[0].target, answer.addresses[1].target);
    assert_int_not_equal(answer.addresses[1].target, answer.addresses[2].target);
    assert_int_equal(answer.addresses[0].priority, 10);
    assert_int_equal(answer.addresses[0].weight, 5);
}

/* RFC 3263 section 4.2: without SRV records the name itself, at the default port. */
static void test_no_srv(void **state)
{
    struct name_query q = by_name("plain.example", "_sip._udp");
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_int_equal(answer.n, 2);
    expect_address(&answer, 0, "192.0.2.1:5060");
}

/* RFC 2782: a target "." takes no calls; the address of the name is not asked for. */
static void test_srv_says_no(void **state)
{
    struct name_query q = by_name("never.example", "_sip._udp");
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_int_equal(answer.n, 0);
    assert_int_equal(((struct server *)*state)->questions, 1);
}

static void test_unknown(void **state)
{
    struct name_query q = by_name("nowhere.example", NULL);
    struct name_answer answer = settled(*state, &q);
    assert_int_equal(answer.state, NAME_FAILED);
    assert_int_equal(answer.n, 0);
}

/* After its time to live (not under 5 s) it is asked for again; the old answer outlives a fault. */
static void test_last_good_answer(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("short.example", NULL);
    struct name_answer answer = settled(s, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    s->broken = true;
    struct name_query other = by_name("plain.example", NULL);
    assert_int_equal(settled(s, &other).state, NAME_FAILED);
    unsigned before = s->questions;
    ahead_ms += 5000;
    for (int i = 0; s->questions == before && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_true(s->questions > before);
    answer = resolver_look_up(s->resolver, &q);
    for (int i = 0; !answer.failing && i < HANG_MS / 5; i++) {
        run_for(s, 5);
        answer = resolver_look_up(s->resolver, &q);
    }
    assert_true(answer.failing);
    assert_int_equal(answer.state, NAME_KNOWN);
    expect_address(&answer, 0, "192.0.2.30:5060");
    s->broken = false;
    ahead_ms += 5000;
    answer = resolver_look_up(s->resolver, &other);
    for (int i = 0; answer.state != NAME_KNOWN && i < HANG_MS / 5; i++) {
        run_for(s, 5);
        answer = resolver_look_up(s->resolver, &other);
    }
    assert_int_equal(answer.state, NAME_KNOWN); /* a failure is tried again after 5 s */
    assert_false(answer.failing);
}

/* ---- a part without an answer ---- */

static void expect_all(const struct name_answer *answer, bool in_part, bool failing,
                       const char *addresses)
{
    struct buf out = BUF_INIT;
    for (unsigned i = 0; i < answer->n; i++) {
        buf_add_str(&out, i > 0 ? STR(" ") : STR(""));
        address_add(&out, &answer->addresses[i].address);
    }
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, addresses);
    buf_fini(&out);
    assert_int_equal(answer->in_part, in_part);
    assert_int_equal(answer->failing, failing);
}

/* Asked again after AFTER_MS, and all the questions of it are answered. */
static struct name_answer asked_again(struct server *s, const struct name_query *q,
                                      int64_t after_ms, unsigned questions)
{
    unsigned before = s->questions;
    ahead_ms += after_ms;
    for (int i = 0; s->questions < before + questions && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_true(s->questions >= before + questions);
    run_for(s, 100);
    return resolver_look_up(s->resolver, q);
}

#define ALL "192.0.2.11:5070 192.0.2.12:5070 192.0.2.20:5080"

/* R-P-035: what it was known to have stays, for as long as it fails; it is asked again after 5 s
   and not after the time to live of the others. */
static void test_a_target_fails_later(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, false, false, ALL);
    s->ill = "b.carrier.example";
    answer = asked_again(s, &q, 61000, 4);
    expect_all(&answer, false, true, ALL);
    for (unsigned i = 0; i < 3; i++) {
        answer = asked_again(s, &q, 5001, 4);
        expect_all(&answer, false, true, ALL);
    }
    s->ill = "a.carrier.example"; /* another one, and the first is well */
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, false, true, ALL);
    s->ill = NULL;
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, false, false, ALL);
}

/* Never known: others are used, and nobody says that this is all. */
static void test_a_target_fails_from_the_start(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    s->ill = "b.carrier.example";
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, true, true, "192.0.2.11:5070 192.0.2.12:5070");
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, true, true, "192.0.2.11:5070 192.0.2.12:5070");
    s->ill = NULL;
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, false, false, ALL);
}

/* That there is none is an answer: the address goes, and is a former one for a while. */
static void test_a_target_is_gone(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    settled(s, &q);
    s->without = "b.carrier.example";
    struct name_answer answer = asked_again(s, &q, 61000, 4);
    expect_all(&answer, false, false, "192.0.2.11:5070 192.0.2.12:5070");
    assert_int_equal(answer.former, 1);
    assert_int_equal(answer.addresses[2].address.bytes[3], 20);
    ahead_ms += 290000;
    run_for(s, 1500);
    assert_int_equal(resolver_look_up(s->resolver, &q).former, 1);
    ahead_ms += 11000;
    for (int i = 0; resolver_look_up(s->resolver, &q).former > 0 && i < HANG_MS / 5; i++)
        run_for(s, 5);
    answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.former, 0);
    expect_all(&answer, false, false, "192.0.2.11:5070 192.0.2.12:5070");
    s->without = NULL;
    answer = asked_again(s, &q, 61000, 4);
    expect_all(&answer, false, false, ALL);
    assert_int_equal(answer.former, 0);
}

/* Each address family is a part. That there is none of one is an answer, and stays one. */
static void test_one_family_fails(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("both.example", NULL), other = by_name("plain.example", NULL);
    q.want_ipv6 = other.want_ipv6 = true;
    s->ill = "both.example";
    s->ill_type = AAAA;
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, true, true, "192.0.2.40:5060");
    s->ill = NULL;
    answer = asked_again(s, &q, 5001, 2);
    expect_all(&answer, false, false, "192.0.2.40:5060 [2001:db8::40]:5060");
    s->ill = "both.example";
    s->ill_type = A;
    answer = asked_again(s, &q, 61000, 2);
    expect_all(&answer, false, true, "192.0.2.40:5060 [2001:db8::40]:5060");
    s->ill = NULL;
    answer = settled(s, &other);
    expect_all(&answer, false, false, "192.0.2.1:5060 192.0.2.2:5060");
    s->ill = "plain.example";
    s->ill_type = AAAA;
    answer = asked_again(s, &other, 61000, 4);
    expect_all(&answer, false, true, "192.0.2.1:5060 192.0.2.2:5060");
}

/* An address as a target asks nobody, for the family that is wanted; "." is no host. */
static void test_odd_targets(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("moving.example", "_sip._udp");
    q.want_ipv6 = true;
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, false, false, ALL " 192.0.2.77:5080");
}

/* More than is kept is never taken for all. */
static void test_crowds(void **state)
{
    static const struct {
        struct crowd crowd;
        unsigned n;
        bool in_part;
    } cases[] = {
        {{NAME_PARTS_MAX, 1, 0}, NAME_PARTS_MAX, false},
        {{NAME_PARTS_MAX + 1, 1, 0}, NAME_PARTS_MAX, true},
        {{NAME_PARTS_MAX + 10, 1, 0}, NAME_PARTS_MAX, true},
        {{2, NAME_HOPS_MAX / 2, 0}, NAME_HOPS_MAX, false},
        {{1, NAME_HOPS_MAX + 1, 0}, NAME_HOPS_MAX, true},
        {{3, NAME_HOPS_MAX / 2, 0}, NAME_HOPS_MAX, true},
    };
    struct server *s = *state;
    struct name_query q = by_name("crowd.example", "_sip._udp");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        s->crowd = cases[i].crowd;
        q.port = (uint16_t)(5060 + i); /* a name of its own */
        struct name_answer answer = settled(s, &q);
        assert_int_equal(answer.state, NAME_KNOWN);
        assert_int_equal(answer.n, cases[i].n);
        assert_int_equal(answer.in_part, cases[i].in_part);
        assert_false(answer.failing);
        for (unsigned a = 1; a < answer.n; a++) /* those with the lowest numbers, which come last */
            assert_true(answer.addresses[a - 1].priority <= answer.addresses[a].priority);
        assert_int_equal(answer.addresses[0].priority, 1001 - cases[i].crowd.hosts);
    }
}

/* A name that has others each time: what does not fit among the former ones is not forgotten. */
static void test_a_name_that_turns(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("h0.crowd.example", NULL);
    struct name_answer answer;
    s->crowd = (struct crowd){0, 50, 0};
    settled(s, &q);
    for (unsigned turn = 1; turn <= 3; turn++) {
        s->crowd.first = 50 * turn;
        answer = asked_again(s, &q, 61000, 1);
        assert_int_equal(answer.n, 50);
        assert_int_equal(answer.former, turn == 1 ? 50 : NAME_ADDRESSES_MAX - 50);
        assert_int_equal(answer.in_part, turn > 1);
    }
    for (unsigned i = 0; i < 6; i++)
        answer = asked_again(s, &q, 61000, 1);
    run_for(s, 1500);
    answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.former, 0);
    assert_false(answer.in_part);
}

/* ---- what one process hands to the next ---- */

/* The next process keeps them apart as this one did. */
static void test_parts_are_handed_on(void **state)
{
    struct server *s = *state;
    struct known_name k;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    settled(s, &q);
    assert_true(resolver_tell(s->resolver, &k));
    for (unsigned turn = 0; turn < 2; turn++) {
        resolver_free(s->resolver);
        s->resolver = resolver_new(s->base, &s->at, 1);
        s->ill = turn == 0 ? "b.carrier.example" : "a.carrier.example";
        resolver_know(s->resolver, &k);
        struct name_answer answer = settled(s, &q);
        expect_all(&answer, false, true, ALL);
    }
    k.in_part = 1;
    s->broken = true;
    resolver_free(s->resolver);
    s->resolver = resolver_new(s->base, &s->at, 1);
    resolver_know(s->resolver, &k);
    struct name_answer answer = settled(s, &q);
    expect_all(&answer, true, true, ALL);
    s->broken = false;
    s->ill = NULL;
    answer = asked_again(s, &q, 5001, 4);
    expect_all(&answer, false, false, ALL);
    assert_true(resolver_tell(s->resolver, &k));
    assert_int_equal(k.in_part, 0);
}

static struct known_name known(const char *host, const char *service, const char *address)
{
    struct known_name k = {.port = 5060, .want_ipv4 = 1, .n = 1};
    strcpy(k.host, host);
    strcpy(k.service, service);
    assert_true(address_parse(str_of(address), &k.addresses[0].address));
    k.addresses[0].address.port = 5060;
    return k;
}

static void test_what_was_known_counts_until_there_is_an_answer(void **state)
{
    struct server *s = *state;
    struct known_name k = known("plain.example", "", "192.0.2.99");
    struct name_query q = by_name("Plain.Example", NULL);
    resolver_know(s->resolver, &k);
    struct name_answer answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    assert_true(answer.handed);
    expect_address(&answer, 0, "192.0.2.99:5060");
    while (resolver_look_up(s->resolver, &q).handed)
        run_for(s, 5);
    answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.n, 2);
    expect_address(&answer, 0, "192.0.2.1:5060");
    resolver_know(s->resolver, &k); /* too late */
    answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.n, 2);
}

static void test_what_was_known_outlives_a_fault(void **state)
{
    struct server *s = *state;
    struct known_name k = known("carrier.example", "_sip._udp", "192.0.2.99");
    struct name_query q = by_name("carrier.example", "_sip._udp");
    s->broken = true;
    resolver_know(s->resolver, &k);
    while (resolver_look_up(s->resolver, &q).handed)
        run_for(s, 5);
    struct name_answer answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.state, NAME_KNOWN);
    expect_address(&answer, 0, "192.0.2.99:5060");
}

/* Once when it is new, and when it changes; what peers write is told to nobody. */
static void test_news_are_told(void **state)
{
    struct server *s = *state;
    struct known_name k;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    struct name_query passing = by_name("plain.example", NULL);
    passing.passing = true;
    assert_false(resolver_tell(s->resolver, &k));
    settled(s, &passing);
    assert_int_equal(settled(s, &q).n, 3);
    assert_true(resolver_tell(s->resolver, &k));
    assert_true(known_name_is_sound(&k));
    assert_string_equal(k.host, "carrier.example");
    assert_string_equal(k.service, "_sip._udp");
    assert_int_equal(k.n, 3);
    assert_int_equal(k.addresses[2].address.port, 5080);
    assert_false(resolver_tell(s->resolver, &k));
    resolver_tell_again(s->resolver, &k);
    assert_true(resolver_tell(s->resolver, &k));
    assert_string_equal(k.host, "carrier.example");
    assert_false(resolver_tell(s->resolver, &k));
    unsigned before = s->questions;
    ahead_ms += 61000;
    while (s->questions < before + 4) /* SRV and three hosts */
        run_for(s, 50);
    run_for(s, 50);
    assert_false(resolver_tell(s->resolver, &k)); /* the same again */
    passing.passing = false;
    settled(s, &passing);
    assert_true(resolver_tell(s->resolver, &k)); /* a reload has configured it */
    assert_string_equal(k.host, "plain.example");
}

/* ---- who waits ---- */

struct reader {
    struct name_waiter waiter;
    struct resolver *resolver;
    struct name_query query;
    unsigned told;
    enum name_state state; /* when it was told */
    bool again;            /* it waits for the rest, when there is any */
};

/* Of any number of waiters each looks up again, and may wait again. */
static void on_answered(struct name_waiter *waiter)
{
    struct reader *r = container_of(waiter, struct reader, waiter);
    assert_null(waiter->link);
    r->told++;
    r->query.waiter = r->again ? waiter : NULL;
    r->state = resolver_look_up(r->resolver, &r->query).state;
}

static struct reader reader_of(struct server *s, const char *host, const char *service)
{
    return (struct reader){.waiter = {.answered = on_answered},
                           .resolver = s->resolver,
                           .query = by_name(host, service)};
}

static enum name_state ask(struct reader *r)
{
    r->query.waiter = &r->waiter;
    return resolver_look_up(r->resolver, &r->query).state;
}

static void until_told(struct server *s, const struct reader *r)
{
    for (int i = 0; r->told == 0 && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_int_equal(r->told, 1);
}

static void test_who_waits_is_told(void **state)
{
    struct server *s = *state;
    struct reader a = reader_of(s, "plain.example", NULL), b = a, left = a,
                  none = reader_of(s, "nowhere.example", NULL);
    assert_int_equal(ask(&a), NAME_PENDING);
    assert_int_equal(ask(&a), NAME_PENDING); /* twice is once */
    assert_int_equal(ask(&b), NAME_PENDING);
    assert_int_equal(ask(&left), NAME_PENDING);
    assert_int_equal(ask(&none), NAME_PENDING);
    name_waiter_leave(&left.waiter);
    name_waiter_leave(&left.waiter);
    assert_int_equal(a.told + b.told + none.told, 0);
    until_told(s, &a);
    until_told(s, &b);
    until_told(s, &none);
    assert_int_equal(a.state, NAME_KNOWN);
    assert_int_equal(b.state, NAME_KNOWN);
    assert_int_equal(none.state, NAME_FAILED);
    assert_int_equal(left.told, 0);
    assert_int_equal(ask(&a), NAME_KNOWN); /* there is nothing to wait for */
    assert_null(a.waiter.link);
}

/* A wait for one name ends when another one is looked up; the end of all tells nobody. */
static void test_one_name_a_waiter(void **state)
{
    struct server *s = *state;
    static struct reader late; /* outlives the resolver */
    struct reader r = reader_of(s, "plain.example", NULL);
    late = reader_of(s, "carrier.example", "_sip._udp");
    assert_int_equal(ask(&r), NAME_PENDING);
    r.query = by_name("not a name", NULL);
    assert_int_equal(ask(&r), NAME_FAILED);
    assert_null(r.waiter.link);
    struct name_query q = by_name("plain.example", NULL);
    assert_int_equal(settled(s, &q).state, NAME_KNOWN);
    assert_int_equal(r.told, 0);
    assert_int_equal(ask(&late), NAME_PENDING);
}

/* What is known by its first part may be waited for until it is whole. */
static void test_who_waits_for_the_rest(void **state)
{
    struct server *s = *state;
    struct reader r = reader_of(s, "carrier.example", "_sip._udp");
    r.again = true;
    assert_int_equal(ask(&r), NAME_PENDING);
    for (int i = 0; r.told < 2 && i < HANG_MS / 5; i++)
        run_for(s, 5);
    assert_int_equal(r.told, 2);
    assert_null(r.waiter.link);
    assert_int_equal(r.state, NAME_KNOWN);
    assert_false(resolver_look_up(s->resolver, &r.query).handed);
}

/* ---- names that peers write ---- */

static struct name_answer look_up_passing(struct server *s, unsigned i, uint64_t asker)
{
    char host[32];
    snprintf(host, sizeof(host), "peer%u.example", i);
    struct name_query q = by_name(host, NULL);
    q.passing = true;
    q.asker = asker;
    return resolver_look_up(s->resolver, &q);
}

static void test_peers_have_a_small_room(void **state)
{
    struct server *s = *state;
    unsigned asked = 0;
    while (look_up_passing(s, asked, asked / 20).state == NAME_PENDING)
        asked++;
    assert_int_equal(asked, 100);
    assert_int_equal(resolver_names_refused(s->resolver), 1);
    struct name_query q = by_name("plain.example", NULL);
    assert_int_equal(settled(s, &q).state, NAME_KNOWN); /* ours are not in their way */
    run_for(s, 300);
    assert_int_equal(look_up_passing(s, 1000, 7).state, NAME_FAILED); /* they were just looked up */
    ahead_ms += 5001;
    for (unsigned i = 0; i < 50; i++) /* asked again, as they are looked up again */
        assert_int_equal(look_up_passing(s, i, i / 20).state, NAME_PENDING);
    for (unsigned i = 0; i < 50; i++) /* in the place of others */
        assert_int_equal(look_up_passing(s, 1000 + i, 10 + i / 20).state, NAME_PENDING);
    assert_int_equal(look_up_passing(s, 2000, 20).state, NAME_FAILED);
}

/* Whoever writes many names takes no place of others. */
static void test_each_asker_has_a_part(void **state)
{
    struct server *s = *state;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(look_up_passing(s, i, 1).state, NAME_PENDING);
    for (unsigned i = 20; i < 200; i++)
        assert_int_equal(look_up_passing(s, i, 1).state, NAME_FAILED);
    assert_int_equal(look_up_passing(s, 0, 1).state, NAME_PENDING);
    assert_int_equal(look_up_passing(s, 0, 2).state, NAME_PENDING); /* it is there */
    assert_int_equal(look_up_passing(s, 300, 2).state, NAME_PENDING);
    run_for(s, 300);
    ahead_ms += 5001;
    for (unsigned i = 400; i < 420; i++) /* its own give way, and nobody else's */
        assert_int_equal(look_up_passing(s, i, 1).state, NAME_PENDING);
    struct name_query q = by_name("peer300.example", NULL);
    q.passing = q.known = true;
    unsigned refused = (unsigned)resolver_names_refused(s->resolver);
    assert_int_equal(refused, 180);
    assert_int_equal(look_up_passing(s, 300, 1).state, NAME_PENDING);
    assert_int_equal(resolver_names_refused(s->resolver), refused);
}

/* What only counts as far as it is known has nothing asked for, and nothing kept. */
static void test_what_is_known(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("short.example", NULL);
    q.passing = q.known = true;
    run_for(s, 50);
    unsigned before = s->questions;
    assert_int_equal(resolver_look_up(s->resolver, &q).state, NAME_FAILED);
    run_for(s, 200);
    assert_int_equal(s->questions, before);
    q.known = false;
    assert_int_equal(settled(s, &q).n, 1);
    q.known = true;
    before = s->questions;
    for (unsigned i = 0; i < 2; i++) { /* its time to live is over, and it is still known */
        ahead_ms += 28000;
        assert_int_equal(resolver_look_up(s->resolver, &q).n, 1);
    }
    ahead_ms += 6000;
    run_for(s, 1500);
    assert_int_equal(resolver_look_up(s->resolver, &q).state, NAME_FAILED);
    assert_int_equal(s->questions, before);
    q.known = q.passing = false;
    assert_int_equal(settled(s, &q).n, 1);
    q.known = q.passing = true;
    assert_int_equal(resolver_look_up(s->resolver, &q).n, 1); /* a configured one counts */
}

static void test_what_peers_wrote_is_not_asked_for_again(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("short.example", NULL);
    q.passing = true;
    assert_int_equal(settled(s, &q).n, 1);
    unsigned before = s->questions;
    ahead_ms += 30000;
    run_for(s, 1500);
    assert_int_equal(s->questions, before);
    struct name_answer answer = resolver_look_up(s->resolver, &q);
    assert_int_equal(answer.state, NAME_KNOWN); /* the old answer goes, and it is asked for again */
    assert_int_equal(answer.n, 1);
    while (s->questions == before)
        run_for(s, 5);
    ahead_ms += 61000;
    run_for(s, 1500);
    assert_int_equal(resolver_look_up(s->resolver, &q).state, NAME_PENDING); /* forgotten */
}

static void test_servers_change(void **state)
{
    struct server *s = *state;
    struct address nobody = s->at;
    nobody.bytes[3] = 99;
    resolver_set_servers(s->resolver, &nobody, 1);
    resolver_set_servers(s->resolver, &s->at, 1);
    struct name_query q = by_name("plain.example", NULL);
    assert_int_equal(settled(s, &q).state, NAME_KNOWN);
}

/* What is being asked for when the program ends is let go of. */
static void test_end_in_the_middle(void **state)
{
    struct server *s = *state;
    struct name_query q = by_name("carrier.example", "_sip._udp");
    assert_int_equal(resolver_look_up(s->resolver, &q).state, NAME_PENDING);
}

static void test_names(void **state)
{
    static const struct {
        const char *text;
        bool is_name;
    } cases[] = {{"carrier.example.com", true},
                 {"a", true},
                 {"a.", true},
                 {"_x.a-b.example", true},
                 {"4carriers.net", true},
                 {"1.2.3.4", false},
                 {"300.1.2.3", false},
                 {"", false},
                 {".", false},
                 {"a..b", false},
                 {"a b", false},
                 {"a/b", false},
                 {"x.12", false},
                 {"[::1]", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(resolver_is_name(str_of(cases[i].text)), cases[i].is_name);
}

static void test_srv_cut_short(void **state)
{
    static const uint8_t answer[] = {
        0, 0,   0x84, 0, 0,   0, 0, 1, 0, 0, 0, 0, /* no question */
        1, 'a', 0,    0, SRV, 0, 1, 0, 0, 0, 9, 0, 9, 0, 1, 0, 2, 0x13, 0xc4, 1, 'b', 0};
    struct srv_record list[SRV_MAX];
    uint32_t ttl_s;
    bool more;
    (void)state;
    assert_int_equal(srv_parse(answer, sizeof(answer), list, &ttl_s, &more), 1);
    assert_int_equal(ttl_s, 9);
    assert_false(more);
    assert_string_equal(list[0].host, "b");
    assert_int_equal(list[0].port, 5060);
    for (size_t n = 0; n < sizeof(answer); n++) {
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, answer, n);
        cut = realloc(cut, n > 0 ? n : 1); /* so that a sanitizer sees a step behind it */
        assert_int_equal(srv_parse(cut, n, list, &ttl_s, &more), -1);
        free(cut);
    }
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_addresses),
        WITH_SERVER(test_srv),
        WITH_SERVER(test_a_target_fails_later),
        WITH_SERVER(test_a_target_fails_from_the_start),
        WITH_SERVER(test_a_target_is_gone),
        WITH_SERVER(test_one_family_fails),
        WITH_SERVER(test_odd_targets),
        WITH_SERVER(test_crowds),
        WITH_SERVER(test_a_name_that_turns),
        WITH_SERVER(test_parts_are_handed_on),
        WITH_SERVER(test_no_srv),
        WITH_SERVER(test_srv_says_no),
        WITH_SERVER(test_unknown),
        WITH_SERVER(test_last_good_answer),
        WITH_SERVER(test_what_was_known_counts_until_there_is_an_answer),
        WITH_SERVER(test_what_was_known_outlives_a_fault),
        WITH_SERVER(test_news_are_told),
        WITH_SERVER(test_peers_have_a_small_room),
        WITH_SERVER(test_each_asker_has_a_part),
        WITH_SERVER(test_what_is_known),
        WITH_SERVER(test_what_peers_wrote_is_not_asked_for_again),
        WITH_SERVER(test_servers_change),
        WITH_SERVER(test_end_in_the_middle),
        WITH_SERVER(test_who_waits_is_told),
        WITH_SERVER(test_one_name_a_waiter),
        WITH_SERVER(test_who_waits_for_the_rest),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_srv_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
