/* R-P-024: what strangers may be sent: never more than came from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "sip/allowance.h"

static struct address host(unsigned number)
{
    struct address a = {.family = ADDRESS_IPV4, .port = 5060, .bytes = {192, 0}};
    a.bytes[2] = (uint8_t)(number >> 8);
    a.bytes[3] = (uint8_t)number;
    return a;
}

static void never_more_than_was_earned(void **state)
{
    static struct allowances all;
    static const uint8_t key[16] = {1};
    struct siphash *hash = siphash_new(key);
    struct address a = host(1), same = host(1), none = host(2);
    (void)state;
    same.port = 53;
    assert_false(allowance_spend(&all, hash, &a, 1, 0));
    allowance_earn(&all, hash, &a, 100, 0);
    allowance_earn(&all, hash, &same, 100, 1000);
    assert_false(allowance_spend(&all, hash, &none, 1, 1000));
    assert_false(allowance_spend(&all, hash, &a, 201, 1000));
    assert_true(allowance_spend(&all, hash, &same, 150, 1000));
    assert_false(allowance_spend(&all, hash, &a, 51, 1000));
    assert_true(allowance_spend(&all, hash, &a, 50, 1000));
    assert_false(allowance_spend(&all, hash, &a, 1, 1000));
    siphash_free(hash);
}

static void it_does_not_last(void **state)
{
    static struct allowances all;
    static const uint8_t key[16] = {1};
    struct siphash *hash = siphash_new(key);
    struct address a = host(1);
    (void)state;
    allowance_earn(&all, hash, &a, 100, 0);
    assert_false(allowance_spend(&all, hash, &a, 1, ALLOWANCE_MS));
    allowance_earn(&all, hash, &a, 10, ALLOWANCE_MS);
    assert_false(allowance_spend(&all, hash, &a, 11, ALLOWANCE_MS));
    assert_true(allowance_spend(&all, hash, &a, 10, ALLOWANCE_MS));
    siphash_free(hash);
}

/* However many there are: the sum of what goes out is no more than what came in, for each. */
static void many_of_them(void **state)
{
    static struct allowances all;
    static const uint8_t key[16] = {1};
    static uint64_t in[5000], out[5000];
    struct siphash *hash = siphash_new(key);
    (void)state;
    srandom(1);
    for (unsigned i = 0; i < 200000; i++) {
        unsigned number = (unsigned)random() % 5000;
        size_t octets = (size_t)random() % 1500;
        struct address a = host(number);
        if (random() % 2) {
            allowance_earn(&all, hash, &a, octets, i);
            in[number] += octets;
        } else if (allowance_spend(&all, hash, &a, octets, i)) {
            out[number] += octets;
        }
        assert_true(out[number] <= in[number]);
    }
    siphash_free(hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_more_than_was_earned),
        cmocka_unit_test(it_does_not_last),
        cmocka_unit_test(many_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
