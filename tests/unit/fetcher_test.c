/*
 * The fetcher against web servers of the lab. Its time is the test's own and stands still where
 * nobody moves it, so that no story depends on how fast the machine is; names lead where the test
 * says.
 */
#include "no_memory.h"
#include "web_server.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stird/fetch/fetcher.h>

#define HOUR_MS         (3600 * 1000)
#define URL(host, path) STR("https://" host ".lab.test:8443/" path)

static char *directory, ca_file[1200], host[INET_ADDRSTRLEN], hanging_host[INET_ADDRSTRLEN],
    nobodys_host[INET_ADDRSTRLEN];
static struct web *web;
static int hanging = -1; /* listens, and never takes a connection */
static struct fetcher *f;
static struct fetch_now now;

/* ---- names ---- */

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t names_changed = PTHREAD_COND_INITIALIZER;
static bool names_answer = true;
static unsigned names_stuck;

static void wait_for_names(void)
{
    pthread_mutex_lock(&names_lock);
    names_stuck++;
    pthread_cond_broadcast(&names_changed);
    while (!names_answer)
        pthread_cond_wait(&names_changed, &names_lock);
    names_stuck--;
    pthread_cond_broadcast(&names_changed);
    pthread_mutex_unlock(&names_lock);
}

/* In place of the system's: libcurl calls this one. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");
    static const struct {
        const char *begins, *address;
    } names[] = {
        {"refuses", nobodys_host}, {"mapped", "::ffff:127.0.0.1"}, {"nowhere", NULL}, {"", host}};
    unsigned i = 0;
    memcpy(&real, &found, sizeof(real));
    if (strncmp(name, "stuck", 5) == 0) {
        wait_for_names();
        return EAI_AGAIN;
    }
    while (strncmp(name, names[i].begins, strlen(names[i].begins)) != 0)
        i++;
    return names[i].address ? real(names[i].address, service, hints, list) : EAI_NONAME;
}

/* ---- the lab ---- */

static int set_up_all(void **state)
{
    char command[2048];
    const unsigned a = (unsigned)getpid() >> 8 & 0xff, b = (unsigned)getpid() & 0xff;
    (void)state;
    /* Of the loopback's own: others test at the same port. */
    snprintf(host, sizeof(host), "127.78.%u.%u", a, b);
    snprintf(hanging_host, sizeof(hanging_host), "127.79.%u.%u", a, b);
    snprintf(nobodys_host, sizeof(nobodys_host), "127.80.%u.%u", a, b);
    directory = lab_directory();
    snprintf(command, sizeof(command),
             "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
             "-sha256 -days 30 -subj /CN=server -addext 'subjectAltName=DNS:*.lab.test' "
             "-keyout own.key -out own.pem 2>/dev/null && mkdir kept",
             directory);
    lab_run(command);
    snprintf(ca_file, sizeof(ca_file), "%s/own.pem", directory);
    setenv("https_proxy", "http://127.0.0.1:1", 1); /* nobody asks for it */
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    hanging = web_listen(hanging_host);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    close(hanging);
    lab_remove(directory);
    return 0;
}

static struct fetcher_options lab_options(void)
{
    struct fetcher_options o = fetcher_options_usual();
    o.fetch = (struct fetch_options){
        .timeout_ms = 600000, .allow_private = true, .ca_file = ca_file};
    return o;
}

static void begin_with(const struct fetcher_options *o)
{
    const char *why;
    fetcher_free(f);
    f = fetcher_new(o, &why);
    if (!f)
        fail_msg("%s", why);
}

static int set_up(void **state)
{
    const struct fetcher_options o = lab_options();
    (void)state;
    now = (struct fetch_now){.monotonic_ms = 1000000, .real_s = 1790000000};
    web = web_new(directory, host);
    begin_with(&o);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fetcher_free(f);
    f = NULL;
    web_free(web);
    return 0;
}

