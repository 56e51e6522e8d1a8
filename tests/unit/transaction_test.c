/*
 * The four machines of RFC 3261 section 17 and RFC 6026, driven by a simulated clock. Each story is
 * a script of one line: what happens, and what must have left by then.
 *
 *   INV NON            a transaction begins (client: sends; server: request arrived)
 *   +500               time passes, ms
 *   r180               a response (client: arrives; server: our answer)
 *   again              server: the request arrives once more
 *   ack                server: an ACK arrives
 *   icmp, closed, torn client: the datagram came back; the connection is gone, in good order or not
 *   limit              client: a CANCEL was sent
 *   last               the process ends: what it will not repeat any more is said once more
 *   deaf               from now on nothing can be sent
 *   =3                 so many packets have left since the last check
 *   pass, absorb       what became of the last response or ACK
 *   alive, gone        the transaction
 *   done, timeout, error   its user was told so
 *   asked, unasked     server: whether its user was asked for a 100 since the last check
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stird/base/container_of.h>

#include "sip/transaction/transaction.h"

#define INVITE                                                                                     \
    "INVITE sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"                             \
    "From: <sip:1@h>;tag=f\r\nTo: <sip:2@h>\r\nCall-ID: c\r\n"                                     \
    "CSeq: 7 INVITE\r\nRoute: <sip:r;lr>\r\nX-Other: x\r\n\r\n"

struct world {
    struct client_user client_user;
    struct server_user server_user;
    struct timers timers;
    struct transactions *all;
    int64_t now_ms;
    unsigned sent;
    char last[512];
    int send_error;
    bool passed, asked, told;
    int ended; /* -1: not; else enum transaction_end */
    struct server_transaction *server;
    struct client_transaction *client;
    struct flow flow;
};

static int world_send(void *context, const struct flow *to, struct str bytes)
{
    struct world *w = context;
    (void)to;
    w->sent++;
    snprintf(w->last, sizeof(w->last), "%.*s", STR_ARG(bytes));
    return w->send_error;
}

static void world_ended(struct world *w, enum transaction_end why)
{
    w->ended = (int)why;
    w->server = NULL;
    w->client = NULL;
}

static void client_ended(struct client_user *user, enum transaction_end why)
{
    world_ended(container_of(user, struct world, client_user), why);
}

static void server_ended(struct server_user *user, enum transaction_end why)
{
    world_ended(container_of(user, struct world, server_user), why);
}

static void client_broken(struct client_user *user)
{
    struct world *w = container_of(user, struct world, client_user);
    assert_false(w->told);
    w->told = true;
}

static void server_waits(struct server_user *user)
{
    struct world *w = container_of(user, struct world, server_user);
    assert_false(w->asked);
    w->asked = true;
}

static const struct client_callbacks client_callbacks = {.ended = client_ended,
                                                         .broken = client_broken};
static const struct server_callbacks server_callbacks = {server_ended, server_waits};

static const struct transaction_key key = {1, 2};

static void world_init(struct world *w, bool reliable)
{
    static const struct transaction_timing timing = {500, 4000, 5000};
    memset(w, 0, sizeof(*w));
    const struct transaction_hooks hooks = {w, world_send};
    w->client_user.callbacks = &client_callbacks;
    w->server_user.callbacks = &server_callbacks;
    w->now_ms = 1000000;
    w->ended = -1;
    w->flow.transport = reliable ? TRANSPORT_TCP : TRANSPORT_UDP;
    timers_init(&w->timers, w->now_ms);
    w->all = transactions_new(&timing, &hooks, &w->timers);
    assert_non_null(w->all);
}

/* Event by event, as the loop of a worker would. */
static void world_pass(struct world *w, int64_t ms)
{
    int64_t until = w->now_ms + ms;
    for (int64_t next; (next = timers_next_ms(&w->timers)) >= 0 && next <= until;) {
        if (next > w->now_ms)
            w->now_ms = next;
        timers_run(&w->timers, w->now_ms);
    }
    w->now_ms = until;
    timers_run(&w->timers, w->now_ms);
}

static void begin(struct world *w, bool client, bool is_invite)
{
    if (client)
        w->client = client_transaction_new(w->all, &key, is_invite, &w->flow, STR(INVITE),
                                           &w->client_user, w->now_ms);
    else
        w->server = server_transaction_new(w->all, &key, is_invite, &w->flow, &w->server_user,
                                           w->now_ms);
}

