/* A column that says when a right ends, or whether there is one, is never taken for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stird/core/numbers.h>

#include "numbers_table_helper.h"

static void expect(const char *column, enum numbers_source_kind kind, const char *wanted)
{
    char table[256];
    struct buf image = BUF_INIT, got = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    snprintf(table, sizeof(table), "%s,%s\n%s\n",
             kind == NUMBERS_TABLE ? "number,customer,state" : "customer", column,
             kind == NUMBERS_TABLE ? "+12155550100,acme,owned,2020-01-01" : "acme,2020-01-01");
    struct numbers_source source = {.name = STR("t.csv"), .text = str_of(table), .kind = kind};
    bool good = numbers_compile(&source, 1, &image, NULL, &problems);
    problems_print(&problems, &got);
    buf_add(&got, "", 1);
    if (good != !wanted || (wanted && !strstr(got.p, wanted)))
        fail_msg("%s: %s", column, got.p);
    problems_fini(&problems);
    buf_fini(&image);
    buf_fini(&got);
}

static void expect_all(const char *columns, enum numbers_source_kind kind, const char *wanted)
{
    struct str rest = str_of(columns);
    while (rest.n > 0) {
        char column[64];
        struct str one = str_cut(&rest, ' ');
        snprintf(column, sizeof(column), "%.*s", STR_ARG(one));
        expect(column, kind, wanted);
    }
}

static const char ends[] =
    "loa_expires loa_expiry loa_until loa_end contract_end exp exp_date end_at expired_on "
    "valid_before terminates_on stop stopdate port_out disconnect_date deactivated PortOut "
    "portedOut contractEnd LOAExpires ExpDate EXPDATE loaexpires CONTRACTEND cancelled_on "
    "released_at not_valid_after date_of_expiration end-2 Ends_On service_end_date last_day "
    "termination ceased_on withdrawn right_to";
static const char begins[] = "loa_from activated_at activation StartOfService in_force_since";
static const char states[] =
    "active is_active ACTIVE isActive enabled blocked revoked suspended_flag "
    "inactive valid is_valid disabled level account_status";
static const char levels[] =
    "attestation attest max_attestation Attestation_Level attestationlevel ATTEST_MAX orig_attest "
    "att caps cap_at capped max_level levelcap limit limits ceiling max maximum highest grade "
    "rating trust trust_level trusted score confidence sign signing signed sign_ok no_sign stir "
    "shaken stir_shaken STIRSHAKEN shaken_level verstat passport";
static const char knowns[] =
    "kyc_status kycVerified KYCOK verified is_verified Verified verification verification_level "
    "verified_on unverified loa_verified vetted vetting_status know_your_customer";
static const char more_states[] =
    "allowed is_allowed not_allowed approved approved_on approval rejected refused pending confirmed "
    "do_not_originate DoNotOriginate spoof fraud_flag spam quarantined reserved assigned unassigned "
    "available aging in_service blacklist restricted forbidden denied usable ok suspended "
    "";
static const char more_ends[] =
    "ported ported_out port_out valid_thru validthru termination end ends end_date "
    "deadline due renewal_date returned churned churn_date";
static const char numbers[] =
    "range range_end RangeEnd last last_number to_number number2 prefix count";
static const char plain[] =
    "comment description desc name id created created_at updated updated_at city county zip "
    "rate_center ratecenter lata ocn lrn carrier_name address site department project ticket order "
    "invoice_no imported source port_fee design signal stirling maxwell attic captain limiter "
    "trunk_note_id";
static const char own[] =
    "region verified_by export expert vendor weekend_rate recipient legend tendency mark phone rate "
    "papers tier invoice country activity_x x_exp X_Expires x_active x_account x_level provider";

static void in_a_number_table(void **state)
{
    (void)state;
    expect_all(ends, NUMBERS_TABLE,
               "did you mean \"not_after\"? A column of your own begins with x_");
    expect_all(begins, NUMBERS_TABLE, "did you mean \"not_before\"?");
    expect_all(states, NUMBERS_TABLE, "did you mean \"state\"?");
    expect_all("account owner account_id", NUMBERS_TABLE, "did you mean \"customer\"?");
    expect_all("tn tns did", NUMBERS_TABLE, "beside \"number\": ranges");
    expect("Valid Before", NUMBERS_TABLE, "did you mean \"not_after\"?");
    expect_all(more_states, NUMBERS_TABLE, "did you mean \"state\"?");
    expect_all(more_ends, NUMBERS_TABLE, "did you mean \"not_after\"?");
    expect_all("port_in ported_in port_in_date portin", NUMBERS_TABLE,
               "did you mean \"not_before\"?");
    expect_all(numbers, NUMBERS_TABLE, "beside \"number\": ranges");
    expect_all("trunk holder assignee", NUMBERS_TABLE, "did you mean \"customer\"?");
    expect_all("cap kyc CAP", NUMBERS_TABLE, "a row has no level of its own");
    expect_all(levels, NUMBERS_TABLE, "a row has no level of its own");
    expect_all(knowns, NUMBERS_TABLE, "a row has no level of its own");
    expect_all(plain, NUMBERS_TABLE, NULL);
    expect_all(own, NUMBERS_TABLE, NULL);
}

static void in_a_table_of_customers(void **state)
{
    (void)state;
    expect_all(ends, NUMBERS_CUSTOMERS, "a customer has no dates and no state");
    expect_all(begins, NUMBERS_CUSTOMERS, "a customer has no dates and no state");
    expect_all("active is_active enabled blocked revoked disabled inactive state status",
               NUMBERS_CUSTOMERS, "a customer has no dates and no state");
    expect_all("level max_level", NUMBERS_CUSTOMERS, "did you mean \"cap\"?");
    expect_all("verified kyc_status", NUMBERS_CUSTOMERS, "did you mean \"kyc\"?");
    expect_all(levels, NUMBERS_CUSTOMERS, "did you mean \"cap\"?");
    expect_all(knowns, NUMBERS_CUSTOMERS, "did you mean \"kyc\"?");
    expect_all(more_states, NUMBERS_CUSTOMERS, "a customer has no dates and no state");
    expect_all(more_ends, NUMBERS_CUSTOMERS, "a customer has no dates and no state");
    expect_all(plain, NUMBERS_CUSTOMERS, NULL);
    expect_all("x_since x_active x_level region tier rate", NUMBERS_CUSTOMERS, NULL);
}

/* It is an attribute like any other. */
static void a_column_of_ones_own_is_asked_for_with_its_prefix(void **state)
{
    (void)state;
    struct table t = compile_text("number,customer,state,x_until\n+12155550100,acme,owned,noon\n");
    struct numbers_answer a = ask(&t, "12155550100", "acme", 20000);
    assert_int_equal(a.state, NUMBER_OWNED);
    assert_true(str_eq(numbers_row_attribute(&a, STR("x_until")), STR("noon")));
    table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_a_number_table),
        cmocka_unit_test(in_a_table_of_customers),
        cmocka_unit_test(a_column_of_ones_own_is_asked_for_with_its_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
