/* R-V-045 R-V-047: whole calls: message, web and anchors as in the vectors; each twice, the second
   time with what the first one has cached. */
#include "lab.h"

#include <stird/core/certificate_cache.h>
#include <stird/core/hops.h>
#include <stird/core/verification.h>

static json_t *vectors;
static struct buf room;
static struct trust_image *image;
static int64_t now_s;

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

/* ---- the web, and what is cached of it ---- */

static json_t *page_of(struct str url)
{
    const char *key;
    json_t *one;
    json_object_foreach(json_object_get(vectors, "web"), key,
                        one) if (str_eq(str_of(key), url)) return one;
    return NULL;
}

/* As a fetcher answers: addresses that are not of the open Internet are not asked. */
static enum fetch_outcome fetched(struct str url, struct str *body)
{
    json_t *page = page_of(url);
    *body = STR("");
    if (!page)
        return FETCH_BAD_ADDRESS;
    if (json_integer_value(json_object_get(page, "status")) != 200)
        return FETCH_GONE;
    *body = lab_member(page, "body");
    return body->n > FETCH_BODY_MAX ? FETCH_TOO_MUCH : FETCH_OK;
}

static struct verification_served ask(struct certificate_cache *cache, struct str url, bool again)
{
    const struct certificate_ground ground = {image, 1, now_s};
    struct verification_served served = {.state = CERTIFICATE_PENDING};
    struct certificate_body body = {
        .url = url, .fetched_s = now_s, .stale_s = now_s + 86400, .ends_s = now_s + 2 * 86400};
    if (url.n == 0)
        return served;
    enum certificate_cached cached = certificate_cache_get(cache, url, &ground, &served.prepared);
    if (cached == CERTIFICATE_IS_UNKNOWN) {
        enum fetch_outcome outcome = fetched(url, &body.text);
        served.state = verification_certificate_of(outcome);
        served.why = fetch_outcome_text(outcome);
        if (served.state == CERTIFICATE_PREPARED) {
            assert_false(again);
            assert_true(certificate_cache_put(cache, &body, &ground, &served.prepared));
        }
    }
    if (served.prepared)
        served.state = CERTIFICATE_PREPARED;
    return served;
}

/* ---- one call ---- */

static struct verification_rules rules_of(json_t *settings)
{
    struct verification_rules rules = VERIFICATION_RULES_USUAL;
    struct str dest = lab_member(settings, "dest"), anonymous = lab_member(settings, "anonymous");
    rules.require = json_is_true(json_object_get(settings, "require"));
    rules.refuse_withheld = str_eq(anonymous, STR("refuse"));
    if (str_eq(dest, STR("request_uri")))
        rules.dest = VERIFICATION_REQUEST_URI;
    if (str_eq(dest, STR("either")))
        rules.dest = VERIFICATION_EITHER;
    return rules;
}

static void wrong(json_t *one, const struct verification *v, const char *what)
{
    fail_msg("%s: %s: %.*s, %.*s, %.*s, %.*s, %d by %.*s", lab_member(one, "name").p, what,
             STR_ARG(verification_class_name(v->class)),
             STR_ARG(verstat_priority_text(v->priority)), STR_ARG(verstat_text(v->verstat)),
             STR_ARG(reason_name(v->reason)), v->sip_status,
             STR_ARG(v->check < VERIFY_CHECKS ? verify_check_name(v->check) : STR("nothing")));
}

/* "each": in the order of the headers. */
static void expect_each(json_t *one, const struct verification *v)
{
    json_t *each = json_object_get(json_object_get(one, "expect"), "each");
    for (unsigned i = 0; i < v->n && each; i++) {
        const struct verification_header *h = &v->headers[i];
        const char *word = json_string_value(json_array_get(each, h->header));
        if (!str_eq_nocase(token_verdict_name(h->report.verdict), str_of(word)))
            wrong(one, v, word);
    }
}

