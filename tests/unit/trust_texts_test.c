/*
 * What `stird -t`, a start and a reload say of a file of trust (files_read_public()) is what
 * becomes of it when a domain is made (trust_texts_read()): whatever lies in its place, both read
 * it, or neither does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <stird/conf/settings_file.h>
#include <stird/io/trust_texts.h>

#define MOST (4 << 20) /* octets */

static char directory[] = "/tmp/stird-trust-texts-XXXXXX";

static const struct {
    const char *name;
    bool is_read;
} places[] = {
    {"plain", true},
    {"link", true}, /* as packages and other programs keep authorities */
    {"link-to-link", true},
    {"longest", true},
    {"nul", true}, /* lists may be DER */
    {"too-long", false},
    {"link-to-too-long", false},
    {"fifo", false},
    {"link-to-fifo", false},
    {"link-to-device", false},
    {"loop", false},
    {"dangling", false},
    {"open", false}, /* everybody may write it */
    {"link-to-open", false},
    {"folder", false},
    {"link-to-folder", false},
    {"none", false},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

static void put(const char *name, size_t n, mode_t mode)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    if (n > 4)
        assert_int_equal(fseek(f, (long)n - 4, SEEK_SET), 0);
    assert_int_equal(fwrite("text", 1, 4, f), 4);
    assert_int_equal(fclose(f) || chmod(name, mode), 0);
}

static int set_up(void **state)
{
    static const char *const links[][2] = {
        {"plain", "link"},        {"link", "link-to-link"},        {"too-long", "link-to-too-long"},
        {"fifo", "link-to-fifo"}, {"/dev/zero", "link-to-device"}, {"loop", "loop"},
        {"nowhere", "dangling"},  {"open", "link-to-open"},        {"folder", "link-to-folder"}};
    (void)state;
    if (!mkdtemp(directory) || chdir(directory))
        return -1;
    put("plain", 4, 0644);
    put("longest", MOST, 0644);
    put("nul", 100, 0644);
    put("too-long", MOST + 1, 0644);
    put("open", 4, 0666);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (symlink(links[i][0], links[i][1]))
            return -1;
    return mkfifo("fifo", 0600) || mkdir("folder", 0700) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLACES; i++)
        remove(places[i].name);
    return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static void count_missing(void *user, struct str file, const char *why)
{
    (void)file;
    assert_non_null(why);
    ++*(unsigned *)user;
}

/* Of each setting that names a file. */
static void both_read_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLACES; i++) {
        struct files *files = files_new();
        struct arena *arena = arena_new(65536);
        struct str path = str_of(places[i].name), judged, crls[] = {path};
        const bool good = files_read_public(files, path, MOST, &judged) == 0;
        struct trust_setting domain = {.name = STR("d"),
                                       .anchors = path,
                                       .list_anchor = path,
                                       .list_signer = path,
                                       .crl_anchor = path,
                                       .crl_signer = path,
                                       .list = path,
                                       .crls = crls,
                                       .n_crls = 1};
        const struct settings settings = {.trusts = &domain, .n_trusts = 1};
        unsigned missing = 0;
        const struct trust_texts texts = {.settings = &settings,
                                          .arena = arena,
                                          .state_fd = -1,
                                          .missing = count_missing,
                                          .user = &missing};
        struct trust_build b;
        trust_texts_read(&texts, 0, 0, &b);
        const struct str made[] = {b.anchors,    b.list_anchor, b.list_signer,  b.crl_anchor,
                                   b.crl_signer, b.list.fresh,  b.crls[0].fresh};
        const size_t n = sizeof(made) / sizeof(made[0]);
        if (good != places[i].is_read || missing != (good ? 0 : n))
            fail_msg("%s: the check reads it: %d; of %zu the domain misses %u", places[i].name,
                     good, n, missing);
        for (size_t m = 0; m < n; m++)
            if (good ? !str_eq(made[m], judged) : made[m].p != NULL)
                fail_msg("%s: file %zu of the domain is another text", places[i].name, m);
        assert_true(good == !b.unread && good == !b.list.unread && good == !b.signer_unread);
        files_free(files);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_read_the_same)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
