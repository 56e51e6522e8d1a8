/*
 * An A is never given without its grounds (Decided 6), whatever settings, table and caller say:
 * random trunks of one SBC, a random table, and INVITEs as octets, from their text to the decision.
 * What each place of a message says is drawn first and spelled afterwards, in every way that it can
 * be, among what only looks like it; the grounds are stated here of what was drawn. Nor is a number
 * signed that the message which leaves does not show, or above what the SBC told. R-P-105.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/policy.h>
#include <stird/core/trunk.h>
#include <stird/sip/facts.h>

static struct numbers *compile(struct str csv, struct buf *image)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_source source = {.name = STR("numbers.csv"), .text = csv, .kind = NUMBERS_TABLE};
    const char *why = NULL;
    assert_true(numbers_compile(&source, 1, image, NULL, &problems));
    struct numbers *table = numbers_open(image->p, image->n, &why);
    assert_non_null(table);
    problems_fini(&problems);
    return table;
}

#define TABLES        80
#define CALLS_A_TABLE 1200
#define ROWS_MAX      50
#define NUMBERS       100 /* +12155550000 and on */
#define CUSTOMERS     2
#define TODAY         21915 /* 2030-01-01 */

struct row {
    unsigned from, to;
    unsigned customer;
    unsigned state; /* owned, delegated, unverified, blocked */
    bool prefix, in_force;
};

static uint64_t seed = 0x9e3779b97f4a7c15; /* fixed: a failure comes back */

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static struct row random_row(void)
{
    struct row r = {.customer = pick(CUSTOMERS), .state = pick(8) % 5 % 4, .in_force = pick(8) > 0};
    unsigned shape = pick(4);
    r.from = pick(NUMBERS);
    if (shape == 0)
        r.from -= r.from % 10;
    r.to = shape == 0 ? r.from + 9 : r.from;
    if (shape == 1) {
        r.prefix = true;
        r.from -= r.from % 10;
        r.to = r.from + 9;
    }
    return r;
}

/* Two rows of one customer for the same numbers would be refused as a contradiction. */
static bool clashes(const struct row *rows, unsigned n, const struct row *r)
{
    for (unsigned i = 0; i < n; i++)
        if (rows[i].from == r->from && rows[i].to == r->to)
            return true;
    return false;
}

static unsigned random_table(struct row rows[ROWS_MAX], struct buf *csv)
{
    static const char *const states[] = {"owned", "delegated", "unverified", "blocked"};
    unsigned n = 0;
    buf_add_text(csv, "number,customer,state,not_before,not_after\n");
    for (unsigned i = 0; i < ROWS_MAX; i++) {
        struct row r = random_row();
        if (clashes(rows, n, &r))
            continue;
        rows[n++] = r;
        if (r.prefix)
            buf_addf(csv, "+1215555%03u*", r.from / 10);
        else if (r.from == r.to)
            buf_addf(csv, "+1215555%04u", r.from);
        else
            buf_addf(csv, "+1215555%04u-+1215555%04u", r.from, r.to);
        buf_addf(csv, ",c%u,%s,,%s\n", r.customer, states[r.state], r.in_force ? "" : "2029-12-31");
    }
    return n;
}

/* ---- the trunks of one SBC ---- */

#define TRUNKS_MAX 6
#define VALUES     3 /* of each place: 0 to 2, and what is none of them */

enum place { CONTACT, REQUEST, FROM, HEADER, OTHER_HEADER, TLS, HOST, PREFIX, LISTENER, PLACES };

static const struct str group_names[VALUES] = {STR("g0"), STR("g1"), STR("g2")};
static const struct str header_values[VALUES] = {STR("h0"), STR("h 1"), STR("h2")};
static const struct str hosts[VALUES] = {STR("a.example"), STR("B.example"), STR("[2001:db8::1]")};
static const struct str tls_names[VALUES + 1] = {STR("t0.example"), STR("t1.example"),
                                                 STR("t2.example"), STR("t3.example")};
