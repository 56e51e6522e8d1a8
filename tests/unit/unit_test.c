/* What is read out of systemd's unit. */
#include "daemon/unit.h"
#include "daemon/unit_user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool grants(const char *text)
{
    return unit_has_word(str_of(text), "AmbientCapabilities", STR("CAP_BPF"));
}

static void words(void **state)
{
    (void)state;
    assert_true(grants("[Service]\nAmbientCapabilities=CAP_BPF\n"));
    assert_true(grants("AmbientCapabilities=CAP_CHOWN CAP_BPF"));
    assert_true(grants(" AmbientCapabilities =  CAP_CHOWN   CAP_BPF "));
    assert_false(grants("#AmbientCapabilities=CAP_BPF\n"));
    assert_false(grants("AmbientCapabilities=CAP_BPFX\n"));
    assert_false(grants("AmbientCapabilitiesX=CAP_BPF\n"));
    assert_false(grants("CapabilityBoundingSet=CAP_BPF\n"));
    assert_false(grants("AmbientCapabilities=CAP_BPF\nAmbientCapabilities=\n"));
    assert_true(grants("AmbientCapabilities=\nAmbientCapabilities=CAP_BPF\n"));
    assert_false(grants(""));
}

static void assert_value(const char *text, const char *value)
{
    const struct str found = unit_value(str_of(text), "ProtectHome");
    assert_true(str_eq(found, str_of(value)));
}

static void last_value(void **state)
{
    (void)state;
    assert_value("ProtectHome=yes\nProtectHome=no\n", "no");
    assert_value("ProtectHome=yes\n# ProtectHome=no\n", "yes");
    assert_value("ProtectHome=yes\nProtectHome=", "");
    assert_value("ProtectHomes=yes\n", "");
}

static bool is_short(struct str word)
{
    return word.n < 3;
}

static void assert_odd(const char *text, const char *odd)
{
    struct str found = {"", 0};
    unit_odd_word(str_of(text), "SupplementaryGroups", is_short, &found);
    assert_true(str_eq(found, str_of(odd)));
}

static void odd_words(void **state)
{
    (void)state;
    assert_odd("SupplementaryGroups=ab abc abcd\n", "abc");
    assert_odd("SupplementaryGroups=abcd\nSupplementaryGroups=\nSupplementaryGroups=abc\n", "abc");
    assert_odd("SupplementaryGroups=abcd\nSupplementaryGroups=abc\n", "abcd");
    assert_odd("#SupplementaryGroups=abc\nSupplementaryGroups=ab\n", "");
}

static void assert_start(const char *text, const char *fault)
{
    struct problems problems = PROBLEMS_INIT;
    unit_user_check(str_of(text), &problems);
    assert_int_equal(problems.n, fault ? 1 : 0);
    if (fault)
        assert_non_null(strstr(problems.list[0].text, fault));
    problems_fini(&problems);
}

static void as_whom_it_starts(void **state)
{
    (void)state;
    assert_start("User=daemon\nGroup=daemon\nCapabilityBoundingSet=\n", NULL);
    assert_start("User=daemon\nUser=no-such-user\n", "User=no-such-user: there is no such user");
    assert_start("User=no-such-user\nUser=daemon\n", NULL);
    assert_start("User=no-such-user\nDynamicUser=yes\n", NULL);
    assert_start("User=%i\n", NULL);
    assert_start("User=54321\n", NULL);
    assert_start("User=root\nCapabilityBoundingSet=\n", "as root");
    assert_start("User=0\nCapabilityBoundingSet=\n", "as root");
    assert_start("User=daemon\nUser=\nCapabilityBoundingSet=\n", "as root");
    assert_start("User=root\n", NULL);
    assert_start("User=root\nCapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_CHOWN\n", NULL);
    assert_start("User=daemon\nGroup=no-such-group\n", "Group=no-such-group: there is no such");
    assert_start("User=daemon\nSupplementaryGroups=daemon no-such-group\n", "=no-such-group: ");
}

static bool covers(const char *text, const char *path)
{
    return unit_covers(str_of(text), "ReadWritePaths", "", str_of(path));
}

static void directories(void **state)
{
    (void)state;
    assert_true(covers("ReadWritePaths=/srv/a", "/srv/a/records.jsonl"));
    assert_true(covers("ReadWritePaths=/srv/a/", "/srv/a"));
    assert_true(covers("ReadWritePaths=/srv/b -/srv/a", "/srv/a/b/c"));
    assert_true(covers("ReadWritePaths=/", "/srv/a"));
    assert_true(covers("ReadWritePaths=/srv/a:/somewhere:rbind", "/srv/a/b"));
    assert_false(covers("ReadWritePaths=/srv/a", "/srv/ab/records.jsonl"));
    assert_false(covers("ReadWritePaths=/srv/a/b", "/srv/a/records.jsonl"));
    assert_false(covers("ReadWritePaths=/srv/a\nReadWritePaths=\n", "/srv/a/b"));
    assert_true(unit_covers(STR("StateDirectory=stird other"), "StateDirectory", "/var/lib/",
                            STR("/var/lib/other/x")));
}

static void command(void **state)
{
    (void)state;
    const struct str unit = STR("ExecStart=/usr/sbin/stird -f -c /etc/../etc/hostname\n");
    assert_true(unit_starts(unit, STR("/etc/hostname")));
    assert_false(unit_starts(unit, STR("/etc/passwd")));
    assert_false(unit_starts(unit, STR("/nowhere")));
    assert_false(unit_starts(STR(""), STR("/etc/passwd")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),       cmocka_unit_test(last_value),
        cmocka_unit_test(odd_words),   cmocka_unit_test(as_whom_it_starts),
        cmocka_unit_test(directories), cmocka_unit_test(command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
