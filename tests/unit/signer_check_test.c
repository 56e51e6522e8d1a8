/* signer_check_keys: keys are checked in a process of their own. */
#include "signer_lab.h"

static bool check_keys(const char *kind, struct problems *problems)
{
    char directory[1024];
    struct certificate c = certificates[0];
    const struct settings settings = {.certificates = &c, .n_certificates = 1};
    snprintf(directory, sizeof(directory), "%s/%s", lab, kind);
    c.directory = str_of(directory);
    return signer_check_keys(&settings, false, problems);
}

static void assert_check_says(const char *kind, const char *words)
{
    char path[1024];
    struct problems problems = PROBLEMS_INIT;
    assert_false(check_keys(kind, &problems));
    assert_int_equal(problems.n, 1);
    snprintf(path, sizeof(path), "%s/%s/key.pem", lab, kind);
    assert_string_equal(problems.list[0].file, path);
    assert_int_equal(problems.list[0].line, 0);
    if (!strstr(problems.list[0].text, words))
        fail_msg("\"%s\" does not say \"%s\"", problems.list[0].text, words);
    problems_fini(&problems);
}

static void keys_are_checked_in_another_process(void **state)
{
    struct problems problems = PROBLEMS_INIT;
    const struct settings none = {0};
    (void)state;
    assert_true(signer_check_keys(&none, false, &problems));
    assert_true(check_keys("none", &problems));
    assert_false(problems_any(&problems));
    assert_check_says("rsa", "a key of type RSA");
    assert_check_says("encrypted", "the key is encrypted");
    assert_check_says("mismatch", "not the key of the certificate");
    assert_check_says("nowhere", "no such file");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static void all_keys_are_reported_at_once(void **state)
{
    char directories[2][1024];
    struct certificate two[2] = {certificates[0], certificates[0]};
    const struct settings settings = {.certificates = two, .n_certificates = 2};
    struct problems problems = PROBLEMS_INIT;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        snprintf(directories[i], sizeof(directories[i]), "%s/%s", lab, i ? "rsa" : "nowhere");
        two[i].directory = str_of(directories[i]);
    }
    assert_false(signer_check_keys(&settings, false, &problems));
    assert_int_equal(problems.n, 2);
    problems_fini(&problems);
}

static void set_mode(mode_t mode)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/none/key.pem", lab);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_key_that_others_reach_is_refused(void **state)
{
    static const mode_t fine[] = {0400, 0600, 0440, 0640};
    struct problems problems = PROBLEMS_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        set_mode(fine[i]);
        assert_true(check_keys("none", &problems));
    }
    set_mode(0644);
    assert_check_says("none", "readable by others: chmod 600 ");
    set_mode(0604);
    assert_check_says("none", "readable by others: chmod 600 ");
    set_mode(0602);
    assert_check_says("none", "accessible by others: chmod 600 ");
    set_mode(0660);
    assert_check_says("none", "writable by its group: chmod 600 ");
    set_mode(0600);
}

static void only_a_regular_file_of_ours_is_a_key(void **state)
{
    char command[4096];
    (void)state;
    snprintf(command, sizeof(command),
             "cd %s && mkdir link fifo directory directory/key.pem large && "
             "ln -s ../none/key.pem link/key.pem && mkfifo -m 600 fifo/key.pem && "
             "(umask 077; truncate -s 1G large/key.pem)",
             lab);
    lab_run(command);
    assert_check_says("link", "is a symbolic link");
    assert_check_says("fifo", "is no regular file");
    assert_check_says("directory", "is no regular file");
    assert_check_says("large", "larger than 16 KB");
    if (geteuid() == 0) {
        snprintf(command, sizeof(command),
                 "cd %s && mkdir stranger && cp none/key.pem stranger && "
                 "chown 12345 stranger/key.pem",
                 lab);
        lab_run(command);
        assert_check_says("stranger", "belongs to user id 12345");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_checked_in_another_process),
        cmocka_unit_test(all_keys_are_reported_at_once),
        cmocka_unit_test(a_key_that_others_reach_is_refused),
        cmocka_unit_test(only_a_regular_file_of_ours_is_a_key),
    };
    return cmocka_run_group_tests(tests, make_units, remove_units);
}
