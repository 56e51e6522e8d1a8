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
    const struct CMUnitTest tests[] = {cmocka_unit_test(found_by_address_and_port),
                                       cmocka_unit_test(counts_a_source),
                                       cmocka_unit_test(many_hosts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
