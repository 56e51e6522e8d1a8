#include "screen.h"

#include <stird/headers.h>
#include "message.h"

/* What each header may be; `most` counts elements of a list, or lines. */
static const struct {
    const char *name;
    char compact;
    bool list;
    unsigned least, most;
} rules[] = {
    {"Via", 'v', true, 1, SCREEN_MAX_ELEMENTS},
    {"From", 'f', false, 1, 1},
    {"To", 't', false, 1, 1},
    {"Call-ID", 'i', false, 1, 1},
    {"CSeq", 0, false, 1, 1},
    {"Max-Forwards", 0, false, 0, 1},
    {"Content-Length", 'l', false, 0, 1},
    {"Content-Type", 'c', false, 0, 1},
    {"Route", 0, true, 0, SCREEN_MAX_ELEMENTS},
    {"Record-Route", 0, true, 0, SCREEN_MAX_ELEMENTS},
    {"Contact", 'm', true, 0, SCREEN_MAX_ELEMENTS},
    {"Require", 0, true, 0, SCREEN_MAX_ELEMENTS},
    {"Proxy-Require", 0, true, 0, SCREEN_MAX_ELEMENTS},
    {"Supported", 'k', true, 0, SCREEN_MAX_ELEMENTS},
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool other = str_find(STR("-.!%*_+`'~"), c, 0) < 10;
        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && !other)
            return false;
    }
    return s.n > 0;
}

static enum reason screen_scheme(struct str uri)
{
    size_t colon = str_find(uri, ':', 0);
    struct str scheme = str_slice(uri, 0, colon);
    if (colon == uri.n || !is_token(scheme) || uri.n == colon + 1)
        return REASON_BAD_REQUEST;
    if (str_eq_nocase(scheme, STR("sip")) || str_eq_nocase(scheme, STR("sips")) ||
        str_eq_nocase(scheme, STR("tel")) || str_starts_nocase(uri, STR("urn:service:sos")))
        return REASON_OK;
    return REASON_UNSUPPORTED_SCHEME;
}

static bool is_number(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]))
            return false;
    return s.n > 0;
}

static enum reason screen_version(struct str version)
{
    if (str_eq_nocase(version, STR("SIP/2.0")))
        return REASON_OK;
    struct str minor = str_slice(version, 4, version.n), major = str_cut(&minor, '.');
    bool another = str_starts_nocase(version, STR("SIP/")) && is_number(major) && is_number(minor);
    return another ? REASON_BAD_VERSION : REASON_BAD_REQUEST;
}

/* Request-Line = Method SP Request-URI SP SIP-Version, exactly one space each (section 7.1). */
static enum reason screen_request_line(struct message *m, struct str line)
{
    struct str rest = line;
    struct str method = str_cut(&rest, ' ');
    struct str uri = str_cut(&rest, ' ');
    if (!is_token(method) || uri.n == 0 || rest.n == 0)
        return REASON_BAD_REQUEST;
    enum reason reason = screen_version(rest);
    if (reason != REASON_OK)
        return reason;
    for (size_t i = 0; i < uri.n; i++)
        if ((unsigned char)uri.p[i] <= 0x20 || uri.p[i] == '<' || uri.p[i] == '>' ||
            uri.p[i] == '"' || uri.p[i] == 0x7f)
            return REASON_BAD_REQUEST;
    m->status = 0;
    m->method = method;
    m->request_uri = uri;
    return screen_scheme(uri);
}

static enum reason screen_status_line(struct message *m, struct str line)
{
    struct str rest = line;
    uint64_t status;
    enum reason reason = screen_version(str_cut(&rest, ' '));
    if (reason != REASON_OK)
        return reason;
    struct str code = str_cut(&rest, ' ');
    if (code.n != 3 || !str_to_u64(code, 699, &status) || status < 100)
        return REASON_BAD_REQUEST;
    m->status = (int)status;
    return REASON_OK;
}

/* CSeq: 1*DIGIT LWS Method; the number fits 31 bits, the method is the request's (8.1.1.5). */
static bool screen_cseq(struct message *m, struct str value)
{
    uint64_t number;
    size_t digits = 0;
    while (digits < value.n && ascii_is_digit(value.p[digits]))
        digits++;
    struct str method = str_trim(str_slice(value, digits, value.n));
    m->cseq_method = method;
    if (m->status != 0)
        m->method = method;
    return str_to_u64(str_slice(value, 0, digits), INT32_MAX, &number) && is_token(method) &&
           str_eq(method, m->method);
}

static unsigned count_elements(struct str value)
{
    struct str element;
    unsigned n = 0;
    while (n <= SCREEN_MAX_ELEMENTS && list_next(&value, &element))
        n++;
    return n;
}

/*
 * sofia-sip grows an array by eight for each parameter, so thousands of them would be copied
 * hundreds of times where the heap cannot grow in place.
 */
static bool has_too_many_parameters(struct str value)
{
    size_t at = 0;
    unsigned n = 0;
    while (n <= SCREEN_MAX_PARAMETERS && (at = str_find(value, ';', at)) < value.n) {
        at++;
        n++;
    }
    return n > SCREEN_MAX_PARAMETERS;
}

static enum reason screen_headers(struct message *m, struct str rest)
{
    unsigned counts[RULES] = {0};
    struct header_line line;
    while (header_next(&rest, &line)) {
        for (unsigned i = 0; i < RULES; i++) {
            if (!header_is(&line, str_of(rules[i].name), rules[i].compact))
                continue;
            if (rules[i].least > 0 && line.value.n == 0)
                return REASON_BAD_REQUEST;
            if (has_too_many_parameters(line.value))
                return REASON_TOO_MANY_HEADERS;
            counts[i] += rules[i].list ? count_elements(line.value) : 1;
            if (counts[i] > rules[i].most)
                return rules[i].list ? REASON_TOO_MANY_HEADERS : REASON_BAD_REQUEST;
            if (str_eq(str_of(rules[i].name), STR("CSeq")) && !screen_cseq(m, line.value))
                return REASON_BAD_REQUEST;
            break;
        }
    }
    for (unsigned i = 0; i < RULES; i++)
        if (counts[i] < rules[i].least)
            return REASON_BAD_REQUEST;
    return REASON_OK;
}

enum reason screen_raw(struct message *m, struct str raw)
{
    struct str rest, line = start_line(raw, &rest);
    enum reason reason = str_starts_nocase(line, STR("SIP/")) ? screen_status_line(m, line)
                                                              : screen_request_line(m, line);
    return reason == REASON_OK ? screen_headers(m, rest) : reason;
}
