/* Where messages end, and the fences before any parser (RFC 3261 sections 7.5, 18.3; Decided 14).
 */
#include <setjmp.h>
#include <time.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stird/base/buf.h>
#include <stird/core/framing.h>
#include <string.h>

static const struct frame_limits limits = {400, 10};

#define HEAD   "OPTIONS sip:h SIP/2.0\r\nVia: x\r\n"
#define STATUS "SIP/2.0 200 OK\r\n"

static const struct {
    const char *name, *bytes;
    enum frame_status datagram, stream;
    size_t skip, length; /* of what is a message */
} cases[] = {
    {"whole", HEAD "Content-Length: 2\r\n\r\nab", FRAME_MESSAGE, FRAME_MESSAGE, 0, 54},
    {"compact name", HEAD "l: 2\r\n\r\nab", FRAME_MESSAGE, FRAME_MESSAGE, 0, 41},
    {"name of any case, spaces", HEAD "CONTENT-length :  2\r\n\r\nab", FRAME_MESSAGE, FRAME_MESSAGE,
     0, 56},
    {"line feeds alone", "OPTIONS sip:h SIP/2.0\nl: 0\n\n", FRAME_BAD_LINE_END, FRAME_BAD_LINE_END,
     0, 0},
    {"one line feed alone", HEAD "a: b\nl: 0\r\n\r\n", FRAME_BAD_LINE_END, FRAME_BAD_LINE_END, 0,
     0},
    {"LF before the empty line", HEAD "l: 0\n\r\n", FRAME_BAD_LINE_END, FRAME_BAD_LINE_END, 0, 0},
    {"LF as empty line", HEAD "l: 0\r\n\n", FRAME_BAD_LINE_END, FRAME_BAD_LINE_END, 0, 0},
    {"CR alone", HEAD "a: b\rc: d\r\nl: 0\r\n\r\n", FRAME_BAD_LINE_END, FRAME_BAD_LINE_END, 0, 0},
    {"CR twice", HEAD "a: b\r\r\nl: 0\r\n\r\n", FRAME_BAD_LINE_END, FRAME_BAD_LINE_END, 0, 0},
    {"CR behind LF", HEAD "a: b\r\n\rl: 0\r\n\r\n", FRAME_BAD_LINE_END, FRAME_BAD_LINE_END, 0, 0},
    {"CR in the start line", "OPTIONS sip:h\r SIP/2.0\r\nl: 0\r\n\r\n", FRAME_BAD_LINE_END,
     FRAME_BAD_LINE_END, 0, 0},
    {"CRs without end", HEAD "a:\ra:\ra:\ra:", FRAME_BAD_LINE_END, FRAME_BAD_LINE_END, 0, 0},
    {"CR and LF alone in the body", HEAD "l: 6\r\n\r\na\rb\nc\n", FRAME_MESSAGE, FRAME_MESSAGE, 0,
     45},
    {"line ends before it", "\r\n\r\n" HEAD "l: 0\r\n\r\n", FRAME_MESSAGE, FRAME_MESSAGE, 4, 39},
    {"no length: the datagram's end, but no stream has one", HEAD "\r\nab", FRAME_MESSAGE,
     FRAME_BAD_LENGTH, 0, 35},
    {"octets behind it: ignored, or the next message", HEAD "l: 1\r\n\r\nabcdef", FRAME_MESSAGE,
     FRAME_MESSAGE, 0, 40},
    {"longer than what is there", HEAD "l: 3\r\n\r\nab", FRAME_BAD_LENGTH, FRAME_INCOMPLETE, 0, 0},
    {"twice", HEAD "l: 0\r\nl: 0\r\n\r\n", FRAME_BAD_LENGTH, FRAME_SAME_LENGTHS, 0, 0},
    {"two", HEAD "l: 0\r\nl: 1\r\n\r\na", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH, 0, 0},
    {"twice, one a number", HEAD "l: 0\r\nl: x\r\n\r\n", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH, 0, 0},
    {"twice, and more is to come", HEAD "l: 2\r\nl: 2\r\n\r\na", FRAME_BAD_LENGTH, FRAME_INCOMPLETE,
     0, 0},
    {"negative", HEAD "l: -1\r\n\r\n", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH, 0, 0},
    {"a number and more", HEAD "l: 0 0\r\n\r\n", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH, 0, 0},
    {"empty", HEAD "l:\r\n\r\n", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH, 0, 0},
    {"folded", HEAD "l:\r\n 0\r\n\r\n", FRAME_MESSAGE, FRAME_MESSAGE, 0, 41},
    {"folded within it", HEAD "l: 1\r\n 0\r\n\r\n", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH, 0, 0},
    {"of a response no number", STATUS "l: +0\r\n\r\nab", FRAME_MESSAGE, FRAME_BAD_LENGTH, 0, 27},
    {"of a response empty", STATUS "l:\r\n\r\n", FRAME_MESSAGE, FRAME_BAD_LENGTH, 0, 22},
    {"of a response the same twice", STATUS "l: 1\r\nl: 1\r\n\r\nab", FRAME_MESSAGE,
     FRAME_SAME_LENGTHS, 0, 31},
    {"of a response two", STATUS "l: 1\r\nl: 2\r\n\r\nab", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH, 0,
     0},
    {"of a response beyond it", STATUS "l: 3\r\nl: x\r\n\r\nab", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH,
     0, 0},
    {"more than 32 bits", HEAD "l: 4294967296\r\n\r\n", FRAME_BAD_LENGTH, FRAME_BAD_LENGTH, 0, 0},
    {"larger than the limit", HEAD "l: 401\r\n\r\n", FRAME_BAD_LENGTH, FRAME_TOO_LARGE, 0, 0},
    {"no empty line", HEAD, FRAME_NO_END, FRAME_INCOMPLETE, 0, 0},
    {"no empty line but a length", HEAD "l: 0\r\n", FRAME_NO_END, FRAME_INCOMPLETE, 0, 0},
    {"cut in a line", HEAD "l: 0", FRAME_NO_END, FRAME_INCOMPLETE, 0, 0},
    {"cut behind a CR", HEAD "l: 0\r", FRAME_NO_END, FRAME_INCOMPLETE, 0, 0},
    {"cut in the empty line", HEAD "l: 0\r\n\r", FRAME_NO_END, FRAME_INCOMPLETE, 0, 0},
    {"a name with a space is no length", HEAD "Content Length: 9\r\nl: 0\r\n\r\n", FRAME_MESSAGE,
     FRAME_MESSAGE, 0, 58},
    {"a colon on the next line is no length", HEAD "Content-Length\r\n : 9\r\nl: 0\r\n\r\n",
     FRAME_MESSAGE, FRAME_MESSAGE, 0, 61},
    {"eleven lines",
     "O sip:h SIP/2.0\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\n\r\n",
     FRAME_TOO_MANY_LINES, FRAME_TOO_MANY_LINES, 0, 0},
    {"ten lines", "O sip:h SIP/2.0\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\nl: 0\r\n\r\n",
     FRAME_MESSAGE, FRAME_MESSAGE, 0, 57},
    {"ping", "\r\n\r\n", FRAME_KEEPALIVE, FRAME_KEEPALIVE, 4, 0},
    {"nothing", "", FRAME_KEEPALIVE, FRAME_INCOMPLETE, 0, 0},
    {"STUN", "\001\001\002\003", FRAME_NOT_SIP, FRAME_NOT_SIP, 0, 0},
    {"8-bit", "\370abc", FRAME_NOT_SIP, FRAME_NOT_SIP, 0, 0},
};

