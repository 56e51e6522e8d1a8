/* A worker's end of the channel, against a fetcher that the test plays. */
#include "lab.h"
#include "no_memory.h"

#include <errno.h>
#include <stird/base/packet.h>
#include <stird/io/control.h>
#include <stird/io/fetcher_client.h>
#include <sys/socket.h>

#define WAITING_MAX FETCHER_WAITING_MAX
#define A_HOST      FETCHER_WAITING_A_HOST
#define URL         STR("https://cert.example.org/a.pem")
#define NOW         1000000

static struct fetcher_client *client;
static int fetcher = -1; /* the other end */
static bool over;        /* the test returned, and what its callbacks would write to with it */

/* What a callback was told. */
struct told {
    unsigned times;
    enum fetch_outcome outcome;
    char body[64];
    uint64_t cancel; /* another ticket, cancelled from inside */
    bool submit_again;
};

static int open_pair(void)
{
    int pair[2];
    if (fetcher >= 0)
        close(fetcher);
    assert_int_equal(control_pair(pair), 0);
    fetcher = pair[1];
    return pair[0];
}

static int open_client(void **state)
{
    (void)state;
    over = false;
    client = fetcher_client_new(open_pair());
    return client ? 0 : -1;
}

static int close_client(void **state)
{
    (void)state;
    over = true;
    fetcher_client_free(client);
    client = NULL;
    if (fetcher >= 0)
        close(fetcher);
    fetcher = -1;
    return 0;
}

static void done(void *user, const struct fetch_answer *answer)
{
    struct told *told = user;
    uint64_t ticket;
    if (over)
        return;
    told->times++;
    told->outcome = answer->outcome;
    snprintf(told->body, sizeof(told->body), "%.*s", STR_ARG(answer->body));
    if (told->cancel)
        fetcher_client_cancel(client, told->cancel);
    if (told->submit_again) {
        const struct fetch_question q = {.url = URL};
        told->submit_again = false;
        fetcher_client_submit(client, &q, NOW, done, told, &ticket);
    }
}

static uint64_t submit(struct told *told, unsigned wait_ms)
{
    const struct fetch_question q = {.wait_ms = wait_ms, .trunk = 3, .url = URL};
    uint64_t ticket = 0;
    assert_int_equal(fetcher_client_submit(client, &q, NOW, done, told, &ticket), FETCH_PENDING);
    assert_int_not_equal(ticket, 0);
    return ticket;
}

/* The next question; false: there is none. */
static bool take(struct fetch_question *q)
{
    static char packet[FETCH_QUESTION_BYTES_MAX + 1];
    ssize_t got = recv(fetcher, packet, sizeof(packet), MSG_DONTWAIT);
    if (got < 0)
        return false;
    assert_true(fetch_question_read((struct str){packet, (size_t)got}, q));
    return true;
}

static void respond(uint64_t ticket, enum fetch_outcome outcome, const char *body)
{
    const struct fetch_answer a = {.outcome = outcome, .ticket = ticket, .body = str_of(body)};
    struct fetch_answer_head head;
    char packet[sizeof(head) + 64];
    assert_true(fetch_answer_write(&a, &head));
    memcpy(packet, &head, sizeof(head));
    memcpy(packet + sizeof(head), body, strlen(body));
    assert_int_equal(send(fetcher, packet, sizeof(head) + strlen(body), 0),
                     (ssize_t)(sizeof(head) + strlen(body)));
}

static void a_question_gets_its_answer(void **state)
{
    struct told told = {0};
    struct fetch_question q;
    (void)state;
    uint64_t ticket = submit(&told, 400);
    assert_false(take(&q)); /* it waits for the flush */
    fetcher_client_flush(client);
    assert_true(take(&q));
    assert_int_equal(q.ticket, ticket);
    assert_int_equal(q.kind, FETCH_ASK);
    assert_int_equal(q.wait_ms, 400);
    assert_int_equal(q.trunk, 3);
    assert_str(q.url, URL);
    assert_int_equal(fetcher_client_waiting(client), 1);
    respond(ticket, FETCH_OK, "a body");
    assert_true(fetcher_client_readable(client));
    assert_int_equal(told.times, 1);
    assert_int_equal(told.outcome, FETCH_OK);
    assert_string_equal(told.body, "a body");
    assert_int_equal(fetcher_client_waiting(client), 0);
    respond(ticket, FETCH_OK, "a body"); /* once more: nobody waits */
    assert_true(fetcher_client_readable(client));
    assert_int_equal(told.times, 1);
    assert_int_equal(fetcher_client_expire(client, INT64_MAX), INT64_MAX);
}

