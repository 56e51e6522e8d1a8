/* Whose fault a finding is: by the check, then by what the token and its message show. */
#include <stird/core/verify_fault.h>

#include <jansson.h>

#define SAME_CLOCK_S 5     /* by so much Date and iat of one machine may differ */
#define CLOCK_DAY_S  86400 /* what is in force within a day may be so by the signer's clock */

static const struct {
    const char *name, *text;
} faults[VERIFY_FAULTS] = {
    [FAULT_SIGNER] = {"signer", "the signer"},
    [FAULT_BETWEEN] = {"between", "an element behind the signer"},
    [FAULT_NETWORK] = {"network", "the network"},
    [FAULT_HERE] = {"us", "this verifier"},
    [FAULT_SIGNER_CLOCK] = {"clock_signer", "the signer's clock"},
    [FAULT_HERE_CLOCK] = {"clock_us", "this machine's clock"},
    [FAULT_SOME_CLOCK] = {"clock", "a clock, the signer's or the verifier's"},
};

struct str verify_fault_name(enum verify_fault fault)
{
    return str_of(faults[fault].name);
}

struct str verify_fault_text(enum verify_fault fault)
{
    return str_of(faults[fault].text);
}

struct looking {
    const struct verify_question *question;
    const struct verify_report *report;
    const struct verify_grounds *grounds;
};

/* Whose clock it is when signer and verifier do not agree. */
static enum verify_fault clock_of(const struct verify_grounds *g)
{
    if (!g->time_is_ours)
        return FAULT_SOME_CLOCK;
    return g->clock_is_set ? FAULT_SIGNER_CLOCK : FAULT_HERE_CLOCK;
}

/*
 * iat that is ahead is a clock's. One that is old is so too where Date agrees with it; a Date of
 * now beside it says that the token was old when the call left the signer; without a Date nobody
 * knows whether the call was held or a clock is wrong.
 */
static enum verify_fault of_fresh(const struct looking *l)
{
    const struct verify_question *q = l->question;
    const int64_t iat_s = q->token->iat_s;
    if (iat_s <= 0)
        return FAULT_SIGNER;
    if (l->report->finding[VERIFY_FRESH].result == VERIFY_WARNED)
        return FAULT_BETWEEN; /* only Date differs */
    if (q->time_is_guessed)
        return FAULT_HERE;
    if (iat_s > q->now_s)
        return clock_of(l->grounds);
    if (q->date_s <= 0)
        return FAULT_SOME_CLOCK;
    if (q->date_s - iat_s <= SAME_CLOCK_S && iat_s - q->date_s <= SAME_CLOCK_S)
        return clock_of(l->grounds);
    return FAULT_SIGNER;
}

static bool has_text(const struct json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name)) != NULL;
}

/* The token says it itself, so what stands behind it was changed. */
static enum verify_fault of_type(const struct looking *l)
{
    const struct json_t *header = l->question->token->header_json;
    return has_text(header, "typ") && has_text(header, "ppt") ? FAULT_BETWEEN : FAULT_SIGNER;
}

static enum verify_fault of_x5u(const struct looking *l)
{
    return has_text(l->question->token->header_json, "x5u") ? FAULT_BETWEEN : FAULT_SIGNER;
}

/* Which signs the Request-URI's number. */
static enum verify_fault of_dest(const struct looking *l)
{
    const struct verify_question *q = l->question;
    return token_calls(q->token, q->requested) ? FAULT_SIGNER : FAULT_BETWEEN;
}

