/* The last good lists count in memory as long as stird runs, and are owed to the disk until it has
   them. R-V-040, R-V-042. */
#include "lab.h"

#include "daemon/supervisor/supervisor_trust_held.h"

#include <errno.h>
#include <stird/base/memory_file.h>
#include <stird/io/trust_kept.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAB   STR("/etc/stird/lab.crl")
#define OTHER STR("https://pa.example.net/other.crl")

static char state_directory[] = "/tmp/stird-trust-held-XXXXXX";
static const struct str both[] = {LAB, OTHER}, turned[] = {OTHER, LAB};
static const struct trust_setting before[] = {{.name = STR("us"), .crls = both, .n_crls = 2}};
static const struct trust_setting after[] = {{.name = STR("fr"), .crls = both, .n_crls = 2},
                                             {.name = STR("us"), .crls = turned, .n_crls = 2}};
static struct settings settings, changed;

/* Of a domain: two lists of four octets; the second has a signer's certificate. */
static struct trust_found found_of(bool is_taken)
{
    struct trust_found found = {.is_made = true};
    found.sources[1] = (struct trust_source_found){.is_taken = is_taken, .place = {0, 4, 0, 0}};
    found.sources[2] = (struct trust_source_found){.is_taken = is_taken, .place = {4, 4, 8, 6}};
    return found;
}

static int memory_of(const char *text)
{
    int fd = memory_file_new("lists");
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(memory_file_seal(fd), 0);
    return fd;
}

static void path_of(char *path, size_t n, const char *name)
{
    snprintf(path, n, "%s/trust%s%s", state_directory, name[0] ? "/" : "", name);
}

/* A file lies where the folder has to be. */
static void spoil(bool spoilt)
{
    char path[64];
    path_of(path, sizeof(path), "");
    if (spoilt)
        fclose(fopen(path, "w"));
    else
        unlink(path);
}

static bool is_kept(unsigned source)
{
    char name[TRUST_KEPT_NAME_BYTES];
    trust_kept_name(name, &before[0], source, false);
    return trust_kept_is_there(settings.state_directory, name);
}

static void it_is_owed_until_it_is_written(void **state)
{
    (void)state;
    struct trust_held h;
    const struct trust_found taken = found_of(true), same = found_of(false);
    trust_held_init(&h);
    spoil(true);
    trust_held_take(&h, memory_of("one-two-signer"), &taken, 1);
    trust_held_write(&h, &settings, 0);
    assert_int_equal(trust_held_owed(&h), 2);
    assert_int_equal(h.unkept[0][1].error, ENOTDIR);

    /* Another image, for which nothing was taken, leaves it owed. */
    trust_held_take(&h, memory_of("one-two-signer"), &same, 1);
    trust_held_write(&h, &settings, 1000);
    assert_int_equal(trust_held_owed(&h), 2);

    spoil(false);
    trust_held_retry(&h, &settings, 2000); /* not so soon */
    assert_int_equal(trust_held_owed(&h), 2);
    trust_held_retry(&h, &settings, 61000);
    assert_int_equal(trust_held_owed(&h), 0);
    assert_true(is_kept(1) && is_kept(2));

    /* One that somebody removed is written again. */
    char name[TRUST_KEPT_NAME_BYTES], path[256];
    trust_kept_name(name, &before[0], 1, false);
    path_of(path, sizeof(path), name);
    assert_int_equal(unlink(path), 0);
    trust_held_take(&h, memory_of("one-two-signer"), &same, 1);
    trust_held_write(&h, &settings, 62000);
    assert_true(is_kept(1));
    trust_held_fini(&h);
}

static void it_goes_on_by_its_place(void **state)
{
    (void)state;
    struct trust_held h;
    const struct trust_found taken = found_of(true);
    trust_held_init(&h);
    trust_held_take(&h, memory_of("one-two-signer"), &taken, 1);
    trust_held_follow(&h, &settings, &changed);
    assert_true(h.fd >= 0);
    assert_int_equal(h.places[0][1].list_bytes, 0); /* another domain */
    assert_int_equal(h.places[1][1].list_at, 4);
    assert_int_equal(h.places[1][1].signer_bytes, 6);
    assert_int_equal(h.places[1][2].list_at, 0);
    assert_int_equal(h.places[1][2].list_bytes, 4);
    assert_int_equal(trust_held_owed(&h), 2);
    trust_held_follow(&h, &changed, NULL);
    assert_int_equal(trust_held_owed(&h), 0);
    trust_held_fini(&h);
}

static void what_does_not_fit(void **state)
{
    (void)state;
    struct trust_found found = found_of(true);
    int fd = memory_of("one-two-signer"),
        more = memory_of("one-two-signer and what nobody told of");
    assert_true(trust_held_fits(fd, &found, 1));
    assert_false(trust_held_fits(more, &found, 1));
    found.sources[1].place.list_at = 11;
    assert_false(trust_held_fits(fd, &found, 1));
    found.sources[1].place.list_bytes = TRUST_KEPT_TEXT_MAX + 1;
    assert_false(trust_held_fits(fd, &found, 1));
    close(fd);
    close(more);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(state_directory))
        return -1;
    settings = (struct settings){
        .trusts = before, .n_trusts = 1, .state_directory = str_of(state_directory)};
    changed = (struct settings){
        .trusts = after, .n_trusts = 2, .state_directory = str_of(state_directory)};
    return 0;
}

static int tear_down(void **state)
{
    char path[64];
    const struct settings none = {.state_directory = str_of(state_directory)};
    (void)state;
    trust_kept_sweep(&none);
    path_of(path, sizeof(path), "");
    rmdir(path);
    return rmdir(state_directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_owed_until_it_is_written),
        cmocka_unit_test(it_goes_on_by_its_place),
        cmocka_unit_test(what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
