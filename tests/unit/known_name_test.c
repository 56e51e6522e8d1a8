/* What a worker says of a name is looked at before it is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stird/io/known_names.h>
#include <unistd.h>

static struct known_name good(void)
{
    struct known_name k = {
        .host = "carrier.example", .service = "_sip._udp", .port = 5060, .want_ipv4 = 1, .n = 2};
    for (unsigned i = 0; i < 2; i++) {
        assert_true(address_parse(STR("192.0.2.7"), &k.addresses[i].address));
        k.addresses[i].address.port = 5060;
    }
    return k;
}

static void a_good_one_is_sound(void **state)
{
    (void)state;
    struct known_name k = good();
    assert_true(known_name_is_sound(&k));
    k.service[0] = '\0';
    assert_true(known_name_is_sound(&k));
    memset(k.host, 'a', NAME_HOST_MAX);
    k.host[NAME_HOST_MAX] = '\0';
    assert_true(known_name_is_sound(&k));
    k.want_ipv6 = 1;
    assert_true(address_parse(STR("2001:db8::1"), &k.addresses[1].address));
    k.addresses[1].address.port = 1;
    assert_true(known_name_is_sound(&k));
}

static void each_lie_is_found(void **state)
{
    (void)state;
#define LIE(statement)                                                                             \
    do {                                                                                           \
        struct known_name k = good();                                                              \
        statement;                                                                                 \
        assert_false(known_name_is_sound(&k));                                                     \
    } while (0)
    LIE(memset(k.host, 'a', sizeof(k.host)));
    LIE(memset(k.service, 'a', sizeof(k.service)));
    LIE(k.host[0] = '\0');
    LIE(k.host[3] = '\n');
    LIE(k.host[3] = ' ');
    LIE(k.host[3] = '\x80');
    LIE(k.service[1] = '\r');
    LIE(k.port = 0);
    LIE(k.want_ipv4 = 2);
    LIE(k.want_ipv6 = 255);
    LIE(k.n = 0);
    LIE(k.n = NAME_HOPS_MAX + 1);
    LIE(k.n = NAME_ADDRESSES_MAX + 1);
    LIE(k.former = 1); /* which was not filled in */
    LIE(k.former = NAME_ADDRESSES_MAX - 1);
    LIE(k.former = 65535);
    LIE(k.in_part = 2);
    LIE(k.n_parts = NAME_PARTS_MAX + 1);
    LIE(k.n = 65535);
    LIE(k.n = 3); /* of which one was not filled in */
    LIE(k.addresses[1].address.port = 0);
    LIE(k.addresses[1].address.family = ADDRESS_NONE);
    LIE(k.addresses[1].address.family = 7);
    LIE(k.addresses[1].address.family = ADDRESS_IPV6); /* not asked for */
    LIE(k.addresses[1].address.bytes[0] = 0);
    LIE(k.addresses[1].address.bytes[0] = 239);
    LIE(memset(k.addresses[1].address.bytes, 255, 4));
    LIE(k.addresses[1].address.bytes[9] = 1);
    LIE((k.want_ipv4 = 0, k.want_ipv6 = 1));
#undef LIE
}

static void one_question_has_one_answer(void **state)
{
    (void)state;
    struct known_name a = good(), b = good();
    b.n = 1;
    memcpy(b.host, "CARRIER", 7);
    assert_true(known_name_same(&a, &b));
    b.want_ipv6 = 1;
    assert_false(known_name_same(&a, &b));
    b = a;
    b.port = 5061;
    assert_false(known_name_same(&a, &b));
    b = a;
    b.service[5] = 't';
    assert_false(known_name_same(&a, &b));
}

static void they_travel_in_a_file(void **state)
{
    (void)state;
    struct known_name list[3] = {good(), good(), good()};
    unsigned n = 99;
    memcpy(list[0].host, "x", 2);
    list[1].n = 0;
    memcpy(list[2].host, "z", 2);
    int fd = known_names_to_fd(list, 3);
    assert_true(fd >= 0);
    assert_int_not_equal(write(fd, "x", 1), 1);
    assert_int_not_equal(ftruncate(fd, 0), 0);
    struct known_name *got = known_names_from_fd(fd, &n);
    assert_int_equal(n, 2);
    assert_string_equal(got[0].host, "x");
    assert_string_equal(got[1].host, "z");
    free(got);
    close(fd);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_null(known_names_from_fd(ends[0], &n));
    assert_int_equal(n, 0);
    assert_null(known_names_from_fd(-1, &n));
    fd = known_names_to_fd(list, 0);
    assert_null(known_names_from_fd(fd, &n));
    close(fd);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_is_sound),
        cmocka_unit_test(each_lie_is_found),
        cmocka_unit_test(one_question_has_one_answer),
        cmocka_unit_test(they_travel_in_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
