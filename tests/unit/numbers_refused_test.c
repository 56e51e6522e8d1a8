/* The certificate of a row that is refused for another mistake is looked at as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/core/numbers.h>

#define HEAD "number,customer,state,not_before,cert\n"

static bool takes(const void *user, struct str customer, struct str certificate, struct buf *why)
{
    const char *theirs = user;
    if (certificate.n == 0 || str_eq(certificate, str_of(theirs)))
        return true;
    buf_addf(why, "\"%.*s\" is not for %.*s", STR_ARG(certificate), STR_ARG(customer));
    return false;
}

static bool discard(void *user, const void *bytes, size_t n)
{
    (void)user, (void)bytes, (void)n;
    return true;
}

static void check(const char *csv, const char *customers, const char *wanted)
{
    const struct numbers_source sources[] = {
        {.name = STR("t.csv"), .text = str_of(csv), .kind = NUMBERS_TABLE},
        {.name = STR("c.csv"), .text = str_of(customers), .kind = NUMBERS_CUSTOMERS},
    };
    const struct numbers_judge judge = {takes, "818H"};
    const struct numbers_output out = {discard, NULL, true};
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    assert_false(
        numbers_compile_into(sources, 2, NUMBERS_TWO_OWNERS_WARN, &judge, &out, NULL, &problems));
    problems_print(&problems, &text);
    buf_add_char(&text, '\0');
    assert_string_equal(text.p, wanted);
    buf_fini(&text);
    problems_fini(&problems);
}

static void their_certificates_are_told_with_the_rest(void **state)
{
    (void)state;
    static const char customers[] = "customer,kyc,cert\nacme,,818H\n";
    check(HEAD "+12155550100,acme,sold,never,nope\n", customers,
          "t.csv:2: state \"sold\" is none of owned, delegated, unverified, blocked\n"
          "t.csv:2: not_before \"never\" is no date: write it as 2026-11-21\n"
          "t.csv:2: cert: \"nope\" is not for acme\n");
    check(HEAD "12155550100,,owned,,nope\n", customers,
          "t.csv:2: number \"12155550100\" does not begin with a plus sign: write the number with "
          "its country code, as in +12025550100\n"
          "t.csv:2: the customer is missing: name the customer as its trunk does\n"
          "t.csv:2: cert: \"nope\" is not for \n");
    check(HEAD "+12155550100,acme,sold,,818H\n+12155550101,acme,sold,,\n", customers,
          "t.csv:2: state \"sold\" is none of owned, delegated, unverified, blocked\n"
          "t.csv:3: state \"sold\" is none of owned, delegated, unverified, blocked\n");
    check(HEAD, "customer,kyc,cert\nacme,maybe,nope\n",
          "c.csv:2: kyc \"maybe\" is none of verified, pending, failed, none\n"
          "c.csv:2: cert: \"nope\" is not for acme\n");
}

/* Of rows that are good the image tells, and of what it is made for nobody must be asked. */
static void of_good_rows_nobody_is_asked(void **state)
{
    (void)state;
    check(HEAD "+12155550100,acme,sold,,\n+12155550101,acme,owned,,nope\n", "customer\nacme\n",
          "t.csv:2: state \"sold\" is none of owned, delegated, unverified, blocked\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(their_certificates_are_told_with_the_rest),
        cmocka_unit_test(of_good_rows_nobody_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
