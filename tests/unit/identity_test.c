#include "lab.h"

#include <stird/core/identity.h>

static json_t *vectors;

static int load(void **state)
{
    (void)state;
    vectors = lab_vectors("rfc8224_identity_header.json");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

/* An exact copy, so that a read behind the end is seen by the sanitizer. */
static enum identity_kind parse(struct str value, struct identity *identity, char **copy)
{
    *copy = malloc(value.n + 1);
    if (value.n > 0)
        memcpy(*copy, value.p, value.n);
    return identity_parse((struct str){*copy, value.n}, identity);
}

static void the_accept_list_is_accepted(void **state)
{
    size_t i;
    json_t *vector;
    (void)state;
    json_array_foreach(json_object_get(vectors, "accept"), i, vector)
    {
        char *copy;
        struct identity identity;
        struct str value = lab_member(vector, "value");
        bool compact = json_is_true(json_object_get(vector, "compact"));
        enum identity_kind kind = parse(value, &identity, &copy);
        if (kind != (compact ? IDENTITY_OTHER : IDENTITY_SHAKEN))
            fail_msg("kind %d for %.*s", kind, STR_ARG(value));
        assert_int_equal(identity.compact, compact);
        assert_str(identity.alg, STR("ES256"));
        assert_str(identity.ppt, compact ? STR("") : STR("shaken"));
        assert_true(str_starts(identity.info, STR("https://")));
        assert_int_equal(identity.header.n == 0, compact);
        assert_int_equal(identity.digest.n,
                         identity.header.n + identity.payload.n + identity.signature.n + 2);
        free(copy);
    }
    assert_int_equal(i, 8);
}

/* Not well formed; those whose token says shaken are known as shaken all the same. */
static void the_reject_list_is_at_fault(void **state)
{
    size_t i;
    json_t *vector;
    (void)state;
    json_array_foreach(json_object_get(vectors, "reject"), i, vector)
    {
        char *copy;
        struct identity identity;
        struct str value = lab_member(vector, "value");
        enum identity_kind kind = parse(value, &identity, &copy);
        bool has_header = str_starts(value, STR("eyJ"));
        enum identity_kind wanted = value.n == 0 ? IDENTITY_EMPTY
                                    : has_header ? IDENTITY_SHAKEN
                                                 : IDENTITY_UNREADABLE;
        if (kind != wanted || (value.n > 0 && !identity.fault))
            fail_msg("kind %d for %.*s", kind, STR_ARG(value));
        assert_int_equal(identity.token_is_shaken, has_header);
        free(copy);
    }
    assert_int_equal(i, 9);
}

#define D "aA0.b-_.cc"
#define U ";info=<https://x.example/c>"

static const struct {
    const char *value;
    enum identity_kind kind;
    bool fault;
} cases[] = {
    {"", IDENTITY_EMPTY, false},
    {" \t\r\n ", IDENTITY_EMPTY, false},
    {" , ,", IDENTITY_EMPTY, false},
    {D U, IDENTITY_OTHER, false},
    {D U ";ppt=shaken", IDENTITY_SHAKEN, false},
    {"  " D "\r\n ; info\t=\r\n <https://x.example/c>\r\n ;ppt=shaken  ", IDENTITY_SHAKEN, false},
    {D U ";ppt=div", IDENTITY_OTHER, false},
    {D U ";ppt=SHAKEN", IDENTITY_SHAKEN, false},
    {D U ";PPT=\"Shaken\"", IDENTITY_SHAKEN, false},
    {D U ";ppt=\"shaken\";alg=\"ES256\"", IDENTITY_SHAKEN, false},
    {D U ";flag;x=\"a;b\\\"c\";host=[::1]:5061;y=<urn:x>;ppt=shaken", IDENTITY_SHAKEN, false},
    {"..cc" U ";ppt=shaken", IDENTITY_SHAKEN, false},
    {"..cc" U, IDENTITY_OTHER, false},
    /* Neither token nor parameter tells. */
    {D U ";", IDENTITY_UNREADABLE, true},
    {D U ";ppt=", IDENTITY_UNREADABLE, true},
    {D U ";ppt", IDENTITY_UNREADABLE, true},
    {D U ";ppt=\"\"", IDENTITY_UNREADABLE, true},
    {D U ";ppt=\"sha ken\"", IDENTITY_UNREADABLE, true},
    {D U ";alg=ES256;ALG=none", IDENTITY_UNREADABLE, true},
    {D U ";x=\"a", IDENTITY_UNREADABLE, true},
    {D U ";x=\"a\\", IDENTITY_UNREADABLE, true},
    {D U ";x=<a", IDENTITY_UNREADABLE, true},
    {D U ";x=\"a\x01\"", IDENTITY_UNREADABLE, true},
    {D ";info=<>", IDENTITY_UNREADABLE, true},
    {D ";info=<nothing>", IDENTITY_UNREADABLE, true},
    {D ";info=<https:>", IDENTITY_UNREADABLE, true},
    {D ";info=<1:x>", IDENTITY_UNREADABLE, true},
    {D ";info=<https://x.example/a b>", IDENTITY_UNREADABLE, true},
    {D ";info=<https://x.example/c", IDENTITY_UNREADABLE, true},
    {D ";info=\"https://x.example/c\"", IDENTITY_UNREADABLE, true},
    {D, IDENTITY_UNREADABLE, true},
    {"a.b." U, IDENTITY_UNREADABLE, true},
    {"\"a.b.c\"" U, IDENTITY_UNREADABLE, true},
    {"a.b.c d" U, IDENTITY_UNREADABLE, true},
    {D U " ppt=shaken", IDENTITY_UNREADABLE, true},
    /* The parameter does, also behind what is no token. */
    {"a..c" U ";ppt=shaken", IDENTITY_SHAKEN, true},
    {".." U ";ppt=shaken", IDENTITY_SHAKEN, true},
    {".b.c" U ";ppt=shaken", IDENTITY_SHAKEN, true},
    {"....;ppt=shaken", IDENTITY_SHAKEN, true},
    {"a" U ";ppt=shaken", IDENTITY_SHAKEN, true},
    {";ppt=shaken", IDENTITY_SHAKEN, true},
    {"'x' ; ppt = \"Shaken\"", IDENTITY_SHAKEN, true},
    {"x;ppt=div", IDENTITY_UNREADABLE, true},
    {"x;a=\";ppt=shaken\"", IDENTITY_UNREADABLE, true},
    {D U ";;ppt=shaken", IDENTITY_SHAKEN, true},
    {D U ";ppt=\"shaken", IDENTITY_SHAKEN, true},
    {D U ";ppt=<shaken>", IDENTITY_SHAKEN, true},
    {D U ";ppt=shaken;ppt=div", IDENTITY_SHAKEN, true},
    {D U ";ppt=div;ppt=shaken", IDENTITY_SHAKEN, true},
    {D ";info=https://x.example/c;ppt=shaken", IDENTITY_SHAKEN, true},
    {D ";ppt=shaken", IDENTITY_SHAKEN, true},
};

static void cases_have_their_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *copy;
        struct identity identity;
        if (parse(str_of(cases[i].value), &identity, &copy) != cases[i].kind)
            fail_msg("not of kind %d: %s", cases[i].kind, cases[i].value);
        if ((identity.fault != NULL) != cases[i].fault)
            fail_msg("fault %s: %s", identity.fault, cases[i].value);
        free(copy);
    }
}