static void response(struct world *w, int status)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "SIP/2.0 %d X\r\n\r\n", status);
    if (w->client)
        w->passed = client_transaction_response(w->client, status, STR("<sip:2@h>;tag=t"),
                                                w->now_ms) == RESPONSE_PASS;
    else if (w->server)
        w->passed = server_transaction_respond(w->server, status, (struct str){text, (size_t)n},
                                               w->now_ms);
}

static bool do_word(struct world *w, bool client, const char *word)
{
    bool alive = client ? client_transaction_find(w->all, &key) != NULL
                        : server_transaction_find(w->all, &key) != NULL;
    if (strcmp(word, "INV") == 0 || strcmp(word, "NON") == 0)
        begin(w, client, word[0] == 'I');
    else if (word[0] == '+')
        world_pass(w, atol(word + 1));
    else if (word[0] == 'r')
        response(w, atoi(word + 1));
    else if (strcmp(word, "again") == 0)
        server_transaction_request_again(w->server, w->now_ms);
    else if (strcmp(word, "ack") == 0)
        w->passed = server_transaction_ack(w->server, w->now_ms);
    else if (strcmp(word, "last") == 0)
        transactions_say_again(w->all);
    else if (strcmp(word, "icmp") == 0)
        client_transaction_transport_error(w->client, w->now_ms);
    else if (strcmp(word, "closed") == 0 || strcmp(word, "torn") == 0)
        client_transactions_connection_closed(w->all, w->flow.connection, word[0] == 't',
                                              w->now_ms);
    else if (strcmp(word, "limit") == 0)
        client_transaction_limit(w->client, w->now_ms);
    else if (strcmp(word, "deaf") == 0)
        w->send_error = -111;
    else if (word[0] == '=') {
        bool right = w->sent == (unsigned)atoi(word + 1);
        if (!right)
            print_error("%u packets left\n", w->sent);
        w->sent = 0;
        return right;
    } else if (strcmp(word, "asked") == 0 || strcmp(word, "unasked") == 0) {
        bool asked = w->asked;
        w->asked = false;
        return asked == (word[0] == 'a');
    } else if (strcmp(word, "pass") == 0)
        return w->passed;
    else if (strcmp(word, "absorb") == 0)
        return !w->passed;
    else if (strcmp(word, "alive") == 0)
        return alive && w->ended < 0;
    else if (strcmp(word, "gone") == 0)
        return !alive && transactions_count(w->all) == 0 && timers_next_ms(&w->timers) < 0;
    else if (strcmp(word, "done") == 0)
        return w->ended == TRANSACTION_DONE;
    else if (strcmp(word, "timeout") == 0)
        return w->ended == TRANSACTION_TIMEOUT;
    else if (strcmp(word, "told") == 0)
        return w->told;
    else if (strcmp(word, "lost") == 0)
        return w->ended == TRANSACTION_CONNECTION_LOST;
    else if (strcmp(word, "error") == 0)
        return w->ended == TRANSACTION_TRANSPORT_ERROR;
    else
        return false;
    return true;
}

