/*
 * What tests of the fetcher need: a web server (web_server.h), a host that hangs, one that nobody
 * is at, names that lead where the test says, and a time that is the test's own and stands still
 * where nobody moves it, so that no story depends on how fast the machine is.
 */
#ifndef STIRD_TESTS_FETCHER_LAB_H
#define STIRD_TESTS_FETCHER_LAB_H

#include "web_server.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stird/fetch/fetcher.h>

#define URL(host, path) STR("https://" host ".lab.test:8443/" path)

static char *directory, ca_file[1200], host[INET_ADDRSTRLEN], hanging_host[INET_ADDRSTRLEN],
    nobodys_host[INET_ADDRSTRLEN];
static struct web *web;
static int hanging = -1; /* listens, and never takes a connection */
static struct fetcher *f;
static struct fetch_now now;
static bool over; /* the test returned, and what its callbacks would write to with it */

/* ---- names ---- */

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t names_changed = PTHREAD_COND_INITIALIZER;
static bool names_answer = true;
static unsigned names_stuck;

static inline void wait_for_names(void)
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

/* Of names that begin so: one after the other, or both. */
static char alternating[2][INET6_ADDRSTRLEN];
static unsigned looked_up;

static inline int both_of(int (*real)(const char *, const char *, const struct addrinfo *,
                                      struct addrinfo **),
                          const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    int r = real(alternating[0], service, hints, list);
    return r ? r : real(alternating[1], service, hints, &(*list)->ai_next);
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
    if (strncmp(name, "alternates", 10) == 0)
        return real(alternating[looked_up++ % 2], service, hints, list);
    if (strncmp(name, "several", 7) == 0)
        return both_of(real, service, hints, list);
    while (strncmp(name, names[i].begins, strlen(names[i].begins)) != 0)
        i++;
    return names[i].address ? real(names[i].address, service, hints, list) : EAI_NONAME;
}

/* ---- the lab ---- */

static inline int set_up_all(void **state)
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
             "-sha256 -days 30 -subj /CN=server -addext 'subjectAltName=DNS:*.lab.test,IP:%s' "
             "-keyout own.key -out own.pem 2>/dev/null && mkdir kept",
             directory, host);
    lab_run(command);
    snprintf(ca_file, sizeof(ca_file), "%s/own.pem", directory);
    setenv("https_proxy", "http://127.0.0.1:1", 1); /* nobody asks for it */
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    hanging = web_listen(hanging_host);
    return 0;
}

static inline int tear_down_all(void **state)
{
    (void)state;
    close(hanging);
    lab_remove(directory);
    return 0;
}

static inline struct fetcher_options lab_options(void)
{
    struct fetcher_options o = fetcher_options_usual();
    o.fetch = (struct fetch_options){
        .timeout_ms = 600000, .allow_private = true, .ca_file = ca_file};
    return o;
}

static inline void begin_with(const struct fetcher_options *o)
{
    const char *why;
    fetcher_free(f);
    f = fetcher_new(o, &why);
    if (!f)
        fail_msg("%s", why);
}

static inline int set_up(void **state)
{
    const struct fetcher_options o = lab_options();
    (void)state;
    now = (struct fetch_now){.monotonic_ms = 1000000, .real_s = 1790000000};
    over = false;
    web = web_new(directory, host);
    begin_with(&o);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    over = true;
    fetcher_free(f);
    f = NULL;
    web_free(web);
    return 0;
}

static inline void pass_ms(int64_t ms)
{
    const int64_t before_ms = now.monotonic_ms;
    now.monotonic_ms += ms;
    now.real_s += now.monotonic_ms / 1000 - before_ms / 1000; /* neither clock steps */
}

/* ---- asking ---- */

struct told {
    unsigned times;
    enum fetch_outcome outcome;
    enum fetch_source source;
    unsigned status;
    uint64_t ticket;
    int64_t fetched_s, until_s;
    bool has_former;
    size_t octets;
    char body[64];
};

static inline void done(void *user, const struct fetch_answer *answer)
{
    struct told *told = user;
    if (over)
        return;
    const unsigned times = told->times + 1;
    *told = (struct told){.times = times,
                          .outcome = answer->outcome,
                          .source = answer->source,
                          .status = answer->status,
                          .ticket = answer->ticket,
                          .fetched_s = answer->fetched_s,
                          .until_s = answer->until_s,
                          .has_former = answer->has_former,
                          .octets = answer->body.n};
    snprintf(told->body, sizeof(told->body), "%.*s", STR_ARG(answer->body));
}

static inline void ask_as(enum fetch_kind kind, uint32_t trunk, struct str url, unsigned wait_ms,
                          struct told *told)
{
    const struct fetch_question q = {
        .kind = kind, .ticket = 77, .wait_ms = wait_ms, .trunk = trunk, .url = url};
    fetcher_ask(f, &q, now, done, told);
}

static inline void ask(struct str url, unsigned wait_ms, struct told *told)
{
    ask_as(FETCH_ASK, 0, url, wait_ms, told);
}

static inline void note(enum fetch_kind kind, struct str url, int64_t fetched_s, int64_t ends_s)
{
    struct told told = {0};
    const struct fetch_question q = {
        .kind = kind, .fetched_s = fetched_s, .ends_s = ends_s, .url = url};
    fetcher_ask(f, &q, now, done, &told);
    assert_int_equal(told.times, 0);
}

static inline void turn(void)
{
    fetcher_wait(f, NULL, 0, 20, now);
    fetcher_run(f, now);
}

static inline void run_until_told(const struct told *told)
{
    while (told->times == 0)
        turn();
}

/* Nothing is transferred, and nothing waits for it. */
static inline void run_until_idle(void)
{
    struct fetcher_counts c;
    do {
        turn();
        c = fetcher_counts(f, now);
    } while (c.running > c.held || c.queued > 0);
}

/* With a deadline that does not come while the clock stands still. */
static inline struct told fetched_as(enum fetch_kind kind, struct str url)
{
    struct told told = {0};
    ask_as(kind, 0, url, FETCH_WAIT_MAX_MS, &told);
    run_until_told(&told);
    assert_int_equal(told.times, 1);
    assert_int_equal(told.ticket, 77);
    return told;
}

static inline struct told fetched(struct str url)
{
    return fetched_as(FETCH_ASK, url);
}

static inline void assert_told(const struct told *told, enum fetch_outcome outcome,
                               enum fetch_source source)
{
    if (told->outcome != outcome || told->source != source)
        fail_msg("%s from %s instead of %s from %s", fetch_outcome_word(told->outcome),
                 fetch_source_word(told->source), fetch_outcome_word(outcome),
                 fetch_source_word(source));
}

static inline struct str numbered(char room[64], const char *begins, unsigned n_host, unsigned n)
{
    return (struct str){
        room, (size_t)snprintf(room, 64, "https://%s%u.lab.test:8443/gate%u", begins, n_host, n)};
}

#endif
