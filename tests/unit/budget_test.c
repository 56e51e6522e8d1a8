/* What may hold memory, limits that contradict each other, and the share of the signer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/budget.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/means.h"
#include "sip/holding.h"

#define MIB (UINT64_C(1) << 20)

static const struct listener listeners[2] = {{.transports = {true, true, false}},
                                             {.transports = {true, false, true}}};

static struct settings defaults(void)
{
    return (struct settings){.workers = 1,
                             .listeners = listeners,
                             .n_listeners = 2,
                             .memory_bytes = 768 << 20,
                             .queues_bytes = 64 << 20,
                             .queue_bytes = 256 << 10,
                             .max_message_bytes = 65536,
                             .max_connections = 1000,
                             .records_backlog = 8 << 20,
                             .max_calls = 20000,
                             .trunk_percent = 75,
                             .source_percent = 90,
                             .max_emergency = 500};
}

static void sums(void **state)
{
    (void)state;
    struct settings s = defaults();
    struct budget b = budget_of(&s, &(struct budget_table){0});
    uint64_t one = budget_sum(&b);
    assert_int_equal(one / MIB, 1845);
    s.workers = 2;
    b = budget_of(&s, &(struct budget_table){0});
    assert_int_equal(budget_sum(&b) - one,
                     (16 + 250 + 8 + 32) * MIB + 500 * (2 * 65536 + 8192) / 4 * 5);
    b = budget_of(&s, &(struct budget_table){.octets = 200 * MIB, .rows = 10 * 1000 * 1000});
    assert_true(budget_octets(&b, &b.rows[3]) > 750 * MIB);
}

/* Pages grow with trunks and upstreams, and several editions of them are there at once. */
static void pages(void **state)
{
    (void)state;
    struct settings s = defaults();
    const uint64_t one = budget_web_process(&s);
    s.n_trunks = 2000;
    s.n_upstreams = 1000;
    assert_true(budget_web_process(&s) - one > UINT64_C(3000) * 1200 * 6);
    assert_int_equal(budget_publisher(&s), one);
    s.n_trunks = s.n_upstreams = 0; /* there are none that it could look at */
    s.web_port = 9448;
    s.web_connections = 32;
    const struct budget b = budget_of(&s, &(struct budget_table){0});
    assert_true(budget_octets(&b, &b.rows[6]) > budget_web_process(&s));
}

static void nothing_overflows(void **state)
{
    (void)state;
    struct settings s = defaults();
    s.workers = 64;
    s.memory_bytes = s.queues_bytes = UINT32_MAX;
    s.records_backlog = 1u << 30;
    s.max_connections = 60000;
    struct budget b = budget_of(&s, &(struct budget_table){0});
    assert_true(budget_sum(&b) > (UINT64_C(64) << 30));
}

static void is_said(void *user, const char *key, struct str text)
{
    struct buf *said = user;
    assert_true(str_starts(text, str_of(key)));
    buf_addf(said, "%s ", key);
}

static void assert_said(const struct settings *s, const struct means *means, const char *wanted)
{
    struct buf said = BUF_INIT;
    if (means)
        budget_check_means(s, &(struct budget_table){0}, means, is_said, &said);
    else
        budget_check(s, is_said, &said);
    buf_add_char(&said, '\0');
    assert_string_equal(said.p, wanted);
    buf_fini(&said);
}

static void contradictions(void **state)
{
    (void)state;
    struct settings s = defaults();
    assert_said(&s, NULL, "");
    s.queue_bytes = 65536 + 4096;
    assert_said(&s, NULL, "");
    s.queue_bytes--;
    assert_said(&s, NULL, "limits.queue ");
    s = defaults();
    s.queues_bytes = s.queue_bytes - 1;
    assert_said(&s, NULL, "limits.queue ");
    s = defaults();
    s.memory_bytes = 500 * (2 * 65536 + 8192); /* 500 emergency calls of the longest messages */
    s.max_calls = 4000;
    assert_said(&s, NULL, "");
    s.max_emergency++;
    assert_said(&s, NULL, "limits.emergency ");
}

/* A MESSAGE of the longest kind, twice and 8 KiB beside, in three quarters of a sixteenth. */
static void a_request_fits(void **state)
{
    (void)state;
    struct settings s = defaults();
    s.max_calls = s.max_emergency = 1;
    s.memory_bytes = 3 << 20;
    assert_said(&s, NULL, "");
    s.memory_bytes = 2 << 20;
    assert_said(&s, NULL, "limits.memory ");
    s.max_message_bytes = 32768;
    assert_said(&s, NULL, "");
    s.trunk_percent = 1;
    assert_said(&s, NULL, "limits.memory ");
    s.trunk_percent = 75;
    s.source_percent = 50;
    s.workers = 2;
    assert_said(&s, NULL, "limits.memory ");
}

/* As many as the part of calls that begin carries. */
static void calls_that_memory_carries(void **state)
{
    (void)state;
    struct settings s = defaults();
    const struct holding_ceilings c = holding_ceilings_of(s.memory_bytes, 0, 75, 90);
    s.max_calls = (uint32_t)(c.octets[HOLDING_CALL] / 4096);
    assert_said(&s, NULL, "");
    s.max_calls++;
    assert_said(&s, NULL, "limits.calls ");
    s.max_calls /= 2;
    s.workers = 2;
    assert_said(&s, NULL, "");
    s.workers = 3;
    assert_said(&s, NULL, "limits.calls ");
}

