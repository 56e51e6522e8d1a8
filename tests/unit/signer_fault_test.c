/* A signer whose signatures are wrong signs nothing more. */
#include "signer_lab.h"

/* Of the signing process: how many signatures are right before they become wrong. */
static unsigned right_ones;
static bool dies; /* then they are not wrong, but cannot be made */

static bool sign_wrong_after_a_while(void *key, struct str message,
                                     unsigned char signature[JWS_SIGNATURE_MAX])
{
    if (!key_backend_pem.sign(key, message, signature))
        return false;
    if (right_ones == 0 && dies)
        return false;
    if (right_ones == 0)
        signature[50] ^= 1;
    else
        right_ones--;
    return true;
}

static int faulty_signer(const void *user, int control_fd)
{
    struct problems problems = PROBLEMS_INIT;
    struct key_backend faulty = key_backend_pem;
    struct signing_service *service = signing_service_new(1);
    char directory[1024];
    right_ones = *(const unsigned *)user;
    faulty.sign = sign_wrong_after_a_while;
    snprintf(directory, sizeof(directory), "%s/none", lab);
    char *pem = lab_read(directory, "key.pem");
    struct credential *c = credential_new_with(&faulty, &certificates[0], STR("key.pem"),
                                               str_of(pem), &problems);
    free(pem);
    if (!service || !c)
        return 99;
    signing_service_take(service, 0, c);
    int status = signer_run(service, &(struct signer_options){.control_fd = control_fd});
    signing_service_free(service);
    return status;
}

static void a_failed_test_signature_is_an_alarm_and_the_end(void **state)
{
    unsigned right = 0;
    struct process p = start(faulty_signer, &right);
    (void)state;
    assert_non_null(strstr(hear(&p, CONTROL_ALARM).alarm.text, "test signature"));
    int status = end_of(p.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    close(p.control_fd);
}

static void assert_signs_nothing_more(const struct process *p, int channel)
{
    hear(p, CONTROL_ALARM);
    for (unsigned i = 0; i < 3; i++) {
        struct asking r = request(i, 0);
        assert_reason(channel, &r, REASON_SIGNER_SELF_TEST_FAILED);
    }
    int second = open_channel(p);
    struct asking r = request(9, 0);
    assert_reason(second, &r, REASON_SIGNER_SELF_TEST_FAILED);
    say(p, CONTROL_PING, -1);
    hear(p, CONTROL_PONG); /* and no second alarm before it */
    close(second);
    close(channel);
    let_end(p);
}

static void the_first_signature_is_verified(void **state)
{
    unsigned right = 1; /* that of the start */
    struct process p = start(faulty_signer, &right);
    (void)state;
    hear(&p, CONTROL_READY);
    int channel = open_channel(&p);
    struct asking requests[3] = {request(1, 0), request(2, 0), request(3, 0)};
    static struct answered responses[SIGN_BATCH_MAX];
    send_requests(channel, requests, 3);
    assert_int_equal(take_responses(channel, responses), 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(responses[i].reason, REASON_SIGNER_SELF_TEST_FAILED);
    assert_signs_nothing_more(&p, channel);
}

static void one_in_a_thousand_is_verified(void **state)
{
    unsigned right = 2; /* that of the start, and the first that is asked for */
    struct process p = start(faulty_signer, &right);
    struct asking requests[SIGN_BATCH_MAX];
    static struct answered responses[SIGN_BATCH_MAX];
    unsigned answered = 0, failed = 0;
    (void)state;
    hear(&p, CONTROL_READY);
    int channel = open_channel(&p);
    for (unsigned i = 0; i < SIGN_BATCH_MAX; i++)
        requests[i] = request(i, 0);
    while (failed == 0 && answered < 2000) {
        send_requests(channel, requests, SIGN_BATCH_MAX);
        assert_int_equal(take_responses(channel, responses), SIGN_BATCH_MAX);
        for (unsigned i = 0; i < SIGN_BATCH_MAX; i++, answered++)
            failed += responses[i].reason == REASON_SIGNER_SELF_TEST_FAILED;
    }
    /* Signature 1001 is the one; those of its packet have not left. */
    assert_int_equal(answered, 1008);
    assert_int_equal(failed, SIGN_BATCH_MAX);
    assert_signs_nothing_more(&p, channel);
}

/* A token that was away: a new process has new sessions with it. */
static void a_key_that_signs_no_more_replaces_the_signer(void **state)
{
    unsigned right = 1; /* that of the start */
    (void)state;
    dies = true;
    struct process p = start(faulty_signer, &right);
    dies = false;
    hear(&p, CONTROL_READY);
    int channel = open_channel(&p);
    for (unsigned i = 0; i < 2; i++) {
        struct asking r = request(i, 0);
        assert_reason(channel, &r, REASON_SIGNER_FAILED);
    }
    struct asking third = request(3, 0);
    assert_reason(channel, &third, REASON_SIGNER_SELF_TEST_FAILED);
    assert_signs_nothing_more(&p, channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_test_signature_is_an_alarm_and_the_end),
        cmocka_unit_test(the_first_signature_is_verified),
        cmocka_unit_test(one_in_a_thousand_is_verified),
        cmocka_unit_test(a_key_that_signs_no_more_replaces_the_signer),
    };
    return cmocka_run_group_tests(tests, make_units, remove_units);
}
