#include "lab.h"

#include "core/verify/tn_auth_list.h"

static char *lab;
static struct arena *arena;

static int make_units(void **state)
{
    static const char *const kinds[] = {"none",          "expired", "future",
                                        "no-tnauthlist", "rsa",     "p384"};
    (void)state;
    lab = lab_directory();
    arena = arena_new(4096);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        lab_unit(lab, kinds[i]);
    return 0;
}

static int remove_units(void **state)
{
    (void)state;
    arena_free(arena);
    lab_remove(lab);
    return 0;
}

static void a_good_unit_is_read(void **state)
{
    struct certificate c;
    const int64_t now = clock_real_s();
    (void)state;
    lab_certificate(&c, arena, lab, "none");
    assert_str(c.id, STR("none"));
    assert_str(c.x5u, STR("https://cert.example.org/none.pem"));
    assert_str(c.spc, STR("709J"));
    assert_str(c.subject, STR("CN=SHAKEN 709J,O=stird lab,C=US"));
    assert_in_range(c.serial.n, 1, 40);
    assert_non_null(c.public_key);
    assert_in_range(now - c.not_before_s, 3590, 3660);
    assert_in_range(c.not_after_s - now, 30 * 86400 - 60, 30 * 86400 + 60);
    certificate_fini(&c);
}

/* R-P-131 R-C-003. */
static void it_is_usable_from_its_first_to_its_last_second(void **state)
{
    const struct certificate c = {.not_before_s = 1000, .not_after_s = 2000};
    (void)state;
    assert_int_equal(certificate_usable(&c, 999), REASON_CERTIFICATE_NOT_YET_VALID);
    assert_int_equal(certificate_usable(&c, 1000), REASON_OK);
    assert_int_equal(certificate_usable(&c, 2000), REASON_OK);
    assert_int_equal(certificate_usable(&c, 2001), REASON_CERTIFICATE_EXPIRED);
}

static void one_that_begins_tomorrow_is_no_problem(void **state)
{
    struct certificate c;
    (void)state;
    lab_certificate(&c, arena, lab, "future");
    assert_int_equal(certificate_usable(&c, clock_real_s()), REASON_CERTIFICATE_NOT_YET_VALID);
    certificate_fini(&c);
}

/* Exactly one problem, that file, and these words in it. */
static void assert_refused(struct str chain, const char *x5u, const char *file, const char *words)
{
    struct certificate c;
    struct problems problems = PROBLEMS_INIT;
    assert_false(certificate_read(&c, arena, STR("id"), STR("/d"), STR("chain.pem"), chain,
                                  STR("x5u"), str_of(x5u), clock_real_s(), &problems));
    if (problems.n != 1)
        fail_msg("%zu problems instead of one with: %s", problems.n, words);
    assert_string_equal(problems.list[0].file, file);
    assert_int_equal(problems.list[0].line, 0);
    if (!strstr(problems.list[0].text, words))
        fail_msg("\"%s\" does not say \"%s\"", problems.list[0].text, words);
    problems_fini(&problems);
}

#define GOOD_X5U "https://cert.example.org/a.pem\n"

static void refused_chain(const char *chain, const char *words)
{
    assert_refused(str_of(chain), GOOD_X5U, "chain.pem", words);
}

static void refused_unit(const char *kind, const char *words)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", lab, kind);
    char *chain = lab_read(path, "chain.pem");
    refused_chain(chain, words);
    free(chain);
}

static void bad_units_are_refused_in_words(void **state)
{
    (void)state;
    refused_unit("expired", "expired on 20");
    refused_unit("no-tnauthlist", "has no TNAuthList (1.3.6.1.5.5.7.1.26)");
    refused_unit("rsa", "not on the curve P-256");
    refused_unit("p384", "not on the curve P-256");
}

static char *joined(const char *a, const char *b)
{
    char *text = NULL;
    assert_true(asprintf(&text, "%s%s", a, b) >= 0);
    return text;
}

