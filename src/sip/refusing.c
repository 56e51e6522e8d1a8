#include "refusing.h"

#include <stdlib.h>
#include <stird/core/headers.h>
#include <stird/core/trunk.h>
#include <stird/core/verification_answer.h>
#include <stird/core/verified.h>

#include "context.h"
#include "tally.h"
#include "verifying.h"

/* ---- the lines ---- */

static void add_line(struct buf *lines, struct str value)
{
    buf_addf(lines, "Reason: %.*s\r\n", STR_ARG(value));
}

/* Kept until the last response, when all else of the call is given back. Without memory nothing is
   told, and the call goes its way. */
static void keep_lines(struct context *c, const struct verification_answer *a)
{
    struct buf lines = BUF_INIT;
    for (unsigned i = 0; i < a->n_told; i++) {
        struct buf value = BUF_INIT;
        verification_answer_add(a, i, &value);
        add_line(&lines, buf_str(&value));
        lines.failed = lines.failed || buf_failed(&value);
        buf_fini(&value);
    }
    const struct str beside = verification_answer_beside(a);
    if (beside.n > 0)
        add_line(&lines, beside);
    buf_add_char(&lines, '\0');
    c->reasons = buf_failed(&lines) ? NULL : buf_take(&lines, NULL);
    buf_fini(&lines);
    context_count(c);
}

struct str refusing_lines(const struct context *c, int status)
{
    const bool told = c->reasons_told && status < 200;
    return c->reasons && status > 100 && !told ? str_of(c->reasons) : (struct str){NULL, 0};
}

void refusing_forget(struct context *c)
{
    free(c->reasons);
    c->reasons = NULL;
    context_count(c);
}

void refusing_tell(struct context *c, struct message *m)
{
    struct str rest = refusing_lines(c, m->status);
    struct header_line line;
    while (header_next(&rest, &line))
        if (message_add_header(m, line.name, line.value) == 0 && m->status < 200)
            c->reasons_told = true;
}

/* ---- what becomes of the call ---- */

/* False: it goes on, as too many of its trunk are refused. Nobody places a rehearsed one. */
static bool guard_lets(struct context *c, const struct verification_setting *profile,
                       const struct verification_answer *a)
{
    const bool counts = profile->on_failure == VERIFICATION_REJECT && !profile->observe;
    return !counts || proxy_rehearsal(c->proxy) || guards_let(c, a->answered == ANSWERED_REJECT);
}

/* The setting, or the check that failed. */
static struct str why(const struct verification_answer *a, enum reason reason)
{
    if (a->check < VERIFY_CHECKS)
        return verify_check_name(a->check);
    switch (reason) {
    case REASON_UNSIGNED_CALL:
        return STR("require");
    case REASON_CALLER_WITHHELD:
        return STR("anonymous");
    case REASON_VERIFIED_TOO_LOW:
        return STR("min_level");
    default: /* beyond max_tokens */
        return STR("max_tokens");
    }
}

static void refuse(struct context *c, const struct verification_setting *profile,
                   const struct verification_answer *a)
{
    struct outcome *o = c->outcome;
    o->verdict = VERDICT_REJECT;
    o->sip_status = a->sip_status;
    o->sip_phrase = a->sip_phrase;
    o->detail = arena_printf(c->arena, "refused by verification %.*s: %.*s", STR_ARG(profile->name),
                             STR_ARG(why(a, o->reason)));
}

static void count(struct context *c, enum verification_answered answered)
{
    TALLY(c, verification_refused, answered == ANSWERED_REJECT);
    TALLY(c, verification_told, answered == ANSWERED_REASON);
    TALLY(c, verification_guarded, answered == ANSWERED_GUARD);
}

/* What became of it, in the judgement that C's outcome has. False: no memory. */
static bool note(struct context *c, const struct verification_answer *a)
{
    struct verified *noted = arena_alloc(c->arena, sizeof(*noted));
    if (!noted)
        return false;
    *noted = *c->outcome->verified;
    noted->answered = a->answered;
    noted->answer_status = (uint16_t)a->sip_status;
    c->outcome->verified = c->call->verified = noted;
    return true;
}

enum step_result refusing_decide(struct context *c, const struct verifying *v)
{
    const struct settings *s = c->snapshot->settings;
    const struct verification_setting *profile = &s->verifications[c->call->trunk->verification];
    struct verification_answer a;
    struct verifying_judged judged;
    if (!v || !verifying_judged(v, &judged))
        return STEP_NEXT;
    verification_answer_of(profile, judged.question, judged.answer, &a);
    if (!guard_lets(c, profile, &a))
        a.answered = ANSWERED_GUARD;
    if (!note(c, &a))
        return step_refuse(c, REASON_OUT_OF_MEMORY);
    if (!proxy_rehearsal(c->proxy)) {
        count(c, a.answered);
        if (verification_answer_tells(&a))
            keep_lines(c, &a);
    }
    if (a.answered != ANSWERED_REJECT)
        return STEP_NEXT;
    refuse(c, profile, &a);
    return step_refuse(c, c->outcome->reason);
}
