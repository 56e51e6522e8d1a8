/*
 * Names whose addresses change between two look-ups, or lead to several places at once: what is
 * looked at is the address that is connected to, each time (R-V-013). Nothing leaves this machine:
 * libcurl connects by the function here.
 */
#include "fetcher_lab.h"

#include <errno.h>

#define PUBLIC "8.8.4.4"
#define TRIES  6

static unsigned connected_publicly, connected_privately;
static bool public_is_reached; /* it is the lab's web server */

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
    int (*next)(int, const struct sockaddr *, socklen_t);
    void *found = dlsym(RTLD_NEXT, "connect");
    memcpy(&next, &found, sizeof(next));
    if (to->sa_family != AF_INET && to->sa_family != AF_INET6)
        return next(fd, to, n);
    const struct sockaddr_in *four = (const void *)to;
    char text[INET_ADDRSTRLEN] = "";
    if (to->sa_family == AF_INET)
        inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
    if (strcmp(text, PUBLIC) != 0) {
        connected_privately++;
        return next(fd, to, n);
    }
    connected_publicly++;
    if (public_is_reached) {
        struct sockaddr_in lab = *four;
        inet_pton(AF_INET, host, &lab.sin_addr);
        return next(fd, (const struct sockaddr *)&lab, sizeof(lab));
    }
    errno = ECONNREFUSED;
    return -1;
}

static int set_up_open(void **state)
{
    set_up(state);
    struct fetcher_options o = lab_options();
    o.fetch.allow_private = false;
    o.cut_off_after = 0; /* many hosts that refuse are no fault of ours here */
    begin_with(&o);
    connected_publicly = connected_privately = 0;
    public_is_reached = false;
    return 0;
}

static void assert_nobody_was_reached(void)
{
    assert_int_equal(connected_privately, 0);
    assert_int_equal(web_read(web, &web->connections), 0);
}

/* A public one for whoever looks first, ours for whoever connects. */
static void an_address_that_alternates(void **state)
{
    char room[64];
    (void)state;
    snprintf(alternating[0], sizeof(alternating[0]), PUBLIC);
    snprintf(alternating[1], sizeof(alternating[1]), "%s", host);
    for (unsigned i = 0; i < TRIES; i++) { /* another name each: what failed is not tried again */
        struct told told = fetched(numbered(room, "alternates", i, 0));
        assert_told(&told, i % 2 ? FETCH_BAD_ADDRESS : FETCH_CONNECT, FETCH_FROM_SERVER);
    }
    assert_int_equal(connected_publicly, TRIES / 2);
    assert_nobody_was_reached();
}

/* Both at once, in either order: none of ours is connected to because another one fails. */
static void several_addresses_of_a_name(void **state)
{
    static const char *const others[] = {
        "127.0.0.1", "169.254.169.254", "10.0.0.1",         "192.168.1.1",
        "::1",       "fe80::1",         "::ffff:127.0.0.1", "64:ff9b::7f00:1"};
    char room[64];
    unsigned n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        for (unsigned first = 0; first < 2; first++) {
            snprintf(alternating[first], sizeof(alternating[0]), PUBLIC);
            snprintf(alternating[!first], sizeof(alternating[0]), "%s", others[i]);
            struct told told = fetched(numbered(room, "several", n++, 0));
            if (told.outcome != FETCH_BAD_ADDRESS)
                fail_msg("%s: %s", others[i], fetch_outcome_word(told.outcome));
        }
    assert_nobody_was_reached();
}

/* A name server that adds addresses (NAT64), or a signer with one inside: the public one served. */
static void a_public_one_beside_others_serves(void **state)
{
    static const char *const others[] = {"10.0.0.1", "64:ff9b::808:404", "fd00::1"};
    char room[64];
    unsigned n = 0;
    (void)state;
    public_is_reached = true;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        for (unsigned first = 0; first < 2; first++) {
            snprintf(alternating[first], sizeof(alternating[0]), PUBLIC);
            snprintf(alternating[!first], sizeof(alternating[0]), "%s", others[i]);
            struct told told = fetched(
                (struct str){room, (size_t)snprintf(room, sizeof(room),
                                                    "https://several%u.lab.test:8443/ok", n++)});
            if (told.outcome != FETCH_OK)
                fail_msg("%s: %s", others[i], fetch_outcome_word(told.outcome));
        }
    assert_int_equal(connected_publicly, n);
    assert_int_equal(connected_privately, 0);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up_open, tear_down)
    const struct CMUnitTest tests[] = {
        story(an_address_that_alternates),
        story(several_addresses_of_a_name),
        story(a_public_one_beside_others_serves),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