static void the_largest_body_fits(void **state)
{
    static char packet[FETCH_ANSWER_BYTES_MAX];
    struct told told = {0};
    (void)state;
    uint64_t ticket = submit(&told, 400);
    fetcher_client_flush(client);
    memset(packet, 'c', sizeof(packet));
    const struct fetch_answer a = {.ticket = ticket,
                                   .body = {packet, FETCH_BODY_MAX},
                                   .content_type = {packet, FETCH_TEXT_MAX},
                                   .why = {packet, FETCH_TEXT_MAX}};
    struct fetch_answer_head head;
    assert_true(fetch_answer_write(&a, &head));
    memset(packet, 'c', sizeof(packet));
    memcpy(packet, &head, sizeof(head));
    assert_int_equal(send(fetcher, packet, sizeof(packet), 0), (ssize_t)sizeof(packet));
    assert_true(fetcher_client_readable(client));
    assert_int_equal(told.outcome, FETCH_OK);
    assert_int_equal(strlen(told.body), 63);
}

/* A fetcher that hangs: each is told when his time is over, and a little for its last word. */
static void each_at_his_own_deadline(void **state)
{
    static const unsigned wait_ms[] = {400, 100, 0, 9999};
    struct told told[4] = {{0}};
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        submit(&told[i], wait_ms[i]);
    assert_int_equal(fetcher_client_expire(client, NOW), NOW + FETCHER_GRACE_MS);
    for (int64_t ms = 0; ms <= FETCH_WAIT_MAX_MS + FETCHER_GRACE_MS; ms += 10) {
        fetcher_client_expire(client, NOW + ms);
        for (unsigned i = 0; i < 4; i++) {
            unsigned most_ms = wait_ms[i] < FETCH_WAIT_MAX_MS ? wait_ms[i] : FETCH_WAIT_MAX_MS;
            assert_int_equal(told[i].times, ms >= most_ms + FETCHER_GRACE_MS);
            assert_int_equal(told[i].outcome, told[i].times ? FETCH_PENDING : FETCH_OK);
        }
    }
    assert_int_equal(fetcher_client_expire(client, NOW), INT64_MAX);
    struct fetch_question q;
    fetcher_client_flush(client);
    assert_false(take(&q)); /* nobody asks what nobody waits for */
}

static void a_late_answer_does_not_reach_another_question(void **state)
{
    struct told one = {0}, other = {0};
    (void)state;
    uint64_t ticket = submit(&one, 100);
    fetcher_client_flush(client);
    fetcher_client_expire(client, NOW + 120);
    uint64_t next = submit(&other, 100); /* in the same slot */
    respond(ticket, FETCH_OK, "late");
    respond(next, FETCH_OK, "early: it was not sent yet");
    assert_true(fetcher_client_readable(client));
    assert_int_equal(one.outcome, FETCH_PENDING);
    assert_int_equal(other.times, 0);
    fetcher_client_cancel(client, ticket);
    assert_int_equal(fetcher_client_waiting(client), 1);
    fetcher_client_cancel(client, next);
    fetcher_client_cancel(client, next);
    assert_int_equal(fetcher_client_waiting(client), 0);
    assert_int_equal(other.times, 0);
}

