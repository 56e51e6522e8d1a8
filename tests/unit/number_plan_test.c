/*
 * Numbers of the countries that are called most: fixed, mobile, toll-free, short geographic ones.
 * Those that a country keeps for fiction, where it has some; else made-up ones of the right form.
 * Taking one of them for impossible would cost a call its signature (Decided 1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/number_plan.h>

static const char *const possible[] = {
    /* North America: 555-0100 to 555-0199 are fiction's */
    "+12125550100 +18005550199 +14165550123 +18095550100 +18765550100 +18446060100",
    "+15005550006 +18004117246 +12025550143 +19005550100 +12119110000",
    /* Mexico, Central America, Caribbean */
    "+525555501234 +5215555501234 +528001234567 +50222012345 +50378901234 +50499123456",
    "+50521234567 +50640001234 +5068001234567 +5072001234 +50760012345 +5016221234",
    "+50934101234 +5352345678 +5371234567",
    /* South America */
    "+541143211234 +5491112345678 +548001234567 +551123456789 +5511961234567",
    "+5508001234567 +5540041234 +56221234567 +56961234567 +576011234567 +573211234567",
    "+582121234567 +584121234567 +5111234567 +51912345678 +593991234567 +59322123456",
    "+59171234567 +595961456789 +59821231234 +59894231234 +5978001234 +5922201234",
    /* Europe: the fiction of Ofcom, ARCEP, BNetzA, PTS, ComReg, NMHH first */
    "+442079460000 +447700900123 +448081570123 +441632960001 +441697412345 +441946812345",
    "+448001111 +448454647 +33199001234 +33639980123 +33800123456 +337001234567890",
    "+493023125123 +4917139200123 +498001234567 +493022700 +49391234 +4989123456789",
    "+46313900600 +46701740605 +46201234567 +46850012 +353209110000 +353851234567",
    "+3531800123456 +3655123456 +36201234567 +390612345678 +39061234567 +393123456789",
    "+39800123456 +390236618300 +34912345678 +34612345678 +34900123456 +351212345678",
    "+351912345678 +31201234567 +31612345678 +318001234 +3180012345 +3285123456",
    "+3222345678 +32470123456 +3280012345 +41212345678 +41781234567 +41800123456",
    "+431234567890 +4315012345 +43664123456 +436601234567890 +4351234 +4532123456",
    "+4780012345 +4702345 +4721234567 +4740612345 +358412345678 +3589123456 +358201234",
    "+3545812345 +48123456789 +48512345678 +420212345678 +420601123456 +421212345678",
    "+421912123456 +40211234567 +40712034567 +35921234567 +359884123456 +302123456789",
    "+306912345678 +385112345678 +38516123456 +385912345678 +38612345678 +38631234567",
    "+38733123456 +38761123456 +381101234567 +381601234567 +38220123456 +38921234567",
    "+38321234567 +3552212345 +355672123456 +35621001234 +35722345678 +35020012345",
    "+35227123456 +352628123456 +3524912 +37052123456 +37061234567 +37121234567",
    "+3725123456 +37251234567 +375152450911 +375294911911 +380311234567 +380501234567",
    "+37322212345 +74951234567 +79121234567 +78001234567 +77172123456 +77710009998",
    "+904441234 +902123456789 +905012345678 +37799123456 +376712345 +3780549886377",
    "+4232345678 +298211234 +299321000",
    /* Asia, Middle East */
    "+97122345678 +971501234567 +971800123456 +97180012 +96261234567 +962790123456",
    "+966112345678 +966512345678 +9668001234567 +97421234567 +9748001234 +96522345678",
    "+97317001234 +96823123456 +97221234567 +972502345678 +9721700123456 +97022234567",
    "+970599123456 +9611123456 +96171123456 +963112345678 +9647912345678 +982123456789",
    "+989123456789 +93234567890 +93701234567 +922123456789 +923012345678 +917410410123",
    "+918123456789 +911800123456 +9122123456789 +94112345678 +94712345678 +8801812345678",
    "+88027111234 +9779841234567 +97714567890 +66212345678 +6621234567 +66812345678",
    "+661800123456 +842101234567 +84912345678 +6562345678 +6581234567 +6518001234567",
    "+60323856789 +60123456789 +60388881234 +622112345678 +62612345678 +62812345678",
    "+6281234567890 +63232345678 +639051234567 +6321234567 +861012345678 +8613123456789",
    "+864001234567 +868001234567 +85221234567 +85251234567 +85328212345 +85366123456",
    "+886221234567 +886912345678 +81312345678 +819012345678 +81120123456 +815012345678",
    "+82221234567 +821020000000 +82312345678 +8215881234 +85511123456 +8562023123456",
    "+97688123456 +994123123456 +994401234567 +995321234560 +995555123456 +37410123456",
    "+998712345678 +998912345678 +996312123456 +992372123456",
    /* Africa */
    "+20234567890 +201001234567 +27101234567 +27711234567 +27800123456 +212520123456",
    "+212650123456 +21312345678 +213551234567 +21630010123 +21620123456 +218212345678",
    "+2348021234567 +23418040123 +233302345678 +233231234567 +254202012345 +254712123456",
    "+255222345678 +255621234567 +256312345678 +256712345678 +251111112345 +251911234567",
    "+2431234567 +243991234567 +237222123456 +237671234567 +2252123456789 +2250123456789",
    "+221301012345 +221701234567 +22990011234 +2290190011234 +22670123456 +22393123456",
    "+244912345678 +260211234567 +260955123456 +263131234567 +263712345678 +258841234567",
    "+25821123456 +2302012345 +23052512345 +261202123456 +262262161234",
    /* Oceania */
    "+61255501234 +61491570006 +611800160401 +61131234 +611300975707 +6432345678",
    "+64211234567 +648001234567 +6493001234 +6793212345 +67570123456 +687261234",
    "+68940123456 +6834000 +68522123 +67740123 +29022158 +24762889 +50031234",
    /* global services */
    "+80012345678 +80812345678 +870773111632 +878101234567890 +881612345678",
    "+8821612345678 +8821012345 +883510012345678 +8835100012 +88812345678901 +979123456789",
    /* reserved by ITU: nobody knows their lengths yet */
    "+9971234567 +99912345 +379069812345",
};

