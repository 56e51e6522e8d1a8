/* Whole calls with one Identity header each: message, web and anchors as in the vectors, which lie
 * beside a checkout. Those with several, and what a profile makes of a verdict, are for a service.
 */
#include "whole_question.h"

#include <stird/core/hops.h>

static json_t *vectors;

/* A name of verify.def; VERIFY_CHECKS: none, as of checks that do not exist yet. */
static enum verify_check check_named(struct str name)
{
    int i = 0;
    while (i < VERIFY_CHECKS && !str_eq(verify_check_name((enum verify_check)i), name))
        i++;
    return (enum verify_check)i;
}

static void add_uri(struct buf *out, const char *name, struct str number)
{
    bool host = str_find(number, '@', 0) < number.n;
    buf_addf(out, "%s: <sip:", name);
    for (size_t i = 0; i < number.n; i++)
        if (number.p[i] != ' ') /* which no URI has */
            buf_add_char(out, number.p[i]);
    buf_addf(out, "%s>\r\n", host ? "" : "@a.example");
}

static struct buf message_of(json_t *facts)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "INVITE sip:%s@a.example SIP/2.0\r\n",
             json_string_value(json_object_get(facts, "request_uri")));
    add_uri(&text, "From", lab_member(facts, "from"));
    add_uri(&text, "To", lab_member(facts, "to"));
    if (json_object_get(facts, "pai"))
        add_uri(&text, "P-Asserted-Identity", lab_member(facts, "pai"));
    buf_add_text(&text, "\r\n");
    return text;
}

static void bring(struct whole_question *q, struct sti_certificate *c, struct str url,
                  struct verify_question *v, struct arena *arena)
{
    json_t *page = NULL, *one;
    const char *key;
    json_object_foreach(json_object_get(vectors, "web"), key, one) if (str_eq(str_of(key), url))
        page = one;
    if (url.n == 0)
        return;
    if (!page || json_integer_value(json_object_get(page, "status")) != 200) {
        v->certificate_fault = "it is not there";
        return;
    }
    assert_true(sti_certificate_prepare(c, lab_member(page, "body"), q->trust, q->now_s, arena));
    v->certificate = c;
}

static struct verify_report ask(json_t *one, struct str value, const struct trust *trust,
                                struct arena *arena)
{
    const struct country country = {
        .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};
    json_t *facts = json_object_get(one, "message");
    struct whole_question w = {.trust = trust,
                               .now_s = json_integer_value(json_object_get(vectors, "now"))};
    struct sip_identity_facts read;
    struct sti_certificate certificate = {.key = NULL};
    struct token token;
    struct verify_report r;
    struct buf message = message_of(facts);
    sip_identity_facts(buf_str(&message), &country, &read);
    assert_true(token_read(&token, value, arena));
    struct verify_question q = {.token = &token,
                                .now_s = w.now_s,
                                .max_age_s = VERIFY_MAX_AGE_S,
                                .has_message = true,
                                .orig = read.has_orig ? &read.orig : NULL,
                                .dest = read.has_dest ? &read.dest : NULL,
                                .date_s = json_integer_value(json_object_get(facts, "date"))};
    bring(&w, &certificate, token_url(&token), &q, arena);
    assert_true(verify(&q, arena, &r));
    sti_certificate_fini(&certificate);
    token_fini(&token);
    buf_fini(&message);
    return r;
}

static struct trust *anchors(void)
{
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(vectors, "anchors"), i, one)
    {
        struct str text = {json_string_value(one), json_string_length(one)};
        assert_true(trust_add_anchors(t, STR("anchor"), text, &problems));
    }
    return t;
}

/* Those that a profile decides, and not the token. */
static bool is_for_a_service(json_t *one)
{
    struct str decided = lab_member(json_object_get(one, "expect"), "decided");
    json_t *dest = json_object_get(json_object_get(one, "settings"), "dest");
    return json_array_size(json_object_get(one, "identity")) != 1 || dest ||
           (decided.n > 0 && check_named(decided) == VERIFY_CHECKS);
}

static void every_call(void **state)
{
    (void)state;
    size_t i, seen = 0;
    json_t *one;
    vectors = lab_shared_vectors("next/verification_cases.json");
    if (!vectors)
        skip();
    struct trust *trust = anchors();
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        if (is_for_a_service(one))
            continue;
        json_t *expected = json_object_get(one, "expect");
        struct str value = {
            json_string_value(json_array_get(json_object_get(one, "identity"), 0)),
            json_string_length(json_array_get(json_object_get(one, "identity"), 0))};
        struct str decided = lab_member(expected, "decided");
        struct arena *arena = arena_new(4096);
        struct verify_report r = ask(one, value, trust, arena);
        bool passed = str_eq(lab_member(expected, "verstat"), STR("TN-Validation-Passed"));
        int status = (int)json_integer_value(json_object_get(expected, "reject_status"));
        enum verify_check by = check_named(decided);
        /* An address that nobody connects to may be refused as a URL before. */
        bool same = r.decided == by || (by == VERIFY_FETCH && r.decided == VERIFY_URL);
        bool good = passed          ? r.verdict == TOKEN_VALID
                    : decided.n > 0 ? r.verdict == TOKEN_INVALID && same
                                    : r.verdict != TOKEN_VALID;
        good = good && (status == 0 || status == 433 || r.sip_status == status);
        if (!good)
            fail_msg("%s: %.*s, by %.*s", lab_member(one, "name").p,
                     STR_ARG(token_verdict_name(r.verdict)), STR_ARG(verify_check_name(r.decided)));
        seen++;
        arena_free(arena);
    }
    assert_true(seen > 40);
    trust_free(trust);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_call)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
