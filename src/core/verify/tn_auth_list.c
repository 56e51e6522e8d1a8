/*
 * TNAuthorizationList ::= SEQUENCE SIZE (1..MAX) OF TNEntry
 * TNEntry ::= CHOICE { spc [0] IA5String, range [1] TelephoneNumberRange, one [2] TelephoneNumber }
 * TelephoneNumberRange ::= SEQUENCE { start TelephoneNumber, count INTEGER (2..MAX), ... }
 * with explicit tags (RFC 8226 appendix A).
 */
#include "tn_auth_list.h"

#include "core/keys/der.h"

#include <string.h>

enum { TAG_SPC = DER_EXPLICIT, TAG_RANGE = DER_EXPLICIT + 1, TAG_ONE = DER_EXPLICIT + 2 };

static const char *read_spc(struct str inside, struct buf *spcs)
{
    struct str code;
    if (!der_take_only(inside, DER_IA5_STRING, &code) || code.n == 0)
        return "its service provider code is no IA5String";
    for (size_t i = 0; i < code.n; i++)
        if (!ascii_is_digit(code.p[i]) && !ascii_is_alpha(code.p[i]))
            return "its service provider code is not made of letters and digits";
    if (spcs->n > 0)
        buf_add_char(spcs, ',');
    buf_add_str(spcs, code);
    return NULL;
}

/* What a list and a token accept as a telephone number: 1 to 15 of digits, * and # (RFC 8226
   section 9, RFC 8225 section 5.2.1). */
static bool is_number(struct str number)
{
    if (number.n == 0 || number.n > 15)
        return false;
    for (size_t i = 0; i < number.n; i++)
        if (!ascii_is_digit(number.p[i]) && number.p[i] != '#' && number.p[i] != '*')
            return false;
    return true;
}

static const char *read_one(struct str inside, struct buf *spcs)
{
    struct str number;
    (void)spcs;
    return der_take_only(inside, DER_IA5_STRING, &number) && is_number(number)
               ? NULL
               : "one of its telephone numbers is malformed";
}

static const char *read_range(struct str inside, struct buf *spcs)
{
    struct str range, start, count;
    (void)spcs;
    /* Later versions of the standard may add something after the count. */
    bool good = der_take_only(inside, DER_SEQUENCE, &range) &&
                der_take(&range, DER_IA5_STRING, &start) && is_number(start) &&
                der_take(&range, DER_INTEGER, &count) && count.n > 0 &&
                der_octet(count, 0) < 0x80 && (count.n > 1 || der_octet(count, 0) >= 2);
    return good ? NULL : "one of its ranges of numbers is malformed";
}

static const struct {
    unsigned tag;
    const char *(*read)(struct str inside, struct buf *spcs);
} entries[] = {
    {TAG_SPC, read_spc},
    {TAG_RANGE, read_range},
    {TAG_ONE, read_one},
};

static const char *read_entry(struct str *rest, struct buf *spcs)
{
    struct str inside;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        if (der_take(rest, entries[i].tag, &inside))
            return entries[i].read(inside, spcs);
    return "it holds an entry that is neither a service provider code nor telephone numbers";
}

const char *tn_auth_list_read(struct str der, struct buf *spcs)
{
    struct str list;
    const char *why = NULL;
    if (!der_take_only(der, DER_SEQUENCE, &list))
        return "it is no ASN.1 sequence";
    if (list.n == 0)
        return "it is empty";
    while (list.n > 0 && !why)
        why = read_entry(&list, spcs);
    return why;
}

/* ---- scope ---- */

/* A number of digits as a value; false for others, which are compared as text. */
static bool value_of(struct str digits, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (!ascii_is_digit(digits.p[i]))
            return false;
        *value = *value * 10 + (uint64_t)(digits.p[i] - '0');
    }
    return digits.n <= TN_MAX_DIGITS;
}

static bool one_covers(struct str inside, const struct tn *number)
{
    struct str text;
    return der_take_only(inside, DER_IA5_STRING, &text) && str_eq(text, tn_str(number));
}

static bool range_covers(struct str inside, const struct tn *number)
{
    struct str range, start, count;
    uint64_t first, asked, n = 0;
    if (!der_take_only(inside, DER_SEQUENCE, &range) || !der_take(&range, DER_IA5_STRING, &start) ||
        !der_take(&range, DER_INTEGER, &count) || start.n != number->n ||
        !value_of(start, &first) || !value_of(tn_str(number), &asked) || asked < first)
        return false;
    /* A count above UINT64_MAX is cut to that: there are fewer numbers. */
    for (size_t i = 0; i < count.n; i++)
        n = n > UINT64_MAX >> 8 ? UINT64_MAX : n << 8 | der_octet(count, i);
    return asked - first < n;
}

bool tn_auth_list_covers(struct str der, const struct tn *number)
{
    struct str list, inside;
    bool covers = false;
    if (!der_take_only(der, DER_SEQUENCE, &list))
        return false;
    while (list.n > 0 && !covers) {
        if (der_take(&list, TAG_SPC, &inside))
            covers = true;
        else if (der_take(&list, TAG_ONE, &inside))
            covers = one_covers(inside, number);
        else if (der_take(&list, TAG_RANGE, &inside))
            covers = range_covers(inside, number);
        else
            break;
    }
    return covers;
}

/* ---- codes ---- */

static bool next_code(struct str *list, struct str *code)
{
    struct str inside;
    while (list->n > 0) {
        if (der_take(list, TAG_SPC, &inside))
            return der_take_only(inside, DER_IA5_STRING, code);
        if (!der_take(list, TAG_ONE, &inside) && !der_take(list, TAG_RANGE, &inside))
            return false;
    }
    return false;
}

static bool has_code(struct str der, struct str code)
{
    struct str list, one;
    if (!der_take_only(der, DER_SEQUENCE, &list))
        return false;
    while (next_code(&list, &one))
        if (str_eq(one, code))
            return true;
    return false;
}

bool tn_auth_list_has_codes_of(struct str above, struct str der)
{
    struct str list, code;
    if (!der_take_only(der, DER_SEQUENCE, &list))
        return true;
    while (next_code(&list, &code))
        if (!has_code(above, code))
            return false;
    return true;
}