static void pass_ms(int64_t ms)
{
    now.monotonic_ms += ms;
    now.real_s += ms / 1000;
}

/* ---- asking ---- */

struct told {
    unsigned times;
    enum fetch_outcome outcome;
    enum fetch_source source;
    unsigned status;
    uint64_t ticket;
    int64_t fetched_s, until_s;
    size_t octets;
    char body[64];
};

static void done(void *user, const struct fetch_answer *answer)
{
    struct told *told = user;
    const unsigned times = told->times + 1;
    *told = (struct told){.times = times,
                          .outcome = answer->outcome,
                          .source = answer->source,
                          .status = answer->status,
                          .ticket = answer->ticket,
                          .fetched_s = answer->fetched_s,
                          .until_s = answer->until_s,
                          .octets = answer->body.n};
    snprintf(told->body, sizeof(told->body), "%.*s", STR_ARG(answer->body));
}

static void ask_as(enum fetch_kind kind, uint32_t trunk, struct str url, unsigned wait_ms,
                   struct told *told)
{
    const struct fetch_question q = {
        .kind = kind, .ticket = 77, .wait_ms = wait_ms, .trunk = trunk, .url = url};
    fetcher_ask(f, &q, now, done, told);
}

static void ask(struct str url, unsigned wait_ms, struct told *told)
{
    ask_as(FETCH_ASK, 0, url, wait_ms, told);
}

static void note(enum fetch_kind kind, struct str url, int64_t fetched_s, int64_t ends_s)
{
    struct told told = {0};
    const struct fetch_question q = {
        .kind = kind, .fetched_s = fetched_s, .ends_s = ends_s, .url = url};
    fetcher_ask(f, &q, now, done, &told);
    assert_int_equal(told.times, 0);
}

static void turn(void)
{
    fetcher_wait(f, NULL, 0, 20, now);
    fetcher_run(f, now);
}

static void run_until_told(const struct told *told)
{
    while (told->times == 0)
        turn();
}

/* Nothing is transferred, and nothing waits for it. */
static void run_until_idle(void)
{
    struct fetcher_counts c;
    do {
        turn();
        c = fetcher_counts(f, now);
    } while (c.running > c.lingering || c.queued > 0);
}

/* With a deadline that does not come while the clock stands still. */
static struct told fetched_as(enum fetch_kind kind, struct str url)
{
    struct told told = {0};
    ask_as(kind, 0, url, FETCH_WAIT_MAX_MS, &told);
    run_until_told(&told);
    assert_int_equal(told.times, 1);
    assert_int_equal(told.ticket, 77);
    return told;
}

static struct told fetched(struct str url)
{
    return fetched_as(FETCH_ASK, url);
}

static void assert_told(const struct told *told, enum fetch_outcome outcome,
                        enum fetch_source source)
{
    if (told->outcome != outcome || told->source != source)
        fail_msg("%s from %s instead of %s from %s", fetch_outcome_word(told->outcome),
                 fetch_source_word(told->source), fetch_outcome_word(outcome),
                 fetch_source_word(source));
}

/* ---- what comes, and how long it is kept ---- */

static void a_body_comes_and_is_kept(void **state)
{
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_string_equal(told.body, "/ok");
    assert_int_equal(told.status, 200);
    assert_int_equal(told.fetched_s, now.real_s);
    assert_int_equal(told.until_s, now.real_s + 86400);
    for (unsigned i = 0; i < 100; i++) {
        told = fetched(URL("a", "ok"));
        assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
        assert_string_equal(told.body, "/ok");
    }
    told = fetched(URL("a", "week"));
    assert_int_equal(told.until_s, now.real_s + 7 * 86400);
    told = fetched(URL("a", "hint")); /* what a provisional response says is not said of it */
    assert_int_equal(told.until_s, now.real_s + 86400);
    assert_string_equal(told.body, "/hint");
    told = fetched(URL("a", "32k"));
    assert_int_equal(told.octets, 32768);
    assert_int_equal(web_requests(web, NULL), 4);
}

