#include <stird/core/masked.h>

#include <stird/base/address.h>
#include <string.h>

#define TAIL        4 /* digits that stay readable */
#define FEWEST      7 /* no number has fewer (ITU-T E.164) */
#define DATE_DIGITS 8

struct tn masked_number(const struct tn *number, bool mask)
{
    struct tn shown = *number;
    for (unsigned i = 0; mask && i + TAIL < shown.n; i++)
        shown.digits[i] = 'x';
    return shown;
}

static bool parts_digits(char c)
{
    return c && strchr(" -.()/", c);
}

/* Where the digits end that begin at AT, with what people write between them; *N_DIGITS is how many
   they are. */
static size_t run_end(struct str text, size_t at, unsigned *n_digits)
{
    size_t end = at;
    *n_digits = 0;
    for (size_t i = at; i < text.n && (ascii_is_digit(text.p[i]) || parts_digits(text.p[i])); i++)
        if (ascii_is_digit(text.p[i])) {
            ++*n_digits;
            end = i + 1;
        }
    return end;
}

/* "2026-11-28" */
static bool is_date(struct str run, unsigned n_digits)
{
    return n_digits == DATE_DIGITS && run.n == 10 && run.p[4] == '-' && run.p[7] == '-';
}

static bool is_address(struct str run)
{
    struct address address;
    return address_parse(run, &address);
}

static void add_run(struct buf *out, struct str run, unsigned n_digits)
{
    bool shown = n_digits < FEWEST || is_date(run, n_digits) || is_address(run);
    for (size_t i = 0; i < run.n; i++) {
        bool digit = ascii_is_digit(run.p[i]);
        buf_add_char(out, digit && !shown && n_digits > TAIL ? 'x' : run.p[i]);
        n_digits -= digit;
    }
}

/* The end of a place such as "table.csv:12: ", which says where, not who; 0: there is none. */
static size_t behind_place(struct str text)
{
    size_t colon = str_find(text, ':', 0);
    while (colon + 1 < text.n && text.p[colon + 1] != ' ')
        colon = str_find(text, ':', colon + 1);
    size_t space = str_find(text, ' ', 0);
    return colon < text.n && space > colon ? colon : 0;
}

void masked_text(struct buf *out, struct str text, bool mask)
{
    unsigned n_digits;
    size_t at = mask ? behind_place(text) : text.n;
    buf_add_str(out, str_slice(text, 0, at));
    while (at < text.n) {
        if (!ascii_is_digit(text.p[at])) {
            buf_add_char(out, text.p[at++]);
            continue;
        }
        size_t end = run_end(text, at, &n_digits);
        add_run(out, str_slice(text, at, end), n_digits);
        at = end;
    }
}
