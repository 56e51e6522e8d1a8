/* The last good lists go by the place that they are of. R-V-040. */
#include "lab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stird/core/settings.h>
#include <stird/io/trust_kept.h>
#include <stird/io/trust_texts.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAB   STR("/etc/stird/lab.crl")
#define OTHER STR("https://pa.example.net/other.crl")

static char state_directory[] = "/tmp/stird-trust-kept-XXXXXX";
static const struct str in_order[] = {LAB, OTHER}, turned[] = {OTHER, LAB};
static const struct trust_setting domains[] = {
    {.name = STR("us"), .list = LAB, .crls = in_order, .n_crls = 2},
    {.name = STR("us"), .list = OTHER, .list_is_url = true, .crls = turned, .n_crls = 2},
    {.name = STR("fr"), .list = LAB, .crls = in_order, .n_crls = 1},
};

static bool same_name(unsigned a, unsigned a_source, unsigned b, unsigned b_source, bool signer)
{
    char one[TRUST_KEPT_NAME_BYTES], other[TRUST_KEPT_NAME_BYTES];
    trust_kept_name(one, &domains[a], a_source, signer);
    trust_kept_name(other, &domains[b], b_source, signer);
    assert_true(one[0] && other[0]);
    return strcmp(one, other) == 0;
}

static void names_are_of_places(void **state)
{
    (void)state;
    for (int signer = 0; signer < 2; signer++) {
        assert_true(same_name(0, 1, 1, 2, signer));
        assert_true(same_name(0, 2, 1, 1, signer));
        assert_false(same_name(0, 1, 1, 1, signer));
        assert_false(same_name(0, 0, 1, 0, signer)); /* another list of authorities */
        assert_false(same_name(0, 0, 0, 1, signer)); /* one place that is named for both */
        assert_false(same_name(0, 1, 2, 1, signer)); /* a domain has its own */
    }
}

static int write_text(const char *name, const char *text)
{
    char path[sizeof(state_directory) + TRUST_KEPT_NAME_BYTES + 16];
    snprintf(path, sizeof(path), "%s/text", state_directory);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    const struct trust_kept_place place = {.list_bytes = strlen(text)};
    int r = trust_kept_write(str_of(state_directory), name, fd, &place);
    close(fd);
    return r;
}

static void keep(const struct trust_setting *domain, unsigned source, const char *text)
{
    char name[TRUST_KEPT_NAME_BYTES];
    trust_kept_name(name, domain, source, false);
    assert_int_equal(write_text(name, text), 0);
}

static void tell_nobody(void *user, struct str file, const char *why)
{
    (void)user, (void)file, (void)why;
}

static struct settings settings_of(const struct trust_setting *domain)
{
    return (struct settings){
        .trusts = domain, .n_trusts = 1, .state_directory = str_of(state_directory)};
}

/* Lists that change their places in the configuration, or give way to others. */
static void a_list_is_used_for_its_own_place(void **state)
{
    (void)state;
    keep(&domains[0], 0, "list");
    keep(&domains[0], 1, "lab");
    keep(&domains[0], 2, "other");
    const struct settings settings = settings_of(&domains[1]);
    struct trust_texts texts = {.settings = &settings,
                                .arena = arena_new(1024),
                                .state_fd = trust_kept_open(settings.state_directory),
                                .missing = tell_nobody};
    struct trust_build b;
    assert_true(texts.state_fd >= 0);
    trust_texts_read(&texts, 0, 0, &b);
    assert_null(b.list.kept.p);
    assert_true(str_eq(b.crls[0].kept, STR("other")));
    assert_true(str_eq(b.crls[1].kept, STR("lab")));
    close(texts.state_fd);
    arena_free(texts.arena);
}

/* Puts a file there as it is. */
static void put_file(const struct trust_setting *domain, bool signer, const char *text)
{
    char name[TRUST_KEPT_NAME_BYTES];
    trust_kept_name(name, domain, 0, signer);
    int directory = trust_kept_open(str_of(state_directory));
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    close(directory);
}

static int read_kept(const struct trust_setting *domain, struct buf *text, struct str *list,
                     struct str *signer)
{
    struct trust_kept_place at;
    int directory = trust_kept_open(str_of(state_directory));
    buf_reset(text);
    int r = trust_kept_read(directory, domain, 0, text, &at);
    *list = str_slice(buf_str(text), at.list_at, at.list_at + at.list_bytes);
    *signer = str_slice(buf_str(text), at.signer_at, at.signer_at + at.signer_bytes);
    close(directory);
    return r;
}