static const struct {
    const char *section, *side, *script;
} stories[] = {
    /* client INVITE: 17.1.1 */
    {"17.1.1.2 A: 0 .5 1.5 3.5 7.5 15.5 31.5", "client udp",
     "INV =1 +490 =0 +20 =1 +1000 =1 +2000 =1 +4000 =1 +8000 =1 +16000 =1 alive"},
    {"17.1.1.2 B: 32 s without a response", "client udp", "INV +31900 alive +200 timeout gone"},
    {"17.1.1.2 B over a stream, nothing sent again", "client tcp",
     "INV =1 +31900 =0 alive +200 =0 timeout gone"},
    {"17.1.1.2 a provisional stops A and B", "client udp", "INV =1 r100 pass +200000 =0 alive"},
    {"17.1.1.2 all provisionals are passed", "client udp", "INV =1 r180 pass r180 pass r183 pass"},
    {"17.1.1.3 a refusal is acknowledged by us", "client udp", "INV =1 r486 pass =1 alive"},
    {"17.1.1.2 D: copies of the refusal are acknowledged, not passed", "client udp",
     "INV r180 =1 r486 pass =1 r486 absorb =1 +31900 alive r486 absorb =1 +200 done gone"},
    {"17.1.1.2 D is zero over a stream", "client tcp", "INV =1 r486 pass =1 +20 done gone"},
    {"17.1.1.2 a late provisional after a refusal", "client udp", "INV r486 =2 r180 absorb =0"},
    {"6026 7.2 2xx: no ACK from us, copies and forks are passed", "client udp",
     "INV =1 r200 pass =0 r200 pass r200 pass +31900 r200 pass alive +200 done gone"},
    {"6026 7.2 Accepted also over a stream", "client tcp",
     "INV r200 pass +31900 r200 pass alive +200 done gone"},
    {"6026 7.2 late refusal and provisional after a 2xx", "client udp",
     "INV =1 r200 r486 absorb =0 r180 absorb"},
    {"17.1.4 the first packet cannot be sent", "client udp", "deaf INV =1 alive +20 error gone"},
    {"18.4 ICMP for the request", "client udp", "INV +100 icmp +20 error gone"},
    {"18.4 ICMP after a provisional changes nothing", "client udp", "INV r100 icmp +20 alive"},
    {"18.4 the connection is gone", "client tcp", "INV closed +20 error gone"},
    {"18.2.2 gone after a provisional: the final may come otherwise", "client tcp",
     "INV r100 closed +31900 alive r200 pass +32100 done gone"},
    {"18.2.2 but not for ever", "client tcp", "INV r100 closed +32100 lost gone"},
    {"18.2.2 torn after a provisional: its user is told at once, and the final may still come",
     "client tcp", "INV r100 torn +20 told +31800 alive r200 pass +32100 done gone"},
    {"18.2.2 torn, and nothing more", "client tcp", "INV r100 torn +20 told +32100 lost gone"},
    {"18.2.2 torn, and its final in the same breath", "client tcp",
     "INV r180 torn r486 pass +20 done gone"},
    {"18.2.2 torn before a provisional", "client tcp", "INV torn +20 error gone"},
    {"18.2.2 torn after a CANCEL", "client tcp", "INV r180 limit torn +20 told +32100 lost gone"},
    {"9.1 a cancelled request that nobody ends", "client udp",
     "INV r180 limit +32100 timeout gone"},
    {"9.1 a provisional does not prolong it", "client udp",
     "INV r180 limit +10000 r180 pass +22100 timeout gone"},

    /* client non-INVITE: 17.1.2 */
    {"17.1.2.2 E: 0 .5 1.5 3.5 7.5 then every 4", "client udp",
     "NON =1 +510 =1 +1000 =1 +2000 =1 +4000 =1 +4000 =1 +4000 =1"},
    {"17.1.2.2 F: 32 s", "client udp", "NON +31900 alive +200 timeout gone"},
    {"17.1.2.2 in Proceeding E goes by T2", "client udp", "NON =1 r100 +600 =1 +4000 =1 +4000 =1"},
    {"17.1.2.2 a provisional does not stop F", "client udp", "NON r100 +32100 timeout gone"},
    {"17.1.2.2 K: copies of the final are absorbed", "client udp",
     "NON =1 r200 pass r200 absorb =0 +4900 r404 absorb alive +200 done gone"},
    {"17.1.2.2 K is zero over a stream", "client tcp", "NON =1 r200 pass +20 done gone"},
    {"17.1.2.2 nothing sent again over a stream", "client tcp", "NON =1 +31000 =0"},

    /* server INVITE: 17.2.1; R-P-065 */
    {"17.2.1 no answer within 200 ms: a 100 is asked for, once", "server udp",
     "INV +200 unasked +20 asked r100 =1 +3600000 unasked =0 alive"},
    {"17.2.1 over a stream as well", "server tcp", "INV +200 unasked +20 asked"},
    {"17.2.1 a copy within 200 ms is absorbed without an answer", "server udp",
     "INV +50 again =0 +50 again =0 unasked +120 asked r100 =1 again =1"},
    {"17.2.1 asked for but not given: not again", "server udp", "INV +220 asked +60000 unasked =0"},
    {"17.2.1 a 100 before: none is asked for", "server udp", "INV +10 r100 =1 +60000 unasked"},
    {"17.2.1 another provisional before", "server udp", "INV +10 r183 =1 +60000 unasked"},
    {"17.2.1 a refusal before: only the refusal is sent again", "server udp",
     "INV +10 r486 =1 +480 =0 +70 =1 unasked ack +200 unasked"},
    {"17.2.1 a 2xx before", "server udp", "INV +10 r200 =1 +60000 unasked"},
    {"17.2.2 no 100 for another method", "server udp", "NON +60000 unasked =0"},
    {"17.2.1 a copy gets the last provisional", "server udp",
     "INV again =0 r100 =1 again =1 r180 =1 again =1"},
    {"17.2.1 G: .5 1.5 3.5 7.5 then every 4", "server udp",
     "INV r486 =1 +510 =1 +1000 =1 +2000 =1 +4000 =1 +4000 =1"},
    {"the last word: a refusal without its ACK", "server udp", "INV r486 =1 last =1 ack last =0"},
    {"the last word: a caller will ask again", "server udp", "INV last =0 r180 =1 last =0"},
    {"the last word: nothing was lost on a stream", "server tcp", "INV r486 =1 last =0"},
    {"the last word: an INVITE without an answer", "client udp", "INV =1 last =1 r180 last =0"},
    {"the last word: others are their callers'", "client udp", "NON =1 last =0"},
    {"the last word: nothing is lost on a stream", "client tcp", "INV =1 last =0"},
    {"17.2.1 a copy gets the refusal", "server udp", "INV r486 =1 again =1"},
    {"17.2.1 H: nobody acknowledges", "server udp", "INV r486 +31900 alive +200 timeout gone"},
    {"17.2.1 no G over a stream", "server tcp", "INV r486 =1 +30000 =0 +2100 timeout gone"},
    {"17.2.1 I: acknowledged, copies are absorbed", "server udp",
     "INV r486 =1 ack absorb +4000 =0 again =0 ack absorb alive +1100 done gone"},
    {"17.2.1 I is zero over a stream", "server tcp", "INV r486 ack absorb +20 done gone"},
    {"17.2.1 one final only", "server udp", "INV r486 =1 r200 absorb =0 r180 absorb =0"},
    {"6026 7.1 2xx: copies of the INVITE are absorbed, further 2xx go out", "server udp",
     "INV r100 r200 =2 again =0 r200 pass =1 +31900 r200 pass =1 alive +200 done gone"},
    {"6026 7.1 the ACK of a 2xx is not ours", "server udp", "INV r200 ack pass"},
    {"6026 7.1 no refusal after a 2xx", "server udp", "INV r200 =1 r486 absorb =0"},
    {"17.2.1 waits without a limit for an answer", "server udp", "INV r180 =1 +3600000 =0 alive"},

    /* server non-INVITE: 17.2.2 */
    {"17.2.2 nothing to say before an answer", "server udp", "NON again =0"},
    {"17.2.2 J: copies get the final", "server udp",
     "NON r200 =1 again =1 +31900 again =1 alive +200 done gone"},
    {"17.2.2 J is zero over a stream", "server tcp", "NON r200 =1 +20 done gone"},
    {"17.2.2 a provisional is sent again", "server udp", "NON r183 =1 again =1"},
};