static enum tn_fault judged(struct str text)
{
    struct tn tn;
    if (!tn_from_digits(&tn, text))
        fail_msg("%.*s: written wrongly here", STR_ARG(text));
    return number_plan_check(&tn);
}

/* CHECK of each number of the rows. */
static void for_each_possible(void (*check)(struct str number))
{
    unsigned n = 0;
    for (size_t i = 0; i < sizeof(possible) / sizeof(possible[0]); i++)
        for (struct str row = str_of(possible[i]); row.n > 0; n++)
            check(str_cut(&row, ' '));
    assert_true(n > 300);
}

static void assert_possible(struct str number)
{
    enum tn_fault fault = judged(number);
    if (fault != TN_OK)
        fail_msg("%.*s: %.*s", STR_ARG(number), STR_ARG(tn_fault_text(fault)));
}

static void what_somebody_may_have_is_possible(void **state)
{
    (void)state;
    for_each_possible(assert_possible);
}

static const struct {
    const char *number;
    enum tn_fault fault;
} impossible[] = {
    /* ten digits behind +1, and neither area code nor exchange begins with 0 or 1 */
    {"+1215555010", TN_NANP_LENGTH},
    {"+121555501000", TN_NANP_LENGTH},
    {"+15550100", TN_NANP_LENGTH},
    {"+123456789012345", TN_NANP_LENGTH},
    {"+10000000000", TN_NANP_CODE},
    {"+11111111111", TN_NANP_CODE},
    {"+10155550100", TN_NANP_CODE},
    {"+11155550100", TN_NANP_CODE},
    {"+12150550100", TN_NANP_CODE},
    {"+12151550100", TN_NANP_CODE},
    {"+18000000000", TN_NANP_CODE},
    {"+1234567", TN_NANP_LENGTH},
    /* lengths that the country does not have */
    {"+3312345678", TN_WRONG_LENGTH},
    {"+331234567890", TN_WRONG_LENGTH},
    {"+44207946000", TN_OK}, /* nine digits are some of the older area codes */
    {"+4420794600", TN_WRONG_LENGTH},
    {"+4420794600001", TN_WRONG_LENGTH},
    {"+3491234567", TN_WRONG_LENGTH},
    {"+749512345678", TN_WRONG_LENGTH},
    {"+351212345", TN_WRONG_LENGTH},
    {"+35121234567890", TN_WRONG_LENGTH},
    {"+453212345", TN_WRONG_LENGTH},
    {"+5255555012", TN_WRONG_LENGTH},
    {"+551196123456789", TN_WRONG_LENGTH},
    {"+9712", TN_NOT_E164},
    {"+97317001", TN_WRONG_LENGTH},
    {"+86101234", TN_WRONG_LENGTH},
    /* global services have lengths of their own */
    {"+8001234567", TN_WRONG_LENGTH},
    {"+800123456789", TN_WRONG_LENGTH},
    {"+808123456789", TN_WRONG_LENGTH},
    {"+87077311163", TN_WRONG_LENGTH},
    {"+87810123456", TN_WRONG_LENGTH},
    {"+88161234567", TN_WRONG_LENGTH},
    {"+882123456", TN_WRONG_LENGTH},
    {"+883123456", TN_WRONG_LENGTH},
    {"+888123456", TN_WRONG_LENGTH},
    {"+97912345678", TN_WRONG_LENGTH},
    /* nobody has the code */
    {"+2101234567", TN_NO_COUNTRY},
    {"+2891234567", TN_NO_COUNTRY},
    {"+384123456789", TN_NO_COUNTRY},
    {"+83123456789", TN_NO_COUNTRY},
    {"+9901234567", TN_NO_COUNTRY},
    /* no E.164 number at all */
    {"+0000000000", TN_NOT_E164},
    {"0", TN_NOT_E164},
    {"911", TN_NOT_E164},
    {"+491234", TN_NOT_E164},
};

