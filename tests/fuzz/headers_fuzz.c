/*
 * The one reader of header lines, lists, addresses and parameters (headers.h): what it gives lies
 * in what it was given, in order, nothing twice and nothing lost; and two ways to ask the same
 * thing give the same answer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/headers.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, struct str s)
{
    fprintf(stderr, "%s: \"%.*s\"\n", what, STR_ARG(s));
    abort();
}

/* S begins where the last one ended or later, and ends before END; *AT is its end. */
static void check_order(const char *what, struct str s, const char **at, const char *end)
{
    if (s.p < *at || s.p + s.n > end)
        fail(what, s);
    *at = s.p + s.n;
}

static void check_trimmed(const char *what, struct str s)
{
    struct str trimmed = str_trim(s);
    if (trimmed.n != s.n)
        fail(what, s);
}

/* ---- within a value ---- */

static void check_parameters(struct str all)
{
    struct str rest = all, name, value, found, first[8];
    const char *at = all.p;
    unsigned n_first = 0;
    while (parameter_next(&rest, &name, &value)) {
        bool seen = false;
        check_order("a name of a parameter", name, &at, all.p + all.n);
        check_order("a value of a parameter", value, &at, all.p + all.n);
        for (unsigned i = 0; i < n_first; i++)
            seen |= str_eq_nocase(first[i], name);
        if (seen || n_first == 8)
            continue;
        first[n_first++] = name;
        if (!parameter_find(all, name, &found) || !str_eq(found, value))
            fail("a parameter that is not found", name);
    }
}

/* Each stricter reading gives the same URI as the one that it is stricter than. */
static void check_address(struct str element)
{
    struct str uri, clear, alone, parameters = {NULL, 0};
    bool is_address = name_addr(element, &uri, &parameters);
    if (is_address && (uri.p < element.p || uri.p + uri.n > element.p + element.n))
        fail("a URI from elsewhere", element);
    if (name_addr_clear(element, &clear) && is_address && !str_eq(uri, clear))
        fail("a clear address that is another one", element);
    if (name_addr_alone(element, &alone) && (!is_address || !str_eq(uri, alone)))
        fail("an address alone that is another one", element);
    if (parameters.n > 0)
        check_parameters(parameters);
}

static unsigned check_list(struct str value)
{
    struct str rest = value, element;
    const char *at = value.p;
    unsigned n = 0;
    while (list_next(&rest, &element)) {
        check_order("an element", element, &at, value.p + value.n);
        check_trimmed("an element with white space around it", element);
        check_address(element);
        n++;
    }
    if (list_is_empty(value) != (n == 0))
        fail("a list that is empty, or is not", value);
    return n;
}

/* ---- lines ---- */

/* What is taken for another header by whoever reads leniently begins as that does. */
static void check_resembles(const struct header_line *line)
{
    static const struct {
        struct str name;
        char compact;
    } names[] = {{STR("Identity"), 'y'}, {STR("P-Asserted-Identity"), 0}, {STR("From"), 'f'},
                 {STR("Privacy"), 0},    {STR("Content-Length"), 'l'},    {STR("Contact"), 'm'}};
    char first = header_first_octet(line);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct str name = names[i].name;
        bool is = header_is(line, name, names[i].compact);
        bool resembles = header_resembles(line, name, names[i].compact);
        if (is && !resembles)
            fail("a header that does not resemble itself", line->raw);
        if (resembles && first != ascii_lower(name.p[0]) && first != names[i].compact)
            fail("it resembles what begins otherwise", line->raw);
        if (is && !header_same_name(line->name, name))
            fail("two names of one header", line->raw);
    }
}

static void check_header(struct str message, const struct header_line *line)
{
    struct header_line found;
    const char *at = line->raw.p;
    if (!is_sip_token(line->name))
        fail("a name that is no token", line->name);
    check_order("a name", line->name, &at, line->raw.p + line->raw.n);
    check_order("a value", line->value, &at, line->raw.p + line->raw.n);
    check_trimmed("a value with white space around it", line->value);
    if (!str_eq(header_line_name(line->raw), line->name))
        fail("a line whose name depends on who asks", line->raw);
    if (!header_find(message, line->name, header_compact(line->name), &found) ||
        found.raw.p > line->raw.p)
        fail("a header that is not found", line->raw);
}

/* The elements of all lines of this name, one after the other. */
static void check_elements(struct str message, struct str name, char compact)
{
    struct header_elements elements = header_elements_of(message, name, compact);
    struct header_line line;
    struct str rest, one, other;
    start_line(message, &rest);
    while (header_next(&rest, &line))
        while (header_is(&line, name, compact) && list_next(&line.value, &one))
            if (!header_element_next(&elements, &other) || one.p != other.p || one.n != other.n)
                fail("an element that is not among all", one);
    if (header_element_next(&elements, &other))
        fail("an element too many", other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str message = {(const char *)data, size}, rest, only;
    struct header_line line, named;
    struct str first = start_line(message, &rest);
    const char *at = rest.p;
    only = rest;
    if (size > 0 && (first.p != message.p || first.n > message.n))
        fail("a start line from elsewhere", first);
    while (head_line_next(&rest, &line)) {
        if (line.raw.p != at || line.raw.n == 0 || line.raw.p + line.raw.n > message.p + size)
            fail("a line that does not follow the one before", line.raw);
        at = line.raw.p + line.raw.n;
        check_resembles(&line);
        if (!line.name.p)
            continue;
        if (!header_next(&only, &named) || named.raw.p != line.raw.p)
            fail("a header that is left out", line.raw);
        check_header(message, &line);
        check_list(line.value);
        check_parameters(line.value);
    }
    if (header_next(&only, &named))
        fail("a header that is no line", named.raw);
    check_elements(message, STR("Contact"), 'm');
    check_elements(message, STR("Privacy"), 0);
    return 0;
}
