/*
 * tn - a canonical telephone number: digits of E.164 without the plus sign, or a listed short code.
 *
 * This is RFC 8224 section 8.3, narrowed by stird: what is not clearly a telephone number does not
 * count as one and is never signed as one. Pure.
 */
#ifndef STIRD_TN_H
#define STIRD_TN_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define TN_MAX_DIGITS 15 /* E.164 */
/*
 * The shortest number that can be called has a country code and four digits (Niue, +683 4xxx); a
 * shorter text is a fragment such as "+1". Short codes and tn_from_digits() may be shorter.
 */
#define TN_MIN_DIGITS 7

struct tn {
    uint8_t n; /* 0: no number */
    char digits[TN_MAX_DIGITS];
};

/* How a trunk's country writes numbers without a plus sign. */
struct country {
    struct str code;                 /* "1"; empty: only numbers with a plus are taken */
    struct str international_prefix; /* "011"; empty: none */
    struct str national_prefix;      /* "0", dialled before a national number; empty: none */
    uint8_t national_length;         /* the fewest digits behind the country code: 10 */
    uint8_t national_length_max;     /* the most; 0: always as many as the fewest */
};

/* Why a text is not a number, in the order of the checks. */
enum tn_fault {
    TN_OK,
    TN_EMPTY,
    TN_BAD_CHARACTER,    /* anything but digits, one leading +, -.() and listed short codes */
    TN_TOO_LONG,         /* over 15 digits */
    TN_NOT_GLOBAL,       /* no plus, and the country's rules do not complete it */
    TN_BAD_CONTEXT,      /* phone-context is a domain or no global prefix */
    TN_NOT_A_NUMBER_URI, /* neither tel:, sip: nor sips: */
    /* from here on: it reads as a number, but nobody can have it (number_plan.h) */
    TN_NOT_E164,     /* under 7 digits, or begins with 0 */
    TN_NO_COUNTRY,   /* a country code that ITU has assigned to nobody */
    TN_WRONG_LENGTH, /* a length that its country does not have */
    TN_NANP_LENGTH,  /* country code 1 with other than ten digits behind it */
    TN_NANP_CODE,    /* its area code or exchange begins with 0 or 1 */
};

struct str tn_str(const struct tn *tn);
bool tn_equal(const struct tn *a, const struct tn *b);
/* "no plus sign and not a national number of the trunk's country", for traces. */
struct str tn_fault_text(enum tn_fault fault);
/* Whether its digits could be read, but nobody can have that number. */
bool tn_cannot_exist(enum tn_fault fault);

/*
 * The number in a user part as it stands in a SIP URI (still %-escaped, with ;parameters and
 * :password) or behind "tel:". SHORT_CODES are taken as they are. *TN is written on TN_OK, and when
 * tn_cannot_exist(). Whoever signs or looks up the number accepts TN_OK only; whoever only compares
 * or tells what a message says may accept both.
 */
enum tn_fault tn_from_user(struct tn *tn, struct str user, const struct country *country,
                           const struct str *short_codes, unsigned n_short_codes);
/* The same from a whole URI: sip:, sips: or tel:, any case, without <> and header parameters. */
enum tn_fault tn_from_uri(struct tn *tn, struct str uri, const struct country *country,
                          const struct str *short_codes, unsigned n_short_codes);
/* Digits with an optional leading plus and nothing else, at most 15: for tables and tokens. */
bool tn_from_digits(struct tn *tn, struct str text);

#endif