static void renewed_in_the_background_from_four_fifths_on(void **state)
{
    (void)state;
    fetched(URL("a", "ok"));
    pass_ms(19 * HOUR_MS);
    fetched(URL("a", "ok"));
    assert_int_equal(web_requests(web, "/ok"), 1);
    pass_ms(HOUR_MS);
    struct told told = fetched(URL("a", "ok")); /* uses what is there */
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    assert_int_equal(told.fetched_s, now.real_s - 20 * 3600);
    run_until_idle();
    assert_int_equal(web_requests(web, "/ok"), 2);
    told = fetched(URL("a", "ok"));
    assert_int_equal(told.fetched_s, now.real_s);
    assert_int_equal(web_requests(web, "/ok"), 2);
    pass_ms((int64_t)72 * HOUR_MS); /* long over */
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_int_equal(web_requests(web, "/ok"), 3);
}

/* The server is gone: kept to its end, then stale, then no more. */
static void a_body_that_cannot_be_renewed(void **state)
{
    (void)state;
    fetched(URL("a", "ok"));
    web_free(web);
    pass_ms(23 * HOUR_MS);
    struct told told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    run_until_idle();
    pass_ms(2 * HOUR_MS);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_STALE);
    assert_string_equal(told.body, "/ok");
    told = fetched(URL("a", "ok")); /* nobody tries at once again */
    assert_told(&told, FETCH_OK, FETCH_FROM_STALE);
    pass_ms(24 * HOUR_MS);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_CONNECT, FETCH_FROM_SERVER);
    const struct fetcher_counts c = fetcher_counts(f, now);
    assert_int_equal(c.fetched[FETCH_CONNECT], 3);
    web = web_new(directory, host);
}

static void nobody_uses_it_beyond_its_end(void **state)
{
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s - 1, now.real_s + 60); /* another body */
    told = fetched(URL("a", "ok"));
    assert_int_equal(told.until_s, now.real_s + 86400);
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s, now.real_s + 3600);
    told = fetched(URL("a", "ok"));
    assert_int_equal(told.until_s, now.real_s + 3600);
    pass_ms(HOUR_MS);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s,
         now.real_s); /* it ended: not for each call */
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_GARBAGE, FETCH_FROM_KEPT);
    assert_int_equal(web_requests(web, "/ok"), 2);
}

static void garbage_is_not_fetched_for_five_minutes(void **state)
{
    (void)state;
    struct told told = fetched(URL("a", "ok"));
    note(FETCH_REFUSED, URL("a", "ok"), told.fetched_s + 1, 0);
    note(FETCH_REFUSED, URL("a", "other"), told.fetched_s, 0);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    note(FETCH_REFUSED, URL("a", "ok"), told.fetched_s, 0);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_GARBAGE, FETCH_FROM_KEPT);
    pass_ms(5 * 60 * 1000);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
}