static void each_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str bytes = str_of(cases[i].bytes);
        struct frame d, s;
        size_t resume = 0;
        enum frame_status datagram = frame_datagram(bytes, &limits, &d);
        enum frame_status stream = frame_stream(bytes, &limits, &resume, &s);
        if (datagram != cases[i].datagram || stream != cases[i].stream)
            fail_msg("%s: %d %d", cases[i].name, datagram, stream);
        if (datagram == FRAME_MESSAGE && (d.skip != cases[i].skip || d.length != cases[i].length))
            fail_msg("%s: datagram %zu+%zu", cases[i].name, d.skip, d.length);
        if (stream == FRAME_MESSAGE && (s.skip != cases[i].skip || s.length != cases[i].length))
            fail_msg("%s: stream %zu+%zu", cases[i].name, s.skip, s.length);
    }
}

#define WITH_BODY HEAD "l: 4\r\n\r\n"

static void a_stream_that_ends(void **state)
{
    static const struct {
        struct str rest;
        enum frame_status status;
        size_t cut_at;
    } ends[] = {
        {STR(""), FRAME_KEEPALIVE, 0},
        {STR("\r\n\r\n"), FRAME_KEEPALIVE, 0},
        {STR("I"), FRAME_CUT, 1},
        {STR("INVITE sip:1@h SIP/2.0\r\nVi"), FRAME_CUT,
         sizeof("INVITE sip:1@h SIP/2.0\r\nVi") - 1},
        {STR(WITH_BODY), FRAME_CUT, sizeof(WITH_BODY) - 1},
        {STR(WITH_BODY "v=0"), FRAME_CUT, sizeof(WITH_BODY) + 2},
        {STR(WITH_BODY "v=0\n"), FRAME_KEEPALIVE, 0}, /* a whole message: heard before */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct frame frame;
        assert_int_equal(frame_rest(ends[i].rest, &limits, &frame), ends[i].status);
        if (ends[i].status != FRAME_CUT)
            continue;
        assert_int_equal(frame.skip, 0);
        assert_int_equal(frame.fault, ends[i].cut_at);
    }
}