static const struct str listeners[VALUES + 1] = {STR("l0"), STR("l1"), STR("l2"), STR("L0")};
static const struct str prefixes[VALUES] = {STR("+1"), STR("+1-303"), STR("9")};

struct sbc {
    struct trunk trunks[TRUNKS_MAX];
    int wanted[TRUNKS_MAX][PLACES]; /* -1: nothing */
    unsigned customer[TRUNKS_MAX];
    unsigned n;
};

static void ask_for(struct sbc *sbc, unsigned i, enum place place, unsigned value)
{
    struct trunk *t = &sbc->trunks[i];
    sbc->wanted[i][place] = (int)value;
    if (place <= FROM) {
        static const enum group_place places[] = {
            [CONTACT] = GROUP_IN_CONTACT, [REQUEST] = GROUP_IN_REQUEST_URI, [FROM] = GROUP_IN_FROM};
        t->tgrp = group_names[value];
        t->tgrp_in = places[place];
    } else if (place == HEADER || place == OTHER_HEADER) {
        t->header_name = place == HEADER ? STR("Subject") : STR("X-Other");
        t->header_value = header_values[value];
    } else if (place == HOST) {
        t->request_host = hosts[value];
    } else if (place == TLS) {
        t->tls_name = tls_names[value];
    } else if (place == LISTENER) {
        t->listener = listeners[value];
    } else {
        t->request_user_prefix = prefixes[value];
    }
}

static void random_trunk(struct sbc *sbc, unsigned i)
{
    static const struct str customers[CUSTOMERS] = {STR("c0"), STR("c1")};
    static const struct address_prefix source = {{.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}},
                                                 32};
    sbc->customer[i] = pick(CUSTOMERS);
    sbc->trunks[i] = (struct trunk){.name = customers[sbc->customer[i]],
                                    .sources = &source,
                                    .n_sources = 1,
                                    .customer = customers[sbc->customer[i]],
                                    .customer_entry = NO_CUSTOMER_ENTRY,
                                    .gateway = pick(8) == 0,
                                    .trusted = pick(3) > 0,
                                    .attestation_headers = pick(4) == 0,
                                    .certificate = NO_CERTIFICATE,
                                    .existing_identity = (enum existing_identity)pick(4)};
    struct trunk *t = &sbc->trunks[i];
    /* Also what no configuration can say. */
    for (unsigned s = 0; s < NUMBER_STATES; s++)
        t->by_state[s] = pick(5) ? TREATMENT_A : (enum treatment)pick(5);
    t->gateway_treatment = (enum treatment)pick(5);
    t->no_calling_number = (enum treatment)pick(5);
    for (unsigned p = 0; p < PLACES; p++)
        sbc->wanted[i][p] = -1;
    if (i > 0 && pick(4) == 0)
        return;
    if (pick(2))
        ask_for(sbc, i, (enum place)pick(3), pick(VALUES));
    if (pick(4) == 0)
        ask_for(sbc, i, pick(2) ? HEADER : OTHER_HEADER, pick(VALUES));
    if (pick(8) == 0)
        ask_for(sbc, i, TLS, pick(VALUES));
    if (pick(8) == 0)
        ask_for(sbc, i, LISTENER, pick(VALUES));
    if (pick(6) == 0)
        ask_for(sbc, i, HOST, pick(VALUES));
    if (pick(6) == 0)
        ask_for(sbc, i, PREFIX, pick(VALUES));
}

static void random_sbc(struct sbc *sbc)
{
    sbc->n = 2 + pick(TRUNKS_MAX - 1);
    for (unsigned i = 0; i < sbc->n; i++)
        random_trunk(sbc, i);
}

/* Rules of a header that raise and that lower: none of them is grounds for an A. */
static struct rule random_rule(void)
{
    return (struct rule){.name = STR("r"),
                         .days = 0x7f,
                         .header_name = STR("X-Risk"),
                         .header_value = pick(2) ? STR("low") : STR("high"),
                         .verdict = (enum rule_verdict)pick(6),
                         .certificate = NO_CERTIFICATE};
}

/* ---- what an INVITE says ---- */