static void a_wrong_key_costs_one_renewal_a_minute(void **state)
{
    (void)state;
    fetched(URL("a", "ok"));
    struct told told = fetched_as(FETCH_RENEW, URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    pass_ms(61 * 1000);
    told = fetched_as(FETCH_RENEW, URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_int_equal(told.fetched_s, now.real_s);
    for (unsigned i = 0; i < 100; i++)
        fetched_as(FETCH_RENEW, URL("a", "ok"));
    assert_int_equal(web_requests(web, "/ok"), 2);
    told = fetched_as(FETCH_RENEW, URL("a", "new")); /* of what is not there: as any question */
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
}

static void a_restart_fetches_nothing_anew(void **state)
{
    char path[1300];
    struct fetcher_options o = lab_options();
    (void)state;
    snprintf(path, sizeof(path), "%s/kept", directory);
    o.directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    begin_with(&o);
    struct told told = fetched(URL("a", "ok"));
    fetched(URL("a", "nobody-vouches"));
    note(FETCH_PROVEN, URL("a", "ok"), told.fetched_s, now.real_s + 90 * 86400);
    begin_with(&o);
    pass_ms(HOUR_MS);
    told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    assert_string_equal(told.body, "/ok");
    told = fetched(URL("a", "nobody-vouches"));
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_int_equal(fetcher_counts(f, now).proven, 1);
    close(o.directory);
}

/* ---- what cannot be had ---- */

static void each_failure_has_its_name_and_is_remembered(void **state)
{
    static const struct {
        const char *url;
        enum fetch_outcome outcome;
        unsigned status;
        int64_t seconds;
    } cases[] = {
        {"https://a.lab.test:8443/404", FETCH_GONE, 404, 60},
        {"https://a.lab.test:8443/410", FETCH_GONE, 410, 60},
        {"https://a.lab.test:8443/403", FETCH_STATUS, 403, 60},
        {"https://a.lab.test:8443/206", FETCH_STATUS, 206, 60},
        {"https://a.lab.test:8443/302", FETCH_STATUS, 302, 60},
        {"https://b.lab.test:8443/500", FETCH_SERVER, 500, 30},
        {"https://b.lab.test:8443/503", FETCH_SERVER, 503, 30},
        {"https://b.lab.test:8443/429", FETCH_SERVER, 429, 30},
        {"https://c.lab.test:8443/endless", FETCH_TOO_MUCH, 200, 300},
        {"https://c.lab.test:8443/33k", FETCH_TOO_MUCH, 200, 300},
        {"https://c.lab.test:8443/gzip", FETCH_ENCODED, 200, 300},
        {"https://c.lab.test:8443/short", FETCH_BROKEN, 200, 30},
        {"https://c.lab.test:8443/nonsense", FETCH_BROKEN, 0, 30},
        {"https://c.lab.test:8443/length", FETCH_BROKEN, 200, 30},
        {"https://other.example.test:8443/ok", FETCH_TLS, 0, 30},
        {"https://nowhere.lab.test:8443/ok", FETCH_NAME, 0, 30},
        {"https://refuses.lab.test:8443/ok", FETCH_CONNECT, 0, 30},
        {"https://a.lab.test:8444/ok", FETCH_BAD_URL, 0, 0},
        {"http://a.lab.test:8443/ok", FETCH_BAD_URL, 0, 0},
        {"https://me@a.lab.test:8443/ok", FETCH_BAD_URL, 0, 0},
        {"", FETCH_BAD_URL, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct told told = fetched(str_of(cases[i].url));
        if (told.outcome != cases[i].outcome || told.octets > 0)
            fail_msg("%s: %s", cases[i].url, fetch_outcome_word(told.outcome));
        const unsigned requests = web_requests(web, NULL);
        const uint64_t ended = fetcher_counts(f, now).fetched[cases[i].outcome];
        if (cases[i].seconds > 0)
            pass_ms(cases[i].seconds * 1000 - 1);
        told = fetched(str_of(cases[i].url));
        assert_told(&told, cases[i].outcome, FETCH_FROM_KEPT);
        assert_int_equal(web_requests(web, NULL), requests);
        assert_int_equal(fetcher_counts(f, now).fetched[cases[i].outcome], ended);
        pass_ms(1);
        told = fetched(str_of(cases[i].url));
        assert_int_equal(told.outcome, cases[i].outcome);
        assert_int_equal(fetcher_counts(f, now).fetched[cases[i].outcome],
                         ended + (cases[i].seconds > 0));
    }
    assert_int_equal(web_requests(web, "/ok"), 0); /* no redirect was followed, no port, no user */
}

/* A name that now leads to ourselves leads nowhere: looked at where it is connected to. */
static void a_name_that_leads_into_our_network(void **state)
{
    struct fetcher_options o = lab_options();
    (void)state;
    fetched(URL("a", "ok"));
    o.fetch.allow_private = false;
    begin_with(&o);
    const unsigned connections = web_read(web, &web->connections);
    struct told told = fetched(URL("a", "ok"));
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_SERVER);
    told = fetched(URL("mapped", "ok"));
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_SERVER);
    told = fetched(STR("https://127.0.0.1:8443/ok"));
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_SERVER);
    told = fetched(STR("https://[::1]:8443/ok"));
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_SERVER);
    pass_ms(10 * 60 * 1000 - 1);
    told = fetched(URL("a", "ok")); /* and is not even looked up for ten minutes */
    assert_told(&told, FETCH_BAD_ADDRESS, FETCH_FROM_KEPT);
    assert_int_equal(web_read(web, &web->connections), connections);
}