/* No end of the process, and no full disk, leaves one of the two with another one of the other. */
static void a_list_and_its_signer_are_one_file(void **state)
{
    (void)state;
    char path[sizeof(state_directory) + 16], name[TRUST_KEPT_NAME_BYTES];
    const struct trust_kept_place place = {6, 4, 0, 6}, lacking = {6, 400, 0, 6};
    const struct trust_setting *domain = &domains[2];
    struct buf text = BUF_INIT;
    struct str list, signer;
    keep(&domains[0], 0, "list"); /* makes the folder */
    put_file(domain, false, "earlier list");
    put_file(domain, true, "earlier signer");
    assert_int_equal(read_kept(domain, &text, &list, &signer), 0);
    assert_true(str_eq(list, STR("earlier list")) && str_eq(signer, STR("earlier signer")));

    snprintf(path, sizeof(path), "%s/text", state_directory);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, "signerlist", 10), 10);
    trust_kept_name(name, domain, 0, false);
    assert_true(trust_kept_write(str_of(state_directory), name, fd, &lacking) < 0);
    assert_int_equal(read_kept(domain, &text, &list, &signer), 0);
    assert_true(str_eq(list, STR("earlier list")) && str_eq(signer, STR("earlier signer")));

    assert_int_equal(trust_kept_write(str_of(state_directory), name, fd, &place), 0);
    assert_true(trust_kept_is_there(str_of(state_directory), name));
    put_file(domain, true,
             "another signer"); /* as if the process had ended before it was removed */
    assert_int_equal(read_kept(domain, &text, &list, &signer), 0);
    assert_true(str_eq(list, STR("list")) && str_eq(signer, STR("signer")));
    close(fd);
    buf_fini(&text);
}

static void why_it_cannot_be_read(void **state)
{
    (void)state;
    static const char *const broken[] = {"stird trust ", "stird trust 7\nsigner",
                                         "stird trust 6\nsigner", "stird trust 99999999999\nx",
                                         "stird trust x\ny"};
    struct buf text = BUF_INIT;
    struct str list, signer;
    keep(&domains[2], 0, "list");
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        put_file(&domains[2], false, broken[i]);
        assert_int_equal(read_kept(&domains[2], &text, &list, &signer), -EBADMSG);
    }
    const struct trust_setting none = {.name = STR("none"), .list = LAB};
    assert_int_equal(read_kept(&none, &text, &list, &signer), -ENOENT);

    const struct settings settings = settings_of(&domains[2]);
    struct trust_texts texts = {.settings = &settings,
                                .arena = arena_new(1024),
                                .state_fd = -EACCES,
                                .missing = tell_nobody};
    struct trust_build b;
    trust_texts_read(&texts, 0, 0, &b);
    assert_int_equal(b.list.kept_error, -EACCES);
    texts.state_fd = -ENOENT; /* nothing was kept yet */
    trust_texts_read(&texts, 0, 0, &b);
    assert_int_equal(b.list.kept_error, 0);
    arena_free(texts.arena);
    buf_fini(&text);
}

static unsigned count_files(void)
{
    unsigned n = 0;
    DIR *all = fdopendir(trust_kept_open(str_of(state_directory)));
    assert_non_null(all);
    for (const struct dirent *one; (one = readdir(all));)
        n += one->d_name[0] != '.';
    closedir(all);
    return n;
}

static bool is_kept(const struct trust_setting *domain, unsigned source)
{
    char name[TRUST_KEPT_NAME_BYTES];
    trust_kept_name(name, domain, source, false);
    int fd = trust_kept_open(str_of(state_directory));
    bool kept = faccessat(fd, name, F_OK, 0) == 0;
    close(fd);
    return kept;
}

static void what_nobody_names_is_removed(void **state)
{
    (void)state;
    const struct settings settings = settings_of(&domains[1]);
    const struct settings none = {.state_directory = settings.state_directory};
    trust_kept_sweep(&none);
    assert_int_equal(count_files(), 0);
    assert_int_equal(write_text("us.crl1", "of another version"), 0);
    keep(&domains[0], 0, "list");
    keep(&domains[2], 1, "of a domain that is gone");
    keep(&domains[1], 0, "list");
    keep(&domains[1], 1, "other");
    keep(&domains[1], 2, "lab");
    assert_int_equal(count_files(), 6);
    trust_kept_sweep(&settings);
    assert_int_equal(count_files(), 3);
    for (unsigned i = 0; i < 3; i++)
        assert_true(is_kept(&domains[1], i));
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(state_directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    char path[sizeof(state_directory) + 16];
    const struct settings none = {.state_directory = str_of(state_directory)};
    (void)state;
    trust_kept_sweep(&none);
    snprintf(path, sizeof(path), "%s/text", state_directory);
    unlink(path);
    snprintf(path, sizeof(path), "%s/" TRUST_KEPT_DIRECTORY, state_directory);
    rmdir(path);
    return rmdir(state_directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_of_places),
        cmocka_unit_test(a_list_is_used_for_its_own_place),
        cmocka_unit_test(a_list_and_its_signer_are_one_file),
        cmocka_unit_test(why_it_cannot_be_read),
        cmocka_unit_test(what_nobody_names_is_removed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
