#include "own_number.h"

#include <stird/core/service_word.h>
#include <stird/core/verified.h>

#include "decision.h"

struct own {
    int32_t today;
    struct str caller; /* the customer whose trunk it is; empty: none's */
    bool found;
    bool of_caller;
};

static void look(void *user, const struct numbers_row *row)
{
    struct own *own = user;
    const bool assigned = row->state == NUMBER_OWNED || row->state == NUMBER_DELEGATED;
    if (!assigned || !numbers_row_counts(row, own->today))
        return;
    own->found = true;
    own->of_caller = own->of_caller || (own->caller.n > 0 && str_eq(row->customer, own->caller));
}

/* Of a trunk whose calls are signed. Who makes it doubtful by which trunk he comes is nobody's
   customer. */
static struct str customer_of(const struct call *call)
{
    const bool known = service_words[call->trunk->service].signs && call->n_passed_over == 0 &&
                       !call->fits_none && !call->source_in_doubt;
    return known ? call->trunk->customer : STR("");
}

/* Whose row it is matters only where he calls himself, which is not from outside: the table is of
   our own customers. */
static bool is_own(const struct settings *s, const struct numbers *table, const struct call *call,
                   const struct tn *number)
{
    struct own own = {.today = decision_day(s, call->now_s), .caller = customer_of(call)};
    numbers_rows_urgent(call->overlay, table, number, own.today, look, &own);
    return own.found && !own.of_caller;
}

static bool has_code(struct str codes, struct str code)
{
    while (codes.n > 0)
        if (str_eq(str_cut(&codes, ','), code))
            return true;
    return false;
}

static bool is_our_code(const struct settings *s, struct str code)
{
    for (unsigned i = 0; i < s->n_certificates; i++)
        if (has_code(s->certificates[i].spc, code))
            return true;
    for (unsigned i = 0; i < s->n_providers; i++)
        for (unsigned k = 0; k < s->providers[i].n_spcs; k++)
            if (str_eq(s->providers[i].spcs[k], code))
                return true;
    return false;
}

/* All of its codes: a certificate that has one of ours beside another's is not ours. */
static bool is_ours(const struct settings *s, struct str codes)
{
    bool ours = codes.n > 0;
    while (ours && codes.n > 0)
        ours = is_our_code(s, str_cut(&codes, ','));
    return ours;
}

static bool may_be_own(const struct settings *s, const struct numbers *table,
                       const struct call *call, const struct tn_reach *reach)
{
    bool may = reach && reach->more;
    for (unsigned i = 0; reach && i < reach->n && !may; i++)
        may = is_own(s, table, call, &reach->numbers[i]);
    return may;
}

enum fit own_number_fit(const struct settings *s, const struct numbers *table,
                        const struct call *call, const struct tn *orig,
                        const struct tn_reach *reach)
{
    const struct verified *v = call->verified;
    if (!v || (v->class == VERIFICATION_PASSED && is_ours(s, v->spc)))
        return FITS_NOT;
    if (orig && is_own(s, table, call, orig))
        return v->class == VERIFICATION_OPEN ? FITS_IN_PART : FITS;
    return may_be_own(s, table, call, reach) ? FITS_IN_PART : FITS_NOT;
}
