/* Rows that cannot be used: all of their mistakes are told, not only the first. */
#include "numbers_build.h"

const struct build_refused *refused_rows(const struct build *b, size_t *n)
{
    *n = b->refused.n / sizeof(struct build_refused);
    return (const struct build_refused *)(const void *)b->refused.p;
}

struct str refused_customer(const struct build *b, const struct build_refused *row)
{
    return interner_get(&b->refused_names, row->customer);
}

bool refused_add(struct build *b, struct build_refused *row, struct str customer,
                 struct str certificate)
{
    size_t n;
    refused_rows(b, &n);
    if (n >= PROBLEMS_REPORTED)
        return true;
    row->customer = interner_add(&b->refused_names, customer.p, customer.n);
    row->certificate = interner_add(&b->refused_names, certificate.p, certificate.n);
    if (row->customer == INTERN_FAILED || row->certificate == INTERN_FAILED)
        return false;
    buf_add(&b->refused, row, sizeof(*row));
    return !buf_failed(&b->refused);
}

void refused_check(struct build *b, const struct numbers_judge *judge)
{
    size_t n;
    const struct build_refused *row = refused_rows(b, &n);
    for (size_t i = 0; judge && i < n; i++) {
        struct buf why = BUF_INIT;
        if (!judge->takes_certificate(judge->user, refused_customer(b, &row[i]),
                                      interner_get(&b->refused_names, row[i].certificate), &why))
            build_problem(b, row[i].line, "cert: %.*s", STR_ARG(buf_str(&why)));
        buf_fini(&why);
    }
}