static void callbacks_may_cancel_and_submit(void **state)
{
    struct told told[3] = {{0}};
    uint64_t tickets[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        tickets[i] = submit(&told[i], 100);
    fetcher_client_flush(client);
    told[0].cancel = tickets[1];
    told[0].submit_again = true;
    for (unsigned i = 0; i < 3; i++)
        respond(tickets[i], FETCH_GONE, "");
    assert_true(fetcher_client_readable(client));
    assert_int_equal(told[0].times, 1);
    assert_int_equal(told[1].times, 0);
    assert_int_equal(told[2].times, 1);
    assert_int_equal(fetcher_client_waiting(client), 1);
}

static enum fetch_outcome submit_to(struct told *told, const char *host, uint64_t *ticket)
{
    char url[64];
    snprintf(url, sizeof(url), "https://%s/a.pem", host);
    const struct fetch_question q = {.wait_ms = 100, .url = str_of(url)};
    return fetcher_client_submit(client, &q, NOW, done, told, ticket);
}

/* As many as there may be, of as many hosts as it takes. */
static void submit_all(struct told told[WAITING_MAX])
{
    char host[32];
    uint64_t ticket;
    memset(told, 0, WAITING_MAX * sizeof(*told));
    for (unsigned i = 0; i < WAITING_MAX; i++) {
        snprintf(host, sizeof(host), "h%u.example.org", i / A_HOST);
        assert_int_equal(submit_to(&told[i], host, &ticket), FETCH_PENDING);
    }
}

/* R-V-028. */
static void one_host_has_not_all_places(void **state)
{
    static struct told told[A_HOST];
    struct told one = {0};
    uint64_t tickets[A_HOST], ticket = 7;
    (void)state;
    memset(told, 0, sizeof(told));
    for (unsigned i = 0; i < A_HOST; i++)
        assert_int_equal(
            submit_to(&told[i], i % 2 ? "hangs.example" : "HANGS.example", &tickets[i]),
            FETCH_PENDING);
    assert_int_equal(submit_to(&one, "hangs.example", &ticket), FETCH_OVERLOADED);
    assert_int_equal(submit_to(&one, "hangs.example:8443", &ticket), FETCH_OVERLOADED);
    assert_int_equal(ticket, 7);
    assert_int_equal(submit_to(&one, "other.example", &ticket), FETCH_PENDING);
    fetcher_client_cancel(client, tickets[A_HOST / 2]);
    assert_int_equal(submit_to(&one, "hangs.example", &ticket), FETCH_PENDING);
    assert_int_equal(submit_to(&one, "hangs.example", &ticket), FETCH_OVERLOADED);
    fetcher_client_expire(client, NOW + 120);
    assert_int_equal(one.times, 2);
    assert_int_equal(submit_to(&one, "hangs.example", &ticket), FETCH_PENDING);
}

static enum fetch_outcome submit_for(struct told *told, uint32_t trunk)
{
    const struct fetch_question q = {.wait_ms = 100, .trunk = trunk, .url = URL};
    uint64_t ticket;
    return fetcher_client_submit(client, &q, NOW, done, told, &ticket);
}

/* Where one trunk has all that wait for a host, others have some all the same, and not without end.
 */
static void one_trunk_has_not_all_of_a_host(void **state)
{
    static struct told told[2 * A_HOST];
    struct told one = {0};
    unsigned n = 0;
    (void)state;
    memset(told, 0, sizeof(told));
    while (n < A_HOST)
        assert_int_equal(submit_for(&told[n++], 1), FETCH_PENDING);
    assert_int_equal(submit_for(&one, 1), FETCH_OVERLOADED);
    for (uint32_t trunk = 2; n < 2 * A_HOST; trunk++) {
        for (unsigned i = 0; i < FETCHER_WAITING_A_TRUNK; i++)
            assert_int_equal(submit_for(&told[n++], trunk), FETCH_PENDING);
        assert_int_equal(submit_for(&one, trunk), FETCH_OVERLOADED);
    }
    assert_int_equal(submit_for(&one, 1000), FETCH_OVERLOADED);
    fetcher_client_expire(client, NOW + 120);
    assert_int_equal(submit_for(&one, 1), FETCH_PENDING);
}

static void too_many_are_refused(void **state)
{
    static struct told told[WAITING_MAX];
    const struct fetch_question q = {.wait_ms = 100, .url = URL};
    struct told one = {0};
    uint64_t ticket = 7;
    (void)state;
    submit_all(told);
    assert_int_equal(fetcher_client_submit(client, &q, NOW, done, &one, &ticket), FETCH_OVERLOADED);
    assert_int_equal(ticket, 7);
    fetcher_client_flush(client); /* more than a socket holds: none of it blocks */
    fetcher_client_expire(client, NOW + 120);
    for (unsigned i = 0; i < WAITING_MAX; i++)
        assert_int_equal(told[i].times, 1);
    submit(&one, 100);
    assert_int_equal(one.times, 0);
}

static void what_a_full_socket_does_not_take_goes_later(void **state)
{
    static struct told told[WAITING_MAX];
    struct fetch_question q;
    unsigned n = 0;
    (void)state;
    submit_all(told);
    fetcher_client_flush(client);
    while (take(&q)) { /* each answer lets some more go */
        respond(q.ticket, FETCH_GONE, "");
        assert_true(fetcher_client_readable(client));
        n++;
    }
    assert_int_equal(n, WAITING_MAX);
    assert_int_equal(fetcher_client_waiting(client), 0);
    for (unsigned i = 0; i < WAITING_MAX; i++)
        assert_int_equal(told[i].outcome, FETCH_GONE);
}

static void notes_go_at_once_and_are_never_waited_for(void **state)
{
    struct fetch_question q,
        note = {.kind = FETCH_PROVEN, .fetched_s = 1790000000, .ends_s = 1800000000, .url = URL};
    (void)state;
    fetcher_client_note(client, &note);
    assert_true(take(&q));
    assert_int_equal(q.kind, FETCH_PROVEN);
    assert_int_equal(q.ends_s, note.ends_s);
    note.ends_s = FETCH_TIME_MAX_S + 1;
    fetcher_client_note(client, &note);
    assert_false(take(&q));
    note.ends_s = 0;
    for (unsigned i = 0; i < 100000; i++) /* more than a socket holds */
        fetcher_client_note(client, &note);
    assert_true(fetcher_client_is_there(client));
}

static void no_url_that_is_none(void **state)
{
    static char url[X5U_MAX_BYTES + 1];
    struct told told = {0};
    uint64_t ticket;
    (void)state;
    memset(url, 'u', sizeof(url));
    struct fetch_question q = {.url = {url, sizeof(url)}};
    assert_int_equal(fetcher_client_submit(client, &q, NOW, done, &told, &ticket), FETCH_BAD_URL);
    fetcher_client_note(client, &q);
    q.url.n = 0;
    assert_int_equal(fetcher_client_submit(client, &q, NOW, done, &told, &ticket), FETCH_BAD_URL);
    assert_int_equal(told.times, 0);
    assert_int_equal(fetcher_client_waiting(client), 0);
}

/* ---- a fetcher that is gone ---- */

static void assert_gone(struct told *told, unsigned n)
{
    const struct fetch_question q = {.url = URL};
    uint64_t ticket;
    assert_false(fetcher_client_readable(client));
    assert_false(fetcher_client_is_there(client));
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].outcome, FETCH_UNAVAILABLE);
    }
    assert_int_equal(fetcher_client_waiting(client), 0);
    assert_int_equal(fetcher_client_submit(client, &q, NOW, done, told, &ticket),
                     FETCH_UNAVAILABLE);
    fetcher_client_note(client, &q);
    fetcher_client_flush(client);
}

