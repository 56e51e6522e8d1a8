/*
 * What a child has to hear and cannot be sent, for want of memory or descriptors, is said as soon
 * as there are some: of each word that says how things are now.
 */
#include "in_child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/io/snapshot.h>
#include <stird/net/handover.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "daemon/supervisor/questions.h"
#include "daemon/supervisor/supervisor_records.h"
#include "daemon/supervisor/worker_places.h"

#define LONG_MS 3600000

/* ---- a kernel without memory ---- */

static bool no_memory;

ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
    if (no_memory) {
        errno = ENOBUFS;
        return -1;
    }
    return __real_sendmsg(fd, m, flags);
}

/* ---- a supervisor, and children that only listen ---- */

static struct supervisor *s;
static struct settings settings;
static struct certificate certificate;
static int ends[CHILDREN_MAX]; /* of their control sockets */
static unsigned n_ends;

/* The child's end. */
static int pretend(struct child *c)
{
    int pair[2];
    assert_int_equal(control_pair(pair), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        while (true)
            pause();
    }
    c->pid = pid;
    c->control_fd = pair[0];
    c->state = CHILD_SERVING;
    c->heard_ms = c->served_ms = clock_monotonic_ms() + LONG_MS; /* nobody waits for a word of it */
    ends[n_ends++] = pair[1];
    return pair[1];
}

static void end_child(struct supervisor *all, struct child *c, void *user)
{
    (void)all;
    (void)user;
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    child_close_control(c);
}

static int begin_with(const struct part *const *parts)
{
    no_memory = false;
    n_ends = 0;
    settings = (struct settings){.workers = 2, .drain_timeout_ms = LONG_MS};
    s = supervisor_make(roles, ROLES, parts);
    if (!s)
        return -1;
    s->current.settings = s->started_with = &settings;
    s->ready = true;
    s->turned_ms = clock_monotonic_ms();
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(supervisor_parts);
}

/* That has nothing to do but to stop. */
static int begin_to_stop(void **state)
{
    static const struct part *const parts[] = {&part_stop, NULL};
    (void)state;
    return begin_with(parts);
}

static int end(void **state)
{
    (void)state;
    supervisor_each_child(s, end_child, NULL);
    s->current.settings = s->started_with = NULL;
    supervisor_unmake(s);
    for (unsigned i = 0; i < n_ends; i++)
        close(ends[i]);
    return 0;
}

/* The words that wait at FD, a letter each: what stands for them in WORDS; '?' for another one. */
static const char *heard(int fd)
{
    static char words[64];
    static const struct {
        uint32_t type;
        char letter;
    } letters[] = {{CONTROL_DRAIN, 'd'},  {CONTROL_LEAVE, 'l'},         {CONTROL_CERTIFICATES, 'c'},
                   {CONTROL_INBOX, 'i'},  {CONTROL_RECORDS, 'r'},       {CONTROL_FORCED, 'f'},
                   {CONTROL_RETIRE, 't'}, {CONTROL_RECORD_SOURCE, 's'}, {CONTROL_PING, 'p'}};
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n = 0, n_fds;
    while (control_receive(fd, &m, fds, &n_fds) == 1) {
        words[n] = '?';
        for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
            if (letters[i].type == m.type)
                words[n] = letters[i].letter;
        n++;
        while (n_fds > 0)
            close(fds[--n_fds]);
    }
    words[n] = '\0';
    return words;
}

/* FD hears WORDS once there is memory again, and nothing twice. */
static void assert_said_later(int fd, const char *words)
{
    assert_string_equal(heard(fd), "");
    supervisor_tell_owed(s);
    assert_string_equal(heard(fd), "");
    assert_true(s->lacks[LACK_TELLING].n >= 2);
    no_memory = false;
    supervisor_tell_owed(s);
    assert_string_equal(heard(fd), words);
    supervisor_tell_owed(s);
    assert_string_equal(heard(fd), "");
}

static void hear(const struct part *part, struct child *c, const struct control_message *m)
{
    const struct word *w = part->hears;
    while (w->type != m->type)
        w++;
    w->take(s, &(struct heard){.child = c, .message = m, .now_ms = clock_monotonic_ms()});
}

