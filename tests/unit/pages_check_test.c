/* Which keys processes that serve pages get: their certificate's, and no other. */
#include "lab.h"

#include <errno.h>
#include <stird/conf/settings_file.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/pages_check.h"

static char *lab;

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", lab, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
    char command[4096];
    (void)state;
    lab = lab_directory();
    lab_unit(lab, "none");
    snprintf(
        command, sizeof(command),
        "cd %s && for of in web sip; do openssl req -x509 -newkey ec -pkeyopt "
        "ec_paramgen_curve:P-256 -nodes -subj /CN=x -days 2 -keyout $of.key -out $of.pem "
        "2>/dev/null && chmod 600 $of.key; done; cp none/key.pem copy.key; cat web.key copy.key "
        ">both.key; cat web.pem copy.key >with.pem; chmod 600 copy.key both.key",
        lab);
    lab_run(command);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_remove(lab);
    return 0;
}

/* What a child would get of KEY. */
static int got(const char *certificate, const char *key)
{
    char text[4096], path[1024], secret[1024];
    struct problems problems = PROBLEMS_INIT;
    struct files *files = files_new();
    struct str kept;
    snprintf(text, sizeof(text),
             "listen = ( { name = \"a\"; address = \"127.0.0.1\"; transports = [ \"udp\" ]; } );\n"
             "trunks = ( { name = \"t\"; sources = [ \"127.0.0.3\" ]; customer = \"c\";\n"
             "  identity = \"authenticated\"; upstreams = [ \"u\" ]; } );\n"
             "upstreams = ( { name = \"u\"; uri = \"sip:127.0.0.4:5060;transport=udp\"; } );\n"
             "certificates = ( { id = \"709J\"; directory = \"none\"; } );\n"
             "provider = { spc = [ \"709J\" ]; };\n"
             "web = { port = 9448; tls_certificate = \"%s\"; tls_key = \"%s\"; };\n",
             certificate, key);
    write_file("stird.conf", text, 0644);
    snprintf(path, sizeof(path), "%s/stird.conf", lab);
    snprintf(secret, sizeof(secret), "%s/%s", lab, key);
    struct settings *s = settings_read(files, str_of(path), time(NULL), &problems);
    for (size_t i = 0; i < problems.n; i++)
        print_error("%s\n", problems.list[i].text);
    assert_non_null(s);
    assert_true(settings_read_secrets(files, s, geteuid(), &problems));
    pages_check_files(files, s, &problems);
    const int error = files_read_secret(files, str_of(secret), geteuid(), 1u << 20, &kept);
    settings_free(s);
    files_free(files);
    problems_fini(&problems);
    return error;
}

static void which_keys(void **state)
{
    (void)state;
    assert_int_equal(got("web.pem", "web.key"), 0);
    assert_int_equal(got("web.pem", "sip.key"), -ENOKEY);
    assert_int_equal(got("web.pem", "copy.key"), -ENOKEY); /* of a unit */
    assert_int_equal(got("web.pem", "both.key"), -ENOKEY); /* it holds one besides */
    assert_int_equal(got("with.pem", "web.key"), -ENOKEY); /* and so does this */
    assert_int_equal(got("none/none.pem", "web.key"), -ENOKEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