static enum verify_fault of_fetch(const struct looking *l)
{
    static const enum verify_fault by[FETCH_OUTCOMES] = {
        [FETCH_OK] = FAULT_NETWORK,       [FETCH_PENDING] = FAULT_NETWORK,
        [FETCH_UNAVAILABLE] = FAULT_HERE, [FETCH_OVERLOADED] = FAULT_HERE,
        [FETCH_LIMIT] = FAULT_HERE,       [FETCH_BREAKER] = FAULT_SIGNER,
        [FETCH_CUT_OFF] = FAULT_HERE,     [FETCH_NAME] = FAULT_NETWORK,
        [FETCH_CONNECT] = FAULT_NETWORK,  [FETCH_TLS] = FAULT_SIGNER,
        [FETCH_TIMEOUT] = FAULT_NETWORK,  [FETCH_BROKEN] = FAULT_SIGNER,
        [FETCH_SERVER] = FAULT_SIGNER,    [FETCH_GONE] = FAULT_SIGNER,
        [FETCH_STATUS] = FAULT_SIGNER,    [FETCH_TOO_MUCH] = FAULT_SIGNER,
        [FETCH_ENCODED] = FAULT_SIGNER,   [FETCH_GARBAGE] = FAULT_SIGNER,
        [FETCH_BAD_URL] = FAULT_SIGNER,   [FETCH_BAD_ADDRESS] = FAULT_SIGNER,
    };
    return l->grounds->fetched < FETCH_OUTCOMES ? by[l->grounds->fetched] : FAULT_NETWORK;
}

/* One that is not yet in force was made a moment ago, by another clock. */
static enum verify_fault of_dates(const struct looking *l)
{
    const struct sti_certificate *c = l->question->certificate;
    const int64_t now_s = l->question->now_s;
    return c && now_s < c->not_before_s && c->not_before_s - now_s <= CLOCK_DAY_S
               ? clock_of(l->grounds)
               : FAULT_SIGNER;
}

/* What is no signature at all was cut or changed; a certificate that was given by hand may be
   another one than the URL serves. */
static enum verify_fault of_signature(const struct looking *l)
{
    if (!l->question->token->has_signature)
        return FAULT_BETWEEN;
    return l->question->certificate_is_given ? FAULT_HERE : FAULT_SIGNER;
}

/*
 * By the check alone, or by a look. What was not done is the verifier's: it lacks what it needs.
 * GROUND is the check whose finding already says why this one could not be made.
 */
static const struct {
    enum verify_fault fault;
    enum verify_fault (*look)(const struct looking *l);
    enum verify_check ground;
} checks[VERIFY_CHECKS] = {
    [VERIFY_ALG] = {FAULT_SIGNER, NULL, VERIFY_SYNTAX},
    [VERIFY_SYNTAX] = {FAULT_BETWEEN, NULL, VERIFY_SYNTAX},
    [VERIFY_PPT] = {FAULT_SIGNER, NULL, VERIFY_SYNTAX},
    [VERIFY_FORM] = {FAULT_SIGNER, NULL, VERIFY_SYNTAX},
    [VERIFY_HEADER] = {FAULT_BETWEEN, NULL, VERIFY_FORM},
    [VERIFY_TYPE] = {FAULT_SIGNER, of_type, VERIFY_HEADER},
    [VERIFY_CRIT] = {FAULT_SIGNER, NULL, VERIFY_HEADER},
    [VERIFY_URL] = {FAULT_SIGNER, NULL, VERIFY_SYNTAX},
    [VERIFY_X5U] = {FAULT_SIGNER, of_x5u, VERIFY_HEADER},
    [VERIFY_PAYLOAD] = {FAULT_BETWEEN, NULL, VERIFY_FORM},
    [VERIFY_CLAIMS] = {FAULT_SIGNER, NULL, VERIFY_PAYLOAD},
    [VERIFY_RCD] = {FAULT_SIGNER, NULL, VERIFY_PAYLOAD},
    [VERIFY_FRESH] = {FAULT_SOME_CLOCK, of_fresh, VERIFY_CLAIMS},
    [VERIFY_ORIG] = {FAULT_BETWEEN, NULL, VERIFY_MESSAGE},
    [VERIFY_DEST] = {FAULT_BETWEEN, of_dest, VERIFY_MESSAGE},
    [VERIFY_DIV] = {FAULT_BETWEEN, NULL, VERIFY_MESSAGE},
    [VERIFY_RPH] = {FAULT_BETWEEN, NULL, VERIFY_MESSAGE},
    [VERIFY_FETCH] = {FAULT_NETWORK, of_fetch, VERIFY_URL},
    [VERIFY_CERTIFICATE] = {FAULT_SIGNER, NULL, VERIFY_FETCH},
    [VERIFY_SIGNATURE] = {FAULT_SIGNER, of_signature, VERIFY_CERTIFICATE},
    [VERIFY_DATES] = {FAULT_SIGNER, of_dates, VERIFY_CERTIFICATE},
    [VERIFY_CHAIN] = {FAULT_SIGNER, NULL, VERIFY_CERTIFICATE},
    [VERIFY_REVOKED] = {FAULT_SIGNER, NULL, VERIFY_CERTIFICATE},
    [VERIFY_SCOPE] = {FAULT_SIGNER, NULL, VERIFY_CERTIFICATE},
    [VERIFY_MESSAGE] = {FAULT_BETWEEN, NULL, VERIFY_MESSAGE},
};