/* ---- many at once ---- */

static void one_get_for_all_who_ask(void **state)
{
    static struct told told[1000];
    (void)state;
    memset(told, 0, sizeof(told));
    web_gate(web, false);
    for (unsigned i = 0; i < 1000; i++) {
        ask_as(FETCH_ASK, i % 7, URL("a", "gate"), 4000, &told[i]);
        if (i % 100 == 0)
            turn();
    }
    assert_int_equal(fetcher_counts(f, now).waiting, 1000);
    while (web_read(web, &web->held) == 0)
        turn();
    web_gate(web, true);
    for (unsigned i = 0; i < 1000; i++) {
        run_until_told(&told[i]);
        assert_told(&told[i], FETCH_OK, i == 0 ? FETCH_FROM_SERVER : FETCH_FROM_OTHERS);
        assert_string_equal(told[i].body, "/gate");
        assert_int_equal(told[i].times, 1);
    }
    assert_int_equal(web_requests(web, NULL), 1);
    assert_int_equal(fetcher_counts(f, now).waiting, 0);
}

static void each_is_answered_at_his_own_deadline(void **state)
{
    static const unsigned wait_ms[] = {400, 100, 0, 250, 5000};
    struct told told[5] = {{0}};
    (void)state;
    web_gate(web, false);
    for (unsigned i = 0; i < 5; i++)
        ask(URL("a", "gate"), wait_ms[i], &told[i]);
    const int64_t from_ms = now.monotonic_ms;
    for (int64_t ms = 0; ms <= 400; ms += 50) {
        now.monotonic_ms = from_ms + ms;
        fetcher_run(f, now);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(told[i].times, wait_ms[i] <= ms);
    }
    for (unsigned i = 0; i < 4; i++)
        assert_told(&told[i], FETCH_PENDING, FETCH_FROM_KEPT);
    while (web_read(web, &web->held) == 0)
        turn();
    web_gate(web, true); /* the fetch went on, for the last one and for those that come */
    run_until_told(&told[4]);
    assert_told(&told[4], FETCH_OK, FETCH_FROM_OTHERS);
    struct told later = fetched(URL("a", "gate"));
    assert_told(&later, FETCH_OK, FETCH_FROM_KEPT);
    assert_int_equal(web_requests(web, NULL), 1);
}

/* Until a wait ends the loop sleeps, and not longer. */
static void the_wait_ends_with_the_first_deadline(void **state)
{
    struct told told = {0};
    (void)state;
    web_gate(web, false);
    ask(URL("a", "gate"), 50, &told);
    while (web_read(web, &web->held) == 0)
        turn();
    now.monotonic_ms += 49;
    fetcher_run(f, now);
    assert_int_equal(told.times, 0);
    fetcher_wait(f, NULL, 0, 600000, now); /* returns after a millisecond, or the test hangs */
    now.monotonic_ms++;
    fetcher_run(f, now);
    assert_told(&told, FETCH_PENDING, FETCH_FROM_KEPT);
}

static struct str numbered(char room[64], const char *begins, unsigned n_host, unsigned n)
{
    return (struct str){
        room, (size_t)snprintf(room, 64, "https://%s%u.lab.test:8443/gate%u", begins, n_host, n)};
}

