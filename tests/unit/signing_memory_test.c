/*
 * Each allocation for a signature fails once, alone or with all that follow. Then there is no key,
 * no request or no token, and the reason says so; or all is as with memory.
 */
#include "lab.h"

#include <assert.h>
#include <stird/core/library_memory.h>
#include <stird/core/sign_request.h>
#include <stird/io/control.h>
#include <stird/io/signer_client.h>
#include <stird/lab/lab_ca.h>
#include <sys/socket.h>

#include "daemon/signing_service.h"

#define NOW 1443208345

/* ---- allocations that fail ---- */

static long left = -1; /* so many are good; negative: all */
static bool stays;     /* there is none any more from then on */
static bool failed;    /* one was refused */

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define CAN_FAIL 0
#else
#define CAN_FAIL 1

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool fails(void)
{
    if (left < 0 || (left > 0 && left-- > 0))
        return false;
    if (!stays)
        left = -1;
    return failed = true;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}
#endif

/* ---- what needs memory ---- */

static struct certificate certificate;
static struct arena *arena;
static struct buf pem = BUF_INIT;

static int make_unit(void **state)
{
    static const char *const spcs[] = {"709J", NULL};
    struct problems problems = PROBLEMS_INIT;
    struct buf chain = BUF_INIT;
    EVP_PKEY *key = lab_key_new();
    const struct lab_certificate c = {.name = "SHAKEN",
                                      .serial = 1,
                                      .key = key,
                                      .not_before_s = NOW - 86400,
                                      .not_after_s = NOW + 86400,
                                      .spcs = spcs};
    X509 *x = lab_certificate_new(&c);
    (void)state;
    arena = arena_new(4096);
    assert_true(x && arena && lab_add_certificate(&chain, x) && lab_add_key(&pem, key));
    assert_true(certificate_read(&certificate, arena, STR("a"), STR("a"), STR("chain"),
                                 buf_str(&chain), STR("x5u"), STR("https://cert.example/a.pem"),
                                 NOW, &problems));
    X509_free(x);
    EVP_PKEY_free(key);
    buf_fini(&chain);
    problems_fini(&problems);
    return 0;
}

static int remove_unit(void **state)
{
    (void)state;
    certificate_fini(&certificate);
    arena_free(arena);
    buf_fini(&pem);
    return 0;
}

static struct credential *open_key(void)
{
    struct problems problems = PROBLEMS_INIT;
    struct credential *c = credential_new(&certificate, STR("key"), buf_str(&pem), &problems);
    bool told = problems_any(&problems);
    left = -1;
    assert_true(c || told);
    problems_fini(&problems);
    return c;
}

static struct signing_service *service;
static struct credential *credential;

/* With nothing kept yet: every buffer begins anew. */
static void open_service(void)
{
    long would = left;
    left = -1;
    credential = open_key();
    service = signing_service_new(1);
    assert_true(credential && service);
    signing_service_take(service, 0, credential);
    left = would;
}

static enum reason one_key(void)
{
    struct credential *c = open_key();
    credential_free(c);
    return c ? REASON_OK : REASON_SIGNER_FAILED;
}

static struct sign_order order(void)
{
    return (struct sign_order){&passport_type_shaken, 0, lab_claims('A', NOW)};
}

/* Of the token that a signer makes. */
static enum reason one_answer(void)
{
    _Alignas(8) static char bytes[SIGN_REQUEST_MAX];
    const struct sign_order o = order();
    struct buf out = BUF_INIT;
    struct sign_answer answers[PASSPORTS_MAX];
    enum reason reason = REASON_SIGNER_TIMEOUT; /* nothing is sent */
    assert_int_not_equal(sign_request_write(bytes, 1, &o, 1), 0);
    open_service();
    signing_service_answer(service, (const struct sign_request *)bytes, 1, NOW, &out);
    left = -1;
    if (!buf_failed(&out)) {
        struct str packet = buf_str(&out);
        const struct sign_response *response = sign_response_next(&packet, answers);
        assert_non_null(response); /* whatever a signer says, a worker understands it */
        assert_int_equal(packet.n, 0);
        reason = response->reason == REASON_OK ? answers[0].reason : (enum reason)response->reason;
        assert_true(reason != REASON_OK || credential_verify(credential, answers[0].token));
    }
    /* A want of memory is neither a wrong signature nor a token that is away. */
    assert_false(signing_service_failed(service));
    signing_service_free(service);
    buf_fini(&out);
    return reason;
}