static void tell(const char *section, const char *side, const char *script)
{
    struct world w;
    char copy[512], *rest = copy, *word;
    bool client = side[0] == 'c';
    world_init(&w, strstr(side, "tcp") != NULL);
    snprintf(copy, sizeof(copy), "%s", script);
    while ((word = strsep(&rest, " "))) {
        if (word[0] != '\0' && !do_word(&w, client, word)) {
            print_error("%s (%s)\n  %s\n  not so: %s, before: %s\n", section, side, script, word,
                        rest ? rest : "the end");
            fail();
        }
    }
    transactions_free(w.all);
}

static void every_story_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
        tell(stories[i].section, stories[i].side, stories[i].script);
}

/* What is sent again within 64*T1 does not get less by delays: of the wheel, and of a loop that
   wakes up a little late each time. */
static void delays_of_retransmissions_do_not_add_up(void **state)
{
    static const struct {
        bool client, invite;
        unsigned leave;
    } kinds[] = {{true, true, 7}, {true, false, 11}, {false, true, 11}}; /* A, E, G */
    (void)state;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (int64_t begun = 1000000; begun < 1000100; begun += 7) {
            struct world w;
            world_init(&w, false);
            w.now_ms = begun;
            begin(&w, kinds[i].client, kinds[i].invite);
            if (!kinds[i].client)
                response(&w, 486);
            for (int64_t next; (next = timers_next_ms(&w.timers)) >= 0;) {
                w.now_ms = next + 3;
                timers_run(&w.timers, w.now_ms);
            }
            assert_int_equal(w.sent, kinds[i].leave);
            assert_int_equal(w.ended, TRANSACTION_TIMEOUT);
            assert_in_range(w.now_ms - begun, 32000, 32000 + TIMER_LATE_MS + TIMER_TICK_MS + 3);
            transactions_free(w.all);
        }
}

