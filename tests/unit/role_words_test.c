/*
 * Who has given up no rights says nothing of weight: of every role, which words it may say before
 * it has narrowed what it may (roles.def), and that it may say all afterwards. The supervisor hears
 * what it hears by other tests (daemon/words).
 */
#include "in_child.h"

#include <errno.h>
#include <stird/io/control.h>
#include <sys/wait.h>

#include "daemon/aside.h"
#include "daemon/roles.h"

/* What sending the word TYPE with as many descriptors as go with it comes to. */
static int sent(int fd, uint32_t type)
{
    const struct control_message m = {.type = type};
    const int fds[CONTROL_FDS_MAX] = {STDERR_FILENO, STDERR_FILENO, STDERR_FILENO, STDERR_FILENO};
    unsigned n = 0;
    while (control_encode(&m, n).n == 0)
        n++;
    return control_send(fd, &m, fds, n);
}

static void read_all(int fd)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n;
    while (control_receive(fd, &m, fds, &n) == 1)
        while (n > 0)
            close(fds[--n]);
}

static char said[128];

static const char *words_before(int fd, const struct child_role *row)
{
    for (uint32_t type = CONTROL_NO_WORD + 1; type < CONTROL_TYPES; type++) {
        bool early = row->early >> type & 1 && type != CONTROL_READY;
        if (sent(fd, type) == (early ? 0 : -EPERM))
            continue;
        snprintf(said, sizeof(said), "%s: %s %s", row->name, control_name(type),
                 early ? "cannot be said early" : "is said before it has given up rights");
        return said;
    }
    return NULL;
}

static const char *words_after(int fd, int other, const struct child_role *row)
{
    for (uint32_t type = CONTROL_NO_WORD + 1; type < CONTROL_TYPES; type++) {
        if (sent(fd, type)) {
            snprintf(said, sizeof(said), "%s: %s cannot be said", row->name, control_name(type));
            return said;
        }
        read_all(other);
    }
    return NULL;
}

static const char *words_of(void *user)
{
    const struct child_role *row = user;
    int ends[2];
    if (control_pair(ends))
        return "no sockets";
    control_say_only(row->early); /* as child_start() has it */
    const char *wrong = words_before(ends[0], row);
    read_all(ends[1]);
    if (!wrong && roles_narrow_to(row, &(struct role_keeps){.given = NULL}))
        wrong = "no rights could be given up";
    return wrong ? wrong : words_after(ends[0], ends[1], row);
}

static void of_every_role(void **state)
{
    (void)state;
    for (unsigned r = 0; r < ROLES; r++)
        in_child(words_of, (void *)(uintptr_t)&roles[r]);
}

/* Words by which something is believed to be so, of those that come for a while. */
static void what_counts_is_early_for_nobody(void **state)
{
    static const uint32_t never[] = {
        CONTROL_READY,       CONTROL_LOADED,       CONTROL_MISTAKES,     CONTROL_CHECKED,
        CONTROL_CERTIFICATE, CONTROL_TABLE,        CONTROL_HEARTBEAT,    CONTROL_ROTATE,
        CONTROL_FETCHED,     CONTROL_TRUST_DOMAIN, CONTROL_TRUST_SOURCE, CONTROL_TRUST_BUILT,
        CONTROL_DROPPED};
    (void)state;
    for (unsigned r = 0; r < ROLES; r++)
        for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
            assert_false(roles[r].early >> never[i] & 1);
}

struct aside {
    int fd, result;
};

static void say_table(void *user, struct problems *problems)
{
    const struct aside *a = user;
    if (sent(a->fd, CONTROL_TABLE) != a->result)
        problems_add(problems, STR(""), 0, "the word has come to something else");
}

static void say_table_narrowed(void *user, struct problems *problems)
{
    if (roles_narrow(ROLE_LOADER, &(struct role_keeps){.given = NULL}))
        problems_add(problems, STR(""), 0, "no rights could be given up");
    say_table(user, problems);
}

static void of_a_process_aside(void **state)
{
    struct problems problems = PROBLEMS_INIT;
    int ends[2];
    (void)state;
    assert_int_equal(control_pair(ends), 0);
    assert_true(aside_check("a", say_table, &(struct aside){ends[0], -EPERM}, &problems));
    assert_true(aside_check("b", say_table_narrowed, &(struct aside){ends[0], 0}, &problems));
    assert_int_equal(sent(ends[0], CONTROL_TABLE), 0); /* the supervisor itself says what it will */
    assert_int_equal(sent(ends[0], CONTROL_READY), -EPERM);
    read_all(ends[1]);
    close(ends[0]);
    close(ends[1]);
    problems_fini(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_every_role),
        cmocka_unit_test(what_counts_is_early_for_nobody),
        cmocka_unit_test(of_a_process_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