/* HEADER.b-_.cc, HEADER being JSON in base64url. */
static struct str token_of(const char *json, char room[512])
{
    struct buf coded = BUF_INIT;
    base64url_add(&coded, json, strlen(json));
    int n = snprintf(room, 512, "%.*s.b-_.cc", STR_ARG(buf_str(&coded)));
    buf_fini(&coded);
    return (struct str){room, (size_t)n};
}

#define SHAKEN_JSON "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\"}"
#define DIV_JSON    "{\"alg\":\"ES256\",\"ppt\":\"div\",\"typ\":\"passport\"}"

/* What stands around a token that says shaken; %s is the token. */
static const struct {
    const char *form;
    bool fault;
} around[] = {
    {"%s" U ";alg=ES256;ppt=shaken", false},
    {"%s" U, false},
    {"%s" U ";alg=ES256", false},
    {"%s" U ";alg=ES256;ppt=div", false}, /* both are told; a verifier sees that they differ */
    {"%s", true},
    {"%s;", true},
    {"%s" U ";", true},
    {"%s" U ";alg=ES256;ppt=shaken;", true},
    {"%s;info=https://x.example/c;alg=ES256;ppt=shaken", true},
    {"%s;info=\"https://x.example/c\";alg=ES256;ppt=shaken", true},
    {"%s;info=<https://x.example/c;alg=ES256;ppt=shaken", true},
    {"%s;info;alg=ES256", true},
    {"%s;alg=ES256;ppt=shaken", true},
    {"%s;info=;ppt=", true},
    {"%s ;\r\n INFO = <https://x.example/c> ;\r\n\tALG=ES256", false},
    {"\"%s\"" U, true},
    {"%s==" U, true},
    {"%s" U ";alg=\"ES256;ppt=\"", true},
    {"%s" U ";@#$", true},
    {"%s " U " rubbish", true},
    {"%s, another" U, true},
};