struct drawn {
    bool says[PLACES][VALUES + 1]; /* the last: something else */
    bool unclear;                  /* the Request-URI has a second @ */
    bool contact_without;          /* one of two Contacts names no group */
    unsigned from, asserted[3], n_asserted;
    bool withheld; /* its P-Asserted-Identity does not leave */
    char told;     /* the level that its SBC tells; '\0': none */
};

static void draw(struct drawn *d)
{
    *d = (struct drawn){.from = pick(NUMBERS),
                        .n_asserted = pick(3),
                        .unclear = pick(16) == 0,
                        .contact_without = pick(4) == 0};
    d->withheld = pick(3) == 0;
    d->told = pick(6) ? '\0' : (char)('A' + (char)pick(3));
    for (unsigned p = 0; p <= TLS; p++)
        for (unsigned more = pick(3) ? pick(2) + (pick(4) == 0) : 0; more > 0; more--)
            d->says[p][pick(VALUES + 1)] = true;
    d->says[HOST][pick(VALUES + 1)] = true;
    d->says[LISTENER][pick(VALUES + 1)] = true;
    for (unsigned i = 0; i < d->n_asserted; i++)
        d->asserted[i] = i > 0 && pick(2) ? d->asserted[0] : pick(3) ? pick(NUMBERS) : d->from;
}

/* ---- and how it is spelled ---- */

static void add_any_case(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_add_char(out, pick(2) && ascii_is_alpha(*text) ? (char)(*text ^ 0x20) : *text);
}

static const char *group_text(unsigned value)
{
    static const char *const texts[VALUES + 1] = {"g0", "g1", "g2", "G0"};
    static const char *const escaped[VALUES + 1] = {"%670", "g%31", "%67%32", "%47%30"};
    return pick(4) ? texts[value] : escaped[value];
}

static void add_groups(struct buf *out, const bool says[VALUES + 1], unsigned first, unsigned step)
{
    for (unsigned v = first; v <= VALUES; v += step) {
        if (!says[v])
            continue;
        for (unsigned times = 1 + (pick(4) == 0); times > 0; times--) {
            buf_add_char(out, ';');
            add_any_case(out, pick(2) ? "tgrp" : "otg");
            buf_addf(out, "=%s", group_text(v));
        }
    }
}

/* In a password or header fields a group says nothing, unless the URI names only others. */
static bool may_stray(const bool says[VALUES + 1], unsigned group)
{
    bool any = false;
    for (unsigned v = 0; v <= VALUES; v++)
        any |= says[v];
    return !any || says[group];
}

/* sip:USER;...@HOST;... with the groups in its two places. */
static void add_uri(struct buf *out, const char *user, const char *host,
                    const bool says[VALUES + 1])
{
    buf_addf(out, "sip:%s%s", user, pick(4) ? "" : ";trunk-context=x;xtgrp=g0");
    bool in_two = pick(2);
    bool in_user = pick(2);
    if (in_user || in_two)
        add_groups(out, says, 0, in_two ? 2 : 1);
    buf_addf(out, "%s@%s", pick(6) || !may_stray(says, 1) ? "" : ":p;tgrp=g1", host);
    if (!in_user || in_two)
        add_groups(out, says, in_two ? 1 : 0, in_two ? 2 : 1);
    if (pick(6) == 0 && may_stray(says, 2))
        buf_add_text(out, "?x=;tgrp=g2");
}

static const char *display_name(void)
{
    static const char *const names[] = {"", "\"a\" ", "\"<sip:1;tgrp=g0@h>\" ",
                                        "\",;tgrp=g1;\\\",\" "};
    return names[pick(4)];
}

static void add_contacts(struct buf *out, const struct drawn *d)
{
    static const bool nothing[VALUES + 1];
    bool second_line = pick(2);
    buf_addf(out, "%s:%s%s<", pick(2) ? "Contact" : "m", pick(4) ? " " : "\r\n\t", display_name());
    add_uri(out, "sbc", "192.0.2.1", d->contact_without ? nothing : d->says[CONTACT]);
    buf_addf(out, ">%s%s%s<", pick(2) ? ";expires=1" : "", second_line ? "\r\nCONTACT : " : " , ",
             display_name());
    add_uri(out, "sbc", "192.0.2.1", d->says[CONTACT]);
    buf_add_text(out, ">\r\n");
}

