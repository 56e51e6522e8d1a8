#include <stird/asserted.h>

#include <stird/headers.h>

/* RFC 3261 section 25.1: a scheme, a colon and something behind it. */
static bool is_uri(struct str text)
{
    size_t colon = str_find(text, ':', 0);
    return colon + 1 < text.n && ascii_is_alpha(text.p[0]) &&
           is_sip_token(str_slice(text, 0, colon));
}

/* Index of the first URI scheme of telephony in S, or s.n. */
static size_t find_scheme(struct str s)
{
    size_t i = 0;
    for (; i < s.n; i++) {
        struct str rest = str_slice(s, i, s.n);
        if (str_starts_nocase(rest, STR("sip:")) || str_starts_nocase(rest, STR("sips:")) ||
            str_starts_nocase(rest, STR("tel:")))
            break;
    }
    return i;
}

/* Whatever stands around it; a number alone has no scheme. */
void asserted_add_odd(struct asserted_texts *texts, struct str line)
{
    texts->unreadable = true;
    if (texts->n_odd++ >= ASSERTED_MAX)
        return;
    size_t open = str_find(line, '<', 0), scheme = find_scheme(line);
    size_t begin = scheme < line.n ? scheme : open < line.n ? open + 1 : 0;
    struct str text = str_slice(line, begin, line.n);
    texts->odd[texts->n_odd - 1] = str_trim(str_slice(text, 0, str_find(text, '>', 0)));
}

static void add_uri(struct asserted_texts *texts, struct str uri)
{
    if (texts->n < ASSERTED_MAX)
        texts->uri[texts->n] = uri;
    texts->n++;
}

void asserted_add(struct asserted_texts *texts, struct str value)
{
    struct str element, one, parameters;
    texts->unreadable |= value.n == 0;
    while (list_next(&value, &element))
        if (name_addr(element, &one, &parameters) && is_uri(one))
            add_uri(texts, one);
        else
            asserted_add_odd(texts, element);
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