static void what_the_token_says_counts(void **state)
{
    char token[512], value[1024];
    (void)state;
    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
        for (int shaken = 0; shaken < 2; shaken++) {
            struct identity identity;
            char *copy;
            struct str t = token_of(shaken ? SHAKEN_JSON : DIV_JSON, token);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(value, sizeof(value), around[i].form, t.p);
#pragma GCC diagnostic pop
            enum identity_kind kind = parse(str_of(value), &identity, &copy);
            bool says = shaken || strstr(value, "ppt=shaken");
            if (kind != (says ? IDENTITY_SHAKEN : IDENTITY_OTHER) ||
                (identity.fault != NULL) != around[i].fault)
                fail_msg("kind %d, fault %s: %s", kind, identity.fault, value);
            assert_int_equal(identity.token_is_shaken, shaken);
            free(copy);
        }
    }
}

/* White space and padding inside, the standard alphabet: still the token it was meant to be. */
static void a_token_is_read_as_it_was_meant(void **state)
{
    static const char *const json[] = {"{\"ppt\":\"shaken\",\"x\":\"~~~>?>?>\"}",
                                       "{\"ppt\":\"SHAKEN\"}", "{ \"ppt\" : \"\\u0073haken\" }"};
    char token[512], odd[1024];
    (void)state;
    for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
        struct identity identity;
        struct str t = token_of(json[i], token);
        size_t n = 0;
        for (size_t at = 0; at < t.n; at++) {
            odd[n++] = t.p[at] == '-' ? '+' : t.p[at] == '_' ? '/' : t.p[at];
            if (at == 8)
                n += (size_t)sprintf(odd + n, "\r\n ");
        }
        assert_int_equal(identity_parse((struct str){odd, n}, &identity), IDENTITY_SHAKEN);
        assert_non_null(identity.fault);
    }
}

/* What is no JSON object, or says its type twice, says nothing. */
static void a_header_that_tells_nothing(void **state)
{
    static const char *const json[] = {
        "[\"shaken\"]",           "\"shaken\"",          "{\"ppt\":1}",
        "{\"ppt\":[\"shaken\"]}", "{\"ppt\":\"shaken\"", "{\"ppt\":\"shaken\",\"ppt\":\"div\"}",
        "{\"typ\":\"shaken\"}"};
    char token[512];
    (void)state;
    for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
        struct identity identity;
        identity_parse(token_of(json[i], token), &identity);
        assert_false(identity.token_is_shaken);
    }
}

static const char *const mentions[] = {
    "{\"alg\":\"ES256\",\"ppt\":[\"shaken\"]}",
    "{\"ppt\":\"shaken\",\"ppt\":\"div\"}",
    "{\"ppt\":\"div\",\"ppt\":\"shaken\"}",
    "{\"alg\":\"ES256\",\"ppt\":\"shaken\"} x",
    "{\"ppt\":\"shaken\"",
    "{\"PPT\" : \"Shaken\"}",
    SHAKEN_JSON,
};
static const char *const no_mentions[] = {DIV_JSON, "{\"typ\":\"shaken\"}",
                                          "{\"ppt\":\"div\",\"typ\":\"shaken\"}", "{\"ppt\":1}"};
static const char *const before[] = {"",    "<", "\xef\xbb\xbf", "Bearer ",
                                     "\"<", "(", "eyJ eyJ ",     "\xa0"};

