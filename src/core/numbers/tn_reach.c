#include <stird/core/tn_reach.h>

#include <stird/core/code_point.h>
#include <stird/core/number_plan.h>
#include <stird/core/uri.h>

#include <string.h>

struct reader {
    struct tn_reach *reach;
    const struct country *country;
    const struct str *outside;
    unsigned n_outside;
};

void tn_reach_add(struct tn_reach *reach, const struct tn *tn)
{
    for (unsigned i = 0; i < reach->n; i++)
        if (tn_equal(&reach->numbers[i], tn))
            return;
    if (reach->n < TN_REACH_MAX)
        reach->numbers[reach->n++] = *tn;
    else
        reach->more = true;
}

/* HEAD and TAIL in a row; of digits too many also the longest number that they begin with. */
static void add_global(struct tn_reach *reach, struct str head, struct str tail)
{
    struct tn tn = {.n = 0};
    for (size_t i = 0; i < head.n && tn.n < TN_MAX_DIGITS; i++)
        tn.digits[tn.n++] = head.p[i];
    for (size_t i = 0; i < tail.n && tn.n < TN_MAX_DIGITS; i++)
        tn.digits[tn.n++] = tail.p[i];
    if (tn.n < TN_MIN_DIGITS)
        return;
    tn_reach_add(reach, &tn);
    while (tn.n > TN_MIN_DIGITS && number_plan_check(&tn) != TN_OK)
        tn.n--;
    if (number_plan_check(&tn) == TN_OK)
        tn_reach_add(reach, &tn);
}

static bool take_off(struct str *digits, struct str prefix)
{
    if (prefix.n == 0 || !str_starts(*digits, prefix))
        return false;
    *digits = str_slice(*digits, prefix.n, digits->n);
    return true;
}

static struct str without_zeros(struct str digits)
{
    while (take_off(&digits, STR("0")))
        ;
    return digits;
}

/* Completes DIGITS as a switch of the trunk's country would, whether more digits follow or not. */
static void add_dialled(const struct reader *r, struct str digits)
{
    const struct country *c = r->country;
    const struct str none = {NULL, 0};
    struct str rest = digits;
    if (c->code.n == 0)
        add_global(r->reach, none, digits);
    if (take_off(&rest, c->international_prefix))
        add_global(r->reach, none, rest);
    rest = digits;
    if (take_off(&rest, c->national_prefix) && rest.n >= c->national_length)
        add_global(r->reach, c->code, rest);
    rest = digits;
    if (take_off(&rest, c->code) && rest.n >= c->national_length)
        add_global(r->reach, none, digits);
    if (c->code.n > 0 && c->national_length > 0 && digits.n >= c->national_length)
        add_global(r->reach, c->code, digits);
}

static void add_run(const struct reader *r, struct str digits, bool plus)
{
    struct str bare = without_zeros(digits);
    if (plus)
        add_global(r->reach, (struct str){NULL, 0}, bare);
    add_dialled(r, digits);
    if (bare.n < digits.n)
        add_dialled(r, bare);
    for (unsigned i = 0; i < r->n_outside; i++) {
        struct str inside = digits;
        if (take_off(&inside, r->outside[i]))
            add_dialled(r, inside);
    }
}

static void add_digit(struct tn_run *run, char c)
{
    if (run->n < TN_RUN_MAX)
        run->digits[run->n++] = c;
}

/* RFC 3966 section 3 */
static bool is_visual_separator(char c)
{
    return c == '-' || c == '.' || c == '(' || c == ')';
}

