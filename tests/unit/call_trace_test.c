/* Memory that several workers write the messages of traced calls into, and one reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stird/io/call_trace.h>
#include <stird/trace/pcap_file.h>
#include <stird/trace/trace.h>

struct lab {
    int fd;
    struct call_trace *trace;
    char *memory;
};

static int setup(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    lab->fd = call_trace_memory();
    lab->trace = call_trace_map(lab->fd, true);
    lab->memory = malloc(CALL_TRACE_BYTES);
    *state = lab;
    return lab->trace && lab->memory ? 0 : -1;
}

static int teardown(void **state)
{
    struct lab *lab = *state;
    call_trace_unmap(lab->trace);
    close(lab->fd);
    free(lab->memory);
    free(lab);
    return 0;
}

static struct address at(const char *host, uint16_t port)
{
    struct address a;
    assert_true(address_parse(str_of(host), &a));
    a.port = port;
    return a;
}

static struct call_message message(const char *text)
{
    return (struct call_message){.real_us = 1700000000000001,
                                 .from = at("192.0.2.1", 5060),
                                 .to = at("192.0.2.2", 5080),
                                 .bytes = str_of(text)};
}

static struct str copied(struct lab *lab)
{
    assert_int_equal(pread(lab->fd, lab->memory, CALL_TRACE_BYTES, 0), CALL_TRACE_BYTES);
    return (struct str){lab->memory, CALL_TRACE_BYTES};
}

struct seen {
    size_t n, octets;
    struct str last;
};

static void see(void *user, const struct call_message *m)
{
    struct seen *seen = user;
    seen->n++;
    seen->octets += m->bytes.n;
    seen->last = m->bytes;
}

static void test_what_is_put_is_read(void **state)
{
    struct lab *lab = *state;
    struct seen seen = {0};
    struct call_message m = message("INVITE\r\nAuthorization: a\r\n");
    assert_true(call_trace_put(lab->trace, &m));
    m = message("BYE");
    assert_true(call_trace_put(lab->trace, &m));
    m = message("");
    assert_false(call_trace_put(lab->trace, &m));
    call_trace_read(copied(lab), see, &seen);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.octets, 26 + 3);
    assert_true(str_eq(seen.last, STR("BYE")));
    assert_null(memmem(lab->memory, CALL_TRACE_BYTES, ": a\r", 4));
    assert_int_equal(call_trace_count(lab->trace).messages, 2);
}

/* What is full says so, and does not take what would still fit. */
static void test_full(void **state)
{
    struct lab *lab = *state;
    struct seen seen = {0};
    static char text[60001];
    memset(text, 'a', sizeof(text) - 1);
    const struct call_message m = message(text), small = message("ACK");
    size_t n = 0;
    while (call_trace_put(lab->trace, &m))
        n++;
    assert_in_range(n, 130, CALL_TRACE_BYTES / 60000);
    assert_false(call_trace_put(lab->trace, &small));
    call_trace_read(copied(lab), see, &seen);
    assert_int_equal(seen.n, n);
    assert_int_equal(call_trace_count(lab->trace).missed, 2);
    assert_in_range(call_trace_count(lab->trace).bytes, 1, CALL_TRACE_BYTES);
}

static void test_calls(void **state)
{
    struct lab *lab = *state;
    unsigned known = 0;
    assert_false(call_trace_knows(lab->trace, 77));
    for (uint64_t call = 1; call <= 2 * CALL_TRACE_CALLS; call++)
        known += call_trace_add_call(lab->trace, call * UINT64_C(0x9e3779b97f4a7c15) | 1);
    for (uint64_t call = 1; call <= known / 2; call++)
        assert_true(call_trace_knows(lab->trace, call * UINT64_C(0x9e3779b97f4a7c15) | 1));
    assert_in_range(known, CALL_TRACE_CALLS / 2, CALL_TRACE_CALLS);
    assert_int_equal(call_trace_count(lab->trace).calls, known);
    assert_int_equal(call_trace_count(lab->trace).calls_missed, 2 * CALL_TRACE_CALLS - known);
}

#define WRITERS 4
#define EACH    500

static void write_many(struct lab *lab, int writer)
{
    char text[400];
    for (int i = 0; i < EACH; i++) {
        memset(text, 'a' + writer, sizeof(text));
        text[(i * 37) % 390 + 1] = '\0';
        const struct call_message m = message(text);
        call_trace_put(lab->trace, &m);
    }
    _exit(0);
}

