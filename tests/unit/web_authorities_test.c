/* Whom web servers' certificates may come from: what is read, and that nobody else counts. */
#include "fetcher_lab.h"

#include <stird/fetch/web_authorities.h>
#include <sys/stat.h>

/* ---- what libcurl has OpenSSL read, by functions of these names in place of OpenSSL's ---- */

static unsigned files_loaded, directories_loaded;

#define NEXT(function, name)                                                                       \
    do {                                                                                           \
        void *found_ = dlsym(RTLD_NEXT, name);                                                     \
        memcpy(&(function), &found_, sizeof(function));                                            \
    } while (0)

int X509_STORE_load_file(X509_STORE *store, const char *file)
{
    int (*next)(X509_STORE *, const char *);
    NEXT(next, "X509_STORE_load_file");
    files_loaded++;
    return next(store, file);
}

int X509_STORE_load_path(X509_STORE *store, const char *path)
{
    int (*next)(X509_STORE *, const char *);
    NEXT(next, "X509_STORE_load_path");
    directories_loaded++;
    return next(store, path);
}

int SSL_CTX_load_verify_locations(SSL_CTX *context, const char *file, const char *path)
{
    int (*next)(SSL_CTX *, const char *, const char *);
    NEXT(next, "SSL_CTX_load_verify_locations");
    files_loaded += file != NULL;
    directories_loaded += path != NULL;
    return next(context, file, path);
}

/* R-V-013. The operator named a file: the system's authorities, a directory of them, vouch for
 * nobody. */
static void nobody_counts_beside_a_file(void **state)
{
    (void)state;
    files_loaded = directories_loaded = 0;
    struct told told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_int_not_equal(files_loaded, 0); /* the test has hold of what loads them */
    assert_int_equal(directories_loaded, 0);
}

/* ---- what can be read ---- */

static void put(const char *name, const char *text, size_t n)
{
    char path[1300];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    fclose(file);
}

static const char *fault_of(const char *name)
{
    static char path[1300];
    const char *file;
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    const char *fault = web_authorities_fault(path, &file);
    assert_string_equal(file, path);
    return fault;
}

static void what_can_be_used(void **state)
{
    char link[1300], fifo[1300], *whole = lab_read(directory, "own.pem");
    const size_t n = strlen(whole);
    char *more = malloc(2 * n + 32);
    (void)state;
    assert_null(fault_of("own.pem"));
    snprintf(link, sizeof(link), "%s/link.pem", directory);
    assert_int_equal(symlink("own.pem", link), 0); /* as distributions have it */
    assert_null(fault_of("link.pem"));
    snprintf(more, 2 * n + 32, "# the first one\n%s\n%s", whole, whole);
    put("two.pem", more, strlen(more));
    assert_null(fault_of("two.pem"));
    assert_string_equal(fault_of("none.pem"), "No such file or directory");
    assert_string_equal(fault_of("."), "is no regular file");
    snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
    assert_int_equal(mkfifo(fifo, 0600), 0); /* nobody waits for it */
    assert_string_equal(fault_of("fifo"), "is no regular file");
    put("empty.pem", "", 0);
    assert_string_equal(fault_of("empty.pem"), "is empty");
    put("key.pem", "-----BEGIN X-----\nAAAA\n-----END X-----\n", 38);
    for (size_t cut = 1; cut < n - 1; cut += 7) {
        put("cut.pem", whole, cut);
        assert_non_null(fault_of("cut.pem"));
    }
    snprintf(more, 2 * n + 32, "%s%.*s", whole, (int)n / 2, whole);
    put("half.pem", more, strlen(more));
    assert_non_null(fault_of("half.pem")); /* one that is broken: libcurl takes none */
    assert_string_equal(fault_of("key.pem"), "holds no certificates, or broken ones (PEM)");
    free(more);
    free(whole);
}

/* Whatever is found wrong here, libcurl would fail for: one reading. */
static void libcurl_reads_the_same(void **state)
{
    static const char *const names[] = {"own.pem", "two.pem",  "link.pem", "none.pem",
                                        "cut.pem", "half.pem", "key.pem",  "empty.pem"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct fetcher_options o = lab_options();
        char path[1300];
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        o.fetch.ca_file = path;
        begin_with(&o);
        const bool good = fault_of(names[i]) == NULL;
        struct told told = fetched(URL("a", "ok"));
        if (told.outcome != (good ? FETCH_OK : FETCH_UNAVAILABLE))
            fail_msg("%s: %s", names[i], fetch_outcome_word(told.outcome));
        begin_with(&o);
    }
}

/* What is kept is given, and nobody is connected to. */
static void without_them_nothing_is_fetched(void **state)
{
    struct fetcher_options o = lab_options();
    struct told told = {0};
    (void)state;
    o.unable = "it cannot";
    begin_with(&o);
    ask(URL("a", "ok"), 1000, &told);
    assert_told(&told, FETCH_UNAVAILABLE, FETCH_FROM_KEPT);
    run_until_idle();
    assert_int_equal(web_read(web, &web->connections), 0);
    assert_int_equal(fetcher_counts(f, now).failures, 0);
}

/* Where the libcurl of this machine looks, whatever lies there. */
static void of_the_system(void **state)
{
    const char *file, *fault = web_authorities_fault(NULL, &file);
    (void)state;
    assert_non_null(file);
    if (file[0] == '\0' || access(file, R_OK) == 0)
        assert_null(fault);
    else
        assert_non_null(fault);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(nobody_counts_beside_a_file),
        story(what_can_be_used),
        story(libcurl_reads_the_same),
        story(without_them_nothing_is_fetched),
        story(of_the_system),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