static void add_from(struct buf *out, const struct drawn *d)
{
    char user[32];
    snprintf(user, sizeof(user), pick(2) ? "+1215555%04u" : "+1-215-555%%2D%04u", d->from);
    buf_addf(out, "%s: %s<", pick(2) ? "From" : "f", display_name());
    add_uri(out, user, "acme.example", d->says[FROM]);
    buf_add_text(out, ">;tag=1\r\n");
}

/* Quoted, it is another value, or may be meant. */
static void add_value(struct buf *out, unsigned value)
{
    static const char *const texts[VALUES + 1] = {"h0", "h 1", "h2", "\"h0\""};
    buf_add_text(out, value == 1 && pick(2) ? "h \r\n 1" : texts[value]);
}

static void add_subject(struct buf *out, const struct drawn *d)
{
    bool open = false;
    for (unsigned v = 0; v <= VALUES; v++) {
        if (!d->says[HEADER][v])
            continue;
        bool list = open && pick(2);
        if (open && !list)
            buf_add_text(out, "\r\n");
        if (list)
            buf_add_text(out, pick(2) ? "," : " ,\r\n ,");
        else
            buf_add_text(out, pick(2) ? "Subject: " : "s :\t");
        add_value(out, v);
        open = true;
    }
    buf_add_text(out, open ? "\r\n" : "");
    if (pick(4) == 0)
        buf_add_text(out, "Subjects: h0\r\nX-Subject: h2\r\n");
}

static void add_other_header(struct buf *out, const struct drawn *d)
{
    for (unsigned v = 0; v <= VALUES; v++) {
        if (!d->says[OTHER_HEADER][v])
            continue;
        add_any_case(out, "x-other");
        buf_add_text(out, pick(2) ? ": " : " :\r\n\t");
        add_value(out, v);
        buf_add_text(out, "\r\n");
    }
}

static void add_request_uri(struct buf *out, const struct drawn *d)
{
    static const char *const spelled[VALUES + 1] = {"A.example.", "b.EXAMPLE", "[2001:DB8:0::1]",
                                                    "a.example.other"};
    static const char *const users[] = {"+13035550100", "+1.303(555)0100", "%2B13035550100"};
    char host[64];
    unsigned value = 0;
    while (!d->says[HOST][value])
        value++;
    snprintf(host, sizeof(host), "%s%s", d->unclear ? "a.example@B.example" : spelled[value],
             pick(2) ? ":5060" : "");
    add_uri(out, users[pick(3)], host, d->says[REQUEST]);
}

static void add_asserted(struct buf *out, const struct drawn *d)
{
    for (unsigned i = 0; i < d->n_asserted; i++)
        buf_addf(out, "P-Asserted-Identity: <tel:+1215555%04u>\r\n", d->asserted[i]);
}

static void add_risk(struct buf *out)
{
    static const char *const lines[] = {"", "X-Risk: low\r\n", "X-Risk: high\r\nX-RISK: low\r\n",
                                        "X-Risk: low,High\r\n"};
    buf_add_text(out, lines[pick(4)]);
}

static void add_privacy(struct buf *out, const struct drawn *d)
{
    static const char *const wishes[] = {"Privacy: id\r\n",
                                         "PRIVACY :\r\n ID\r\n",
                                         "Privacy: header,id\r\n",
                                         "Privacy: \"user\", <id>\r\n",
                                         "Privacy: none\r\nprivacy:user;id\r\n",
                                         "Privacy: id=1\r\n"};
    static const char *const none[] = {"",
                                       "",
                                       "Privacy: none\r\n",
                                       "Privacy: user;header\r\n",
                                       "X-Privacy: id\r\n",
                                       "Privacy: critical\r\n"};
    buf_add_text(out, d->withheld ? wishes[pick(6)] : none[pick(6)]);
}

