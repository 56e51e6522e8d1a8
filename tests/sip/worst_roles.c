#include "worst_roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/arena.h>
#include <stird/base/clock.h>
#include <stird/conf/settings_file.h>
#include <stird/core/framing.h>
#include <stird/core/headers.h>
#include <stird/core/hops.h>
#include <stird/io/numbers_files.h>
#include <stird/sip/rehearsal.h>
#include <string.h>

#include "sip/own_routes.h"
#include "sip/proxy_parts.h"
#include "sip/stranger.h"
#include "sip/trust.h"

#define INVITE   "INVITE sip:+12155550199@127.0.0.1 SIP/2.0\r\n"
#define BYE      "BYE sip:+12155550199@127.0.0.1 SIP/2.0\r\n"
#define RESPONSE "SIP/2.0 503 No\r\n"

static struct settings *settings;
static struct address trusted, untrusted;
static struct mapped_numbers no_numbers;
static struct snapshot snapshot;
static struct timers timers;
static struct proxy *proxy;

static bool make_table(void)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    const char *why;
    int fd;
    bool good = numbers_files_compile(&(struct numbers_paths){.n_tables = 0}, &fd, &summary,
                                      &problems) &&
                numbers_map(&no_numbers, fd, &why);
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
    settings = settings_read(files, str_of(path), clock_real_us() / 1000000, &problems);
    files_free(files);
    problems_fini(&problems);
    if (!settings || !make_table() || !message_module_init())
        return false;
    snapshot.settings = settings;
    timers_init(&timers, 0);
    const struct proxy_stage stage = {.snapshot = &snapshot,
                                      .listeners = settings_listeners(settings),
                                      .secret = secret,
                                      .transactions = transactions_new(&timing, &hooks, &timers)};
    proxy = proxy_new_offstage(&stage);
    return proxy && address_parse(str_of(of_trusted), &trusted) &&
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
    rehearse(&r, arena, bytes);
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

/* ---- inside a dialog, and the way back ---- */

static void pass_in_dialog(struct str bytes)
{
    struct message m;
    struct buf out = BUF_INIT;
    struct own_routes own;
    if (message_parse(&m, bytes, settings) == REASON_OK) {
        if (m.status == 0)
            own_routes_of(proxy, &m, 0, &own);
        trust_apply_in_dialog(&m, settings, &untrusted, &trusted);
        message_print(&m, &out);
        message_fini(&m);
    }
    buf_fini(&out);
}

/* ---- what is told of records, captures and hops ---- */

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
    {"INVITE of a trusted trunk", INVITE, decide_trusted},
    {"INVITE of an untrusted trunk", INVITE, decide_untrusted},
    {"request of a stranger", BYE, hear_stranger},
    {"response of a stranger", RESPONSE, hear_stranger},
    {"request in a dialog", BYE, pass_in_dialog},
    {"response", RESPONSE, pass_in_dialog},
    {"hops", INVITE, compare_hops},
};
const unsigned n_worst_roles = sizeof(worst_roles) / sizeof(worst_roles[0]);