bool tn_run_next(struct str *user, struct tn_run *run)
{
    bool apart = false; /* behind digits stands what no number has in it */
    *run = (struct tn_run){.n = 0};
    while (user->n > 0) {
        struct str here = *user;
        char c = uri_octet_next(user);
        bool code = c == '*' || c == '#', letter = ascii_is_alpha(c);
        if (letter)
            *user = (struct str){NULL, 0};
        run->glued |= run->n > 0 && (letter || (apart && ascii_is_digit(c)));
        if ((code || letter || c == ',' || c == '@') && run->n > 0) {
            *user = code ? here : *user; /* of the next one */
            return true;
        }
        if (code || c == ',' || c == '@')
            *run = (struct tn_run){.coded = code};
        if (ascii_is_digit(c))
            add_digit(run, c);
        run->plus |= c == '+';
        apart |= run->n > 0 && !ascii_is_digit(c) && !is_visual_separator(c);
    }
    return run->n > 0;
}

/* The next digits off *TEXT with visual separators alone between them; a plus sign begins others.
 */
static bool next_apart(struct str *text, struct tn_run *run, bool *letters)
{
    *run = (struct tn_run){.n = 0};
    while (text->n > 0) {
        struct str here = *text;
        char c = uri_octet_next(text);
        if (ascii_is_digit(c))
            add_digit(run, c);
        else if (run->n > 0 && !is_visual_separator(c)) {
            *text = here;
            return true;
        } else if (!is_visual_separator(c))
            run->plus = c == '+';
        *letters |= ascii_is_alpha(c);
    }
    return run->n > 0;
}

bool tn_run_reading(const struct tn_run *run, unsigned i, struct str *digits)
{
    const unsigned shortest = 2, longest = 4;
    unsigned code = i > 0 ? i + shortest - 1 : 0;
    *digits = str_slice((struct str){run->digits, run->n}, code, run->n);
    return i == 0 || (run->coded && code <= longest && code < run->n);
}

/* False: enough was tried, and nobody knows what the rest leads to. */
static bool may_try(struct tn_reach *reach)
{
    reach->more |= reach->tries == TN_REACH_TRIES;
    reach->tries += !reach->more;
    return !reach->more;
}

/* What tn_run_next() reads in a row may be several numbers: 12155550199%3B+19005550100. Behind
   letters, as in an extension, only what has a plus sign is one. */
static void read_apart(const struct reader *r, struct str user)
{
    struct tn_run run;
    bool letters = false;
    while (next_apart(&user, &run, &letters) && may_try(r->reach))
        if (run.plus || !letters)
            add_run(r, (struct str){run.digits, run.n}, run.plus);
}

#define ODD_OCTETS 64 /* of a text with octets that are not ASCII; more may be anything */

/* Whether something in TEXT that is not ASCII may be a digit: of another script, in full width, or
   what one who reads leniently passes over between digits. Letters are none. */
static bool may_be_digits(struct str text)
{
    char room[ODD_OCTETS];
    struct str plain = {room, 0};
    bool odd = false, letters = true;
    while (text.n > 0 && plain.n < sizeof(room)) {
        room[plain.n] = uri_octet_next(&text);
        odd |= (unsigned char)room[plain.n++] > 0x7f;
    }
    for (; text.n > 0 && !odd;) /* most texts are short, and all are ASCII */
        odd |= (unsigned char)uri_octet_next(&text) > 0x7f;
    for (size_t at = 0; odd && letters && at < plain.n;) {
        const bool ascii = (unsigned char)room[at] <= 0x7f;
        letters = code_point_is_letter(code_point_next(plain, &at)) || ascii;
    }
    return odd && (!letters || text.n > 0 || plain.n == sizeof(room));
}

static void read_user(const struct reader *r, struct str user)
{
    struct tn_run run;
    struct str digits, rest = user;
    bool glued = false;
    while (tn_run_next(&rest, &run) && may_try(r->reach)) {
        for (unsigned i = 0; tn_run_reading(&run, i, &digits); i++)
            add_run(r, digits, i == 0 && run.plus);
        glued |= run.glued;
    }
    if (glued)
        read_apart(r, user);
}

static void read_digits(struct tn_run *run, struct str text)
{
    while (text.n > 0 && run->n < TN_RUN_MAX) {
        char c = uri_octet_next(&text);
        if (ascii_is_digit(c))
            add_digit(run, c);
    }
}