/* Nothing ran for a while: what was missed meanwhile does not leave at once. */
static void a_pause_is_not_made_up_for(void **state)
{
    (void)state;
    for (unsigned client = 0; client < 2; client++) {
        struct world w;
        world_init(&w, false);
        begin(&w, client, !client);
        if (!client)
            response(&w, 486);
        world_pass(&w, 3600); /* .5 1.5 3.5 */
        assert_int_equal(w.sent, 4);
        w.now_ms += 14000;
        timers_run(&w.timers, w.now_ms);
        assert_int_equal(w.sent, 5);
        world_pass(&w, 2900);
        assert_int_equal(w.sent, 5);
        world_pass(&w, 1200);
        assert_int_equal(w.sent, 6);
        transactions_free(w.all);
    }
}

static void the_ack_repeats_what_it_must(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, false);
    begin(&w, true, true);
    response(&w, 486);
    assert_string_equal(w.last, "ACK sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
                                "From: <sip:1@h>;tag=f\r\nTo: <sip:2@h>;tag=t\r\nCall-ID: c\r\n"
                                "Route: <sip:r;lr>\r\nCSeq: 7 ACK\r\nContent-Length: 0\r\n\r\n");
    transactions_free(w.all);
}

static void the_cancel_repeats_what_it_must(void **state)
{
    struct world w;
    struct buf out = BUF_INIT;
    (void)state;
    world_init(&w, false);
    begin(&w, true, true);
    assert_false(client_transaction_cancel_request(w.client, STR(""), &out));
    response(&w, 180);
    assert_true(
        client_transaction_cancel_request(w.client, STR("Reason: SIP;cause=200\r\n"), &out));
    assert_true(
        str_eq(buf_str(&out), STR("CANCEL sip:2@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
                                  "From: <sip:1@h>;tag=f\r\nTo: <sip:2@h>\r\nCall-ID: c\r\n"
                                  "Route: <sip:r;lr>\r\nCSeq: 7 CANCEL\r\nReason: SIP;cause=200\r\n"
                                  "Content-Length: 0\r\n\r\n")));
    buf_fini(&out);
    transactions_free(w.all);
}

static void a_detached_transaction_tells_nobody(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, false);
    begin(&w, true, true);
    client_transaction_detach(w.client);
    world_pass(&w, 40000);
    assert_int_equal(w.ended, -1);
    assert_int_equal(transactions_count(w.all), 0);
    transactions_free(w.all);
}

/* Accepted and detached, both may lie elsewhere, in little memory, and still absorb and pass what
   comes (RFC 6026 section 7), among others in their bucket and with their timers set. */
static void what_lingers_goes_on_absorbing(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, false);
    struct transaction_key keys[8];
    for (unsigned i = 0; i < 8; i++) { /* of one bucket */
        keys[i] = (struct transaction_key){.high = i + 1, .low = 5};
        w.server = server_transaction_new(w.all, &keys[i], true, &w.flow, &w.server_user, w.now_ms);
        w.client = client_transaction_new(w.all, &keys[i], true, &w.flow, STR(INVITE),
                                          &w.client_user, w.now_ms);
        assert_int_equal(
            client_transaction_response(w.client, 200, STR("<sip:2@h>;tag=t"), w.now_ms),
            RESPONSE_PASS);
        assert_true(
            server_transaction_respond(w.server, 200, STR("SIP/2.0 200 X\r\n\r\n"), w.now_ms));
        server_transaction_detach(w.server);
        client_transaction_detach(w.client);
    }
    w.server = NULL;
    w.client = NULL;
    world_pass(&w, 20000);
    const unsigned sent = w.sent;
    for (unsigned i = 0; i < 8; i++) {
        struct server_transaction *server = server_transaction_find(w.all, &keys[i]);
        struct client_transaction *client = client_transaction_find(w.all, &keys[i]);
        assert_non_null(server);
        assert_non_null(client);
        assert_null(server_transaction_user(server));
        assert_null(client_transaction_user(client));
        assert_false(server_transaction_keeps_last(server));
        server_transaction_request_again(server, w.now_ms);
        assert_true(server_transaction_ack(server, w.now_ms));
        assert_int_equal(client_transaction_response(client, 200, STR("<sip:2@h>;tag=u"), w.now_ms),
                         RESPONSE_PASS);
        assert_int_equal(client_transaction_response(client, 486, STR("<sip:2@h>;tag=u"), w.now_ms),
                         RESPONSE_ABSORB);
        assert_int_equal(client_transaction_flow(client)->transport, TRANSPORT_UDP);
        client_transaction_limit(client, w.now_ms);
    }
    transactions_say_again(w.all);
    assert_int_equal(w.sent, sent);
    world_pass(&w, 20000);
    assert_int_equal(w.ended, -1);
    assert_int_equal(transactions_count(w.all), 0);
    transactions_free(w.all);
}

