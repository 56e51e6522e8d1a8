#include <stird/core/verification_answer.h>

#define PPI_MAX 128 /* octets of a signature; ES256 has 86 */

struct str verification_answered_word(enum verification_answered answered)
{
    static const char *const words[ANSWERED_KINDS] = {
        [ANSWERED_NOTHING] = "",        [ANSWERED_MARK] = "mark",
        [ANSWERED_REASON] = "reason",   [ANSWERED_REJECT] = "reject",
        [ANSWERED_OBSERVE] = "observe", [ANSWERED_EMERGENCY] = "emergency",
        [ANSWERED_CHECK] = "check",     [ANSWERED_COUNTRY] = "country",
        [ANSWERED_GUARD] = "guard",
    };
    return str_of(words[answered]);
}

struct str verification_answered_text(enum verification_answered answered)
{
    static const char *const texts[ANSWERED_KINDS] = {
        [ANSWERED_NOTHING] = "",
        [ANSWERED_MARK] = "the call goes on: on_failure is mark",
        [ANSWERED_REASON] = "the call goes on, and its responses tell the caller's side",
        [ANSWERED_REJECT] = "the call is refused",
        [ANSWERED_OBSERVE] =
            "it would be refused, or its responses would tell: the profile observes",
        [ANSWERED_EMERGENCY] = "the call goes on: it is one for help, or a call-back of one",
        [ANSWERED_CHECK] = "the call goes on: reject names other checks",
        [ANSWERED_COUNTRY] = "the call goes on: reject_countries names others",
        [ANSWERED_GUARD] = "the call goes on: too many of its trunk were to be refused",
    };
    return str_of(texts[answered]);
}

/* ---- what is wrong ---- */

/* Without one that failed, what was not looked at is at fault. */
static const struct verification_header *blamed(const struct verification *v)
{
    return v->blamed >= 0 && (unsigned)v->blamed < v->n ? &v->headers[v->blamed] : NULL;
}

static bool has_failed(const struct verification_header *h, enum verify_check check)
{
    return h && h->report.finding[check].result == VERIFY_FAILED;
}

/* The check for which the call fails: the one that decided; or of those for which it is to be
   refused the first. VERIFY_CHECKS: none of these failed. */
static enum verify_check check_of(const struct verification_setting *profile,
                                  const struct verification *v)
{
    const enum verify_check decided = v->check < VERIFY_CHECKS ? v->check : VERIFY_SYNTAX;
    if (profile->on_failure != VERIFICATION_REJECT || profile->reject == 0 ||
        profile->reject >> decided & 1)
        return decided;
    for (int i = 0; i < VERIFY_CHECKS; i++)
        if (profile->reject >> i & 1 && has_failed(blamed(v), (enum verify_check)i))
            return (enum verify_check)i;
    return VERIFY_CHECKS;
}

static void fails_with(struct verification_answer *a, int sip_status, struct str phrase)
{
    a->sip_status = sip_status;
    a->sip_phrase = phrase;
}

/* A check that failed, of a call of which no token passed. */
static void fails_by_check(const struct verification_setting *profile, const struct verification *v,
                           struct verification_answer *a)
{
    const enum verify_check check = check_of(profile, v);
    const bool named = check < VERIFY_CHECKS;
    a->check = named ? check : v->check;
    const int status = a->check < VERIFY_CHECKS ? verify_check_status(a->check) : 438;
    fails_with(a, status, verify_status_phrase(status));
    if (!named)
        a->answered = ANSWERED_CHECK;
}

/* Fills in status and check; what is not wrong stays 0. */
static void find_fault(const struct verification_setting *profile, const struct verification *v,
                       struct verification_answer *a)
{
    switch (v->reason) {
    case REASON_OUT_OF_MEMORY:
    case REASON_VERIFIED:
    case REASON_RCD_MISMATCH:
    case REASON_RPH_MISMATCH:
        return;
    case REASON_VERIFIED_TOO_LOW:
        fails_with(a, 403, STR("Forbidden"));
        return;
    case REASON_UNSIGNED_CALL:
        if (profile->require)
            fails_with(a, 428, verify_status_phrase(428));
        return;
    case REASON_CALLER_WITHHELD:
        if (profile->refuse_withheld)
            fails_with(a, 433, verify_status_phrase(433));
        return;
    default:
        if (v->class != VERIFICATION_PASSED && v->class != VERIFICATION_OPEN)
            fails_by_check(profile, v, a);
        return;
    }
}

/* ---- what is done about it ---- */

/* No country begins with the code of another one. */
static bool is_named(const struct verification_setting *profile, const struct tn *number)
{
    bool is = false;
    for (unsigned i = 0; i < profile->n_reject_countries && !is; i++)
        is = str_starts(tn_str(number), profile->reject_countries[i]);
    return is;
}