/* Whatever stands before the token, and whatever is wrong with its JSON. */
static void a_token_that_means_shaken_is_one(void **state)
{
    char token[512], value[1024];
    (void)state;
    for (size_t i = 0; i < sizeof(mentions) / sizeof(mentions[0]); i++)
        for (size_t b = 0; b < sizeof(before) / sizeof(before[0]); b++) {
            struct identity identity;
            char *copy;
            snprintf(value, sizeof(value), "%s%s>;info=<x", before[b],
                     token_of(mentions[i], token).p);
            if (parse(str_of(value), &identity, &copy) != IDENTITY_SHAKEN || !identity.fault)
                fail_msg("%s of %s", value, mentions[i]);
            free(copy);
        }
    for (size_t i = 0; i < sizeof(no_mentions) / sizeof(no_mentions[0]); i++) {
        struct identity identity;
        assert_int_not_equal(identity_parse(token_of(no_mentions[i], token), &identity),
                             IDENTITY_SHAKEN);
    }
}

/* A header over the limit is not parsed; that it says shaken is seen all the same. */
static void a_huge_header_means_what_it_says(void **state)
{
    struct buf json = BUF_INIT, value = BUF_INIT;
    struct identity identity;
    (void)state;
    buf_add_text(&json, "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"x\":\"");
    for (unsigned i = 0; i < 60000; i++)
        buf_add_char(&json, 'a');
    buf_add_text(&json, "\",\"ppt\":\"div\"}");
    base64url_add(&value, json.p, json.n);
    buf_add_text(&value, ".b.c" U);
    assert_int_equal(identity_parse(buf_str(&value), &identity), IDENTITY_SHAKEN);
    assert_non_null(identity.fault);
    assert_true(identity.says_div);
    buf_fini(&json);
    buf_fini(&value);
}

/* What is behind the parameters that are read, or in escapes of what is no JSON, may say anything.
 */
static void what_is_not_read_says_anything(void **state)
{
#define FIFTEEN U ";a;b;c;d;e;f;g;h;i;j;k;l;m;n"
    static const struct {
        const char *json, *parameters;
        enum identity_kind kind;
        bool div;
    } rows[] = {
        {"{\"ppt\":\"x\"}", FIFTEEN ";ppt=x", IDENTITY_OTHER, false},
        {"{\"ppt\":\"x\"}", FIFTEEN ";ppt=div", IDENTITY_OTHER, true},
        {"{\"ppt\":\"x\"}", FIFTEEN ";o;ppt=div", IDENTITY_SHAKEN, true},
        {"{\"ppt\":\"x\"}", FIFTEEN ";o;p", IDENTITY_SHAKEN, true},
        {"{\"ppt\":\"x\"}", FIFTEEN ";o;", IDENTITY_SHAKEN, true},
        {"{ \"ppt\":\"div\",\"ppt\":\"div\"}", U, IDENTITY_OTHER, true},
        {"{\n\"ppt\":\"shaken\",\"ppt\":\"x\"}", U, IDENTITY_SHAKEN, false},
        {"{\"pp\\u0074\":\"x\",\"ppt\":\"x\"}", U, IDENTITY_SHAKEN, true},
        {"{\"nam\":\"Caf\\u00e9\",\"ppt\":\"x\"}", U ";ppt=x", IDENTITY_OTHER, false},
        {"{\"nam\":\"a\\/b\",\"nam\":\"\"}", U ";ppt=x", IDENTITY_OTHER, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char token[512], value[1024], *copy;
        struct identity identity;
        snprintf(value, sizeof(value), "%s%s", token_of(rows[i].json, token).p, rows[i].parameters);
        if (parse(str_of(value), &identity, &copy) != rows[i].kind ||
            identity.says_div != rows[i].div)
            fail_msg("%s of %s", value, rows[i].json);
        free(copy);
    }
}

/* Of however many values none is left unread. */
static void all_values_of_a_message(void **state)
{
    struct str values[IDENTITIES_MAX];
    struct identity identity;
    (void)state;
    for (unsigned n = IDENTITIES_MAX - 1; n < IDENTITIES_MAX + 3; n++) {
        struct buf message = BUF_INIT;
        buf_add_text(&message, "INVITE sip:x SIP/2.0\r\n");
        for (unsigned i = 0; i < n; i++)
            buf_addf(&message, "Identity: ..c" U ";ppt=%s\r\n", i + 1 == n ? "div" : "x");
        buf_add_text(&message, "\r\n");
        const unsigned found = identities_of(buf_str(&message), values);
        assert_int_equal(found, n < IDENTITIES_MAX ? n : IDENTITIES_MAX);
        identity_parse(values[found - 1], &identity);
        assert_true(identity.says_div);
        buf_fini(&message);
    }
}

/* Lines that the next hop may read as Identity are values too, behind the others; none of them is
   well formed. */
static void odd_lines_of_a_message(void **state)
{
    static const char *const odd[] = {"Identity (c): a.b.c" U, "Identity a.b.c" U, "y=a.b.c" U,
                                      "Identity\t;x: a.b.c" U};
    struct str values[IDENTITIES_MAX];
    struct identity identity;
    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct buf message = BUF_INIT;
        buf_addf(&message, "INVITE sip:x SIP/2.0\r\n%s\r\nIdentity: a.b.c" U "\r\n", odd[i]);
        buf_add_text(&message, "Identity-Info: <https://a.example/b>\r\n\r\nIdentity (body): x");
        assert_int_equal(identities_of(buf_str(&message), values), 2);
        assert_true(str_eq(values[0], STR("a.b.c" U)));
        assert_true(str_eq(values[1], str_of(odd[i])));
        identity_parse(values[1], &identity);
        assert_non_null(identity.fault);
        buf_fini(&message);
    }
}