static void see_whole(void *user, const struct call_message *m)
{
    for (size_t i = 1; i < m->bytes.n; i++)
        assert_int_equal(m->bytes.p[i], m->bytes.p[0]);
    ++*(size_t *)user;
}

static void test_of_many_writers_all_is_whole(void **state)
{
    struct lab *lab = *state;
    size_t n = 0;
    for (int i = 0; i < WRITERS; i++)
        if (fork() == 0)
            write_many(lab, i);
    for (int i = 0; i < WRITERS; i++)
        wait(NULL);
    call_trace_read(copied(lab), see_whole, &n);
    assert_int_equal(n, WRITERS * EACH);
}

/* A writer that died, or wrote anything else: others' messages are found, and nothing is read that
   is not there. */
static void test_spoiled(void **state)
{
    struct lab *lab = *state;
    struct seen seen = {0};
    const struct call_message m = message("OPTIONS sip:a SIP/2.0\r\n\r\n");
    for (int i = 0; i < 3; i++)
        call_trace_put(lab->trace, &m);
    const struct str memory = copied(lab);
    char *second = memmem(lab->memory, memory.n, "OPTIONS", 7);
    second = memmem(second + 1, memory.n - 100000, "OPTIONS", 7);
    memset(second - 64, 0, 8); /* its mark */
    call_trace_read(memory, see, &seen);
    assert_int_equal(seen.n, 2);
    srandom(1);
    for (int i = 0; i < 2000; i++) {
        struct seen many = {0};
        copied(lab);
        lab->memory[16 + random() % (second - lab->memory)] = (char)random();
        call_trace_read(memory, see, &many);
        assert_in_range(many.n, 0, 3);
    }
    call_trace_read(str_slice(memory, 0, 100), see, &seen);
    assert_int_equal(seen.n, 2);
}

static void test_other_memory_is_refused(void **state)
{
    (void)state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    assert_null(call_trace_map(pipes[0], false));
    assert_null(call_trace_map(-1, false));
    close(pipes[0]);
    close(pipes[1]);
}

/* ---- as a capture ---- */

struct found {
    size_t n;
    char text[8][64];
    struct address from[8];
};

static void note(void *user, const struct trace_message *m)
{
    struct found *found = user;
    assert_true(found->n < 8 && m->has_addresses && !m->cut);
    snprintf(found->text[found->n], 64, "%.*s", STR_ARG(str_slice(m->text, 0, 22)));
    found->from[found->n++] = m->from;
}

#define HEAD(method) method " sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n"

static void test_a_capture_is_read_back(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct pcap_streams streams = {0};
    struct found found = {0};
    struct trace_tally tally;
    const char *why = "";
    struct pcap_message m = {.real_us = 1700000000000001,
                             .from = at("192.0.2.1", 5060),
                             .to = at("192.0.2.2", 40000),
                             .bytes = STR(HEAD("OPTIONS"))};
    pcap_file_begin(&out);
    assert_true(pcap_file_add(&out, &streams, &m));
    m.is_stream = true;
    assert_true(pcap_file_add(&out, &streams, &m));
    assert_true(pcap_file_add(&out, &streams, &m));
    m.from = at("2001:db8::1", 5061);
    assert_false(pcap_file_add(&out, &streams, &m)); /* of two families */
    m.to = at("2001:db8::2", 40001);
    assert_true(pcap_file_add(&out, &streams, &m));
    static char big[70000];
    memset(big, 'x', sizeof(big));
    int n = snprintf(big, sizeof(big), "NOTIFY sip:a@b SIP/2.0\r\nContent-Length: 60000\r\n\r\n");
    big[n] = 'x';
    m.is_stream = false;
    m.bytes = (struct str){big, (size_t)n + 60000};
    assert_true(pcap_file_add(&out, &streams, &m));
    assert_true(trace_is_capture(buf_str(&out)));
    assert_true(trace_read_capture(buf_str(&out), note, &found, &tally, &why));
    assert_int_equal(found.n, 5);
    assert_int_equal(found.from[0].port, 5060);
    assert_string_equal(found.text[4], "NOTIFY sip:a@b SIP/2.0");
    pcap_streams_fini(&streams);
    buf_fini(&out);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_put_is_read),
        TEST(test_full),
        TEST(test_calls),
        TEST(test_of_many_writers_all_is_whole),
        TEST(test_spoiled),
        cmocka_unit_test(test_other_memory_is_refused),
        cmocka_unit_test(test_a_capture_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