static void a_fetcher_that_ends_answers_all(void **state)
{
    struct told told[20] = {{0}};
    (void)state;
    for (unsigned i = 0; i < 10; i++)
        submit(&told[i], 5000);
    fetcher_client_flush(client);
    for (unsigned i = 10; i < 20; i++)
        submit(&told[i], 5000);
    told[3].submit_again = true; /* and is refused at once */
    close(fetcher);
    fetcher = -1;
    assert_gone(told, 20);
}

static void its_end_is_seen_when_sending_too(void **state)
{
    struct told told = {0};
    (void)state;
    close(fetcher);
    fetcher = -1;
    submit(&told, 5000);
    fetcher_client_flush(client);
    assert_gone(&told, 1);
}

static void another_one_takes_its_place(void **state)
{
    struct told told[3] = {{0}};
    struct fetch_question q;
    (void)state;
    submit(&told[0], 5000);
    close(fetcher);
    fetcher = -1;
    assert_gone(told, 1);
    fetcher_client_attach(client, open_pair());
    assert_true(fetcher_client_is_there(client));
    uint64_t ticket = submit(&told[1], 5000);
    fetcher_client_flush(client);
    assert_true(take(&q));
    respond(ticket, FETCH_OK, "from another");
    assert_true(fetcher_client_readable(client));
    assert_string_equal(told[1].body, "from another");
    submit(&told[2], 5000); /* one that is still there is replaced */
    fetcher_client_attach(client, open_pair());
    assert_int_equal(told[2].outcome, FETCH_UNAVAILABLE);
    assert_int_equal(told[2].times, 1);
    assert_true(fetcher_client_is_there(client));
    fetcher_client_attach(client, -1);
    assert_int_equal(fetcher_client_fd(client), -1);
    assert_gone(told, 0);
}

