#include <stird/core/asserted.h>

#include <stird/core/headers.h>
#include <stird/core/uri.h>

/* RFC 3261 section 25.1: a scheme, a colon and something behind it. */
static bool is_uri(struct str text)
{
    size_t colon = str_find(text, ':', 0);
    return colon + 1 < text.n && ascii_is_alpha(text.p[0]) &&
           is_sip_token(str_slice(text, 0, colon));
}

static bool is_scheme(struct str s)
{
    return str_starts_nocase(s, STR("sip:")) || str_starts_nocase(s, STR("sips:")) ||
           str_starts_nocase(s, STR("tel:"));
}

static bool begins_number(char c)
{
    return ascii_is_digit(c) || c == '+' || c == '*' || c == '#';
}

/* The place behind what may be one number: characters that a number may have, and separators
   between its digits. */
static size_t behind_number(struct str s, size_t at)
{
    while (at < s.n && (begins_number(s.p[at]) || str_find(STR("-.() \t"), s.p[at], 0) < 6))
        at++;
    return at;
}

/* Texts may overlap, so the total length of what is read has a limit too. */
static void add_odd(struct asserted_texts *texts, struct str text)
{
    texts->odd_octets += text.n;
    if (texts->odd_octets > ASSERTED_ODD_OCTETS)
        texts->n_odd = ASSERTED_ODD_MAX;
    if (texts->n_odd < ASSERTED_ODD_MAX)
        texts->odd[texts->n_odd] = str_trim(text);
    texts->n_odd++;
}

/* Each URI of telephony and each number in it, whatever stands around them, until there are too
   many. */
void asserted_add_odd(struct asserted_texts *texts, struct str line)
{
    texts->unreadable = true;
    for (size_t i = 0; i < line.n && texts->n_odd <= ASSERTED_ODD_MAX;) {
        struct str rest = str_slice(line, i, line.n);
        if (is_scheme(rest)) {
            add_odd(texts, str_slice(rest, 0, str_find(rest, '>', 0)));
            i += str_find(rest, ':', 0) + 1;
        } else if (begins_number(line.p[i])) {
            size_t end = behind_number(line, i);
            add_odd(texts, str_slice(line, i, end));
            i = end;
        } else {
            i++;
        }
    }
}

static void add_uri(struct asserted_texts *texts, struct str uri)
{
    if (texts->n < ASSERTED_MAX)
        texts->uri[texts->n] = uri;
    texts->n++;
}

static void add_element(struct asserted_texts *texts, struct str element)
{
    struct str one, password, headers;
    bool is_one = name_addr_alone(element, &one) && is_uri(one);
    if (is_one)
        add_uri(texts, one);
    if (!is_one || uri_says_more(one, &password, &headers))
        asserted_add_odd(texts, element);
}

/* A line without any element counts as unreadable. */
void asserted_add(struct asserted_texts *texts, struct str value)
{
    struct str element;
    bool empty = true;
    while (list_next(&value, &element)) {
        add_element(texts, element);
        empty = false;
    }
    texts->unreadable |= empty;
}

bool asserted_overflows(const struct asserted_texts *texts)
{
    return texts->n > ASSERTED_MAX || texts->n_odd > ASSERTED_ODD_MAX;
}

static void take_impossible(struct asserted *a, enum tn_fault fault, const struct tn *number)
{
    a->fault = fault;
    a->impossible = *number;
    a->differ = true;
    if (!a->found)
        a->number = *number;
}

/* Of more identities than are kept not all were seen, so they count as differing; policy.c signs
   none. */
void asserted_read(struct asserted *a, const struct asserted_texts *texts,
                   const struct country *country)
{
    struct tn first = {0}, found;
    bool have_tel = false;
    *a = (struct asserted){.fault = TN_OK, .differ = texts->n > ASSERTED_MAX};
    for (unsigned i = 0; i < texts->n && i < ASSERTED_MAX; i++) {
        enum tn_fault fault = tn_from_uri(&found, texts->uri[i], country, NULL, 0);
        if (tn_cannot_exist(fault))
            take_impossible(a, fault, &found);
        if (fault != TN_OK)
            continue;
        bool is_tel = str_starts_nocase(texts->uri[i], STR("tel:"));
        first = a->found ? first : found;
        a->differ = a->differ || !tn_equal(&first, &found);
        if (!a->found || (is_tel && !have_tel))
            a->number = found;
        have_tel = have_tel || is_tel;
        a->found = true;
    }
}