static void four_of_a_host_and_half_for_a_trunk(void **state)
{
    static struct told told[200];
    char room[64];
    unsigned n = 0;
    (void)state;
    memset(told, 0, sizeof(told));
    web_gate(web, false);
    for (unsigned i = 0; i < 10; i++)
        ask_as(FETCH_ASK, 1, numbered(room, "one", 0, i), 5000, &told[n++]);
    while (web_read(web, &web->held) < 4)
        turn();
    assert_int_equal(fetcher_counts(f, now).running, 4);
    assert_int_equal(fetcher_counts(f, now).queued, 6);
    for (unsigned i = 0; i < 60; i++) /* of 15 more hosts */
        ask_as(FETCH_ASK, 1, numbered(room, "many", i % 15, i), 5000, &told[n++]);
    assert_int_equal(fetcher_counts(f, now).running, 16);
    for (unsigned i = 0; i < 100; i++)
        ask_as(FETCH_ASK, 2 + i / 10, numbered(room, "other", i % 30, i), 5000, &told[n++]);
    assert_true(n <= 200);
    assert_in_range(fetcher_counts(f, now).running, 28, 32);
    while (web_read(web, &web->held) < fetcher_counts(f, now).running)
        turn();
    web_gate(web, true);
    for (unsigned i = 0; i < n; i++) {
        run_until_told(&told[i]);
        assert_int_equal(told[i].outcome, FETCH_OK);
    }
    assert_in_range(web_read(web, &web->held_most), 28, 32);
    assert_int_equal(web_requests(web, NULL), n);
}

static void new_urls_of_a_host_and_of_a_trunk(void **state)
{
    char room[64];
    (void)state;
    web_gate(web, false);
    struct told told[3] = {{0}};
    for (unsigned i = 0; i < 10000; i++) { /* another path at one victim each */
        struct told one = {0};
        ask_as(FETCH_ASK, 1, numbered(room, "victim", 0, i), 0, &one);
        assert_int_equal(one.outcome, i < 20 ? FETCH_PENDING : FETCH_LIMIT);
    }
    for (unsigned i = 0; i < 10000;
         i++) { /* another host each: what the victim refused cost none */
        struct told one = {0};
        ask_as(FETCH_ASK, 1, numbered(room, "h", i, i), 0, &one);
        assert_int_equal(one.outcome, i < 80 ? FETCH_PENDING : FETCH_LIMIT);
    }
    ask_as(FETCH_ASK, 2, numbered(room, "h", 0, 1), 0, &told[0]);
    assert_int_equal(told[0].outcome, FETCH_PENDING); /* another trunk has its own */
    pass_ms(1000);
    unsigned n = 0;
    for (unsigned i = 0; i < 100; i++) {
        struct told one = {0};
        ask_as(FETCH_ASK, 1, numbered(room, "h", i, i + 20000), 0, &one);
        n += one.outcome == FETCH_PENDING;
    }
    assert_int_equal(n, 20);
    web_gate(web, true);
    run_until_idle();
    assert_int_equal(web_requests(web, NULL), 121);
}

static void a_queue_has_an_end(void **state)
{
    struct fetcher_options o = lab_options();
    char room[64];
    (void)state;
    o.queued = 10;
    o.askers = 3;
    begin_with(&o);
    web_gate(web, false);
    struct told told[6] = {{0}};
    for (unsigned i = 0; i < 5; i++)
        ask(URL("a", "gate"), 1000, &told[i]);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(told[i].times, i >= 3);
    assert_told(&told[3], FETCH_OVERLOADED, FETCH_FROM_KEPT);
    unsigned overloaded = 0;
    for (unsigned i = 0; i < 40; i++) {
        struct told one = {0};
        ask_as(FETCH_ASK, 1, numbered(room, "h", i, i), 0, &one);
        overloaded += one.outcome == FETCH_OVERLOADED;
    }
    assert_in_range(overloaded, 10, 39);
    assert_in_range(fetcher_counts(f, now).queued, 5, 10);
    web_gate(web, true);
    run_until_idle();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(told[i].outcome, FETCH_OK);
}

