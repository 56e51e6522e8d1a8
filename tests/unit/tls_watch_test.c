/*
 * A session whose peer sends records without data: it ends in the middle of what it reads, whoever
 * of the two connected; ordinary ones do not.
 */
#include "lab.h"

#include "net/tls_session.h"

#include <openssl/err.h>

#define MANY 4000

static char *directory;

static int set_up(void **state)
{
    char command[2048];
    (void)state;
    directory = lab_directory();
    snprintf(command, sizeof(command),
             "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
             "-sha256 -days 30 -subj /CN=a.example -addext subjectAltName=DNS:a.example "
             "-keyout own.key -out own.pem 2>/dev/null",
             directory);
    lab_run(command);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_remove(directory);
    return 0;
}

/* One of the two is ours and watched, the other one does as it likes. */
struct pair {
    struct tls *tls;
    SSL *ours, *theirs;
    struct tls_watch watch;
    struct small_talk talk;
};

static void open_pair(struct pair *p, bool we_connect, int version)
{
    struct problems problems = PROBLEMS_INIT;
    char *certificate = lab_read(directory, "own.pem"), *key = lab_read(directory, "own.key");
    *p = (struct pair){
        .tls = tls_new(&(struct tls_texts){STR("own.pem"), str_of(certificate), STR("own.key"),
                                           str_of(key), STR("own.pem"), str_of(certificate)},
                       &problems)};
    assert_non_null(p->tls);
    free(certificate);
    free(key);
    SSL *client = tls_connecting(p->tls, STR("a.example"), &(struct address){0});
    SSL *server = tls_accepting(p->tls, false);
    BIO *one = NULL, *two = NULL;
    assert_true(client && server);
    assert_int_equal(BIO_new_bio_pair(&one, 1 << 20, &two, 1 << 20), 1);
    SSL_set_bio(client, one, one);
    SSL_set_bio(server, two, two);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    p->ours = we_connect ? client : server;
    p->theirs = we_connect ? server : client;
    SSL_set_max_proto_version(p->theirs, version);
    SSL_clear_options(p->theirs, SSL_OP_NO_RENEGOTIATION);
    tls_watch_begin(&p->watch, p->ours, &p->talk);
}

static void shake(struct pair *p)
{
    bool done = false;
    for (unsigned i = 0; i < 20 && !done; i++) {
        int a = SSL_do_handshake(p->theirs), b = SSL_do_handshake(p->ours);
        done = a == 1 && b == 1;
    }
    assert_true(done);
    assert_false(p->talk.over);
    p->watch.talking = true;
}

static void close_pair(struct pair *p)
{
    SSL_free(p->ours);
    SSL_free(p->theirs);
    tls_free(p->tls);
    ERR_clear_error();
}

/* True: it has data; false: it has none for now, or is over. */
static bool reads(struct pair *p)
{
    char room[64];
    ERR_clear_error();
    return SSL_read(p->ours, room, sizeof(room)) > 0;
}

/* What their end says without data: a record each time. */
static bool key_update(SSL *theirs)
{
    return SSL_key_update(theirs, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(theirs) == 1;
}

/* A server's: HelloRequest, which its client refuses (RFC 5246 section 7.4.1.1). */
static bool renegotiate(SSL *theirs)
{
    return SSL_renegotiate(theirs) == 1 && SSL_do_handshake(theirs) == 1;
}

/* At most as many as their end can still send before it notices. */
static unsigned say(struct pair *p, bool (*word)(SSL *theirs), unsigned n)
{
    unsigned said = 0;
    while (said < n && word(p->theirs))
        said++;
    return said;
}

static const struct {
    const char *what;
    bool (*word)(SSL *theirs);
    bool we_connect;
    int version;
} talkers[] = {
    {"KeyUpdates of a client", key_update, false, TLS1_3_VERSION},
    {"KeyUpdates of a server", key_update, true, TLS1_3_VERSION},
    {"HelloRequests of a server", renegotiate, true, TLS1_2_VERSION},
};
#define TALKERS (sizeof(talkers) / sizeof(talkers[0]))

static void a_talker_is_ended_in_one_read(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TALKERS; i++) {
        struct pair p;
        open_pair(&p, talkers[i].we_connect, talkers[i].version);
        shake(&p);
        reads(&p); /* what came behind the handshake */
        assert_true(say(&p, talkers[i].word, MANY) > 2 * SMALL_TALK_AT_ONCE);
        assert_int_equal(SSL_write(p.theirs, "x", 1), 1);
        size_t before = BIO_ctrl_pending(SSL_get_rbio(p.ours));
        if (reads(&p) || !p.talk.over)
            fail_msg("%s: go on", talkers[i].what);
        size_t took = before - BIO_ctrl_pending(SSL_get_rbio(p.ours));
        assert_true(took <= before / 2); /* not one by one to the end */
        assert_false(reads(&p));
        close_pair(&p);
    }
}

static void a_few_and_their_data_are_read(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TALKERS; i++) {
        struct pair p;
        open_pair(&p, talkers[i].we_connect, talkers[i].version);
        shake(&p);
        reads(&p);
        for (unsigned k = 0; k < 2000; k++) {
            unsigned n = k % 100 == 0 ? 3 : 0;
            if (say(&p, talkers[i].word, n) != n || SSL_write(p.theirs, "x", 1) != 1)
                fail_msg("%s: cannot be said", talkers[i].what);
            while (n-- > 0)
                small_talk_message(&p.talk);
            if (!reads(&p))
                fail_msg("%s: no data after %u", talkers[i].what, k);
        }
        assert_false(p.talk.over);
        close_pair(&p);
    }
}

/* RECORDS, each of BYTES of a message that never ends; how many were left unread. */
static size_t endless_handshake(unsigned records, uint16_t bytes, bool *over)
{
    static uint8_t record[5 + 16384];
    struct pair p;
    open_pair(&p, false, TLS1_3_VERSION);
    memset(record, 0, sizeof(record));
    for (unsigned i = 0; i < records; i++) {
        const uint8_t header[] = {22, 3, 1, (uint8_t)(bytes >> 8), (uint8_t)bytes};
        memcpy(record, header, sizeof(header));
        if (i == 0)
            memcpy(record + 5, "\1\1\xff\0", bytes < 4 ? bytes : 4);
        else if (i < 4 && bytes == 1)
            record[5] = (uint8_t) "\1\1\xff\0"[i];
        assert_int_equal(BIO_write(SSL_get_wbio(p.theirs), record, 5 + bytes), 5 + bytes);
        record[5] = 0;
    }
    for (unsigned i = 0; i < 4; i++)
        assert_int_not_equal(SSL_do_handshake(p.ours), 1);
    *over = p.talk.over;
    size_t left = BIO_ctrl_pending(SSL_get_rbio(p.ours));
    close_pair(&p);
    return left;
}

static void a_handshake_is_bounded(void **state)
{
    bool over;
    (void)state;
    endless_handshake(400, 1, &over);
    assert_false(over);
    assert_true(endless_handshake(4000, 1, &over) > 3000u * 6);
    assert_true(over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_talker_is_ended_in_one_read),
                                       cmocka_unit_test(a_few_and_their_data_are_read),
                                       cmocka_unit_test(a_handshake_is_bounded)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
