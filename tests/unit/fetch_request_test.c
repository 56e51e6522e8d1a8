/* What goes over the wire between a worker and the fetcher, in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <stird/core/fetch_request.h>

#define URL STR("https://cert.example.org/a.pem")

static void a_question_comes_as_it_went(void **state)
{
    const struct fetch_question q = {.kind = FETCH_PROVEN,
                                     .ticket = UINT64_MAX,
                                     .wait_ms = 5000,
                                     .trunk = FETCH_NO_TRUNK,
                                     .fetched_s = 1790000000,
                                     .ends_s = 253402300799,
                                     .url = URL};
    char packet[FETCH_QUESTION_BYTES_MAX];
    struct fetch_question read;
    (void)state;
    const size_t n = fetch_question_write(&q, packet);
    assert_true(fetch_question_read((struct str){packet, n}, &read));
    assert_int_equal(read.kind, q.kind);
    assert_int_equal(read.ticket, q.ticket);
    assert_int_equal(read.wait_ms, q.wait_ms);
    assert_int_equal(read.trunk, q.trunk);
    assert_int_equal(read.fetched_s, q.fetched_s);
    assert_int_equal(read.ends_s, q.ends_s);
    assert_true(str_eq(read.url, URL));
    for (size_t cut = 0; cut < n; cut++)
        assert_false(fetch_question_read((struct str){packet, cut}, &read));
}

static void an_answer_comes_as_it_went(void **state)
{
    static char packet[FETCH_ANSWER_BYTES_MAX + 1], body[FETCH_BODY_MAX + 1];
    const size_t head = sizeof(struct fetch_answer_head);
    struct fetch_answer read;
    (void)state;
    memset(body, 'c', sizeof(body));
    for (size_t n = 0; n <= FETCH_BODY_MAX; n += FETCH_BODY_MAX / 4) {
        const struct fetch_answer a = {.outcome = FETCH_OK,
                                       .source = FETCH_FROM_STALE,
                                       .ticket = 9,
                                       .status = 200,
                                       .fetched_s = 1790000000,
                                       .until_s = 1790086400,
                                       .fetched_ms = 40,
                                       .has_former = n > 0,
                                       .body = {body, n}};
        assert_true(fetch_answer_write(&a, (struct fetch_answer_head *)(void *)packet));
        memcpy(packet + head, body, n);
        assert_true(fetch_answer_read((struct str){packet, head + n}, &read));
        assert_int_equal(read.outcome, a.outcome);
        assert_int_equal(read.source, a.source);
        assert_int_equal(read.has_former, a.has_former);
        assert_int_equal(read.ticket, a.ticket);
        assert_int_equal(read.status, a.status);
        assert_int_equal(read.fetched_s, a.fetched_s);
        assert_int_equal(read.until_s, a.until_s);
        assert_int_equal(read.fetched_ms, a.fetched_ms);
        assert_true(str_eq(read.body, a.body));
        assert_false(fetch_answer_read((struct str){packet, head + n + 1}, &read));
        assert_false(fetch_answer_read((struct str){packet, head + n - 1}, &read));
    }
}

static void its_texts_are_printable(void **state)
{
    static const char *const bad[] = {"two\nlines", "\x7f", "\x80", "\x1b[2J"};
    const struct fetch_answer a = {.outcome = FETCH_TLS,
                                   .source = FETCH_FROM_SERVER,
                                   .status = 200,
                                   .content_type = STR("application/pem-certificate-chain"),
                                   .why = STR("why")};
    char packet[FETCH_ANSWER_BYTES_MAX];
    const size_t head = sizeof(struct fetch_answer_head), n = head + a.content_type.n + a.why.n;
    struct fetch_answer read;
    (void)state;
    assert_true(fetch_answer_write(&a, (struct fetch_answer_head *)(void *)packet));
    memcpy(packet + head, a.content_type.p, a.content_type.n);
    memcpy(packet + head + a.content_type.n, a.why.p, a.why.n);
    assert_true(fetch_answer_read((struct str){packet, n}, &read));
    assert_true(str_eq(read.content_type, a.content_type));
    assert_true(str_eq(read.why, a.why));
    packet[n - 1] = '\0';
    assert_false(fetch_answer_read((struct str){packet, n}, &read));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct fetch_answer b = {.outcome = FETCH_TLS, .why = str_of(bad[i])};
        assert_false(fetch_answer_write(&b, (struct fetch_answer_head *)(void *)packet));
    }
}

static void what_nobody_would_read_is_not_written(void **state)
{
    static char url[X5U_MAX_BYTES + 1], body[FETCH_BODY_MAX + 1], packet[FETCH_QUESTION_BYTES_MAX];
    struct fetch_answer_head head;
    (void)state;
    memset(url, 'u', sizeof(url));
    const struct fetch_question questions[] = {
        {.url = {url, sizeof(url)}},
        {.url = {url, 0}},
        {.url = URL, .wait_ms = FETCH_WAIT_MAX_MS + 1},
        {.url = URL, .kind = FETCH_KINDS},
        {.url = URL, .fetched_s = -1},
        {.url = URL, .ends_s = FETCH_TIME_MAX_S + 1},
    };
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        assert_int_equal(fetch_question_write(&questions[i], packet), 0);
    const struct fetch_question longest = {.url = {url, X5U_MAX_BYTES}};
    assert_int_equal(fetch_question_write(&longest, packet), sizeof(packet));
    const struct fetch_answer answers[] = {
        {.outcome = FETCH_OK, .body = {body, sizeof(body)}},
        {.outcome = FETCH_OK, .body = {body, (size_t)1 << 32}}, /* in 32 bits it would be 0 */
        {.outcome = FETCH_GONE, .body = {body, 1}},
        {.outcome = FETCH_GONE, .has_former = true},
        {.outcome = FETCH_OUTCOMES},
        {.source = FETCH_SOURCES},
        {.status = 1000},
        {.until_s = -1},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        assert_false(fetch_answer_write(&answers[i], &head));
}

static void each_outcome_has_its_words(void **state)
{
    (void)state;
    for (int i = 0; i < FETCH_OUTCOMES; i++)
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(fetch_outcome_word((enum fetch_outcome)i),
                                    fetch_outcome_word((enum fetch_outcome)k));
            assert_string_not_equal(fetch_outcome_text((enum fetch_outcome)i),
                                    fetch_outcome_text((enum fetch_outcome)k));
        }
    assert_string_equal(fetch_source_word(FETCH_FROM_STALE), "stale");
}

/* docs/verification.md has one row for each outcome, word for word. */
static void the_page_has_each_outcome(void **state)
{
    FILE *f = fopen(PROJECT_DIR "/docs/verification.md", "r");
    (void)state;
    assert_non_null(f);
    for (int i = 0; i < FETCH_OUTCOMES; i++) {
        char row[512], line[4096];
        bool found = false;
        snprintf(row, sizeof(row), "| `%s` | %s |\n", fetch_outcome_word((enum fetch_outcome)i),
                 fetch_outcome_text((enum fetch_outcome)i));
        rewind(f);
        while (!found && fgets(line, sizeof(line), f))
            found = strcmp(line, row) == 0;
        if (!found)
            fail_msg("docs/verification.md lacks: %s", row);
    }
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_comes_as_it_went),
        cmocka_unit_test(an_answer_comes_as_it_went),
        cmocka_unit_test(its_texts_are_printable),
        cmocka_unit_test(what_nobody_would_read_is_not_written),
        cmocka_unit_test(each_outcome_has_its_words),
        cmocka_unit_test(the_page_has_each_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