/* ---- the words ---- */

static void states_of_certificates(void **state)
{
    const struct control_message m = {.type = CONTROL_CERTIFICATE, .certificate = {.state = 1}};
    (void)state;
    settings.certificates = &certificate;
    settings.n_certificates = 1;
    const int first = pretend(worker_at(s, 0)), second = pretend(worker_at(s, 1));
    no_memory = true;
    hear(&part_certificates, supervisor_places(s, ROLE_CHECKER), &m);
    assert_said_later(first, "c");
    assert_string_equal(heard(second), "c");
}

static void the_record_file(void **state)
{
    (void)state;
    struct records *records = supervisor_records(s);
    struct configuration before = CONFIGURATION_INIT;
    struct settings earlier = settings;
    const int recorder = pretend(supervisor_places(s, ROLE_RECORDER));
    settings.records_file = earlier.records_file = STR("/nowhere/records");
    records->file = memfd_create("records", MFD_CLOEXEC);
    no_memory = true;
    part_records.on[EVENT_READY](s, &(struct news){.now_ms = 1});
    before.settings = &earlier;
    s->current.is_forced = true;
    part_records.on[EVENT_IN_FORCE](s, &(struct news){.before = &before, .now_ms = 1});
    assert_said_later(recorder, "rf");
}

static void say_nothing(struct supervisor *all, unsigned w, const char *what, struct str name,
                        int r)
{
    (void)all;
    (void)w;
    (void)what;
    (void)name;
    (void)r;
}

static void a_record_channel(void **state)
{
    (void)state;
    const struct mending m = {.worker = 1, .say = say_nothing};
    int *channel = supervisor_records(s)->channels[1];
    const int recorder = pretend(supervisor_places(s, ROLE_RECORDER));
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    shutdown(channel[1], SHUT_RDWR);
    no_memory = true;
    part_records.on[EVENT_MEND](s, &(struct news){.mending = &m});
    assert_said_later(recorder, "s");
}

static void an_inbox(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    struct worker_options options;
    struct kit kit = {.worker = &options};
    assert_true(part_sockets.open(s, &problems));
    assert_int_equal(part_sockets.equip(s, worker_at(s, 0), &kit), 0);
    const int first = pretend(worker_at(s, 0)), second = pretend(worker_at(s, 1));
    shutdown(options.inbox_fd, SHUT_RDWR);
    no_memory = true;
    part_sockets.on[EVENT_CHILD_GONE](s, &(struct news){.child = worker_at(s, 1)});
    assert_said_later(first, "i");
    assert_string_equal(heard(second), "i");
}

/* One that ended is not owed anything any more: the next one begins with what is. */
static void nobody_is_owed_what_another_was(void **state)
{
    const struct control_message m = {.type = CONTROL_CERTIFICATE, .certificate = {.state = 1}};
    (void)state;
    settings.certificates = &certificate;
    settings.n_certificates = 1;
    const int first = pretend(worker_at(s, 0));
    no_memory = true;
    hear(&part_certificates, supervisor_places(s, ROLE_CHECKER), &m);
    assert_int_equal(worker_at(s, 0)->n_owed, 1);
    child_close_control(worker_at(s, 0));
    supervisor_tell_owed(s);
    assert_int_equal(worker_at(s, 0)->n_owed, 0);
    assert_string_equal(heard(first), "");
}

static void the_drain(void **state)
{
    (void)state;
    assert_int_equal(supervisor_take_signals(s), 0);
    const int first = pretend(worker_at(s, 0));
    kill(getpid(), SIGTERM);
    no_memory = true;
    while (!s->stopping)
        supervisor_turn(s);
    assert_said_later(first, "d");
    worker_at(s, 0)->drained = true;
    no_memory = true;
    for (uint64_t before = s->lacks[LACK_TELLING].n; s->lacks[LACK_TELLING].n == before;)
        supervisor_turn(s);
    assert_said_later(first, "l");
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(states_of_certificates),
        TEST(the_record_file),
        TEST(a_record_channel),
        TEST(an_inbox),
        TEST(nobody_is_owed_what_another_was),
        cmocka_unit_test_setup_teardown(the_drain, begin_to_stop, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
