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

/* Dates of what is no right: taken for its first day, they would make it one. */
static const char turned_round[] =
    "blocked_since inactive_since suspended_since revoked_since unused_since dead_since gone_since "
    "left_since moved_since not_used_since inactive_from blocked_from quarantine_from no_longer_from "
    "not_valid_from out_of_service_from quarantine_start blockedSince BLOCKED_SINCE blockedsince "
    "BlockedFrom barred_since lock_start unverified_since unassigned_from sold_since idle_since "
    "not_active_since never_used_since stolen_from no_right_from vacant_since fraud_since "
    "blocked_until quarantine_end suspension_end suspension_expires not_valid_until block_expiry "
    "blocked_till hold_until banned_thru blocked_before no_longer_after invalid_from "
    "dno_since spam_since disabled_from off_since lent_to leased_from rented_to "
    "moved_to quarantineStart suspendedsince xyz_since gone_from xyz-start";
static const char first_days[] = "active_since active_from valid_since in_service_since start_date "
                                 "service_start contract_start assigned_from effective_from "
                                 "owned_since valid_start activation_date number_start_date";
static const char last_days[] =
    "active_until valid_to owned_until contract_until service_end "
    "assigned_until valid_end_date not_valid_after loa_to end_of_contract";

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

static void a_date_of_something_else_is_no_day_of_a_right(void **state)
{
    (void)state;
    expect_all(
        turned_round, NUMBERS_TABLE,
        "\"state\" (what the number is to the customer: blocked is no right), \"not_after\" (");
    expect_all(turned_round, NUMBERS_TABLE, "or \"not_before\" (the first day of its right)?");
    expect_all("lent_to leased_from", NUMBERS_TABLE, "did you mean \"customer\" (who has the");
    expect_all(first_days, NUMBERS_TABLE, "did you mean \"not_before\"? A");
    expect_all(last_days, NUMBERS_TABLE, "did you mean \"not_after\"? A");
    expect_all("blocked_since gone_since lent_to", NUMBERS_CUSTOMERS,
               "a customer has no dates and no state");
    expect_all("unverified_since kyc_until", NUMBERS_CUSTOMERS, "did you mean \"kyc\"?");
    expect_all("level_since cap_until", NUMBERS_CUSTOMERS, "did you mean \"cap\"?");
}

static void expect_header(const char *header, const char *wanted)
{
    struct buf image = BUF_INIT, got = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    struct numbers_source source = {.name = STR("t.csv"), .text = str_of(header)};
    assert_false(numbers_compile(&source, 1, &image, NULL, &problems));
    problems_print(&problems, &got);
    buf_add(&got, "", 1);
    if (!strstr(got.p, wanted))
        fail_msg("%s: %s", header, got.p);
    problems_fini(&problems);
    buf_fini(&image);
    buf_fini(&got);
}

static void two_ends_are_a_range_where_no_number_is(void **state)
{
    (void)state;
    static const char from[] = "column \"from\" is unknown: did you mean \"number\"?";
    expect_header("from,to,customer,state\n", from);
    expect_header("from,to,customer,state\n", "column \"to\" is unknown: did you mean \"number\"?");
    expect_header("customer,state,To,From\n", "column \"To\" is unknown: did you mean \"number\"?");
    expect_header("start,end,customer,state\n",
                  "column \"start\" is unknown: did you mean \"number\"?");
    expect_header("from,to,customer,state\n", "FIRST-LAST");
    expect_header("number,from,to,customer,state\n",
                  "column \"from\" is unknown: did you mean \"not_before\"?");
    expect_header("tn,from,to,customer,state\n",
                  "column \"to\" is unknown: did you mean \"not_after\"?");
    expect_header("from,customer,state\n",
                  "column \"from\" is unknown: did you mean \"not_before\"?");
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
        cmocka_unit_test(a_date_of_something_else_is_no_day_of_a_right),
        cmocka_unit_test(two_ends_are_a_range_where_no_number_is),
        cmocka_unit_test(a_column_of_ones_own_is_asked_for_with_its_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