/* ---- hosts that hang ---- */

/* By its address, so that all of the short time is spent at the host. */
static struct str hanging_url(char room[64], unsigned n)
{
    return (struct str){room, (size_t)snprintf(room, 64, "https://%s:8443/%u", hanging_host, n)};
}

static void a_hanging_host_is_left_alone(void **state)
{
    struct fetcher_options o = lab_options();
    char room[64];
    (void)state;
    o.fetch.timeout_ms = 100;
    begin_with(&o);
    struct told told[12] = {{0}};
    for (unsigned i = 0; i < 12; i++)
        ask(hanging_url(room, i), 5000, &told[i]);
    for (unsigned i = 0; i < 12; i++)
        run_until_told(&told[i]);
    unsigned timed_out = 0, given_up = 0;
    for (unsigned i = 0; i < 12; i++) {
        timed_out += told[i].outcome == FETCH_TIMEOUT;
        given_up += told[i].outcome == FETCH_BREAKER;
    }
    assert_int_equal(timed_out + given_up, 12);
    assert_in_range(timed_out, 5, 8); /* those that were under way when it opened */
    assert_int_equal(fetcher_counts(f, now).shut, 1);
    struct told one = fetched(hanging_url(room, 100));
    assert_told(&one, FETCH_BREAKER, FETCH_FROM_KEPT);
    pass_ms(30000);
    struct told probe[2] = {{0}};
    ask(hanging_url(room, 101), 5000, &probe[0]);
    ask(hanging_url(room, 102), 5000, &probe[1]);
    assert_told(&probe[1], FETCH_BREAKER, FETCH_FROM_KEPT);
    run_until_told(&probe[0]);
    assert_told(&probe[0], FETCH_TIMEOUT, FETCH_FROM_SERVER);
}

static bool is_stuck(unsigned n)
{
    pthread_mutex_lock(&names_lock);
    bool stuck = names_stuck == n;
    pthread_mutex_unlock(&names_lock);
    return stuck;
}

/* What nobody answers about a name holds up nobody else, and holds its place. */
static void a_name_server_that_hangs(void **state)
{
    struct fetcher_options o = lab_options();
    char room[64];
    struct told told[4] = {{0}};
    (void)state;
    pthread_mutex_lock(&names_lock);
    names_answer = false;
    pthread_mutex_unlock(&names_lock);
    o.fetch.timeout_ms = 300;
    begin_with(&o);
    for (unsigned i = 0; i < 4; i++)
        ask(numbered(room, "stuck", i, i), 5000, &told[i]);
    while (!is_stuck(4))
        turn();
    for (unsigned i = 0; i < 4; i++) {
        run_until_told(&told[i]); /* although the resolver has not returned */
        assert_told(&told[i], FETCH_NAME, FETCH_FROM_SERVER);
    }
    assert_true(is_stuck(4));
    assert_int_equal(fetcher_counts(f, now).running, 4);
    assert_int_equal(fetcher_counts(f, now).lingering, 4);
    pass_ms(9999);
    fetcher_run(f, now);
    assert_int_equal(fetcher_counts(f, now).running, 4);
    pass_ms(1);
    fetcher_run(f, now);
    assert_int_equal(fetcher_counts(f, now).running, 0);
    assert_int_equal(fetcher_counts(f, now).lingering, 0);
    fetcher_free(f); /* waits for nobody */
    f = NULL;
    pthread_mutex_lock(&names_lock);
    names_answer = true;
    pthread_cond_broadcast(&names_changed);
    while (names_stuck > 0)
        pthread_cond_wait(&names_changed, &names_lock);
    pthread_mutex_unlock(&names_lock);
}