/* So many tokens in a row that a signer whose key is away would have itself replaced. */
static void a_signer_without_memory_goes_on_with_it(void **state)
{
    _Alignas(8) static char bytes[SIGN_REQUEST_MAX];
    const struct sign_order o = order();
    (void)state;
    assert_int_not_equal(sign_request_write(bytes, 1, &o, 1), 0);
    open_service();
    for (unsigned i = 0; i < 6; i++) {
        struct buf out = BUF_INIT;
        struct sign_answer answers[PASSPORTS_MAX];
        left = i < 5 && CAN_FAIL ? 0 : -1;
        stays = true;
        signing_service_answer(service, (const struct sign_request *)bytes, 1, NOW, &out);
        left = -1;
        assert_false(signing_service_failed(service));
        if (i == 5) {
            struct str packet = buf_str(&out);
            assert_non_null(sign_response_next(&packet, answers));
            assert_int_equal(answers[0].reason, REASON_OK);
        }
        buf_fini(&out);
    }
    signing_service_free(service);
}

static void on_answer(void *user, const struct sign_answer *answers, unsigned n, uint32_t sign_us)
{
    (void)sign_us;
    assert_int_equal(n, 1);
    *(enum reason *)user = answers[0].reason;
}

/* Of the question that a worker asks; who is told no is not told anything else. */
static enum reason one_question(void)
{
    const struct sign_order o = order();
    enum reason told = REASON_OK;
    uint64_t ticket;
    int pair[2];
    assert_int_equal(control_pair(pair), 0);
    struct signer_client *client = signer_client_new(pair[0]);
    if (!client)
        close(pair[0]);
    enum reason reason = client ? signer_client_submit(client, &o, 1, on_answer, &told, &ticket)
                                : REASON_OUT_OF_MEMORY;
    left = -1;
    if (client) {
        assert_int_equal(signer_client_waiting(client), reason == REASON_OK);
        signer_client_free(client);
        assert_int_equal(told, reason == REASON_OK ? REASON_SIGNER_UNAVAILABLE : REASON_OK);
    }
    close(pair[1]);
    return reason;
}

/* ---- all of them ---- */

/* N allocations are good, then one or all are not. False: there are no more than N. */
static bool tell(enum reason (*story)(void), long n, bool all)
{
    failed = false;
    stays = all;
    left = n;
    enum reason got = story();
    left = -1;
    if (got != REASON_OK && !failed)
        fail_msg("allocation %ld%s: %.*s", n, all ? " and all behind it" : "",
                 STR_ARG(reason_name(got)));
    return failed;
}

static void walk(enum reason (*story)(void))
{
    if (!CAN_FAIL) {
        print_message("SKIPPED: allocations fail at will without a sanitizer only\n");
        skip();
    }
    assert_false(tell(story, 10000000, false));
    long n = 0;
    while (tell(story, n, false))
        n++;
    assert_true(n > 0);
    for (long i = 0; i < n; i += 1 + n / 100)
        assert_true(tell(story, i, true));
    assert_false(tell(story, 10000000, false)); /* nothing is left of it */
    print_message("%ld allocations\n", n);
}

static void a_key(void **state)
{
    (void)state;
    walk(one_key);
}

static void an_answer(void **state)
{
    (void)state;
    walk(one_answer);
}

static void a_question(void **state)
{
    (void)state;
    walk(one_question);
}

int main(void)
{
    assert(library_memory_watch());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key),
        cmocka_unit_test(an_answer),
        cmocka_unit_test(a_question),
        cmocka_unit_test(a_signer_without_memory_goes_on_with_it),
    };
    return cmocka_run_group_tests(tests, make_unit, remove_unit);
}