static void what_nobody_can_have_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
        enum tn_fault fault = judged(str_of(impossible[i].number));
        if (fault != impossible[i].fault)
            print_error("%s: %.*s\n", impossible[i].number, STR_ARG(tn_fault_text(fault)));
        assert_int_equal(fault, impossible[i].fault);
        assert_int_equal(tn_cannot_exist(fault), fault != TN_OK);
    }
}

static void prefixes_are_judged_by_what_they_begin(void **state)
{
    (void)state;
    static const struct {
        const char *digits;
        enum tn_fault fault;
    } prefixes[] = {
        {"1", TN_OK},
        {"1215", TN_OK},
        {"12155550100", TN_OK},
        {"121555501001", TN_NANP_LENGTH},
        {"10", TN_NANP_CODE},
        {"12151", TN_NANP_CODE},
        {"2", TN_OK},
        {"21", TN_OK},
        {"210", TN_NO_COUNTRY},
        {"33", TN_OK},
        {"33123456789", TN_OK},
        {"331234567890123", TN_OK},
        {"3512123456789", TN_WRONG_LENGTH},
        {"0", TN_NOT_E164},
        {"", TN_NOT_E164},
    };
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (number_plan_check_prefix(str_of(prefixes[i].digits)) != prefixes[i].fault)
            fail_msg("%s*", prefixes[i].digits);
}

/* Whatever is possible begins as something possible: lint complains of no prefix that matters. */
static void assert_prefixes(struct str number)
{
    for (size_t n = 2; n <= number.n; n++)
        assert_int_equal(number_plan_check_prefix(str_slice(number, 1, n)), TN_OK);
}

static void possible_numbers_have_possible_prefixes(void **state)
{
    (void)state;
    for_each_possible(assert_prefixes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_somebody_may_have_is_possible),
        cmocka_unit_test(what_nobody_can_have_is_not),
        cmocka_unit_test(prefixes_are_judged_by_what_they_begin),
        cmocka_unit_test(possible_numbers_have_possible_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