/* C also where nobody can read it. */
static void add_told(struct buf *out, const struct drawn *d)
{
    static const char *const names[] = {"Attestation-Info", "p-attestation-indicator",
                                        "X-ATTESTATION-INFO ", "Attestation"};
    static const char *const forms[] = {"%s: %c\r\n", "%s: \"%c\"\r\n", "%s:\r\n <%c>;x=A\r\n",
                                        "%s: A, %c\r\n", "X-Attestation: A\r\n%s: %c ;a\r\n"};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (d->told == 'C' && pick(2))
        buf_addf(out, "%s: none of them\r\n", names[pick(4)]);
    else if (d->told)
        buf_addf(out, forms[pick(5)], names[pick(4)], ascii_lower(d->told) ^ (pick(2) ? 0x20 : 0));
    else
        buf_add_text(out, pick(2) ? "" : "Attestations: C\r\n");
#pragma GCC diagnostic pop
}

static void spell(struct buf *out, const struct drawn *d)
{
    buf_add_text(out, "INVITE ");
    add_request_uri(out, d);
    buf_add_text(out, " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n");
    add_from(out, d);
    buf_addf(out, "To: <%s>\r\n", pick(20) ? "tel:+13035550100" : "tel:911");
    buf_add_text(out, "Call-ID: 1\r\nCSeq: 1 INVITE\r\n");
    add_contacts(out, d);
    add_subject(out, d);
    add_other_header(out, d);
    add_asserted(out, d);
    add_privacy(out, d);
    add_told(out, d);
    add_risk(out);
    buf_add_text(out, "Content-Length: 0\r\n\r\n");
}

/* ---- the grounds ---- */

/* 0: does not fit, 1: is one of several things said, 2: is the one thing said */
static unsigned says(const struct drawn *d, const struct sbc *sbc, unsigned trunk, enum place place)
{
    int wanted = sbc->wanted[trunk][place];
    unsigned others = place == REQUEST && d->unclear; /* which cannot be seen */
    others += place == CONTACT && d->contact_without;
    if (wanted < 0)
        return 2;
    if (place == PREFIX || place == HOST)
        if (d->unclear)
            return 1;
    if (place == PREFIX)
        return wanted < 2 ? 2 : 0;                    /* all dial +1303... */
    for (int v = 0; v <= VALUES && place != TLS; v++) /* a certificate may have many names */
        others += v != wanted && d->says[place][v];
    if ((place == HEADER || place == OTHER_HEADER) && wanted == 0 && d->says[place][VALUES])
        return 1;
    if (!d->says[place][wanted])
        return 0;
    return others > 0 ? 1 : 2;
}

static unsigned fits(const struct drawn *d, const struct sbc *sbc, unsigned trunk)
{
    unsigned least = 2;
    for (unsigned p = 0; p < PLACES; p++) {
        unsigned one = says(d, sbc, trunk, (enum place)p);
        least = one < least ? one : least;
    }
    return least;
}

/* A number that grows with how much a trunk asks for; docs/configuration.md has the order. */
static unsigned weight(const struct sbc *sbc, unsigned trunk)
{
    static const unsigned of[PLACES] = {
        [TLS] = 128, [HEADER] = 64, [OTHER_HEADER] = 64, [CONTACT] = 32, [REQUEST] = 16,
        [FROM] = 8,  [PREFIX] = 4,  [HOST] = 2,          [LISTENER] = 1};
    unsigned n = 0, kinds = 0, length = 0;
    for (unsigned p = 0; p < PLACES; p++) {
        if (sbc->wanted[trunk][p] < 0)
            continue;
        n++;
        kinds += of[p];
        if (p == PREFIX)
            length = (unsigned)prefixes[sbc->wanted[trunk][p]].n;
    }
    return n * 100000 + length * 1000 + kinds;
}

/* Whether trunk A asks for all that B asks for; of the prefixes the second begins with the first.
 */