/* Octet by octet, as a slow or hostile peer sends: incomplete until the last, then the same. */
static void a_stream_that_drips(void **state)
{
    static const char message[] = "\r\n" HEAD "l: 5\r\nX: \r\n y\r\n\r\nabcde";
    struct frame frame;
    size_t resume = 0;
    (void)state;
    for (size_t n = 3; n < sizeof(message) - 1; n++)
        assert_int_equal(frame_stream((struct str){message, n}, &limits, &resume, &frame),
                         FRAME_INCOMPLETE);
    assert_int_equal(
        frame_stream((struct str){message, sizeof(message) - 1}, &limits, &resume, &frame),
        FRAME_MESSAGE);
    assert_int_equal(frame.skip + frame.length, sizeof(message) - 1);
}

static void a_header_without_end_is_bounded(void **state)
{
    char bytes[500];
    struct frame frame;
    size_t resume = 0;
    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    assert_int_equal(frame_stream((struct str){bytes, 400}, &limits, &resume, &frame),
                     FRAME_INCOMPLETE);
    assert_int_equal(frame_stream((struct str){bytes, 401}, &limits, &resume, &frame),
                     FRAME_TOO_LARGE);
    assert_int_equal(frame_datagram((struct str){bytes, 401}, &limits, &frame), FRAME_TOO_LARGE);
}

static enum frame_status by_stream(struct str message, size_t piece)
{
    struct frame frame;
    size_t resume = 0;
    enum frame_status status = FRAME_INCOMPLETE;
    for (size_t n = piece; status == FRAME_INCOMPLETE && n < message.n; n += piece)
        status = frame_stream(str_slice(message, 0, n), &limits, &resume, &frame);
    return status == FRAME_INCOMPLETE ? frame_stream(message, &limits, &resume, &frame) : status;
}

/* Without a body the head alone counts, in one piece or many; so does the one octet too much. */
static void a_message_without_a_body_is_bounded(void **state)
{
    static const char length[] = "\r\nl: 0\r\n\r\n", start[] = "OPTIONS sip:h SIP/2.0\r\nx: ";
    (void)state;
    for (size_t n = 398; n <= 1200; n += n < 404 ? 1 : 100) {
        char bytes[1200];
        memset(bytes, 'a', n);
        memcpy(bytes, start, sizeof(start) - 1);
        memcpy(bytes + n - (sizeof(length) - 1), length, sizeof(length) - 1);
        const struct str message = {bytes, n};
        enum frame_status expected = n > 400 ? FRAME_TOO_LARGE : FRAME_MESSAGE;
        assert_int_equal(by_stream(message, n), expected);
        assert_int_equal(by_stream(message, 1), expected);
        assert_int_equal(by_stream(message, 7), expected);
        struct frame frame;
        assert_int_equal(frame_datagram(message, &limits, &frame), expected);
    }
}

/* A message that comes octet by octet costs what it has octets, not their square. */
static void a_drip_is_cheap(void **state)
{
    const struct frame_limits wide = {65536, 300};
    struct buf message = BUF_INIT;
    struct frame frame;
    size_t resume = 0;
    (void)state;
    buf_add_text(&message, "INVITE sip:h SIP/2.0\r\n");
    for (unsigned i = 0; i < 250; i++)
        buf_addf(&message, "X-%03u: %0100u\r\n", i, i);
    buf_add_text(&message, "Content-Length: 30000\r\n\r\n");
    for (unsigned i = 0; i < 30000; i++)
        buf_add_char(&message, 'b');
    clock_t begin = clock();
    for (size_t n = 1; n < message.n; n++)
        assert_int_equal(frame_stream((struct str){message.p, n}, &wide, &resume, &frame),
                         FRAME_INCOMPLETE);
    assert_int_equal(frame_stream(buf_str(&message), &wide, &resume, &frame), FRAME_MESSAGE);
    assert_int_equal(frame.length, message.n);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    print_message("%zu octets one by one: %.1f ms\n", message.n, seconds * 1000);
    assert_true(seconds < 0.1);
    buf_fini(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drip_is_cheap),
        cmocka_unit_test(each_case),
        cmocka_unit_test(a_stream_that_ends),
        cmocka_unit_test(a_stream_that_drips),
        cmocka_unit_test(a_message_without_a_body_is_bounded),
        cmocka_unit_test(a_header_without_end_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