/* What is kept of a provisional answer and of a BYE's is said again octet for octet. */
static void kept_answers_are_said_again(void **state)
{
    static const struct {
        bool invite;
        int status;
        struct str text;
    } answers[] = {
        {true, 180,
         STR("SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:+1@h>;tag=f\r\nTo: <sip:2@h>;tag=\xff\x80\r\nContent-Length: 0\r\n\r\n")},
        {false, 200,
         STR("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n")},
        {true, 100, STR("SIP/2.0 100 Trying\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\r\n")},
        {true, 486, STR("SIP/2.0 486 Busy\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\r\n")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct world w;
        struct buf last = BUF_INIT;
        world_init(&w, false);
        begin(&w, false, answers[i].invite);
        assert_false(server_transaction_has_responded(w.server));
        assert_true(
            server_transaction_respond(w.server, answers[i].status, answers[i].text, w.now_ms));
        assert_true(server_transaction_keeps_last(w.server));
        assert_true(server_transaction_last_response(w.server, &last));
        assert_true(str_eq(buf_str(&last), answers[i].text));
        w.last[0] = '\0';
        server_transaction_request_again(w.server, w.now_ms);
        assert_true(str_eq(str_of(w.last), answers[i].text));
        buf_fini(&last);
        transactions_free(w.all);
    }
}

/* 20,000 at once, random events: nothing leaks, nothing lives for ever. */
static void many_at_random_all_end(void **state)
{
    struct world w;
    unsigned seed = 7;
    (void)state;
    world_init(&w, false);
    for (uint64_t i = 0; i < 20000; i++) {
        struct transaction_key k = {i, i * 2654435761u};
        struct client_transaction *c = client_transaction_new(
            w.all, &k, rand_r(&seed) % 2, &w.flow, STR(INVITE), &w.client_user, w.now_ms);
        struct server_transaction *s = server_transaction_new(w.all, &k, rand_r(&seed) % 2, &w.flow,
                                                              &w.server_user, w.now_ms);
        static const int statuses[] = {100, 180, 200, 302, 404, 486, 503};
        assert_non_null(c);
        assert_non_null(s);
        for (int n = rand_r(&seed) % 4; n > 0; n--)
            client_transaction_response(c, statuses[2 + rand_r(&seed) % 5], STR("<sip:2@h>;tag=t"),
                                        w.now_ms);
        server_transaction_respond(s, statuses[2 + rand_r(&seed) % 5], STR("x"), w.now_ms);
        if (rand_r(&seed) % 2)
            server_transaction_ack(s, w.now_ms);
        if (i % 50 == 0)
            world_pass(&w, rand_r(&seed) % 300);
    }
    world_pass(&w, 70000);
    assert_int_equal(transactions_count(w.all), 0);
    assert_true(timers_next_ms(&w.timers) < 0);
    transactions_free(w.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_story_of_the_table),
        cmocka_unit_test(delays_of_retransmissions_do_not_add_up),
        cmocka_unit_test(a_pause_is_not_made_up_for),
        cmocka_unit_test(the_ack_repeats_what_it_must),
        cmocka_unit_test(the_cancel_repeats_what_it_must),
        cmocka_unit_test(a_detached_transaction_tells_nobody),
        cmocka_unit_test(what_lingers_goes_on_absorbing),
        cmocka_unit_test(kept_answers_are_said_again),
        cmocka_unit_test(many_at_random_all_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