static void bad_files_are_refused_in_words(void **state)
{
    char path[1024];
    (void)state;
    snprintf(path, sizeof(path), "%s/none", lab);
    char *chain = lab_read(path, "chain.pem"), *key = lab_read(path, "key.pem");
    snprintf(path, sizeof(path), "%s/ca", lab);
    char *root = lab_read(path, "root.pem"), *intermediate = lab_read(path, "intermediate.pem");
    char *with_key = joined(chain, key), *other_first = joined(root, chain);
    char *twice = joined(chain, intermediate), *with_root = joined(chain, root);
    char *leaf_alone = strndup(chain, (size_t)(strstr(chain + 1, "-----BEGIN") - chain));
    char *leaf_twice = joined(leaf_alone, chain), *wrong_order = joined(leaf_alone, root);

    refused_chain("", "holds no certificate in PEM form");
    refused_chain("garbage", "holds no certificate in PEM form");
    refused_chain(with_key, "holds a private key");
    refused_chain("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                  "block 1 is no certificate");
    refused_chain("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                  "block 1 cannot be decoded");
    refused_chain(wrong_order, "certificate 2 is not the issuer of the one before it");
    refused_chain(twice, "certificate 3 is certificate 2 once more");
    refused_chain(leaf_twice, "certificate 2 is certificate 1 once more");
    char *cut = strdup(chain);
    strstr(cut, "-----END")[-30] = '\0'; /* in the middle of the first block */
    refused_chain(cut, "block 1 is damaged or cut off");

    struct certificate c;
    struct problems problems = PROBLEMS_INIT;
    assert_false(certificate_read(&c, arena, STR("id"), STR("/d"), STR("chain.pem"),
                                  str_of(other_first), STR("x5u"), STR(GOOD_X5U), clock_real_s(),
                                  &problems));
    /* The order; and a root has no TNAuthList, may not sign a token, and is an authority's. */
    assert_int_equal(problems.n, 4);
    problems_fini(&problems);
    assert_true(certificate_read(&c, arena, STR("id"), STR("/d"), STR("chain.pem"),
                                 str_of(with_root), STR("x5u"), STR(GOOD_X5U), clock_real_s(),
                                 &problems));
    certificate_fini(&c);
    char *const all[] = {chain,       key,       root, intermediate, with_key,   other_first,
                         wrong_order, with_root, cut,  twice,        leaf_alone, leaf_twice};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        free(all[i]);
}

static void x5u_is_a_plain_https_url(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "is empty"},
        {" \n", "is empty"},
        {"http://cert.example.org/a", "is no https URL"},
        {"cert.example.org/a", "is no https URL"},
        {"https://", "has no host name"},
        {"https:///a", "has no host name"},
        {"https://:443/a", "has no host name"},
        {"https://.h/a", "a label between its dots"},
        {"https://h..x/a", "a label between its dots"},
        {"https://h../a", "a label between its dots"},
        {"https://./a", "a label between its dots"},
        {"https://..:8443/a", "a label between its dots"},
        {"https://a1234567890123456789012345678901234567890123456789012345678901234.x/a",
         "a label between its dots"},
        {"https://-x.example.net/a.pem", "begins or ends with a hyphen"},
        {"https://x-.example.net/a.pem", "begins or ends with a hyphen"},
        {"https://x.-example.net:8443/a.pem", "begins or ends with a hyphen"},
        {"https://x.example.net-/a.pem", "begins or ends with a hyphen"},
        {"https://cert.example.org/%zz", "a % without two hexadecimal digits"},
        {"https://cert.example.org/a%2", "a % without two hexadecimal digits"},
        {"https://cert.example.org/%", "a % without two hexadecimal digits"},
        {"https://me@cert.example.org/a", "holds a user name"},
        {"https://cert.example.org/a b", "plain characters"},
        {"https://cert.example.org/a\nhttps://cert.example.org/b", "plain characters"},
        {"https://cert.example.org/\"", "plain characters"},
        {"https://cert.example.org/\\", "plain characters"},
        {"https://cert.example.org/>;x=y", "plain characters"},
        {"https://cert.example.org/a#b", "plain characters"},
        {"https://cert.example.org/\xc3\xa4", "plain characters"},
    };
    char path[1024], longest[450] = "https://cert.example.org/";
    (void)state;
    snprintf(path, sizeof(path), "%s/none", lab);
    char *chain = lab_read(path, "chain.pem");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(str_of(chain), bad[i].text, "x5u", bad[i].words);
    memset(longest + strlen(longest), 'a', 400 - strlen(longest));
    struct certificate c;
    struct problems none = PROBLEMS_INIT;
    assert_true(certificate_read(&c, arena, STR("id"), STR("/d"), STR("chain.pem"), str_of(chain),
                                 STR("x5u"), str_of(longest), clock_real_s(), &none));
    assert_int_equal(c.x5u.n, 400);
    certificate_fini(&c);
    longest[400] = 'a';
    assert_refused(str_of(chain), longest, "x5u", "longer than 400");
    free(chain);
}

