/* Our SipHash is that of its authors, of 128 bits, whatever the lengths of the texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "sip/siphash.h"

#define TEXTS_MAX 12
#define TEXT_MAX  700
#define OUT       16

static const uint8_t counted_key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void openssl_siphash(const uint8_t key[16], const uint8_t *in, size_t n, uint8_t out[OUT])
{
    size_t size = OUT, written = 0;
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                               OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    assert_non_null(context);
    assert_true(EVP_MAC_CTX_set_params(context, parameters));
    assert_true(EVP_MAC_init(context, key, 16, NULL));
    assert_true(EVP_MAC_update(context, in, n));
    assert_true(EVP_MAC_final(context, out, &written, OUT));
    assert_int_equal(written, OUT);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
}

/* In octets, as they lie in memory on a little-endian machine. */
static void ours(const uint8_t key[16], const struct str *texts, unsigned n, uint8_t out[OUT])
{
    struct siphash *h = siphash_new(key);
    assert_non_null(h);
    const struct transaction_key got = siphash_texts(h, texts, n);
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t)(got.high >> 8 * i);
        out[8 + i] = (uint8_t)(got.low >> 8 * i);
    }
    siphash_free(h);
}

/* vectors_sip128 of https://github.com/veorq/SipHash: key 00 01 ... 0f, input 00 01 ... n-1. */
static const uint8_t vectors[][OUT] = {
    {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
     0x93},
    {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc,
     0x45},
    {0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff,
     0xe4},
    {0x9c, 0x70, 0xb6, 0x0c, 0x52, 0x67, 0xa9, 0x4e, 0x5f, 0x33, 0xb6, 0xb0, 0x29, 0x85, 0xed,
     0x51},
    {0xf8, 0x81, 0x64, 0xc1, 0x2d, 0x9c, 0x8f, 0xaf, 0x7d, 0x0f, 0x6e, 0x7c, 0x7b, 0xcd, 0x55,
     0x79},
};

/* Of no text at all it is the authors' own; the others show that what ours is compared with is. */
static void vectors_hold(void **state)
{
    uint8_t in[sizeof(vectors) / sizeof(vectors[0])], out[OUT];
    (void)state;
    ours(counted_key, NULL, 0, out);
    assert_memory_equal(out, vectors[0], OUT);
    for (size_t n = 0; n < sizeof(in); n++) {
        in[n] = (uint8_t)n;
        openssl_siphash(counted_key, in, n, out);
        assert_memory_equal(out, vectors[n], OUT);
    }
}

/* Repeatable, and different in each place. */
static uint32_t next_number(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1;
    return (uint32_t)(*seed >> 33);
}

/* Each text behind its length in four octets, the lowest first. */
static void compare(const uint8_t key[16], const struct str *texts, unsigned n)
{
    static uint8_t all[TEXTS_MAX * (TEXT_MAX + 4)];
    uint8_t expected[OUT], out[OUT];
    size_t at = 0;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned byte = 0; byte < 4; byte++)
            all[at++] = (uint8_t)(texts[i].n >> 8 * byte);
        if (texts[i].n > 0)
            memcpy(all + at, texts[i].p, texts[i].n);
        at += texts[i].n;
    }
    openssl_siphash(key, all, at, expected);
    ours(key, texts, n, out);
    assert_memory_equal(out, expected, OUT);
}

/* Each length of each of two texts, so each place of the second within a word. */
static void all_short_lengths(void **state)
{
    char octets[80];
    (void)state;
    for (unsigned i = 0; i < sizeof(octets); i++)
        octets[i] = (char)(0x80 + 7 * i);
    for (size_t first = 0; first <= 24; first++)
        for (size_t second = 0; second <= 40; second++) {
            const struct str texts[] = {{first > 0 ? octets + 1 : NULL, first},
                                        {octets + 30, second}};
            compare(counted_key, texts, 2);
        }
}

static void chance_inputs(void **state)
{
    static char octets[TEXTS_MAX][TEXT_MAX];
    uint64_t seed = 20261130;
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct str texts[TEXTS_MAX];
        uint8_t key[16];
        const unsigned n = next_number(&seed) % (TEXTS_MAX + 1);
        for (unsigned i = 0; i < sizeof(key); i++)
            key[i] = (uint8_t)next_number(&seed);
        for (unsigned i = 0; i < n; i++) {
            const size_t most = next_number(&seed) % 8 == 0 ? TEXT_MAX : 40;
            texts[i] = (struct str){octets[i], next_number(&seed) % (most + 1)};
            for (size_t j = 0; j < texts[i].n; j++)
                octets[i][j] = (char)next_number(&seed);
        }
        compare(key, texts, n);
    }
}

static void limits_of_texts_count(void **state)
{
    const struct str one[] = {STR("ab"), STR("c")}, other[] = {STR("a"), STR("bc")};
    uint8_t a[OUT], b[OUT];
    (void)state;
    ours(counted_key, one, 2, a);
    ours(counted_key, other, 2, b);
    assert_memory_not_equal(a, b, OUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold),
        cmocka_unit_test(all_short_lengths),
        cmocka_unit_test(chance_inputs),
        cmocka_unit_test(limits_of_texts_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