/* ---- who asks ---- */

static void who_is_gone_is_not_told(void **state)
{
    struct told gone = {0}, here = {0};
    (void)state;
    web_gate(web, false);
    ask(URL("a", "gate"), 1000, &gone);
    ask(URL("a", "gate"), 1000, &here);
    ask(URL("b", "gate"), 1000, &gone);
    fetcher_forget(f, &gone);
    web_gate(web, true);
    run_until_told(&here);
    run_until_idle();
    assert_int_equal(gone.times, 0);
    assert_int_equal(web_requests(web, NULL), 2);
}

static void at_the_end_all_are_told(void **state)
{
    struct told told[3] = {{0}};
    char room[64];
    (void)state;
    web_gate(web, false);
    for (unsigned i = 0; i < 3; i++)
        ask(numbered(room, "a", 0, i), 1000, &told[i]);
    while (web_read(web, &web->held) < 3)
        turn();
    fetcher_free(f);
    f = NULL;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].outcome, FETCH_UNAVAILABLE);
    }
}

static void more_descriptors_wake_it(void **state)
{
    int fds[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    struct pollfd more[] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
    fetcher_wait(f, more, 2, 0, now);
    assert_int_equal(more[0].revents | more[1].revents, 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    fetcher_wait(f, more, 2, 600000, now);
    assert_true(more[0].revents & POLLIN);
    assert_false(more[1].revents & POLLIN);
    close(fds[0]);
    fetcher_wait(f, &more[1], 1, 600000, now); /* that somebody is gone, too */
    assert_true(more[1].revents & POLLIN);
    close(fds[1]);
}

/* ---- no memory ---- */

/* Whether one failed. All are told something, and what was not fetched is not there. */
static bool all_with(long allocations)
{
    const struct fetcher_options o = lab_options();
    const char *why;
    struct told told[4] = {{0}};
    allocations_left = allocations;
    f = fetcher_new(&o, &why);
    if (f) {
        ask(URL("nowhere", "one"), 1000, &told[0]);
        ask(URL("nowhere", "one"), 1000, &told[1]);
        ask(URL("nowhere", "two"), 0, &told[2]);
        ask(URL("a", "ok"), 1000, &told[3]);
        run_until_idle();
        pass_ms(1000);
        fetcher_run(f, now);
    }
    bool failed = allocations_left < 0;
    allocations_left = -1;
    for (unsigned i = 0; f && i < 4; i++) {
        assert_int_equal(told[i].times, 1);
        if (told[i].outcome == FETCH_OK)
            assert_string_equal(i == 3 ? told[i].body : "", "/ok");
    }
    fetcher_free(f);
    f = NULL;
    return failed;
}

static void any_failing_allocation(void **state)
{
    (void)state;
    skip_without_failing_allocations();
    long n = 0;
    while (all_with(n))
        n++;
    assert_true(n > 20);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(a_body_comes_and_is_kept),
        story(renewed_in_the_background_from_four_fifths_on),
        story(a_body_that_cannot_be_renewed),
        story(nobody_uses_it_beyond_its_end),
        story(garbage_is_not_fetched_for_five_minutes),
        story(a_wrong_key_costs_one_renewal_a_minute),
        story(a_restart_fetches_nothing_anew),
        story(each_failure_has_its_name_and_is_remembered),
        story(a_name_that_leads_into_our_network),
        story(one_get_for_all_who_ask),
        story(each_is_answered_at_his_own_deadline),
        story(the_wait_ends_with_the_first_deadline),
        story(four_of_a_host_and_half_for_a_trunk),
        story(new_urls_of_a_host_and_of_a_trunk),
        story(a_queue_has_an_end),
        story(a_hanging_host_is_left_alone),
        story(a_name_server_that_hangs),
        story(who_is_gone_is_not_told),
        story(at_the_end_all_are_told),
        story(more_descriptors_wake_it),
        story(any_failing_allocation),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
