/*
 * Decided 5 lets every emergency call go on; it never lets one go on with more. Random trunks,
 * rules, tables and INVITEs, each decided twice: to an emergency number, and to another number that
 * is written the same way. The first is signed with no better level than the second, which may be
 * refused where the first goes on unsigned. (Decided 6: being one is no ground for an A.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/policy.h>
#include <stird/sip/facts.h>

static uint64_t seed = 0x2545f4914f6cdd1d; /* fixed: a failure comes back */

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static const struct str table_text = STR("number,customer,state,not_before,not_after\n"
                                         "+12155550100,c,owned,,\n"
                                         "+12155550101,c,delegated,,\n"
                                         "+12155550102,c,unverified,,\n"
                                         "+12155550103,c,blocked,,\n"
                                         "+12155550104,other,owned,,\n"
                                         "+12155550105,c,owned,,2029-12-31\n"
                                         "+1215555011*,c,owned,,\n");

static const char *const callers[] = {"+12155550100", "+12155550101", "+12155550102",
                                      "+12155550103", "+12155550104", "+12155550105",
                                      "+12155550110", "+12155550999", "alice"};

/* The same spelling, of an emergency number and of %s. */
static const struct {
    const char *emergency, *other;
} spellings[] = {
    {"sip:911@h", "sip:+1%s@h"},
    {"tel:911", "tel:+1%s"},
    {"sip:+1911@h", "sip:+1%s@h"},
    {"sip:9-1-1@h", "sip:+1-%s@h"},
    {"sip:9%311@h", "sip:%%2B1%s@h"},
    {"sip:911:pw@h", "sip:+1%s:pw@h"},
    {"tel:911;phone-context=+1", "tel:%s;phone-context=+1"},
    {"tel:911;phone-context=example.com", "tel:%s;phone-context=example.com"},
    {"tel:911;phone-context=+1;phone-context=+1", "tel:%s;phone-context=+1;phone-context=+1"},
    {"tel:911:1", "tel:+1%s:1"},
    {"sip:911%zz1@h", "sip:+1%s%%zz1@h"},
    {"sip:911%20@h", "sip:+1%s%%20@h"},
    {"sip:911,1@h", "sip:+1%s,1@h"},
    {"sip:*67911@h", "sip:*67%s@h"},
    {"911", "+1%s"},
    {"sip:911", "sip:%s"},
    {"sip:911@h@i", "sip:+1%s@h@i"},
    {"sip:911@h/2", "sip:+1%s@h/2"},
    {"urn:service:sos", "urn:x:%s"},
};
#define SPELLINGS (sizeof(spellings) / sizeof(spellings[0]))

static const char *const premium = "9005551234", *const plain = "3035550100";

static const char *const asserted[] = {
    "",
    "",
    "P-Asserted-Identity: <tel:+12155550100>\r\n",
    "P-Asserted-Identity: <tel:+12155550103>\r\n",
    "P-Asserted-Identity: ,\r\n",
    "Privacy: id\r\nP-Asserted-Identity: <tel:+12155550100>\r\n"};
static const char *const risks[] = {"", "X-Risk: high\r\n", "X-Risk: low, high\r\n",
                                    "Attestation-Info: B\r\n"};

static void random_trunk(struct trunk *t)
{
    static const struct str customer = STR("c");
    *t = (struct trunk){
        .name = STR("t"),
        .customer = customer,
        .customer_entry = NO_CUSTOMER_ENTRY,
        .country = {.code = STR("1"), .international_prefix = STR("011"), .national_length = 10},
        .gateway = pick(8) == 0,
        .trusted = pick(2),
        .attestation_headers = pick(2),
        .dest_from_request_uri = pick(2),
        .certificate = NO_CERTIFICATE,
        .cap = pick(4) ? TREATMENT_A : (enum treatment)pick(5),
        .existing_identity = (enum existing_identity)pick(4)};
    for (unsigned s = 0; s < NUMBER_STATES; s++)
        t->by_state[s] = pick(3) ? TREATMENT_A : (enum treatment)pick(5);
    t->by_state[NUMBER_BLOCKED] = pick(2) ? TREATMENT_REFUSE : TREATMENT_UNSIGNED;
    t->gateway_treatment = (enum treatment)pick(5);
    t->no_calling_number = pick(2) ? TREATMENT_REFUSE : TREATMENT_UNSIGNED;
    t->impossible_number = pick(2) ? TREATMENT_REFUSE : TREATMENT_UNSIGNED;
}

/* None asks for a number that only one of the two calls is to, but for the premium ones. */
static struct rule random_rule(void)
{
    static const struct str premiums[] = {STR("+1900")}, own[] = {STR("+1215555010")};
    struct rule r = {.name = STR("r"),
                     .days = 0x7f,
                     .verdict = pick(2) ? RULE_REFUSE : (enum rule_verdict)pick(6),
                     .certificate = NO_CERTIFICATE};
    unsigned kind = pick(5);
    if (kind == 0) {
        r.called = premiums;
        r.n_called = 1;
    } else if (kind == 1) {
        r.calling = own;
        r.n_calling = 1;
    } else if (kind == 2) {
        r.header_name = STR("X-Risk");
        r.header_value = STR("high");
    } else if (kind == 3) {
        r.number_states = 1u << pick(NUMBER_STATES);
    }
    return r;
}

