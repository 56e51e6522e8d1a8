#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <stird/io/ledger.h>
#include <stird/io/record.h>

#include "lab.h"

struct scene {
    struct trunk trunk;
    struct certificate certificate;
    struct provider provider;
    struct settings settings;
    struct call call;
    struct outcome outcome;
    struct tried tried[2];
    struct ledger_entry entry;
};

static struct scene *new_scene(void)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->trunk = (struct trunk){.name = STR("pbx-acme"), .customer = STR("acme")};
    s->provider = (struct provider){.name = STR("own")};
    s->certificate = (struct certificate){.id = STR("818H"),
                                          .spc = STR("709J"),
                                          .serial = STR("4711"),
                                          .x5u = STR("https://cert.example.org/818H.pem")};
    s->settings = (struct settings){.node = STR("edge-1"),
                                    .certificates = &s->certificate,
                                    .n_certificates = 1,
                                    .providers = &s->provider,
                                    .n_providers = 1};
    s->call = (struct call){.call_id = STR("a\"b\\c\n@x"), .trunk = &s->trunk};
    assert_true(address_parse(STR("2001:db8::1"), &s->call.source));
    s->call.source.port = 5060;
    s->outcome = (struct outcome){
        .verdict = VERDICT_SIGN,
        .reason = REASON_SIGNED_OWNED,
        .claims = {.attest = 'A',
                   .orig = lab_tn("12155550100"),
                   .dest = lab_tn("911"),
                   .iat_s = 1893456000},
        .rule = STR("attestation.owned"),
        .number_looked_up = true,
        .number = {.state = NUMBER_OWNED, .file = STR("/etc/stird/n.csv"), .line = 7},
    };
    assert_true(outcome_want(&s->outcome, &passport_type_shaken, 0));
    memcpy(s->outcome.claims.origid, "fffefdfc-fbfa-49f8-b7f6-f5f4f3f2f1f0", 36);
    s->tried[0] = (struct tried){.upstream = STR("carrier-b"), .fate = FATE_SILENT};
    s->tried[1] = (struct tried){.upstream = STR("carrier-a"),
                                 .transport = TRANSPORT_TCP,
                                 .fate = FATE_STATUS,
                                 .status = 200};
    assert_true(address_parse(STR("192.0.2.9"), &s->tried[0].address));
    s->tried[1].address = s->call.source;
    s->entry = (struct ledger_entry){.settings = &s->settings,
                                     .call = &s->call,
                                     .outcome = &s->outcome,
                                     .upstream = STR("carrier-a"),
                                     .monitor = STR("east"),
                                     .sip_status = 200,
                                     .cause = CAUSE_ANSWERED,
                                     .tried = s->tried,
                                     .n_tried = 2,
                                     .ts_us = INT64_C(1893456000123456),
                                     .sign_us = 31,
                                     .total_us = 420,
                                     .config_generation = 3,
                                     .numbers_generation = 9};
    return s;
}

/* As the recorder writes it, without the members of the chain. */
static void write_line(struct buf *out, const struct ledger_entry *entry)
{
    struct buf packet = BUF_INIT;
    struct record record;
    struct json j = json_writer(out, false);
    ledger_pack(&packet, entry);
    assert_true(record_unpack(&record, buf_str(&packet)));
    json_begin_object(&j);
    record_put(&j, &record);
    json_end_object(&j);
    buf_fini(&packet);
}

static void assert_record(const struct scene *s, const char *wanted)
{
    struct buf out = BUF_INIT;
    write_line(&out, &s->entry);
    if (!str_eq(buf_str(&out), str_of(wanted)))
        print_error("got    %.*s\nwanted %s\n", (int)out.n, out.p, wanted);
    assert_true(str_eq(buf_str(&out), str_of(wanted)));
    json_t *parsed = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(parsed);
    json_decref(parsed);
    buf_fini(&out);
}

static void a_signed_call(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    assert_record(
        s, "{\"ts\":\"2030-01-01T00:00:00.123Z\",\"node\":\"edge-1\","
           "\"call_id\":\"a\\\"b\\\\c\\n@x\",\"trunk\":\"pbx-acme\","
           "\"source\":\"[2001:db8::1]:5060\",\"orig_tn\":\"12155550100\",\"dest_tn\":\"911\","
           "\"attest\":\"A\",\"origid\":\"fffefdfc-fbfa-49f8-b7f6-f5f4f3f2f1f0\","
           "\"decision\":\"signed\",\"reason\":\"signed_owned\",\"withheld\":null,"
           "\"rule\":\"attestation.owned\",\"rate\":null,\"monitor\":\"east\","
           "\"number_state\":\"owned\",\"number_row\":\"/etc/stird/n.csv:7\","
           "\"customer\":\"acme\",\"provider\":\"own\",\"cert_id\":\"818H\","
           "\"cert_spc\":\"709J\",\"cert_serial\":\"4711\","
           "\"x5u\":\"https://cert.example.org/818H.pem\",\"iat\":1893456000,\"tokens\":null,"
           "\"identity_fault\":null,\"identity_unreadable\":0,\"verification\":null,"
           "\"upstream\":\"carrier-a\",\"sip_status\":200,\"result\":\"answered\","
           "\"cause\":\"answered\",\"tried\":[{\"upstream\":\"carrier-b\","
           "\"address\":\"192.0.2.9:0\",\"transport\":\"udp\",\"said\":\"silent\","
           "\"retried_unsigned\":false},"
           "{\"upstream\":\"carrier-a\",\"address\":\"[2001:db8::1]:5060\","
           "\"transport\":\"tcp\",\"said\":\"200\","
           "\"retried_unsigned\":false}],\"sign_us\":31,\"total_us\":420,"
           "\"config_generation\":3,\"numbers_generation\":9,\"emergency\":false,"
           "\"detail\":null,\"count\":1}");
    free(s);
}

