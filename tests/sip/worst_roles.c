#include "worst_roles.h"
#include "worst_captures.h"
#include "worst_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/arena.h>
#include <stird/base/clock.h>
#include <stird/conf/settings_file.h>
#include <stird/core/framing.h>
#include <stird/core/headers.h>
#include <stird/core/hops.h>
#include <stird/io/numbers_files.h>
#include <stird/sip/reading.h>
#include <stird/sip/rehearsal.h>
#include <string.h>

#include "sip/message/answer.h"
#include "sip/message/received.h"
#include "sip/own_routes.h"
#include "sip/proxy_parts.h"
#include "sip/route_key.h"
#include "sip/stranger.h"
#include "sip/trust_domain.h"

#define INVITE   "INVITE sip:+12155550199@127.0.0.1 SIP/2.0\r\n"
#define BYE      "BYE sip:+12155550199@127.0.0.1 SIP/2.0\r\n"
#define CANCEL   "CANCEL sip:+12155550199@127.0.0.1 SIP/2.0\r\n"
#define ACK      "ACK sip:+12155550199@127.0.0.1 SIP/2.0\r\n"
#define RESPONSE "SIP/2.0 503 No\r\n"

static struct settings *settings;
static struct address trusted, untrusted;
static struct mapped_numbers no_numbers;
static struct snapshot snapshot;
static struct timers timers;
static struct proxy *proxy;

static bool make_table(int *fd)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    const char *why;
    bool good = numbers_files_compile(&(struct numbers_paths){.n_tables = 0}, fd, &summary,
                                      &problems) &&
                numbers_map(&no_numbers, *fd, &why);
    problems_fini(&problems);
    return good;
}

bool worst_roles_init(const char *path, const char *of_trusted, const char *of_untrusted)
{
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    static const struct transaction_timing timing = {500, 4000, 5000};
    static const struct transaction_hooks hooks = {.send = NULL};
    struct problems problems = PROBLEMS_INIT;
    struct files *files = files_new();
    int table;
    settings = settings_read(files, str_of(path), clock_real_us() / 1000000, &problems);
    files_free(files);
    problems_fini(&problems);
    if (!settings || !make_table(&table) || !message_module_init())
        return false;
    snapshot.settings = settings;
    timers_init(&timers, 0);
    const struct proxy_stage stage = {.snapshot = &snapshot,
                                      .listeners = listeners_of_settings(settings),
                                      .secret = secret,
                                      .transactions = transactions_new(&timing, &hooks, &timers)};
    proxy = proxy_new_offstage(&stage);
    return proxy && worst_worker_new(settings, table) &&
           address_parse(str_of(of_trusted), &trusted) &&
           address_parse(str_of(of_untrusted), &untrusted);
}

/* ---- a decision, as the call and `stirctl explain` make it ---- */

static void decide(struct str bytes, const struct address *source)
{
    struct arena *arena = arena_new(4096);
    struct rehearsal r = {.settings = settings,
                          .numbers = no_numbers.table,
                          .source = *source,
                          .transport = TRANSPORT_UDP,
                          .now_s = clock_real_us() / 1000000};
    rehearsal_run(&r, arena, bytes);
    arena_free(arena);
}

static void decide_trusted(struct str bytes)
{
    decide(bytes, &trusted);
}

static void decide_untrusted(struct str bytes)
{
    decide(bytes, &untrusted);
}

/* ---- what is read of a stranger, before any parser ---- */

static void hear_stranger(struct str bytes)
{
    const struct flow from = {.remote = {ADDRESS_IPV4, 5060, {192, 0, 2, 66}}};
    stranger_is_heard(proxy, &from, bytes);
}

/* ---- what cannot be read: the words of our answer, and whose end it may be ---- */

static void answer_unread(struct str bytes)
{
    const struct screen_fault fault = {REASON_BAD_REQUEST, STR("CSeq"), 0, "is missing"};
    struct buf out = BUF_INIT;
    if (received_may_respond(bytes)) {
        received_status(bytes);
        received_branch(bytes);
        received_cseq_method(bytes);
    } else {
        received_is_emergency(bytes, settings);
        received_call_id(bytes);
        answer_malformed(bytes, &fault, STR("tag"), &out);
    }
    buf_fini(&out);
}

/* ---- from a stream, which may end anywhere ---- */

static void take_off_stream(struct str bytes)
{
    const struct frame_limits limits = {settings->max_message_bytes, settings->max_header_lines};
    struct message m;
    struct frame frame;
    size_t resume = 0;
    enum frame_status status = frame_stream(bytes, &limits, &resume, &frame);
    if (status != FRAME_INCOMPLETE && status != FRAME_KEEPALIVE &&
        received_parse(&m, bytes, status, &frame, settings))
        message_fini(&m);
    if (frame_rest(str_slice(bytes, 0, bytes.n - 1), &limits, &frame) == FRAME_CUT &&
        received_parse(&m, str_slice(bytes, 0, bytes.n - 1), FRAME_CUT, &frame, settings))
        message_fini(&m);
}

/* ---- inside a dialog, and the way back ---- */

