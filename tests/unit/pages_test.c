/* The pages of a view, which the one process writes and the other reads. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <stird/base/memory_file.h>
#include <stird/core/counters.h>
#include <stird/web/pages.h>

static struct proxy_counters calls;
static struct service_counters service;

/* All that a view has to have. */
static struct web_view view_of(const char *status)
{
    return (struct web_view){.all = (const uint64_t *)(const void *)&calls,
                             .service = (const uint64_t *)(const void *)&service,
                             .status = str_of(status),
                             .trust = STR("{}"),
                             .hops = STR("{\"not_shown\":0}")};
}

static void assert_page(const struct pages *p, const char *path, unsigned status, const char *text)
{
    for (unsigned i = 0; i < p->n; i++)
        if (str_eq(p->list[i].path, str_of(path))) {
            assert_int_equal(p->list[i].status, status);
            if (!str_eq(p->list[i].text, str_of(text)))
                fail_msg("%s: %.*s", path, STR_ARG(p->list[i].text));
            return;
        }
    fail_msg("no %s", path);
}

static void test_all_is_well(void **state)
{
    (void)state;
    struct pages pages;
    const struct web_view view = view_of("{}");
    assert_true(pages_make(&pages, &view));
    assert_page(&pages, "/livez", 200, "alive\n");
    assert_page(&pages, "/readyz", 200, "ready\n");
    assert_page(&pages, "/status", 200, "{}");
    pages_fini(&pages);
}

/* Each that is missing has words of its own, and one is enough not to be ready. */
static void test_what_is_missing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WEB_LACKS; i++) {
        struct pages pages;
        struct web_view view = view_of("{}");
        view.lacks[i] = true;
        assert_true(pages_make(&pages, &view));
        assert_int_equal(pages.list[1].status, 503);
        assert_true(str_starts(pages.list[1].text, STR("not ready: ")));
        assert_int_equal(str_find(pages.list[1].text, '\n', 0), pages.list[1].text.n - 1);
        pages_fini(&pages);
    }
    struct pages pages;
    struct web_view view = view_of("{}");
    view.lacks[WEB_LACKS_CALLS] = view.lacks[WEB_LACKS_NEXT_HOP] = true;
    view.lacks[WEB_LACKS_CERTIFICATE] = true;
    view.provider = STR("818H\n");
    snprintf(view.state, sizeof(view.state), "stopping");
    assert_true(pages_make(&pages, &view));
    assert_page(
        &pages, "/readyz", 503,
        "not ready: stird does not serve as it should (stopping)\n"
        "not ready: no certificate can sign now for provider 818H\\x0a: stirctl status says why\n"
        "not ready: no next hop is usable\n");
    pages_fini(&pages);
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    static const struct trunk_counters trunks[2] = {{.signed_calls = 3}, {.signed_calls = 4}};
    struct web_view view = view_of("{\"a\":1}"), read;
    calls.requests = 17;
    service.reloads = 5;
    snprintf(view.state, sizeof(view.state), "serving");
    view.trunks = (struct web_view_parts){
        {"one\0two\0", 8}, (const uint64_t *)(const void *)trunks, 2, 9};
    view.lacks[WEB_LACKS_NUMBERS] = true;
    view.provider = STR("818H");
    int fd = web_view_write(&view);
    assert_true(fd >= 0);
    assert_int_equal(web_view_read(&read, fd), 0);
    assert_true(str_eq(read.status, view.status));
    assert_true(str_eq(read.trust, view.trust));
    assert_true(str_eq(read.hops, view.hops));
    assert_true(str_eq(read.provider, view.provider));
    assert_true(str_eq(read.trunks.names, view.trunks.names));
    assert_memory_equal(read.trunks.numbers, trunks, sizeof(trunks));
    assert_memory_equal(read.all, &calls, sizeof(calls));
    assert_memory_equal(read.service, &service, sizeof(service));
    assert_int_equal(read.trunks.n, 2);
    assert_int_equal(read.trunks.left_out, 9);
    assert_int_equal(read.upstreams.n, 0);
    assert_string_equal(read.state, "serving");
    assert_memory_equal(read.lacks, view.lacks, sizeof(view.lacks));
    web_view_close(&read);
    close(fd);
}

/* Memory that could still change, is too short, or says more than it has. */
static void test_what_is_no_view(void **state)
{
    (void)state;
    char octets[4000];
    struct web_view read;
    memset(octets, 0x7f, sizeof(octets));
    for (unsigned n = 0; n <= sizeof(octets); n += 400) {
        int fd = memory_file_new("test");
        assert_int_equal(write(fd, octets, n), n);
        assert_int_equal(web_view_read(&read, fd), -EBADMSG);
        assert_int_equal(memory_file_seal(fd), 0);
        assert_int_equal(web_view_read(&read, fd), -EBADMSG);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_well),
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_what_is_no_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
