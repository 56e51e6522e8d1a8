/* Which trunks want help, and what becomes of a Contact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stird/core/nat.h>

static struct address place(const char *host, uint16_t port)
{
    struct address a;
    assert_true(address_parse(str_of(host), &a));
    a.port = port;
    return a;
}

#define SOURCE "203.0.113.9:40001"
#define T      ";transport=tcp"

/* Of a message from SOURCE over TCP; NULL: it stays. */
static const struct {
    const char *contact, *fixed;
} cases[] = {
    {"Contact: <sip:u@10.0.0.5:5060>\r\n", "Contact: <sip:u@" SOURCE T ">\r\n"},
    {"m: <sip:u@192.168.1.2>\r\n", "m: <sip:u@" SOURCE T ">\r\n"},
    {"CONTACT : \"Doe, J\" <sip:u;tgrp=a@172.16.0.1:5070;transport=tcp;x=y>;q=1\r\n",
     "CONTACT : \"Doe, J\" <sip:u;tgrp=a@" SOURCE ";transport=tcp;x=y>;q=1\r\n"},
    {"Contact: <sip:10.0.0.5;lr>\r\n", "Contact: <sip:" SOURCE T ";lr>\r\n"},
    {"Contact: sip:u@10.0.0.5:5060;expires=3\r\n", "Contact: <sip:u@" SOURCE T ">;expires=3\r\n"},
    {"Contact: <sips:u@10.0.0.5>\r\n", "Contact: <sips:u@" SOURCE ">\r\n"},
    {"Contact: <sip:u@[fd00::1]:5060>\r\n", "Contact: <sip:u@" SOURCE T ">\r\n"},
    {"Contact: <sip:u@[::1]>\r\n", "Contact: <sip:u@" SOURCE T ">\r\n"},
    {"Contact: <sip:u@100.64.0.1>\r\n", "Contact: <sip:u@" SOURCE T ">\r\n"},
    {"Contact: <sip:u@abc.Invalid;transport=ws>\r\n",
     "Contact: <sip:u@" SOURCE ";transport=ws>\r\n"},
    {"Contact: <sip:u@abc.invalid;%74ransport=ws>\r\n",
     "Contact: <sip:u@" SOURCE ";%74ransport=ws>\r\n"},
    {"Contact: <sip:u@localhost:5062?X=1>\r\n", "Contact: <sip:u@" SOURCE T "?X=1>\r\n"},
    {"Contact: <sip:u@pbx.local.:5062>\r\n", "Contact: <sip:u@" SOURCE T ">\r\n"},
    {"Contact: <sip:a@198.51.100.1>, <sip:b@10.0.0.5>,\r\n <sip:c@10.0.0.6>\r\n",
     "Contact: <sip:a@198.51.100.1>, <sip:b@" SOURCE T ">,\r\n <sip:c@" SOURCE T ">\r\n"},
    {"Contact: < sip:u@10.0.0.5 >\r\n", "Contact: < sip:u@" SOURCE T " >\r\n"},
    {"Contact: <sip:u@10.0.0.5:x>\r\n", NULL},
    {"Contact: <sip:u@10.0.0.5:5060\"x>\r\n", NULL},
    {"Contact: sip:\"u@10.0.0.5\r\n", NULL},
    {"Contact: <sip:u@198.51.100.1:5060>\r\n", NULL},
    {"Contact: <sip:u@203.0.113.9:5060>\r\n", NULL},
    {"Contact: <sip:u@172.32.0.1>\r\n", NULL},
    {"Contact: <sip:u@100.128.0.1>\r\n", NULL},
    {"Contact: <sip:u@pbx.example>\r\n", NULL},
    {"Contact: <sip:u@local.example>\r\n", NULL},
    {"Contact: <tel:+12155550100>\r\n", NULL},
    {"Contact: *\r\n", NULL},
    {"Contact:\r\n", NULL},
    {"Contact: <sip:a@b@10.0.0.5>\r\n", NULL},
    {"Contact: \"<sip:u@10.0.0.5>\" <sip:u@198.51.100.1>\r\n", NULL},
};

static void test_contacts(void **state)
{
    const struct address source = place("203.0.113.9", 40001);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT;
        bool fixed = nat_fix_contact(str_of(cases[i].contact), &source, TRANSPORT_TCP, &out);
        assert_int_equal(fixed, cases[i].fixed != NULL);
        if (fixed && !str_eq(buf_str(&out), str_of(cases[i].fixed)))
            print_error("%.*s\n", STR_ARG(buf_str(&out)));
        assert_true(!fixed || str_eq(buf_str(&out), str_of(cases[i].fixed)));
        buf_fini(&out);
    }
}

/* Behind its own gateway a private source is what peers there see. */
static void test_private_sources(void **state)
{
    const struct address source = place("10.0.0.5", 5060), six = place("2001:db8::5", 5060);
    struct buf out = BUF_INIT;
    (void)state;
    assert_false(
        nat_fix_contact(STR("Contact: <sip:u@10.0.0.5:5062>\r\n"), &source, TRANSPORT_UDP, &out));
    assert_true(nat_fix_contact(STR("Contact: <sip:u@10.0.0.6>\r\n"), &six, TRANSPORT_UDP, &out));
    assert_true(str_eq(buf_str(&out), STR("Contact: <sip:u@[2001:db8::5]:5060>\r\n")));
    buf_fini(&out);
}

/* Of several trunks of an address one is enough; a shorter prefix has no say. */
static void test_who_wants_it(void **state)
{
    struct address_prefix wide, own;
    (void)state;
    assert_true(address_prefix_parse(STR("192.0.2.0/24"), &wide));
    assert_true(address_prefix_parse(STR("192.0.2.7"), &own));
    const struct trunk trunks[] = {
        {.sources = &wide, .n_sources = 1, .force_rport = true, .contact_fix = true},
        {.sources = &own, .n_sources = 1},
        {.sources = &own, .n_sources = 1, .reuse_connection = true},
    };
    struct settings s = {.trunks = trunks, .n_trunks = 3, .arena = arena_new(4096)};
    s.sources = source_table_new(s.arena, trunks, 3, NULL, 0);
    const struct address one = place("192.0.2.7", 1), other = place("192.0.2.8", 1),
                         nobody = place("192.0.3.1", 1);
    assert_true(nat_wants(&s, &one, NAT_REUSE_CONNECTION));
    assert_false(nat_wants(&s, &one, NAT_FORCE_RPORT));
    assert_false(nat_wants(&s, &one, NAT_CONTACT_FIX));
    assert_true(nat_wants(&s, &other, NAT_FORCE_RPORT));
    assert_true(nat_wants(&s, &other, NAT_CONTACT_FIX));
    assert_false(nat_wants(&s, &other, NAT_REUSE_CONNECTION));
    assert_false(nat_wants(&s, &nobody, NAT_FORCE_RPORT));
    arena_free(s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contacts),
        cmocka_unit_test(test_private_sources),
        cmocka_unit_test(test_who_wants_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