static void expect(json_t *one, const struct verification *v)
{
    json_t *expected = json_object_get(one, "expect");
    struct str decided = lab_member(expected, "decided"), attest = lab_member(expected, "attest");
    struct str check = v->check < VERIFY_CHECKS ? verify_check_name(v->check) : STR("");
    if (!str_eq(verstat_text(v->verstat), lab_member(expected, "verstat")))
        wrong(one, v, "verstat");
    if (v->sip_status != json_integer_value(json_object_get(expected, "reject_status")))
        wrong(one, v, "status");
    /* No check is called so; an address that nobody connects to may be refused as a URL before. */
    if (!str_eq(decided, STR("REQUIRED")) && !str_eq_nocase(check, decided) &&
        !(str_eq(decided, STR("fetch")) && v->check == VERIFY_URL))
        wrong(one, v, "check");
    if (attest.n > 0 && v->level != attest.p[0])
        wrong(one, v, "level");
    if ((v->class == VERIFICATION_PASSED) != (v->level != '\0') ||
        (v->class == VERIFICATION_PASSED) != (v->verstat == VERSTAT_PASSED))
        wrong(one, v, "class");
    expect_each(one, v);
}

static void judge(json_t *one, struct certificate_cache *cache, bool again)
{
    const struct country country = {
        .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};
    json_t *facts = json_object_get(one, "message"), *list = json_object_get(one, "identity");
    struct str values[16], resource = lab_member(facts, "resource_priority");
    const struct call_priority priority = {.resources = &resource, .n_resources = 1};
    struct sip_identity_facts read;
    struct verification_served served[IDENTITY_SET_MAX];
    struct identity_set set;
    struct verification v;
    struct arena *arena = arena_new(4096);
    struct buf message = message_of(facts);
    assert_true(json_array_size(list) <= 16);
    for (size_t i = 0; i < json_array_size(list); i++)
        values[i] = (struct str){json_string_value(json_array_get(list, i)),
                                 json_string_length(json_array_get(list, i))};
    sip_identity_facts(buf_str(&message), &country, &read);
    assert_true(identity_set_read(&set, values, (unsigned)json_array_size(list), 8, arena));
    for (unsigned i = 0; i < set.n; i++)
        served[i] = ask(cache, identity_set_url(&set, i), again);
    const struct verification_question q = {
        .set = &set,
        .served = served,
        .rules = rules_of(json_object_get(one, "settings")),
        .now_s = now_s,
        .image = image,
        .orig = read.has_orig ? &read.orig : NULL,
        .to = read.has_dest ? &read.dest : NULL,
        .requested = read.has_requested ? &read.requested : NULL,
        .is_withheld = !read.has_orig,
        .is_emergency = str_eq(lab_member(facts, "request_uri"), STR("911")),
        .date_s = json_integer_value(json_object_get(facts, "date")),
        .priority = resource.n > 0 ? &priority : NULL,
    };
    verification_judge(&q, arena, &v);
    expect(one, &v);
    assert_int_equal(set.n + set.n_beyond + set.n_empty, json_array_size(list));
    identity_set_fini(&set);
    buf_fini(&message);
    arena_free(arena);
}

static void every_call(void **state)
{
    size_t i;
    json_t *one;
    (void)state;
    struct certificate_cache *cache = certificate_cache_new(64, 64);
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        judge(one, cache, false);
        uint64_t judged = certificate_cache_counts(cache).judged;
        judge(one, cache, true);
        assert_int_equal(certificate_cache_counts(cache).judged, judged);
    }
    assert_int_equal(i, 78);
    certificate_cache_free(cache);
}

static int set_up(void **state)
{
    struct problems problems = PROBLEMS_INIT;
    size_t i;
    json_t *one;
    (void)state;
    vectors = lab_vectors("verification_cases.json");
    now_s = json_integer_value(json_object_get(vectors, "now"));
    struct trust *trust = trust_new();
    json_array_foreach(json_object_get(vectors, "anchors"), i, one)
    {
        struct str text = {json_string_value(one), json_string_length(one)};
        assert_true(trust_add_anchors(trust, STR("anchor"), text, &problems));
    }
    const struct str countries[] = {{"1", 1}};
    const struct trust_image_domain domain = {
        .name = STR("us"), .countries = countries, .n_countries = 1, .trust = trust};
    const char *why = NULL;
    assert_true(trust_image_write(&room, &domain, 1));
    image = trust_image_open(buf_str(&room), 1, &why);
    assert_non_null(image);
    trust_free(trust);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trust_image_close(image);
    buf_fini(&room);
    json_decref(vectors);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_call)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
