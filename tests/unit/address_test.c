#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>

#include <stird/base/address.h>

static const struct {
    const char *text;
    uint8_t family;
    const char *host; /* as it is written again */
} addresses[] = {
    {"192.0.2.1", ADDRESS_IPV4, "192.0.2.1"},
    {"0.0.0.0", ADDRESS_IPV4, "0.0.0.0"},
    {"2001:db8::1", ADDRESS_IPV6, "[2001:db8::1]"},
    {"[2001:DB8:0::1]", ADDRESS_IPV6, "[2001:db8::1]"},
    {"::", ADDRESS_IPV6, "[::]"},
    {"::ffff:192.0.2.1", ADDRESS_IPV4, "192.0.2.1"}, /* a dual-stack socket's way of writing */
    {"[::ffff:c000:201]", ADDRESS_IPV4, "192.0.2.1"},
    {"::192.0.2.1", ADDRESS_IPV6, "[::192.0.2.1]"},
    {"", ADDRESS_NONE, NULL},
    {"[]", ADDRESS_NONE, NULL},
    {"192.0.2", ADDRESS_NONE, NULL},
    {"192.0.2.256", ADDRESS_NONE, NULL},
    {"192.0.2.1:5060", ADDRESS_NONE, NULL},
    {"192.0.2.1 ", ADDRESS_NONE, NULL},
    {"192.000.2.1x", ADDRESS_NONE, NULL},
    {"[2001:db8::1", ADDRESS_NONE, NULL},
    {"2001:db8::1%eth0", ADDRESS_NONE, NULL},
    {"2001:db8:::1", ADDRESS_NONE, NULL},
    {"1:2:3:4:5:6:7:8:9", ADDRESS_NONE, NULL},
    {"example.com", ADDRESS_NONE, NULL},
    {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", ADDRESS_NONE, NULL},
};

static void addresses_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct address a = {.port = 9};
        bool read = address_parse(str_of(addresses[i].text), &a);
        if (read != (addresses[i].host != NULL))
            fail_msg("%s", addresses[i].text);
        if (!read) {
            assert_int_equal(a.port, 9); /* untouched */
            continue;
        }
        struct buf out = BUF_INIT;
        assert_int_equal(a.family, addresses[i].family);
        assert_int_equal(a.port, 0);
        address_add_host(&out, &a);
        assert_true(str_eq(buf_str(&out), str_of(addresses[i].host)));
        a.port = 65535;
        buf_reset(&out);
        address_add(&out, &a);
        buf_add_char(&out, '\0');
        assert_int_equal(strncmp(out.p, addresses[i].host, strlen(addresses[i].host)), 0);
        assert_string_equal(out.p + strlen(addresses[i].host), ":65535");
        buf_fini(&out);
    }
    struct address a;
    assert_false(address_parse(STR("192.0.2.1\0.5"), &a));
}

static unsigned next_number(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16;
}

/* Whatever stands there is an IPv4 address where the C library says so, and is the same one. */
static void ipv4_is_read_as_the_library_reads_it(void **state)
{
    static const char *const words[] = {"0",   "1",   "9",   "10",   "00", "01", "255",
                                        "256", "025", "99",  ".",    ".",  "..", " ",
                                        "+1",  "192", "0x1", "1000", "-0", "254"};
    unsigned seed = 1, read = 0;
    (void)state;
    for (unsigned round = 0; round < 300000; round++) {
        char text[64] = "";
        const unsigned n = 5 + next_number(&seed) % 4;
        for (unsigned i = 0; i < n; i++) /* mostly with a dot at each second place */
            strcat(text, i % 2 == 1 && next_number(&seed) % 8 > 0
                             ? "."
                             : words[next_number(&seed) % (sizeof(words) / sizeof(words[0]))]);
        struct address a = {0};
        uint8_t bytes[4];
        const bool is_one = inet_pton(AF_INET, text, bytes) == 1;
        if (address_parse(str_of(text), &a) != is_one)
            fail_msg("%s", text);
        if (!is_one)
            continue;
        read++;
        assert_int_equal(a.family, ADDRESS_IPV4);
        assert_memory_equal(a.bytes, bytes, 4);
        assert_true(address_is_sound(&a));
    }
    assert_true(read > 1000);
}

static void ipv4_is_written_as_the_library_writes_it(void **state)
{
    unsigned seed = 2;
    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        struct address a = {.family = ADDRESS_IPV4, .port = (uint16_t)next_number(&seed)};
        char host[INET_ADDRSTRLEN], expected[INET_ADDRSTRLEN + 8];
        struct buf out = BUF_INIT;
        for (unsigned i = 0; i < 4; i++)
            a.bytes[i] = (uint8_t)(round < 1024 ? round / 4 + i : next_number(&seed));
        inet_ntop(AF_INET, a.bytes, host, sizeof(host));
        snprintf(expected, sizeof(expected), "%s:%u", host, a.port);
        address_add(&out, &a);
        assert_true(str_eq(buf_str(&out), str_of(expected)));
        buf_fini(&out);
    }
}

static struct address address_of(const char *text)
{
    struct address a;
    assert_true(address_parse(str_of(text), &a));
    return a;
}

static void ports_count_only_where_asked(void **state)
{
    (void)state;
    struct address a = address_of("192.0.2.1"), b = a, c = address_of("192.0.2.2");
    b.port = 5060;
    assert_true(address_same_host(&a, &b));
    assert_false(address_equal(&a, &b));
    b.port = 0;
    assert_true(address_equal(&a, &b));
    assert_false(address_same_host(&a, &c));
    struct address zero4 = address_of("0.0.0.0"), zero6 = address_of("::");
    assert_false(address_same_host(&zero4, &zero6));
}

static void prefixes_cover(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *address;
        bool covered;
    } cases[] = {
        {"192.0.2.0/24", "192.0.2.0", true},
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.0/24", "::ffff:192.0.2.1", true},
        {"192.0.2.4/30", "192.0.2.7", true},
        {"192.0.2.4/30", "192.0.2.8", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1/32", "192.0.2.2", false},
        {"128.0.0.0/1", "255.0.0.1", true},
        {"128.0.0.0/1", "127.0.0.1", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1/128", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::2", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address_prefix p;
        struct address a = address_of(cases[i].address);
        assert_true(address_prefix_parse(str_of(cases[i].prefix), &p));
        a.port = 1234;
        if (address_prefix_covers(&p, &a) != cases[i].covered)
            fail_msg("%s and %s", cases[i].prefix, cases[i].address);
    }
}

static void wrong_prefixes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "/",
        "/24",
        "192.0.2.0/",
        "192.0.2.0/33",
        "::/129",
        "192.0.2.1/24",
        "192.0.2.0/-1",
        "192.0.2.0/24/1",
        "192.0.2.0/ 24",
        "2001:db8::1/64",
        "10/8",
        "192.0.2.0/2x",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct address_prefix p = {.bits = 77};
        if (address_prefix_parse(str_of(wrong[i]), &p))
            fail_msg("%s", wrong[i]);
        assert_int_equal(p.bits, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(ipv4_is_read_as_the_library_reads_it),
        cmocka_unit_test(ipv4_is_written_as_the_library_writes_it),
        cmocka_unit_test(ports_count_only_where_asked),
        cmocka_unit_test(prefixes_cover),
        cmocka_unit_test(wrong_prefixes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