/* Deeper or longer than any header is: read up to a bound. */
static void a_header_is_bounded(void **state)
{
    struct identity identity;
    struct buf json = BUF_INIT, value = BUF_INIT;
    (void)state;
    for (unsigned i = 0; i < 60000; i++)
        buf_add_char(&json, '[');
    base64url_add(&value, json.p, 3000);
    buf_add_text(&value, ".b.c");
    assert_int_equal(identity_parse(buf_str(&value), &identity), IDENTITY_UNREADABLE);
    buf_reset(&value);
    base64url_add(&value, json.p, json.n);
    buf_add_text(&value, ".b.c" U ";ppt=shaken");
    assert_int_equal(identity_parse(buf_str(&value), &identity), IDENTITY_SHAKEN);
    buf_fini(&json);
    buf_fini(&value);
}

static const struct {
    const char *list;
    unsigned n;
} lists[] = {
    {"", 0},
    {" , ", 0},
    {D U, 1},
    {D U "," D U, 2},
    {D U ";ppt=shaken ,\r\n " D U ",", 2},
    {D ";info=<https://x.example/a,b>", 1},
    {D U ";x=\"a,b\"", 1},
    {D ";info=<https://x.example/a," D U, 2}, /* what never ends encloses nothing */
    {D U ";x=\"a," D U, 2},
    {D ";info=https://x.example/a," D U, 2},
};

static void values_of_one_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct str line = str_of(lists[i].list), values[IDENTITY_VALUES_MAX];
        unsigned n = identity_values(line, values);
        assert_int_equal(identity_is_empty(line), lists[i].n == 0);
        for (unsigned k = 0; k < n; k++)
            assert_true(str_starts(values[k], STR("aA0.")));
        if (n != lists[i].n)
            fail_msg("%u values: %s", n, lists[i].list);
    }
}

/* However many there are, and whatever never ends: read a few times, not once for each. */
static void no_text_is_read_for_ever(void **state)
{
    static const char *const pieces[] = {"a.b.c;x=\"\\", ",", ";\\\"", "<", "\"", "\"\\\","};
    struct str values[IDENTITY_VALUES_MAX];
    struct identity identity;
    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct buf line = BUF_INIT;
        buf_add_text(&line, D U);
        while (line.n < 4000000)
            buf_add_text(&line, pieces[i]);
        unsigned n = identity_values(buf_str(&line), values);
        assert_true(n > 0 && n <= IDENTITY_VALUES_MAX);
        identity_parse(buf_str(&line), &identity);
        buf_fini(&line);
    }
}

static void a_nul_does_not_end_the_text(void **state)
{
    struct identity identity;
    (void)state;
    assert_int_equal(identity_parse(STR(D U "\0;ppt=shaken"), &identity), IDENTITY_SHAKEN);
    assert_non_null(identity.fault);
    assert_int_equal(identity_parse(STR(D U ";ppt=sha\0ken"), &identity), IDENTITY_UNREADABLE);
}

static void parts_are_where_they_belong(void **state)
{
    struct identity identity;
    (void)state;
    assert_int_equal(
        identity_parse(STR(" " D ";alg=\"ES256\";info=<https://x.example/a;b=c?d=e,f>;ppt=rph "),
                       &identity),
        IDENTITY_OTHER);
    assert_str(identity.digest, STR(D));
    assert_str(identity.header, STR("aA0"));
    assert_str(identity.payload, STR("b-_"));
    assert_str(identity.signature, STR("cc"));
    assert_str(identity.info, STR("https://x.example/a;b=c?d=e,f"));
    assert_str(identity.alg, STR("ES256"));
    assert_str(identity.ppt, STR("rph"));
    assert_false(identity.compact);
}

