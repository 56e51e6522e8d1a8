#include <stird/asserted.h>

#include <stird/headers.h>

/* RFC 3261 section 25.1: a scheme, a colon and something behind it. */
static bool is_uri(struct str text)
{
    size_t colon = str_find(text, ':', 0);
    return colon + 1 < text.n && ascii_is_alpha(text.p[0]) &&
           is_sip_token(str_slice(text, 0, colon));
}

bool asserted_add(struct str uri[ASSERTED_MAX], unsigned *n, struct str value)
{
    struct str element, one, parameters;
    bool readable = value.n > 0;
    while (list_next(&value, &element)) {
        if (!name_addr(element, &one, &parameters) || !is_uri(one)) {
            readable = false;
            continue;
        }
        if (*n < ASSERTED_MAX)
            uri[*n] = one;
        ++*n;
    }
    return readable;
}

static void take_impossible(struct asserted *a, enum tn_fault fault, const struct tn *number)
{
    a->fault = fault;
    a->impossible = *number;
    a->differ = true;
    if (!a->found)
        a->number = *number;
}

/* More than are kept were not all seen, so they count as differing. */
void asserted_read(struct asserted *a, const struct str uri[ASSERTED_MAX], unsigned n,
                   const struct country *country)
{
    struct tn first = {0}, found;
    bool have_tel = false;
    *a = (struct asserted){.fault = TN_OK, .differ = n > ASSERTED_MAX};
    for (unsigned i = 0; i < n && i < ASSERTED_MAX; i++) {
        enum tn_fault fault = tn_from_uri(&found, uri[i], country, NULL, 0);
        if (tn_cannot_exist(fault))
            take_impossible(a, fault, &found);
        if (fault != TN_OK)
            continue;
        bool is_tel = str_starts_nocase(uri[i], STR("tel:"));
        first = a->found ? first : found;
        a->differ = a->differ || !tn_equal(&first, &found);
        if (!a->found || (is_tel && !have_tel))
            a->number = found;
        have_tel = have_tel || is_tel;
        a->found = true;
    }
}