/* Those that the call left with, and those by which it was judged, where the settings say so and do
   not hide numbers. */
static void with_tokens(void **state)
{
    (void)state;
    static const struct verified verified = {.class = VERIFICATION_PASSED, .level = 'A'};
    static const struct str made[] = {STR("a.b.c;info=<https://x>"), STR("odd\n")};
    static const struct identity_value came = {.text = STR("d.e.f")};
    struct scene *s = new_scene();
    char got[256];
    s->entry.tokens = made;
    s->entry.n_tokens = 2;
    s->call.identities_known[0] = &came;
    s->call.n_identities_known = 1;
    for (int i = 0; i < 4; i++) {
        struct buf out = BUF_INIT;
        s->settings.record_tokens = i > 0;
        s->outcome.verified = i == 2 ? &verified : NULL;
        s->settings.mask_numbers = i == 3;
        write_line(&out, &s->entry);
        json_t *parsed = json_loadb(out.p, out.n, 0, NULL);
        char *text = json_dumps(json_object_get(parsed, "tokens"), JSON_COMPACT | JSON_ENCODE_ANY);
        snprintf(got, sizeof(got), "%s", text);
        free(text);
        assert_string_equal(got, i == 0 || i == 3 ? "null"
                                 : i == 1         ? "[\"a.b.c;info=<https://x>\"]"
                                                  : "[\"a.b.c;info=<https://x>\",\"d.e.f\"]");
        json_decref(parsed);
        buf_fini(&out);
    }
    free(s);
}

static void masked(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    struct buf out = BUF_INIT;
    s->settings.mask_numbers = true;
    write_line(&out, &s->entry);
    json_t *parsed = json_loadb(out.p, out.n, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(parsed, "orig_tn")), "xxxxxxx0100");
    assert_string_equal(json_string_value(json_object_get(parsed, "dest_tn")), "911");
    json_decref(parsed);
    buf_fini(&out);
    free(s);
}

static void refused_before_anything_was_known(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    s->call = (struct call){.call_id = {NULL, 0}};
    s->outcome = (struct outcome){
        .verdict = VERDICT_REJECT, .reason = REASON_NO_TRUNK, .claims = {.attest = 'A'}};
    s->entry.upstream = (struct str){NULL, 0};
    s->entry.sip_status = 403;
    s->entry.cause = CAUSE_REJECTED;
    s->entry.n_tried = 0;
    s->entry.sign_us = s->entry.total_us = -1;
    assert_record(
        s,
        "{\"ts\":\"2030-01-01T00:00:00.123Z\",\"node\":\"edge-1\",\"call_id\":null,"
        "\"trunk\":null,\"source\":null,\"orig_tn\":null,\"dest_tn\":null,"
        "\"attest\":null,\"origid\":null,\"decision\":\"rejected\","
        "\"reason\":\"no_trunk\",\"withheld\":null,\"rule\":null,\"rate\":null,\"monitor\":\"east\",\"number_state\":null,"
        "\"number_row\":null,\"customer\":null,\"provider\":null,\"cert_id\":null,"
        "\"cert_spc\":null,\"cert_serial\":null,\"x5u\":null,"
        "\"iat\":null,\"tokens\":null,\"identity_fault\":null,\"identity_unreadable\":0,\"verification\":null,"
        "\"upstream\":null,\"sip_status\":403,\"result\":\"rejected\","
        "\"cause\":\"rejected\",\"tried\":[],\"sign_us\":null,"
        "\"total_us\":null,\"config_generation\":3,\"numbers_generation\":9,"
        "\"emergency\":false,"
        "\"detail\":null,\"count\":1}");
    free(s);
}

/* A caller must not get rid of its record by a Call-ID that no packet holds. */
static void a_record_stays_short(void **state)
{
    (void)state;
    struct scene *s = new_scene();
    struct buf out = BUF_INIT;
    char *hostile = malloc(60000);
    memset(hostile, 1, 60000);
    s->call.call_id = (struct str){hostile, 60000};
    write_line(&out, &s->entry);
    assert_true(!buf_failed(&out) && out.n < 8192);
    free(hostile);
    buf_fini(&out);
    free(s);
}

static void sends_without_waiting(void **state)
{
    (void)state;
    int fds[2];
    char got[64];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    assert_true(ledger_send(fds[0], STR("{\"a\":1}")));
    assert_int_equal(recv(fds[1], got, sizeof(got), 0), 7);
    assert_memory_equal(got, "{\"a\":1}", 7);
    unsigned sent = 0;
    while (sent < 1000000 && ledger_send(fds[0], STR("{\"a\":1}")))
        sent++;
    assert_in_range(sent, 1, 999999); /* full: dropped, not waited for */
    close(fds[1]);
    assert_false(ledger_send(fds[0], STR("{}"))); /* and no SIGPIPE */
    assert_false(ledger_send(-1, STR("{}")));
    close(fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_call),        cmocka_unit_test(masked),
        cmocka_unit_test(with_tokens),          cmocka_unit_test(refused_before_anything_was_known),
        cmocka_unit_test(a_record_stays_short), cmocka_unit_test(sends_without_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