static bool includes(const struct sbc *sbc, unsigned a, unsigned b)
{
    const int *one = sbc->wanted[a], *other = sbc->wanted[b];
    for (unsigned p = 0; p < PLACES; p++)
        if (other[p] >= 0 && one[p] != other[p] && !(p == PREFIX && one[p] == 1 && other[p] == 0))
            return false;
    return true;
}

/* The trunk that a call belongs to, or -1; and those that it must not do better than. */
static int belongs(const struct drawn *d, const struct sbc *sbc, bool passed_over[TRUNKS_MAX])
{
    int best = -1;
    for (unsigned i = 0; i < sbc->n; i++)
        if (fits(d, sbc, i) == 2 && (best < 0 || weight(sbc, i) > weight(sbc, (unsigned)best)))
            best = (int)i;
    for (unsigned i = 0; i < sbc->n; i++)
        passed_over[i] = fits(d, sbc, i) > 0 && (best < 0 || !includes(sbc, (unsigned)best, i));
    return best;
}

static bool is_entitled(unsigned customer, unsigned number, const struct row *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (rows[i].from <= number && number <= rows[i].to && rows[i].customer == customer &&
            rows[i].state <= 1 && !rows[i].prefix && rows[i].in_force)
            return true;
    return false;
}

/* The number that the message shows which leaves. */
static unsigned shown(const struct drawn *d, bool trusted)
{
    return trusted && d->n_asserted > 0 && !d->withheld ? d->asserted[0] : d->from;
}

/* Which level a call may have at most, found the long way round; and the number that is shown. */
static char at_most(const struct drawn *d, const struct sbc *sbc, int trunk,
                    const bool passed_over[TRUNKS_MAX], const struct row *rows, unsigned n_rows,
                    unsigned *number)
{
    bool trusted = true, gateway = false, entitled = true, differ = false, heard = false;
    for (unsigned i = 0; i < sbc->n; i++)
        if (passed_over[i] || (int)i == trunk) {
            trusted = trusted && sbc->trunks[i].trusted;
            gateway = gateway || sbc->trunks[i].gateway;
            heard = heard || sbc->trunks[i].attestation_headers;
        }
    bool asserted = trusted && d->n_asserted > 0;
    *number = shown(d, trusted);
    for (unsigned i = 0; asserted && i < d->n_asserted; i++)
        differ = differ || d->asserted[i] != *number;
    for (unsigned i = 0; i < sbc->n; i++)
        if (passed_over[i] || (int)i == trunk)
            entitled = entitled && is_entitled(sbc->customer[i], *number, rows, n_rows);
    char most = gateway ? 'C' : entitled && !differ ? 'A' : 'B';
    return trusted && heard && d->told > most ? d->told : most;
}

/* ---- the property ---- */

struct tally {
    unsigned level_a, in_doubt, in_doubt_a, two_in_full, no_trunk, withheld;
};

static void check(const struct drawn *d, const struct sbc *sbc, const struct call *call,
                  const struct outcome *o, const struct row *rows, unsigned n_rows,
                  struct tally *tally)
{
    bool passed_over[TRUNKS_MAX];
    int trunk = belongs(d, sbc, passed_over);
    unsigned n = 0, number;
    char text[16];
    assert_int_equal(trunk < 0, call->trunk == NULL);
    tally->no_trunk += trunk < 0;
    if (trunk < 0)
        return;
    assert_ptr_equal(call->trunk, &sbc->trunks[trunk]);
    for (unsigned i = 0; i < sbc->n; i++)
        n += passed_over[i];
    assert_int_equal(n, call->n_passed_over);
    tally->in_doubt += n > 0;
    for (unsigned i = 0; i < sbc->n; i++)
        tally->two_in_full += passed_over[i] && fits(d, sbc, i) == 2;
    assert_int_not_equal(o->reason, REASON_INTERNAL);
    assert_true(!o->emergency || o->verdict != VERDICT_REJECT);
    if (o->verdict != VERDICT_SIGN)
        return;
    assert_true(o->claims.attest >= 'A' && o->claims.attest <= 'C');
    assert_true(!call->source_in_doubt || o->claims.attest == 'C');
    assert_true(o->claims.attest >= at_most(d, sbc, trunk, passed_over, rows, n_rows, &number));
    snprintf(text, sizeof(text), "1215555%04u", number);
    assert_true(str_eq(tn_str(&o->claims.orig), str_of(text)));
    tally->withheld += d->withheld && d->n_asserted > 0 && call->trunk->trusted;
    tally->level_a += o->claims.attest == 'A';
    tally->in_doubt_a += n > 0 && o->claims.attest == 'A';
}