static const struct {
    struct str der;
    const char *spcs, *why; /* one of the two */
} lists[] = {
    {STR("\x30\x08\xa0\x06\x16\x04"
         "709J"),
     "709J", NULL},
    {STR("\x30\x10\xa0\x06\x16\x04"
         "709J"
         "\xa0\x06\x16\x04"
         "818H"),
     "709J,818H", NULL},
    {STR("\x30\x0f\xa2\x0d\x16\x0b"
         "12155550121"),
     "", NULL},
    {STR("\x30\x14\xa1\x12\x30\x10\x16\x0b"
         "12155550100\x02\x01\x64"),
     "", NULL},
    {STR(""), NULL, "no ASN.1 sequence"},
    {STR("\x30"), NULL, "no ASN.1 sequence"},
    {STR("\x04\x00"), NULL, "no ASN.1 sequence"},
    {STR("\x30\x00\x00"), NULL, "no ASN.1 sequence"},
    {STR("\x30\x80\x00\x00"), NULL, "no ASN.1 sequence"},
    {STR("\x30\x81\x02\xa0\x00"), NULL, "no ASN.1 sequence"},
    {STR("\x30\x84\xff\xff\xff\xff"), NULL, "no ASN.1 sequence"},
    {STR("\x30\x00"), NULL, "it is empty"},
    {STR("\x30\x02\xa3\x00"), NULL, "neither"},
    {STR("\x30\x02\x16\x00"), NULL, "neither"},
    {STR("\x30\x03\xa0\x06\x16"), NULL, "neither"},
    {STR("\x30\x04\xa0\x02\x16\x00"), NULL, "no IA5String"},
    {STR("\x30\x06\xa0\x04\x0c\x02"
         "7J"),
     NULL, "no IA5String"},
    {STR("\x30\x08\xa0\x06\x16\x02"
         "7Jab"),
     NULL, "no IA5String"},
    {STR("\x30\x08\xa0\x06\x16\x04"
         "709j"),
     "709j", NULL}, /* as a list: as a provider it is refused (sti_certificate_test) */
    {STR("\x30\x08\xa0\x06\x16\x04"
         "7,9J"),
     NULL, "letters and digits"},
    {STR("\x30\x06\xa2\x04\x16\x02"
         "+1"),
     NULL, "telephone numbers is malformed"},
    {STR("\x30\x0a\xa1\x08\x30\x06\x16\x01"
         "1\x02\x01\x01"),
     NULL, "ranges of numbers is malformed"},
    {STR("\x30\x0a\xa1\x08\x30\x06\x16\x01"
         "1\x02\x01\xff"),
     NULL, "ranges of numbers is malformed"},
};

static void tn_auth_lists_are_read_as_asn1(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct buf spcs = BUF_INIT;
        const char *why = tn_auth_list_read(lists[i].der, &spcs);
        if (lists[i].why && (!why || !strstr(why, lists[i].why)))
            fail_msg("list %zu: \"%s\" does not say \"%s\"", i, why ? why : "fine", lists[i].why);
        if (!lists[i].why && why)
            fail_msg("list %zu: %s", i, why);
        if (!lists[i].why)
            assert_str(buf_str(&spcs), str_of(lists[i].spcs));
        buf_fini(&spcs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_unit_is_read),
        cmocka_unit_test(it_is_usable_from_its_first_to_its_last_second),
        cmocka_unit_test(one_that_begins_tomorrow_is_no_problem),
        cmocka_unit_test(bad_units_are_refused_in_words),
        cmocka_unit_test(bad_files_are_refused_in_words),
        cmocka_unit_test(x5u_is_a_plain_https_url),
        cmocka_unit_test(tn_auth_lists_are_read_as_asn1),
    };
    return cmocka_run_group_tests(tests, make_units, remove_units);
}
