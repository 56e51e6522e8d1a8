/* What of a worker's word about a change is believed, and which changes are alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/shadow_change.h>

static struct shadow_change example(void)
{
    struct shadow_change c;
    memset(&c, 0, sizeof(c));
    c.generation = 2;
    c.ts_us = 1;
    c.count = 1;
    c.from = (struct shadow_side){.level = 'A',
                                  .verdict = VERDICT_SIGN,
                                  .reason = REASON_SIGNED_OWNED,
                                  .trunk = "pbx",
                                  .certificate = "818H",
                                  .upstreams = "a,b"};
    c.to = (struct shadow_side){
        .verdict = VERDICT_REJECT, .status = 603, .reason = REASON_NUMBER_BLOCKED, .trunk = "pbx"};
    return c;
}

static void another_reason_alone_is_no_change(void **state)
{
    (void)state;
    const struct shadow_change c = example();
    struct shadow_side other = c.from;
    other.reason = REASON_SIGNED_DELEGATED;
    assert_true(shadow_side_same(&c.from, &other));
    other.level = 'B';
    assert_false(shadow_side_same(&c.from, &other));
    other = c.from;
    strcpy(other.upstreams, "b,a");
    assert_false(shadow_side_same(&c.from, &other));
    other = c.from;
    strcpy(other.certificate, "709J");
    assert_false(shadow_side_same(&c.from, &other));
}

static void calls_of_one_kind_differ_in_numbers_alone(void **state)
{
    (void)state;
    struct shadow_change one = example(), other = example();
    other.orig = (struct tn){11, "12155550100"};
    other.ts_us = 99;
    strcpy(other.call_id, "x");
    assert_true(shadow_change_same_kind(&one, &other));
    other.to.reason = REASON_REFUSED_BY_POLICY;
    assert_false(shadow_change_same_kind(&one, &other));
}

static void words(void **state)
{
    (void)state;
    struct shadow_change c = example();
    char word[16];
    shadow_side_word(&c.from, word);
    assert_string_equal(word, "A");
    shadow_side_word(&c.to, word);
    assert_string_equal(word, "refused 603");
    c.to.verdict = VERDICT_PASS;
    shadow_side_word(&c.to, word);
    assert_string_equal(word, "unsigned");
    c.to.level = 'B';
    shadow_side_word(&c.to, word);
    assert_string_equal(word, "unsigned (B)");
}

static void what_cannot_be_is_not_believed(void **state)
{
    (void)state;
    struct shadow_change c = example();
    assert_true(shadow_change_is_sound(&c));
    c.count = 0;
    assert_false(shadow_change_is_sound(&c));
    c = example();
    c.from.level = 'D';
    assert_false(shadow_change_is_sound(&c));
    c = example();
    c.to.level = 'A'; /* of a refusal */
    assert_false(shadow_change_is_sound(&c));
    c = example();
    c.to.verdict = VERDICT_SIGN + 1;
    assert_false(shadow_change_is_sound(&c));
    c = example();
    c.to.status = 700;
    assert_false(shadow_change_is_sound(&c));
    c = example();
    memset(c.from.trunk, 'x', sizeof(c.from.trunk));
    assert_false(shadow_change_is_sound(&c));
    c = example();
    memset(c.call_id, 'x', sizeof(c.call_id));
    assert_false(shadow_change_is_sound(&c));
    c = example();
    c.orig.n = TN_MAX_DIGITS + 1;
    assert_false(shadow_change_is_sound(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_reason_alone_is_no_change),
        cmocka_unit_test(calls_of_one_kind_differ_in_numbers_alone),
        cmocka_unit_test(words),
        cmocka_unit_test(what_cannot_be_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