static void without_a_fetcher_each_question_fails_at_once(void **state)
{
    struct told told = {0};
    const struct fetch_question q = {.url = URL};
    uint64_t ticket;
    (void)state;
    fetcher_client_free(client);
    client = fetcher_client_new(-1);
    assert_int_equal(fetcher_client_submit(client, &q, NOW, done, &told, &ticket),
                     FETCH_UNAVAILABLE);
    assert_int_equal(told.times, 0);
}

static void the_end_of_the_client_tells_all(void **state)
{
    struct told told = {0};
    (void)state;
    submit(&told, 5000);
    fetcher_client_free(client);
    client = NULL;
    assert_int_equal(told.outcome, FETCH_UNAVAILABLE);
}

static void a_fetcher_that_talks_nonsense_is_gone(void **state)
{
    static char packet[FETCH_ANSWER_BYTES_MAX + 8];
    static const struct {
        size_t bytes;
        uint32_t version;
        uint16_t outcome;
        uint32_t body_length;
    } list[] = {
        {47, FETCH_WIRE_VERSION, FETCH_OK, 0},
        {48, FETCH_WIRE_VERSION + 1, FETCH_OK, 0},
        {48, FETCH_WIRE_VERSION, FETCH_OUTCOMES, 0},
        {48, FETCH_WIRE_VERSION, FETCH_OK, 1},
        {49, FETCH_WIRE_VERSION, FETCH_OK, 0},
        {58, FETCH_WIRE_VERSION, FETCH_GONE, 10},
        {sizeof(packet), FETCH_WIRE_VERSION, FETCH_OK, FETCH_BODY_MAX + 8},
        {sizeof(packet), FETCH_WIRE_VERSION, FETCH_OK, FETCH_BODY_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct told told = {0};
        const struct fetch_answer_head head = {.version = list[i].version,
                                               .outcome = list[i].outcome,
                                               .ticket = submit(&told, 100),
                                               .body_length = list[i].body_length};
        fetcher_client_flush(client);
        memset(packet, 0, sizeof(packet));
        memcpy(packet, &head, sizeof(head));
        assert_int_equal(send(fetcher, packet, list[i].bytes, 0), (ssize_t)list[i].bytes);
        assert_gone(&told, 1);
        fetcher_client_attach(client, open_pair());
    }
    assert_int_equal(send(fetcher, "", 0, 0), 0); /* an empty packet closes nothing */
    assert_true(fetcher_client_readable(client));
}

static void any_failing_allocation(void **state)
{
    static struct told told[200];
    long n = 0;
    bool failed;
    (void)state;
    skip_without_failing_allocations();
    do {
        unsigned pending = 0;
        memset(told, 0, sizeof(told));
        allocations_left = n++;
        struct fetcher_client *c = fetcher_client_new(-1);
        if (c)
            fetcher_client_attach(c, open_pair());
        for (unsigned i = 0; c && i < 200; i++) {
            const struct fetch_question q = {.wait_ms = 10, .url = URL};
            uint64_t ticket;
            pending += fetcher_client_submit(c, &q, NOW, done, &told[i], &ticket) == FETCH_PENDING;
        }
        fetcher_client_free(c);
        failed = allocations_left < 0;
        allocations_left = -1;
        for (unsigned i = 0; i < 200; i++)
            pending -= told[i].times;
        assert_int_equal(pending, 0);
    } while (failed);
    assert_true(n > 3);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, open_client, close_client)
    const struct CMUnitTest tests[] = {
        story(a_question_gets_its_answer),
        story(the_largest_body_fits),
        story(each_at_his_own_deadline),
        story(a_late_answer_does_not_reach_another_question),
        story(callbacks_may_cancel_and_submit),
        story(one_host_has_not_all_places),
        story(one_trunk_has_not_all_of_a_host),
        story(too_many_are_refused),
        story(what_a_full_socket_does_not_take_goes_later),
        story(notes_go_at_once_and_are_never_waited_for),
        story(no_url_that_is_none),
        story(a_fetcher_that_ends_answers_all),
        story(its_end_is_seen_when_sending_too),
        story(another_one_takes_its_place),
        story(without_a_fetcher_each_question_fails_at_once),
        story(the_end_of_the_client_tells_all),
        story(a_fetcher_that_talks_nonsense_is_gone),
        story(any_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
