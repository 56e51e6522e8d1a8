/* Chains of our own certificates in the state directory: whole, once each, and found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stird/io/kept_chains.h>

static char directory[64], folder[80];

/* Two elements of DER, which need not be certificates here. */
#define CHAIN STR("\x30\x03\x02\x01\x05\x30\x81\x02\x05\x00")

static int setup(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/kept_chains_test.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(folder, sizeof(folder), "%s/" KEPT_CHAINS_DIRECTORY, directory);
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", directory);
    return system(command);
}

static struct certificate unit(const char *x5u)
{
    return (struct certificate){.id = STR("709J"),
                                .spc = STR("709J"),
                                .serial = STR("0A"),
                                .subject = STR("CN=SHAKEN\n709J"),
                                .x5u = str_of(x5u),
                                .chain = CHAIN};
}

struct seen {
    unsigned n;
    bool good;
};

static void see(void *user, const struct kept_chain *k)
{
    struct seen *seen = user;
    seen->n++;
    seen->good = str_eq(k->id, STR("709J")) && str_eq(k->serial, STR("0A")) &&
                 str_starts(k->x5u, STR("https://")) && k->name.n == KEPT_CHAIN_NAME_LENGTH &&
                 memmem(k->text.p, k->text.n, "MAMCAQU=", 8) &&
                 memmem(k->text.p, k->text.n, "CN=SHAKEN\\x0a709J", 16);
}

static void test_each_is_kept_once(void **state)
{
    struct certificate c = unit("https://a.example/1.pem");
    struct seen seen = {0};
    struct stat st;
    (void)state;
    assert_int_equal(kept_chains_list(folder, see, &seen), 0); /* there is no folder yet */
    assert_int_equal(kept_chain_write(str_of(directory), &c, 1700000000), 1);
    assert_int_equal(kept_chain_write(str_of(directory), &c, 1800000000), 0);
    c = unit("https://a.example/2.pem");
    assert_int_equal(kept_chain_write(str_of(directory), &c, 1700000000), 1);
    assert_int_equal(kept_chains_list(folder, see, &seen), 0);
    assert_int_equal(seen.n, 2);
    assert_true(seen.good);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void test_what_cannot_be_kept(void **state)
{
    struct certificate c = unit("https://a.example/1.pem");
    struct seen seen = {0};
    static const struct str bad[] = {STR(""),
                                     STR("\x30"),
                                     STR("\x30\x05\x01"),
                                     STR("\x31\x00"),
                                     STR("\x30\x84\x00\x00\x00\x01\x00"),
                                     STR("\x30\x82\xff\xff"),
                                     STR("\x30\x00\x30"),
                                     STR("\x30\x80\x00\x00")};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        c.chain = bad[i];
        assert_int_equal(kept_chain_write(str_of(directory), &c, 1700000000), -EBADMSG);
    }
    c.chain = CHAIN;
    assert_true(kept_chain_write(STR("/none/there"), &c, 1700000000) < 0);
    assert_int_equal(kept_chains_list(folder, see, &seen), 0);
    assert_int_equal(seen.n, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_each_is_kept_once),
                                       TEST(test_what_cannot_be_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
