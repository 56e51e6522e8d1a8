/* directories.runtime is found among mistakes, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stird/conf/runtime_directory.h>

static const struct {
    const char *text, *found; /* NULL: nothing */
} cases[] = {
    {"directories = { state = \"s\"; runtime = \"run\"; };", "run"},
    {"directories : {\n  runtime : \"/run/x\"\n}", "/run/x"},
    {"directories={runtime=\"a\\\"b\";}", "a\"b"},
    /* mistakes before it, and in it */
    {"trunks = ( { name = \"a\" ;\ndirectories = { runtime = \"run\"; };", "run"},
    {"name = \"not closed;\ndirectories = { runtime = \"run\"; };", "run"},
    {"} ) ; = =\ndirectories = { stat = 1 2 3; runtime = \"run\" ", "run"},
    {"directories = 7; directories = { runtime = \"run\"; };", "run"},
    /* what only looks like it */
    {"# directories = { runtime = \"x\"; };\n", NULL},
    {"// directories = { runtime = \"x\"; };\n/* directories = { runtime = \"x\"; }; */", NULL},
    {"note = \"directories = { runtime = 1 }\";", NULL},
    {"my-directories = { runtime = \"x\"; };", NULL},
    {"directories = { state = \"s\"; }; other = { runtime = \"x\"; };", NULL},
    {"directories = { runtime = 7; };", NULL},
    {"directories = { runtime = \"\"; };", NULL},
    {"directories = { runtime = \"x", NULL},
    {"runtime = \"x\";", NULL},
    {"directories", NULL},
    {"directories = {", NULL},
    {"\"", NULL},
    {"\"\\", NULL},
    {"/*", NULL},
    {"", NULL},
};

static void finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *found = runtime_directory_in(str_of(cases[i].text));
        if (!found != !cases[i].found || (found && strcmp(found, cases[i].found) != 0))
            fail_msg("%s: %s", cases[i].text, found ? found : "nothing");
        free(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
