/*
 * Only the row of its word says what a service needs. Here another table takes the place of the
 * core's: in it `sign` neither signs nor sends to upstreams, as may be true of a later service, and
 * `verify` sends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <stird/conf/settings_file.h>
#include <stird/core/service_word.h>
#include <stird/core/source_table.h>
#include <stird/core/trunk.h>
#include <stird/io/snapshot.h>

#include "sip/health.h"
#include "sip/proxy_parts.h"

#define NOW_S 1893456000 /* 2030-01-01: while the certificates of tests/conf are valid */

const struct service_word service_words[SERVICES] = {
    [SERVICE_SIGN] = {"sign"}, [SERVICE_VERIFY] = {"verify", .sends = true}};

#define LISTEN "listen = ( { name = \"core\"; address = \"127.0.0.1\"; port = 5060; } );\n"
#define BEGINNING                                                                                  \
    LISTEN                                                                                         \
    "certificates = ( { id = \"818H\"; directory = \"" TESTS_DIR "/conf/certs/818H\"; } );\n"      \
    "provider = { spc = [ \"818H\" ]; };\n"
#define TRUNK(more)                                                                                \
    "trunks = ( { name = \"pbx\"; sources = [ \"127.0.0.2\" ]; customer = \"acme\";\n"             \
    "             identity = \"authenticated\"; " more " } );\n"
#define UPSTREAM "upstreams = ( { name = \"carrier\"; uri = \"sip:127.0.0.9\"; } );\n"

/* ---- the configuration ---- */

static struct settings *read_text(struct str text)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf said = BUF_INIT;
    struct files *files = files_new();
    FILE *f = fopen("stird.conf", "w");
    assert_true(f && files);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
    struct settings *s = settings_read(files, STR("stird.conf"), NOW_S, &problems);
    problems_print(&problems, &said);
    if (said.n > 0)
        print_error("%.*s", STR_ARG(buf_str(&said)));
    problems_fini(&problems);
    buf_fini(&said);
    files_free(files);
    return s;
}

/* It is right, and so is what stird -T prints of it. */
static void assert_right(const char *text, unsigned n_upstreams, unsigned of_trunk)
{
    struct buf printed[2] = {BUF_INIT, BUF_INIT};
    for (unsigned turn = 0; turn < 2; turn++) {
        struct settings *s = read_text(turn == 0 ? str_of(text) : buf_str(&printed[0]));
        assert_non_null(s);
        assert_int_equal(s->n_upstreams, n_upstreams);
        assert_int_equal(s->trunks[0].n_upstreams, of_trunk);
        settings_print(s, &printed[turn]);
        settings_free(s);
    }
    assert_true(str_eq(buf_str(&printed[0]), buf_str(&printed[1])));
    buf_fini(&printed[0]);
    buf_fini(&printed[1]);
}

static void a_configuration_has_what_its_services_use(void **state)
{
    char directory[] = "/tmp/stird-service-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    assert_right(BEGINNING TRUNK(""), 0, 0);
    assert_right(BEGINNING TRUNK("upstreams = [ ];"), 0, 0);
    assert_right(BEGINNING TRUNK("") UPSTREAM, 1, 0);
    assert_right(BEGINNING TRUNK("upstreams = [ \"carrier\" ];") UPSTREAM, 1, 1);
    /* nor anything to sign with, where nothing is signed */
    assert_right(LISTEN TRUNK(""), 0, 0);
    assert_right(LISTEN TRUNK("upstreams = [ \"carrier\" ];") UPSTREAM, 1, 1);
    assert_int_equal(unlink("stird.conf"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(directory), 0);
}

/* ---- its health ---- */

/* Neither a next hop nor a certificate is missing where none is used. */
static void its_health_asks_for_nothing_that_it_does_not_use(void **state)
{
    static const struct address_prefix source = {
        .address = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}}, .bits = 32};
    static const enum health healths[] = {HEALTH_ALIVE, HEALTH_NEXT_HOPS, HEALTH_SIGNING};
    static const struct upstream nowhere = {.name = STR("carrier"), .host = STR("no.example")};
    static const uint32_t listed = 0;
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        const struct trunk trunk = {.sources = &source,
                                    .n_sources = 1,
                                    .certificate = NO_CERTIFICATE,
                                    .upstreams = &listed,
                                    .n_upstreams = i / 3,
                                    .health = healths[i % 3]};
        struct settings settings = {.trunks = &trunk,
                                    .n_trunks = 1,
                                    .upstreams = &nowhere,
                                    .n_upstreams = i / 3,
                                    .failure_mode = FAIL_CLOSED,
                                    .arena = arena_new(4096)};
        struct snapshot snapshot = {.settings = &settings, .signer = signer_client_new(-1)};
        const struct proxy_stage stage = {.snapshot = &snapshot};
        struct proxy *p = proxy_new_offstage(&stage);
        settings.sources = source_table_new(settings.arena, &trunk, 1, NULL, 0);
        const struct flow from = {.remote = source.address};
        assert_int_equal(health_of_source(p, &from), REASON_OK);
        proxy_free_offstage(p);
        signer_client_free(snapshot.signer);
        arena_free(settings.arena);
    }
}

/* ---- emergency calls that fit no trunk ---- */

/* Upstreams that are listed lead nowhere where the service does not send there. */
static void an_emergency_call_goes_where_the_service_sends(void **state)
{
    static const struct address_prefix source = {
        .address = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}}, .bits = 32};
    static const struct upstream carrier = {.name = STR("carrier")};
    static const uint32_t listed = 0;
    static const struct {
        enum trunk_service service[2];
        unsigned n_upstreams[2], taken;
    } cases[] = {
        {{SERVICE_SIGN, SERVICE_VERIFY}, {1, 1}, 1}, {{SERVICE_VERIFY, SERVICE_SIGN}, {1, 1}, 0},
        {{SERVICE_SIGN, SERVICE_VERIFY}, {0, 1}, 1}, {{SERVICE_SIGN, SERVICE_VERIFY}, {1, 0}, 0},
        {{SERVICE_SIGN, SERVICE_SIGN}, {1, 1}, 0},   {{SERVICE_SIGN, SERVICE_SIGN}, {0, 1}, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trunk of[2];
        for (unsigned t = 0; t < 2; t++)
            of[t] = (struct trunk){.name = t ? STR("b") : STR("a"),
                                   .sources = &source,
                                   .n_sources = 1,
                                   .tgrp = STR("other"),
                                   .service = cases[i].service[t],
                                   .upstreams = &listed,
                                   .n_upstreams = cases[i].n_upstreams[t]};
        struct settings s = {.trunks = of,
                             .n_trunks = 2,
                             .upstreams = &carrier,
                             .n_upstreams = 1,
                             .arena = arena_new(4096)};
        s.sources = source_table_new(s.arena, of, 2, &carrier, 1);
        struct call call = {.source = source.address,
                            .request_uri = STR("sip:911@192.0.2.200"),
                            .to_uri = STR("sip:911@192.0.2.200")};
        assert_ptr_equal(trunk_for_emergency(&s, &call), &of[cases[i].taken]);
        arena_free(s.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_has_what_its_services_use),
        cmocka_unit_test(its_health_asks_for_nothing_that_it_does_not_use),
        cmocka_unit_test(an_emergency_call_goes_where_the_service_sends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
