/* Connections by the host to which they lead: all that one host has opened, and none of another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/peers.h"

static struct address place(const char *host, uint16_t port)
{
    struct address a;
    assert_true(address_parse(str_of(host), &a));
    a.port = port;
    return a;
}

/* Neighbours of one /64 are counted together, and are other hosts all the same. */
static void test_opened_by_a_host(void **state)
{
    static struct peer_entry e[6];
    struct peers *p = peers_new();
    const char *const hosts[] = {"2001:db8::1", "2001:db8::2", "2001:db8::1",
                                 "192.0.2.1",   "192.0.2.2",   "2001:db8::1"};
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        e[i].remote = place(hosts[i], (uint16_t)(1000 + i));
        assert_true(peers_add(p, &e[i], i != 5 ? PEER_CAME : PEER_LED));
    }
    const struct address six = place("2001:db8::1", 1), four = place("192.0.2.2", 0),
                         other = place("2001:db8::3", 0);
    assert_ptr_equal(peers_opened_by(p, &six), &e[2]);
    assert_ptr_equal(peers_opened_before(&e[2]), &e[0]);
    assert_null(peers_opened_before(&e[0]));
    assert_ptr_equal(peers_opened_by(p, &four), &e[4]);
    assert_null(peers_opened_before(&e[4]));
    assert_null(peers_opened_by(p, &other));
    peers_remove(p, &e[2]);
    assert_ptr_equal(peers_opened_by(p, &six), &e[0]);
    peers_remove(p, &e[0]);
    assert_null(peers_opened_by(p, &six));
    peers_remove(p, &e[1]);
    for (unsigned i = 3; i < 6; i++)
        peers_remove(p, &e[i]);
    peers_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opened_by_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