static void above_the_means(void **state)
{
    (void)state;
    struct settings s = defaults();
    struct means m = {0};
    assert_said(&s, &m, "");
    m = (struct means){1846 * MIB, "x", budget_descriptors(&s) + 1000, 1};
    assert_said(&s, &m, "");
    m.memory = 1845 * MIB;
    assert_said(&s, &m, "limits.memory ");
    m.descriptors--;
    s.workers = 2;
    assert_said(&s, &m, "limits.memory limits.connections workers ");
}

static void put(const char *directory, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void cgroups(void **state)
{
    char root[] = "/tmp/stird-cgroup-XXXXXX", path[256];
    static const char *const folders[] = {"/a.slice", "/a.slice/b", "/a.slice/b/c"};
    (void)state;
    assert_non_null(mkdtemp(root));
    assert_int_equal(means_cgroup_memory(root, CGROUP_2, STR("/a.slice/b/c")), 0);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s%s", root, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    put(root, "a.slice/memory.max", "1073741824\n");
    put(root, "a.slice/b/memory.max", "max\n");
    put(root, "a.slice/b/c/memory.max", "2147483648\n");
    assert_int_equal(means_cgroup_memory(root, CGROUP_2, STR("/a.slice/b/c")), 1073741824);
    assert_int_equal(means_cgroup_memory(root, CGROUP_2, STR("/a.slice")), 1073741824);
    assert_int_equal(means_cgroup_memory(root, CGROUP_2, STR("/z")), 0);
    put(root, "a.slice/memory.max", "max\n");
    assert_int_equal(means_cgroup_memory(root, CGROUP_2, STR("/a.slice/b/c")), 2147483648);
    assert_int_equal(means_cgroup_memory(root, CGROUP_2, STR("/")), 0);
    assert_int_equal(means_cgroup_memory(root, CGROUP_2, STR("")), 0);
    assert_int_equal(means_cgroup_memory(root, CGROUP_1, STR("/a.slice/b/c")), 0);
    put(root, "memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(means_cgroup_memory(root, CGROUP_1, STR("/a.slice/b/c")), 0);
    put(root, "a.slice/b/memory.limit_in_bytes", "268435456\n");
    assert_int_equal(means_cgroup_memory(root, CGROUP_1, STR("/a.slice/b/c")), 268435456);
    assert_int_equal(means_cgroup_memory(root, CGROUP_1, STR("/a.slice")), 0);
    snprintf(path, sizeof(path), "rm -r %s", root);
    assert_int_equal(system(path), 0);
}

static void assert_cgroup(const char *text, enum cgroup_version version, const char *wanted)
{
    struct str path = {"", 0};
    assert_int_equal(means_cgroup_path(str_of(text), version, &path), wanted != NULL);
    assert_true(str_eq(path, str_of(wanted ? wanted : "")));
}

static void cgroup_of_a_process(void **state)
{
    static const char hybrid[] = "12:cpu,cpuacct:/a\n3:memory:/system.slice/stird.service\n"
                                 "1:name=systemd:/b\n0::/system.slice/stird.service\n";
    (void)state;
    assert_cgroup("0::/system.slice/stird.service\n", CGROUP_2, "/system.slice/stird.service");
    assert_cgroup("0::/system.slice/stird.service\n", CGROUP_1, NULL);
    assert_cgroup(hybrid, CGROUP_2, "/system.slice/stird.service");
    assert_cgroup(hybrid, CGROUP_1, "/system.slice/stird.service");
    assert_cgroup("4:cpu,memory,hugetlb:/x:y\n", CGROUP_1, "/x:y");
    assert_cgroup("4:memory2:/x\n5:name=memory:/y\n", CGROUP_1, NULL);
    assert_cgroup("0::\n10::/x\n", CGROUP_2, NULL);
    assert_cgroup("", CGROUP_2, NULL);
}

static void signatures_a_second(void **state)
{
    (void)state;
    struct trunk trunks[2] = {{.max_calls = 0}, {.max_calls = 30}};
    struct settings s = defaults();
    s.trunks = trunks;
    s.n_trunks = 2;
    assert_int_equal(settings_sign_requests_per_second(&s), 10000);
    s.max_calls = 600;
    assert_int_equal(settings_sign_requests_per_second(&s), 1200);
    trunks[0].max_calls = 70;
    assert_int_equal(settings_sign_requests_per_second(&s), 200);
    trunks[0].max_calls = 1;
    assert_int_equal(settings_sign_requests_per_second(&s), 100);
    trunks[0].max_calls = 1000;
    assert_int_equal(settings_sign_requests_per_second(&s), 1200);
    s.max_calls = 20000;
    trunks[0].max_calls = 9970; /* it was said that so many may come */
    assert_int_equal(settings_sign_requests_per_second(&s), 20000);
    s.sign_requests_per_second = 7;
    assert_int_equal(settings_sign_requests_per_second(&s), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums),
        cmocka_unit_test(pages),
        cmocka_unit_test(nothing_overflows),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(a_request_fits),
        cmocka_unit_test(calls_that_memory_carries),
        cmocka_unit_test(above_the_means),
        cmocka_unit_test(cgroups),
        cmocka_unit_test(cgroup_of_a_process),
        cmocka_unit_test(signatures_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
