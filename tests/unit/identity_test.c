#include "lab.h"

#include <stird/identity.h>

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

static void the_reject_list_is_rejected(void **state)
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
        if (kind != (value.n == 0 ? IDENTITY_EMPTY : IDENTITY_UNREADABLE))
            fail_msg("kind %d for %.*s", kind, STR_ARG(value));
        free(copy);
    }
    assert_int_equal(i, 9);
}

#define D "aA0.b-_.cc"
#define U ";info=<https://x.example/c>"

static const struct {
    const char *value;
    enum identity_kind kind;
} cases[] = {
    {"", IDENTITY_EMPTY},
    {" \t\r\n ", IDENTITY_EMPTY},
    {D U, IDENTITY_OTHER},
    {D U ";ppt=shaken", IDENTITY_SHAKEN},
    {"  " D "\r\n ; info\t=\r\n <https://x.example/c>\r\n ;ppt=shaken  ", IDENTITY_SHAKEN},
    {D U ";ppt=div", IDENTITY_OTHER},
    {D U ";ppt=SHAKEN", IDENTITY_OTHER},
    {D U ";ppt=\"shaken\";alg=\"ES256\"", IDENTITY_SHAKEN},
    {D U ";flag;x=\"a;b\\\"c\";host=[::1]:5061;y=<urn:x>;ppt=shaken", IDENTITY_SHAKEN},
    {".."
     "cc" U ";ppt=shaken",
     IDENTITY_SHAKEN},
    {D U ";", IDENTITY_UNREADABLE},
    {D U ";;ppt=shaken", IDENTITY_UNREADABLE},
    {D U ";ppt=", IDENTITY_UNREADABLE},
    {D U ";ppt", IDENTITY_UNREADABLE},
    {D U ";ppt=\"\"", IDENTITY_UNREADABLE},
    {D U ";ppt=\"shaken", IDENTITY_UNREADABLE},
    {D U ";ppt=\"sha ken\"", IDENTITY_UNREADABLE},
    {D U ";ppt=shaken;ppt=div", IDENTITY_UNREADABLE},
    {D U ";alg=ES256;ALG=none", IDENTITY_UNREADABLE},
    {D U ";ppt=shaken, " D U, IDENTITY_UNREADABLE},
    {D U " ppt=shaken", IDENTITY_UNREADABLE},
    {D U ";x=\"a", IDENTITY_UNREADABLE},
    {D U ";x=\"a\\", IDENTITY_UNREADABLE},
    {D U ";x=<a", IDENTITY_UNREADABLE},
    {D U ";x=\"a\x01\"", IDENTITY_UNREADABLE},
    {D ";info=<>", IDENTITY_UNREADABLE},
    {D ";info=<nothing>", IDENTITY_UNREADABLE},
    {D ";info=<https:>", IDENTITY_UNREADABLE},
    {D ";info=<1:x>", IDENTITY_UNREADABLE},
    {D ";info=<https://x.example/a b>", IDENTITY_UNREADABLE},
    {D ";info=<https://x.example/c", IDENTITY_UNREADABLE},
    {D ";info=\"https://x.example/c\"", IDENTITY_UNREADABLE},
    {"a.b." U, IDENTITY_UNREADABLE},
    {"a..c" U, IDENTITY_UNREADABLE},
    {".." U, IDENTITY_UNREADABLE},
    {"a" U, IDENTITY_UNREADABLE},
    {"\"a.b.c\"" U, IDENTITY_UNREADABLE},
    {"a.b.c d" U, IDENTITY_UNREADABLE},
};

static void cases_have_their_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *copy;
        struct identity identity;
        if (parse(str_of(cases[i].value), &identity, &copy) != cases[i].kind)
            fail_msg("not of kind %d: %s", cases[i].kind, cases[i].value);
        free(copy);
    }
}

static void a_nul_does_not_end_the_text(void **state)
{
    struct identity identity;
    (void)state;
    assert_int_equal(identity_parse(STR(D U "\0;ppt=shaken"), &identity), IDENTITY_UNREADABLE);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_accept_list_is_accepted),
        cmocka_unit_test(the_reject_list_is_rejected),
        cmocka_unit_test(cases_have_their_kind),
        cmocka_unit_test(a_nul_does_not_end_the_text),
        cmocka_unit_test(parts_are_where_they_belong),
        cmocka_unit_test(what_is_written_is_byte_for_byte_right),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