enum verify_fault verify_fault_of(const struct verify_question *question,
                                  const struct verify_report *report,
                                  const struct verify_grounds *grounds, enum verify_check check)
{
    const struct looking l = {question, report, grounds};
    if (report->finding[check].result == VERIFY_NOT_DONE)
        return FAULT_HERE;
    return checks[check].look ? checks[check].look(&l) : checks[check].fault;
}

/* Where the check's own advice would send somebody to the wrong door. */
static const struct {
    enum verify_check check;
    enum verify_fault fault;
    const char *advice;
} advices[] = {
    {VERIFY_FRESH, FAULT_SIGNER_CLOCK,
     "this machine's clock is kept right (the kernel says so), and Date agrees with iat or iat is "
     "ahead: who runs the signer sets its clock by NTP"},
    {VERIFY_FRESH, FAULT_HERE_CLOCK,
     "nothing keeps this machine's clock right (the kernel says so): set it by NTP, then look "
     "again"},
    {VERIFY_FRESH, FAULT_SIGNER,
     "the token was old when the call left its signer: he signs each call anew"},
    {VERIFY_FRESH, FAULT_BETWEEN,
     "an element behind the signer held the call, or wrote another "
     "Date: keep it from that, or sign behind it"},
    {VERIFY_DATES, FAULT_SIGNER_CLOCK,
     "the certificate is in force soon, by this machine's clock, which is kept right: who issued "
     "it sets his clock, or the signer waits until it is in force"},
    {VERIFY_DATES, FAULT_HERE_CLOCK,
     "nothing keeps this machine's clock right (the kernel says so): set it by NTP, then look "
     "again"},
    {VERIFY_DEST, FAULT_SIGNER,
     "the signer signs the Request-URI's number, and verifiers compare To: change that there "
     "(stird: dest = \"to\")"},
    {VERIFY_SIGNATURE, FAULT_HERE,
     "the certificate was given by hand: is it the one that its URL serves? Else somebody changed "
     "the token"},
    {VERIFY_SIGNATURE, FAULT_BETWEEN,
     "compare it with what left the signer: an element in between "
     "cut or changed it"},
    {VERIFY_FETCH, FAULT_HERE,
     "it was not fetched, by a limit or a fault of this verifier: look "
     "there first"},
    {VERIFY_FETCH, FAULT_NETWORK,
     "open the URL from another network too: the way there, a firewall or a name server hinders "
     "it; where it opens nowhere, tell who runs the signer"},
};

struct str verify_fault_advice(enum verify_check check, enum verify_fault fault)
{
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
        if (advices[i].check == check && advices[i].fault == fault)
            return str_of(advices[i].advice);
    return verify_check_advice(check);
}

enum verify_check verify_fault_ground(enum verify_check check)
{
    return checks[check].ground;
}