/* What no message says. */
static void add_connection(const struct drawn *d, struct call *call, struct str names[VALUES + 1])
{
    for (unsigned v = 0; v <= VALUES; v++) {
        if (d->says[TLS][v])
            names[call->n_peer_names++] = tls_names[v];
        if (d->says[LISTENER][v])
            call->listener = listeners[v];
    }
    call->peer_names = names;
}

static void try_invite(struct settings *s, const struct sbc *sbc, const struct numbers *table,
                       const struct row *rows, unsigned n_rows, struct tally *tally)
{
    struct drawn d;
    struct buf text = BUF_INIT;
    struct outcome o = {.verdict = VERDICT_REJECT};
    struct call call = {.arena = arena_new(4096),
                        .traced = true,
                        .now_s = (int64_t)TODAY * 86400 + pick(86400),
                        .source_in_doubt = pick(16) == 0,
                        .customer = NUMBERS_NO_CUSTOMER};
    struct str names[VALUES + 1];
    bool known;
    assert_true(address_parse(STR("192.0.2.1"), &call.source));
    draw(&d);
    spell(&text, &d);
    enum reason reason = facts_of_message(&call, s, buf_str(&text));
    if (reason != REASON_OK)
        print_error("%.*s\n", STR_ARG(buf_str(&text)));
    assert_int_equal(reason, REASON_OK);
    add_connection(&d, &call, names);
    call.trunk = trunk_match(s, &call, &known);
    if (call.trunk) {
        call.customer = numbers_customer(table, call.trunk->customer);
        call.claims_dialog = pick(16) == 0;
        policy_decide(s, table, &call, &o);
        assert_true(!call.claims_dialog || o.verdict != VERDICT_SIGN);
    }
    check(&d, sbc, &call, &o, rows, n_rows, tally);
    buf_fini(&text);
    arena_free(call.arena);
}

static void try_table(struct tally *tally)
{
    struct certificate certificate = {.id = STR("818H"), .not_after_s = INT64_MAX};
    certificate.scope = (struct sti_scope){.tn_auth_list = {STR("\x30\x08\xa0\x06\x16\x04"
                                                                "818H")},
                                           .n_lists = 1};
    struct row rows[ROWS_MAX];
    struct buf csv = BUF_INIT, image = BUF_INIT;
    unsigned n = random_table(rows, &csv);
    struct numbers *table = compile(buf_str(&csv), &image);
    struct sbc sbc;
    for (unsigned i = 0; i < CALLS_A_TABLE; i++) {
        struct rule rule = random_rule();
        struct arena *arena = arena_new(4096);
        random_sbc(&sbc);
        struct settings s = {.trunks = sbc.trunks, .n_trunks = sbc.n, .rules = &rule};
        s.certificates = &certificate;
        s.n_certificates = 1;
        s.n_rules = pick(3) == 0;
        s.sources = source_table_new(arena, s.trunks, s.n_trunks, NULL, 0);
        try_invite(&s, &sbc, table, rows, n, tally);
        arena_free(arena);
    }
    numbers_close(table);
    buf_fini(&csv);
    buf_fini(&image);
}

static void no_a_without_grounds(void **state)
{
    struct tally tally = {0};
    (void)state;
    for (unsigned t = 0; t < TABLES; t++)
        try_table(&tally);
    /* Else the property was tried on nothing. */
    assert_true(tally.level_a > 1000);
    assert_true(tally.in_doubt > 2000);
    assert_true(tally.two_in_full > 1000);
    assert_true(tally.in_doubt_a > 50);
    assert_true(tally.no_trunk > 5000);
    assert_true(tally.withheld > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_a_without_grounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