static void what_is_written_is_byte_for_byte_right(void **state)
{
    size_t i;
    json_t *vector, *shaken = lab_vectors("rfc8588_shaken.json");
    (void)state;
    json_array_foreach(json_object_get(shaken, "vectors"), i, vector)
    {
        struct buf b = BUF_INIT;
        identity_add(&b, lab_member(vector, "token"), STR("https://cert.example.org/passport.cer"),
                     STR("ES256"), STR("shaken"));
        assert_str(buf_str(&b), lab_member(vector, "identity_value"));
        buf_fini(&b);
    }
    assert_int_equal(i, 3);
    json_decref(shaken);
}

/* Beginnings inside each other until nobody looks any further: it may say shaken behind that. */
static void what_is_not_read_may_say_shaken(void **state)
{
    static const struct {
        unsigned beginnings;
        enum identity_kind kind;
    } tries[] = {{1, IDENTITY_UNREADABLE}, {200, IDENTITY_SHAKEN}};
    (void)state;
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        struct buf value = BUF_INIT;
        struct identity identity;
        char *copy;
        for (unsigned n = 0; n < tries[i].beginnings; n++)
            buf_add_text(&value, "eyJA");
        for (unsigned n = 0; n < 200; n++)
            buf_add_text(&value, "AAAA");
        assert_int_equal(parse(buf_str(&value), &identity, &copy), tries[i].kind);
        free(copy);
        buf_fini(&value);
    }
}

/* Lines that are no header, and that some next hops read as Identity. */
static void lines_that_resemble_identity(void **state)
{
    static const char *const forms[] = {"Identity (c): ", "Identity;x: ", "Identity ",
                                        "\"Identity\": ", "Identity= ",   "Identity\a: "};
    static const struct {
        const char *value;
        enum identity_kind kind;
        bool says_div;
    } values[] = {
        /* {"ppt":"div"}, {"ppt":"shaken"} */
        {"eyJwcHQiOiJkaXYifQ.e30.AAAA;info=<https://a.example/c>", IDENTITY_UNREADABLE, true},
        {"eyJwcHQiOiJzaGFrZW4ifQ.e30.AAAA;info=<https://a.example/c>", IDENTITY_SHAKEN, false},
        {"eyJwcHQiOiJzaGFrZW4ifQ.e30.AAAA;info=<https://a.example/c>, "
         "eyJwcHQiOiJkaXYifQ.e30.AAAA;info=<https://a.example/c>",
         IDENTITY_SHAKEN, true},
        {"junk;ppt=div", IDENTITY_UNREADABLE, true},
        {"junk", IDENTITY_UNREADABLE, false},
        {"", IDENTITY_UNREADABLE, false}};
    (void)state;
    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++)
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            char line[512];
            struct identity_value v;
            snprintf(line, sizeof(line), "%s%s\r\n", forms[f], values[i].value);
            identity_value_read_odd(&v, str_of(line));
            if (v.kind != values[i].kind || v.identity.says_div != values[i].says_div ||
                !v.identity.fault)
                fail_msg("%s", line);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_accept_list_is_accepted),
        cmocka_unit_test(the_reject_list_is_at_fault),
        cmocka_unit_test(cases_have_their_kind),
        cmocka_unit_test(what_the_token_says_counts),
        cmocka_unit_test(a_token_is_read_as_it_was_meant),
        cmocka_unit_test(a_header_that_tells_nothing),
        cmocka_unit_test(a_token_that_means_shaken_is_one),
        cmocka_unit_test(a_huge_header_means_what_it_says),
        cmocka_unit_test(a_header_is_bounded),
        cmocka_unit_test(what_is_not_read_says_anything),
        cmocka_unit_test(all_values_of_a_message),
        cmocka_unit_test(odd_lines_of_a_message),
        cmocka_unit_test(values_of_one_line),
        cmocka_unit_test(no_text_is_read_for_ever),
        cmocka_unit_test(a_nul_does_not_end_the_text),
        cmocka_unit_test(parts_are_where_they_belong),
        cmocka_unit_test(what_is_written_is_byte_for_byte_right),
        cmocka_unit_test(what_is_not_read_may_say_shaken),
        cmocka_unit_test(lines_that_resemble_identity),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
