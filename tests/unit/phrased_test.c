/* A text comes back as it was, octet for octet, whatever it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/transaction/phrased.h"

#define RINGING                                                                                    \
    "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK-12345-6789-0;"          \
    "rport=5070\r\nRecord-Route: <sip:192.0.2.2:5060;lr>\r\nFrom: <sip:+12155550100@192.0.2.1>;"   \
    "tag=123abc4567\r\nTo: <sip:+13125550123@192.0.2.2>;tag=456def8901\r\n"                        \
    "Call-ID: 1-12345@192.0.2.1\r\nCSeq: 1 INVITE\r\nContact: <sip:192.0.2.3:5080;transport=udp>"  \
    "\r\nContent-Length: 0\r\n\r\n"

static const struct str texts[] = {
    STR(RINGING),
    STR("\r\nVia: SIP/2.0/UDP "),
    STR("\r\nVia: SIP/2.0/UDP"), /* one that only begins so */
    STR("\r\nContent-Length: 0\r\n\r"),
    STR("Subject: \xff\xfe\x80 and \xc3\xa9, a long text of which some octets are codes themselves; "
        "From: <sip:+1\r\nFrom: <sip:+1\r\nFrom: <sip:+1"),
    STR("\r\n\r\n\r\n;;;;   <<<>>>SSSIII111:::\0\0\0;tag=;tag=;tag=;tag="),
};

static bool comes_back(struct str text)
{
    char *to = malloc(text.n + 1);
    struct buf out = BUF_INIT;
    assert_non_null(to);
    to[text.n] = '#';
    const size_t n = phrased_write(to, text);
    assert_int_equal(to[text.n], '#');
    assert_true(n < text.n || text.n == 0);
    if (n > 0)
        phrased_add(&out, (struct str){to, n});
    const bool same = n == 0 || (!buf_failed(&out) && str_eq(buf_str(&out), text));
    buf_fini(&out);
    free(to);
    assert_true(same);
    return n > 0;
}

static void texts_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (size_t n = 0; n <= texts[i].n; n++) {
            comes_back(str_slice(texts[i], 0, n));
            comes_back(str_slice(texts[i], n, texts[i].n));
        }
}

/* Pieces of what SIP is made of, and octets of all kinds, in random order. */
static void random_texts_come_back(void **state)
{
    unsigned seed = 11, shorter = 0;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[600];
        size_t n = 0;
        while (n < 500) {
            const struct str from = texts[rand_r(&seed) % (sizeof(texts) / sizeof(texts[0]))];
            const size_t at = (size_t)rand_r(&seed) % from.n, most = (size_t)rand_r(&seed) % 60 + 1,
                         piece = from.n - at < most ? from.n - at : most;
            memcpy(text + n, from.p + at, piece);
            n += piece;
            if (rand_r(&seed) % 3 == 0)
                text[n++] = (char)rand_r(&seed);
        }
        shorter += comes_back((struct str){text, n});
    }
    assert_true(shorter > 10000);
}

/* An answer takes little more than half. */
static void what_it_is_for(void **state)
{
    char to[sizeof(RINGING)];
    (void)state;
    const size_t n = phrased_write(to, STR(RINGING));
    assert_true(n > 0 && n * 10 <= STR(RINGING).n * 6);
}

/* What was not written by us, as after a fault of memory, ends all the same. */
static void any_octets_end(void **state)
{
    unsigned seed = 5;
    (void)state;
    for (int i = 0; i < 5000; i++) {
        char octets[64];
        struct buf out = BUF_INIT;
        const size_t n = (size_t)rand_r(&seed) % sizeof(octets);
        for (size_t k = 0; k < n; k++)
            octets[k] = (char)(rand_r(&seed) | 0x80);
        phrased_add(&out, (struct str){octets, n});
        assert_false(buf_failed(&out));
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(random_texts_come_back),
        cmocka_unit_test(what_it_is_for),
        cmocka_unit_test(any_octets_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