/* What differs between the two calls of a pair is in the two URIs alone. */
struct message {
    const char *from, *asserted, *risk;
};

static void decide(const struct settings *s, const struct numbers *table, const struct message *m,
                   const char *request_uri, const char *to, struct outcome *o)
{
    char text[1024];
    int n = snprintf(text, sizeof(text),
                     "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                     "From: <sip:%s@h>;tag=1\r\nTo: <%s>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
                     "Max-Forwards: 70\r\n%s%sContent-Length: 0\r\n\r\n",
                     request_uri, m->from, to, m->asserted, m->risk);
    struct call call = {.arena = arena_new(4096),
                        .now_s = 1893456000,
                        .trunk = s->trunks,
                        .upstream = s->upstreams,
                        .customer = numbers_customer(table, STR("c"))};
    /* What cannot be read at all is refused to everybody but emergency calls. */
    *o = (struct outcome){.verdict = VERDICT_REJECT};
    if (facts_of_message(&call, s, (struct str){text, (size_t)n}) == REASON_OK)
        policy_decide(s, table, &call, o);
    o->rule = o->refusal_text = STR("");
    arena_free(call.arena);
}

/* 'A' to 'C', and 'D' for what is not signed. */
static char level_of(const struct outcome *o)
{
    return o->verdict == VERDICT_SIGN ? o->claims.attest : 'D';
}

struct tally {
    unsigned emergency_a, refused_else;
};

static void check_pair(const struct settings *s, const struct numbers *table, struct tally *tally)
{
    const struct message m = {callers[pick(9)], asserted[pick(6)], risks[pick(4)]};
    char other_uri[128], mixed_uri[128];
    unsigned i = pick(SPELLINGS);
    struct outcome emergency, other;
    bool mixed = pick(3) == 0; /* To alone makes it one: the Request-URI leads elsewhere */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(other_uri, sizeof(other_uri), spellings[i].other, mixed ? premium : plain);
#pragma GCC diagnostic pop
    snprintf(mixed_uri, sizeof(mixed_uri), "sip:+1%s@h", premium);
    decide(s, table, &m, mixed ? mixed_uri : spellings[i].emergency, spellings[i].emergency,
           &emergency);
    decide(s, table, &m, mixed ? mixed_uri : other_uri, other_uri, &other);
    if (!emergency.emergency || emergency.verdict == VERDICT_REJECT ||
        level_of(&emergency) < level_of(&other))
        fail_msg("%s %s%s%s gets %c, %s gets %c", m.from, spellings[i].emergency,
                 mixed ? " by To, to " : "", mixed ? mixed_uri : "", level_of(&emergency),
                 other_uri, level_of(&other));
    tally->emergency_a += level_of(&emergency) == 'A';
    tally->refused_else += other.verdict == VERDICT_REJECT;
}

static void never_above_another_call(void **state)
{
    (void)state;
    static const struct upstream upstream = {.name = STR("u"), .trusted = true};
    struct problems problems = PROBLEMS_INIT;
    struct buf image = BUF_INIT;
    const char *why = NULL;
    const struct numbers_source source = {
        .name = STR("numbers.csv"), .text = table_text, .kind = NUMBERS_TABLE};
    struct tally tally = {0};
    struct certificate certificate = {.id = STR("818H"), .not_after_s = INT64_MAX};
    certificate.scope = (struct sti_scope){.tn_auth_list = {STR("\x30\x08\xa0\x06\x16\x04"
                                                                "818H")},
                                           .n_lists = 1};
    assert_true(numbers_compile(&source, 1, &image, NULL, &problems));
    struct numbers *table = numbers_open(image.p, image.n, &why);
    assert_non_null(table);
    for (unsigned i = 0; i < 40000; i++) {
        struct trunk trunk;
        struct rule rules[3] = {random_rule(), random_rule(), random_rule()};
        random_trunk(&trunk);
        const struct settings s = {.trunks = &trunk,
                                   .n_trunks = 1,
                                   .upstreams = &upstream,
                                   .n_upstreams = 1,
                                   .rules = rules,
                                   .n_rules = pick(4),
                                   .certificates = &certificate,
                                   .n_certificates = 1,
                                   .foreign_cap = TREATMENT_A,
                                   .emergency_by_to = true};
        check_pair(&s, table, &tally);
    }
    assert_true(tally.emergency_a > 300); /* else nothing was tried */
    assert_true(tally.refused_else > 1000);
    numbers_close(table);
    buf_fini(&image);
    problems_fini(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(never_above_another_call)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