static void pass_in_dialog(struct str bytes)
{
    struct message m;
    struct buf out = BUF_INIT;
    struct own_routes own;
    if (message_parse(&m, bytes, settings) == REASON_OK) {
        if (m.status == 0)
            own_routes_of(proxy, &m, 0, &own);
        trust_domain_apply_in_dialog(&m, settings, &untrusted, &trusted);
        message_print(&m, &out);
        message_fini(&m);
    }
    buf_fini(&out);
}

/* BYTES with our Route of its dialog before all that is made for the role. */
static struct str with_key(struct str bytes)
{
    static char room[80000];
    char key[ROUTE_KEY_LENGTH + 1];
    struct route_place place = {proxy_listeners(proxy)->list[0].address, TRANSPORT_UDP};
    struct buf host = BUF_INIT;
    struct str rest, line = start_line(bytes, &rest);
    route_key_write(proxy_branches(proxy), STR("c@h"), STR("1"), &place, ROUTE_OF_BOTH, route_day(),
                    key);
    address_add(&host, &place.address);
    int n = snprintf(room, sizeof(room), "%.*s\r\nRoute: <sip:%.*s;lr;stk=%s>\r\n%.*s",
                     STR_ARG(line), STR_ARG(buf_str(&host)), key, STR_ARG(rest));
    buf_fini(&host);
    if (n < 0 || n >= (int)sizeof(room))
        abort();
    return (struct str){room, (size_t)n};
}

/* A stranger's, who once saw our Record-Route. */
static void pass_with_key(struct str bytes)
{
    struct str keyed = with_key(bytes);
    hear_stranger(keyed);
    pass_in_dialog(keyed);
}

/* ---- at a worker: from the octets that come to those that leave, and to its record ---- */

static void hear(struct str bytes)
{
    worst_worker_hears(bytes, &trusted);
    worst_worker_rests();
}

static void hear_untrusted(struct str bytes)
{
    worst_worker_hears(bytes, &untrusted);
    worst_worker_rests();
}

static void hear_with_key(struct str bytes)
{
    hear(with_key(bytes));
}

/* Behind the INVITE that it is of, unless its own Via is what is dear. */
static void hear_behind_invite(struct str bytes)
{
    worst_worker_hears(STR(INVITE "Via: " WORST_VIA "\r\nFrom: <sip:+12155550100@h>;tag=1\r\n"
                                  "To: <sip:+12155550199@h>\r\nCall-ID: c@h\r\nCSeq: 1 INVITE\r\n"
                                  "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"),
                       &trusted);
    hear(bytes);
}

/* The end of its header is lacking: nobody parses it, and it is told what it was. */
static void hear_cut(struct str bytes)
{
    hear(str_slice(bytes, 0, bytes.n - 2));
}

/* ---- what is told of records, captures and hops ---- */

static void read_capture(struct str bytes)
{
    struct arena *arena = arena_new(4096);
    struct str why;
    reading_is_clear(bytes, true, arena, &why);
    arena_free(arena);
}

static void ignore(void *user, struct str sentence)
{
    (void)user, (void)sentence;
}

static void compare_hops(struct str bytes)
{
    static const struct country country = {.code = {"1", 1}, .national_length = 10};
    struct arena *arena = arena_new(4096);
    hops_compare(bytes, STR(BYE "\r\n"), &country, arena, ignore, NULL);
    arena_free(arena);
}

const struct worst_role worst_roles[] = {
    {"INVITE of a trusted trunk", INVITE, decide_trusted, false},
    {"INVITE of an untrusted trunk", INVITE, decide_untrusted, false},
    {"request of a stranger", BYE, hear_stranger, false},
    {"response of a stranger", RESPONSE, hear_stranger, false},
    {"request of a stranger with a key", BYE, pass_with_key, false},
    {"request that cannot be read", INVITE, answer_unread, false},
    {"response that cannot be read", RESPONSE, answer_unread, false},
    {"stream", INVITE, take_off_stream, false},
    {"request in a dialog", BYE, pass_in_dialog, false},
    {"response", RESPONSE, pass_in_dialog, false},
    {"hops", INVITE, compare_hops, false},
    {"message of a capture", INVITE, read_capture, false},
    {"INVITE at a worker", INVITE, hear, true},
    {"INVITE of an untrusted trunk at a worker", INVITE, hear_untrusted, true},
    {"CANCEL of a call", CANCEL, hear_behind_invite, true},
    {"ACK of a refusal", ACK, hear_behind_invite, true},
    {"ACK of a trunk", ACK, hear, true},
    {"ACK in a dialog", ACK, hear_with_key, true},
    {"request in a dialog at a worker", BYE, hear_with_key, true},
    {"request that ends in its header", INVITE, hear_cut, true},
    {"response at a worker", RESPONSE, hear, true},
    {"response that ends in its header", RESPONSE, hear_cut, true},
    {"datagram of a capture", INVITE, worst_capture_datagram, true},
    {"segments of a capture", INVITE, worst_capture_segments, true},
    {"text", INVITE, worst_capture_text, false},
};
const unsigned n_worst_roles = sizeof(worst_roles) / sizeof(worst_roles[0]);