/* RFC 3966 section 5.1.5; there may be several, and quotes or a missing plus sign in them. */
static void add_contexts(const struct reader *r, struct str parameters, struct str user)
{
    struct str name, value;
    struct tn_run local = {.n = 0};
    read_digits(&local, user);
    while (uri_parameter_next(&parameters, &name, &value)) {
        struct tn_run run = {.n = 0};
        if (!uri_name_is(name, STR("phone-context")))
            continue;
        if (!may_try(r->reach))
            return;
        for (size_t i = 0; i < value.n && !ascii_is_alpha(value.p[i]); i++)
            if (ascii_is_digit(value.p[i]))
                add_digit(&run, value.p[i]);
        for (unsigned i = 0; run.n > 0 && i < local.n; i++)
            add_digit(&run, local.digits[i]);
        add_global(r->reach, (struct str){NULL, 0}, (struct str){run.digits, run.n});
    }
}

/* Another user part, or something that is no host, may follow the first @; anything may follow an
   unknown scheme. Some readers take the last number. */
static void read_behind(const struct reader *r, struct str rest)
{
    static const struct str ends = STR("@/,;:?= \t");
    size_t begin = 0;
    for (size_t i = 0; i <= rest.n && !r->reach->more; i++)
        if (i == rest.n || str_find(ends, rest.p[i], 0) < ends.n) {
            if (i > begin)
                read_user(r, str_slice(rest, begin, i));
            begin = i + 1;
        }
}

void tn_reach_add_uri(struct tn_reach *reach, struct str uri, const struct country *country,
                      const struct str *outside, unsigned n_outside)
{
    const struct reader r = {reach, country, outside, n_outside};
    struct str user = uri_called_part(uri), behind = {NULL, 0};
    struct uri parts;
    read_user(&r, user);
    bool clear = uri_split(&parts, uri);
    if (parts.scheme == URI_OTHER || parts.scheme == URI_NONE) /* urn:x:+1215... */
        behind = str_slice(uri, str_find(uri, ':', 0) + 1, uri.n);
    else if (!clear)
        behind = str_slice(uri, str_find(uri, '@', 0) + 1, uri.n);
    read_behind(&r, behind);
    add_contexts(&r, parts.user_parameters, user);
    reach->more |= may_be_digits(user) || may_be_digits(behind);
}

void tn_reach_add_hexadecimal(struct tn_reach *reach, struct str rn)
{
    struct tn tn = {.n = 0};
    bool letters = false;
    if (rn.n == 0 || uri_octet_next(&rn) != '+')
        return;
    while (rn.n > 0) {
        char c = uri_octet_next(&rn);
        bool separates = str_find(STR("-.()"), c, 0) < 4;
        if (!separates && ascii_hex_value(c) < 0)
            return;
        letters |= ascii_is_alpha(c);
        if (!letters && !separates && tn.n < TN_MAX_DIGITS)
            tn.digits[tn.n++] = c;
    }
    if (letters && tn.n > 0)
        tn_reach_add(reach, &tn);
}

static bool says_phone(struct str parameters)
{
    struct str name, value;
    while (uri_parameter_next(&parameters, &name, &value))
        if (uri_name_is(name, STR("user")) && uri_name_is(value, STR("phone")))
            return true;
    return false;
}

bool tn_reach_has_letters(struct str uri)
{
    struct str user = uri_called_part(uri);
    struct uri parts;
    unsigned n = 0;
    char first = '\0';
    uri_split(&parts, uri);
    while (user.n > 0) {
        char c = uri_octet_next(&user);
        bool counts = ascii_is_digit(c) || ascii_is_alpha(c);
        if (first == '\0' && (counts || c == '+'))
            first = c;
        n += counts;
    }
    return parts.scheme == URI_TEL || says_phone(parts.parameters) || first == '+' ||
           (ascii_is_digit(first) && n >= TN_MIN_DIGITS && n <= TN_MAX_DIGITS);
}
