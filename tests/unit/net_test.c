/* Connections by address, and how many each host has open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "net/peers.h"

#define MANY 5000

static struct address at(unsigned host, uint16_t port)
{
    struct address a = {.family = ADDRESS_IPV4, .port = port};
    a.bytes[0] = 10;
    a.bytes[1] = (uint8_t)(host >> 16);
    a.bytes[2] = (uint8_t)(host >> 8);
    a.bytes[3] = (uint8_t)host;
    return a;
}

static void found_by_address_and_port(void **state)
{
    struct peers *p = peers_new();
    struct peer_entry one = {.remote = at(1, 5060)}, two = {.remote = at(1, 5061)};
    struct peer_entry again = {.remote = at(1, 5060)};
    struct address other = at(2, 5060), first = at(1, 5060);
    (void)state;
    assert_non_null(p);
    assert_null(peers_first(p, &first));
    assert_true(peers_add(p, &one, PEER_CAME) && peers_add(p, &two, PEER_CAME) &&
                peers_add(p, &again, PEER_UNCOUNTED));
    assert_null(peers_first(p, &other));
    struct peer_entry *e = peers_first(p, &first);
    struct peer_entry *next = peers_next(e);
    assert_true((e == &one && next == &again) || (e == &again && next == &one));
    assert_null(peers_next(next));
    peers_remove(p, &one);
    assert_ptr_equal(peers_first(p, &first), &again);
    assert_null(peers_next(&again));
    peers_remove(p, &again);
    assert_null(peers_first(p, &first));
    peers_remove(p, &two);
    peers_free(p);
}

/* Whatever the port; those that we opened do not count. */
static void counts_a_source(void **state)
{
    struct peers *p = peers_new();
    struct peer_entry in[3] = {
        {.remote = at(1, 1000)}, {.remote = at(1, 2000)}, {.remote = at(2, 1000)}};
    struct peer_entry out = {.remote = at(1, 5060)};
    struct address one = at(1, 0), two = at(2, 9), three = at(3, 0);
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_true(peers_add(p, &in[i], PEER_CAME));
    assert_true(peers_add(p, &out, PEER_LED));
    assert_int_equal(peers_count(p, &one, PEER_CAME), 2);
    assert_int_equal(peers_count(p, &two, PEER_CAME), 1);
    assert_int_equal(peers_count(p, &three, PEER_CAME), 0);
    peers_remove(p, &in[0]);
    assert_int_equal(peers_count(p, &one, PEER_LED), 1);
    peers_uncount(p, &out);
    assert_int_equal(peers_count(p, &one, PEER_LED), 0);
    peers_remove(p, &out);
    assert_int_equal(peers_count(p, &one, PEER_CAME), 1);
    peers_remove(p, &in[1]);
    assert_int_equal(peers_count(p, &one, PEER_CAME), 0);
    peers_remove(p, &in[2]);
    peers_free(p);
}

static struct address ipv6(uint8_t network, uint8_t host)
{
    struct address a = {.family = ADDRESS_IPV6, .port = 1000, .bytes = {0x20, 1}};
    a.bytes[7] = network;
    a.bytes[15] = host;
    return a;
}

/* One host may have any address of its /64: they are one source. */
static void an_ipv6_network_is_a_source(void **state)
{
    struct peers *p = peers_new();
    struct peer_entry in[3] = {
        {.remote = ipv6(1, 1)}, {.remote = ipv6(1, 2)}, {.remote = ipv6(2, 1)}};
    struct address third = ipv6(1, 3);
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_true(peers_add(p, &in[i], PEER_CAME));
    assert_int_equal(peers_count(p, &third, PEER_CAME), 2);
    assert_true(peers_same_source(&in[0], &in[1]));
    assert_false(peers_same_source(&in[0], &in[2]));
    for (unsigned i = 0; i < 3; i++)
        peers_remove(p, &in[i]);
    assert_int_equal(peers_count(p, &third, PEER_CAME), 0);
    peers_free(p);
}

/* What waits in all connections of a source; what we opened is of nobody's. */
static void what_waits_is_of_a_source(void **state)
{
    struct peers *p = peers_new();
    struct peer_entry in[2] = {{.remote = at(1, 1000)}, {.remote = at(1, 2000)}};
    struct peer_entry out = {.remote = at(1, 5060)};
    (void)state;
    assert_true(peers_add(p, &in[0], PEER_CAME) && peers_add(p, &in[1], PEER_CAME) &&
                peers_add(p, &out, PEER_LED));
    peers_queued(&in[0], 10, 0);
    peers_queued(&in[1], 7, 3);
    peers_queued(&out, 5, 0);
    assert_int_equal(peers_waiting(&in[0]), 14);
    assert_int_equal(peers_waiting(&in[1]), 14);
    assert_int_equal(peers_waiting(&out), 5);
    assert_int_equal(in[1].waiting, 4);
    peers_queued(&in[0], 0, 10);
    assert_int_equal(peers_waiting(&in[1]), 4);
    assert_false(peers_same_source(&out, &in[0]));
    for (unsigned i = 0; i < 2; i++)
        peers_remove(p, &in[i]);
    peers_remove(p, &out);
    peers_free(p);
}

/* More hosts than there are buckets, gone in another order than they came. */
static void many_hosts(void **state)
{
    struct peers *p = peers_new();
    struct peer_entry *list = calloc(MANY, sizeof(*list));
    (void)state;
    assert_non_null(list);
    for (unsigned i = 0; i < MANY; i++) {
        list[i].remote = at(i, (uint16_t)(1000 + i));
        assert_true(peers_add(p, &list[i], PEER_CAME));
    }
    for (unsigned i = 0; i < MANY; i += 2)
        peers_remove(p, &list[i]);
    for (unsigned i = 0; i < MANY; i++) {
        assert_ptr_equal(peers_first(p, &list[i].remote), i % 2 ? &list[i] : NULL);
        assert_int_equal(peers_count(p, &list[i].remote, PEER_CAME), i % 2);
    }
    for (unsigned i = 1; i < MANY; i += 2)
        peers_remove(p, &list[i]);
    peers_free(p);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_address_and_port), cmocka_unit_test(counts_a_source),
        cmocka_unit_test(an_ipv6_network_is_a_source), cmocka_unit_test(what_waits_is_of_a_source),
        cmocka_unit_test(many_hosts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
