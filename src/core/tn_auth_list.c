/*
 * TNAuthorizationList ::= SEQUENCE SIZE (1..MAX) OF TNEntry
 * TNEntry ::= CHOICE { spc [0] IA5String, range [1] TelephoneNumberRange, one [2] TelephoneNumber }
 * TelephoneNumberRange ::= SEQUENCE { start TelephoneNumber, count INTEGER (2..MAX), ... }
 * with explicit tags (RFC 8226 appendix A).
 */
#include "tn_auth_list.h"

#include <string.h>

enum {
    TAG_INTEGER = 0x02,
    TAG_IA5_STRING = 0x16,
    TAG_SEQUENCE = 0x30,
    TAG_SPC = 0xa0,
    TAG_RANGE = 0xa1,
    TAG_ONE = 0xa2
};

static size_t octet(struct str s, size_t i)
{
    return (unsigned char)s.p[i];
}

/* Takes one element with TAG off *REST; false when there is none or its length is no DER. */
static bool take(struct str *rest, unsigned tag, struct str *content)
{
    size_t at = 2, length;
    if (rest->n < 2 || octet(*rest, 0) != tag)
        return false;
    length = octet(*rest, 1);
    if (length >= 0x80) {
        size_t octets = length - 0x80;
        if (octets == 0 || octets > 3 || rest->n < 2 + octets || octet(*rest, 2) == 0)
            return false;
        for (length = 0; at < 2 + octets; at++)
            length = length << 8 | octet(*rest, at);
        if (length < 0x80)
            return false;
    }
    if (length > rest->n - at)
        return false;
    *content = str_slice(*rest, at, at + length);
    *rest = str_slice(*rest, at + length, rest->n);
    return true;
}

/* The same for an element that is all there is. */
static bool take_only(struct str inside, unsigned tag, struct str *content)
{
    return take(&inside, tag, content) && inside.n == 0;
}

static const char *read_spc(struct str inside, struct buf *spcs)
{
    struct str code;
    if (!take_only(inside, TAG_IA5_STRING, &code) || code.n == 0)
        return "its service provider code is no IA5String";
    for (size_t i = 0; i < code.n; i++)
        if (!ascii_is_digit(code.p[i]) && !(code.p[i] >= 'A' && code.p[i] <= 'Z'))
            return "its service provider code is not made of upper-case letters and digits";
    if (spcs->n > 0)
        buf_add_char(spcs, ',');
    buf_add_str(spcs, code);
    return NULL;
}

bool tn_auth_list_is_number(struct str number)
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
    return take_only(inside, TAG_IA5_STRING, &number) && tn_auth_list_is_number(number)
               ? NULL
               : "one of its telephone numbers is malformed";
}

static const char *read_range(struct str inside, struct buf *spcs)
{
    struct str range, start, count;
    (void)spcs;
    /* What may follow the count is for later versions of the standard. */
    bool good = take_only(inside, TAG_SEQUENCE, &range) && take(&range, TAG_IA5_STRING, &start) &&
                tn_auth_list_is_number(start) && take(&range, TAG_INTEGER, &count) && count.n > 0 &&
                octet(count, 0) < 0x80 && (count.n > 1 || octet(count, 0) >= 2);
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
        if (take(rest, entries[i].tag, &inside))
            return entries[i].read(inside, spcs);
    return "it holds an entry that is neither a service provider code nor telephone numbers";
}

const char *tn_auth_list_read(struct str der, struct buf *spcs)
{
    struct str list;
    const char *why = NULL;
    if (!take_only(der, TAG_SEQUENCE, &list))
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
    return take_only(inside, TAG_IA5_STRING, &text) && str_eq(text, tn_str(number));
}

static bool range_covers(struct str inside, const struct tn *number)
{
    struct str range, start, count;
    uint64_t first, asked, n = 0;
    if (!take_only(inside, TAG_SEQUENCE, &range) || !take(&range, TAG_IA5_STRING, &start) ||
        !take(&range, TAG_INTEGER, &count) || start.n != number->n || !value_of(start, &first) ||
        !value_of(tn_str(number), &asked) || asked < first)
        return false;
    /* More than there are numbers is as many as there are. */
    for (size_t i = 0; i < count.n; i++)
        n = n > UINT64_MAX >> 8 ? UINT64_MAX : n << 8 | octet(count, i);
    return asked - first < n;
}

bool tn_auth_list_covers(struct str der, const struct tn *number)
{
    struct str list, inside;
    bool covers = false;
    if (!take_only(der, TAG_SEQUENCE, &list))
        return false;
    while (list.n > 0 && !covers) {
        if (take(&list, TAG_SPC, &inside))
            covers = true;
        else if (take(&list, TAG_ONE, &inside))
            covers = one_covers(inside, number);
        else if (take(&list, TAG_RANGE, &inside))
            covers = range_covers(inside, number);
        else
            break;
    }
    return covers;
}