/* Who shows no number is of none, unless what it shows instead may lead to one. */
static bool is_of_country(const struct verification_setting *profile,
                          const struct verification_question *q)
{
    const struct tn_reach *reach = q->orig ? NULL : q->orig_reach;
    bool is = profile->n_reject_countries == 0 || (q->orig && is_named(profile, q->orig)) ||
              (reach && reach->more);
    for (unsigned i = 0; reach && i < reach->n && !is; i++)
        is = is_named(profile, &reach->numbers[i]);
    return is;
}

static bool is_for_help(const struct verification_question *q)
{
    return q->is_emergency || call_priority_is_emergency(q->priority);
}

/* Which of them holds first is what an operator reads. */
static enum verification_answered answered(const struct verification_setting *profile,
                                           const struct verification_question *q,
                                           const struct verification *v,
                                           const struct verification_answer *a)
{
    if (a->sip_status == 0 && a->n_told == 0)
        return ANSWERED_NOTHING;
    if (profile->on_failure == VERIFICATION_MARK)
        return ANSWERED_MARK;
    if (is_for_help(q))
        return ANSWERED_EMERGENCY;
    if (profile->on_failure == VERIFICATION_REJECT) {
        if (a->sip_status == 0)
            return ANSWERED_MARK; /* another token passed, or what is missing is ours */
        if (a->answered == ANSWERED_CHECK)
            return ANSWERED_CHECK;
        /* Who withholds the number has no country that could be named. */
        if (v->reason != REASON_CALLER_WITHHELD && !is_of_country(profile, q))
            return ANSWERED_COUNTRY;
        return profile->observe ? ANSWERED_OBSERVE : ANSWERED_REJECT;
    }
    if (a->n_told == 0) /* a level that is too low fails no check */
        return ANSWERED_MARK;
    return profile->observe ? ANSWERED_OBSERVE : ANSWERED_REASON;
}

/* ---- what is told ---- */

static bool is_base64url(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return s.n > 0 && s.n <= PPI_MAX;
}

/* Those that RFC 8224 and RFC 5079 have. */
static bool is_cause(int status)
{
    static const int causes[] = {403, 428, 433, 436, 437, 438};
    bool is = false;
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        is = is || causes[i] == status;
    return is;
}

static void tell(struct verification_answer *a, int cause, struct str ppi)
{
    if (a->n_told == VERIFICATION_TOLD_MAX || !is_cause(cause))
        return;
    a->told[a->n_told++] = (struct verification_told){
        .cause = cause,
        .text = verify_status_phrase(cause),
        .ppi = is_base64url(ppi) ? ppi : STR(""),
    };
}

/* One value for each header that failed; where none did, one for the call (RFC 9410). */
static void tell_headers(const struct verification *v, struct verification_answer *a)
{
    const bool several = v->n + v->n_beyond > 1;
    if (v->reason == REASON_CALLER_WITHHELD) { /* nothing is wrong with its tokens */
        tell(a, a->sip_status, STR(""));
        return;
    }
    for (unsigned i = 0; i < v->n; i++) {
        const struct verification_header *h = &v->headers[i];
        if (h->report.verdict != TOKEN_INVALID)
            continue;
        const bool decides = h == blamed(v) && a->check < VERIFY_CHECKS && a->sip_status > 0;
        tell(a, decides ? a->sip_status : h->report.sip_status,
             several && h->token->has_signature ? h->token->identity.signature : STR(""));
    }
    if (a->n_told == 0 && v->reason != REASON_VERIFIED_TOO_LOW)
        tell(a, a->sip_status, STR(""));
}

void verification_answer_of(const struct verification_setting *profile,
                            const struct verification_question *question,
                            const struct verification *verification,
                            struct verification_answer *answer)
{
    *answer = (struct verification_answer){.check = VERIFY_CHECKS};
    find_fault(profile, verification, answer);
    tell_headers(verification, answer);
    answer->answered = answered(profile, question, verification, answer);
}

bool verification_answer_tells(const struct verification_answer *answer)
{
    return answer->answered == ANSWERED_REASON || answer->answered == ANSWERED_REJECT;
}

void verification_answer_add(const struct verification_answer *answer, unsigned i, struct buf *out)
{
    const struct verification_told *told = &answer->told[i];
    buf_addf(out, "STIR;cause=%d;text=\"%.*s\"", told->cause, STR_ARG(told->text));
    if (told->ppi.n > 0)
        buf_addf(out, ";ppi=\"..%.*s\"", STR_ARG(told->ppi));
}

struct str verification_answer_beside(const struct verification_answer *answer)
{
    const bool is_level = answer->sip_status == 403 && answer->check == VERIFY_CHECKS;
    return answer->answered == ANSWERED_REJECT && is_level
               ? STR("Q.850;cause=21;text=\"Call Rejected\"")
               : STR("");
}
