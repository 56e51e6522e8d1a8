#include "screen.h"

#include <stird/core/emergency.h>
#include <stird/core/headers.h>
#include <stird/core/tag.h>
#include "message.h"
#include "odd.h"
#include "stand_in.h"

enum kind {
    ONCE,
    LIST,       /* its elements are counted as we read them */
    PARSED_LIST /* its commas, for sofia-sip may see an element behind each */
};

/*
 * What each header of a request may be; `most` counts elements of a list, or lines. Of a response
 * only Via is bounded, and only what it goes by is needed: its sender is a next hop that we chose,
 * and whom it is for can judge the rest (section 16.7).
 */
static const struct {
    const char *name;
    char compact;
    enum kind kind;
    unsigned least, most;
    bool parsed; /* by sofia-sip, so that its parameters are bounded */
} rules[] = {
    {"Via", 'v', PARSED_LIST, 1, SCREEN_MAX_ELEMENTS, true},
    {"From", 'f', ONCE, 1, 1, true},
    {"To", 't', ONCE, 1, 1, true},
    {"Call-ID", 'i', ONCE, 1, 1, true},
    {"CSeq", 0, ONCE, 1, 1, true},
    {"Max-Forwards", 0, ONCE, 0, 1, true},
    {"Content-Length", 'l', ONCE, 0, 1, true},
    {"Route", 0, PARSED_LIST, 0, SCREEN_MAX_ELEMENTS, true},
    {"Record-Route", 0, PARSED_LIST, 0, SCREEN_MAX_ELEMENTS, true},
    {"Contact", 'm', LIST, 0, SCREEN_MAX_ELEMENTS, false},
    {"Require", 0, LIST, 0, SCREEN_MAX_ELEMENTS, false},
    {"Proxy-Require", 0, LIST, 0, SCREEN_MAX_ELEMENTS, false},
    {"Supported", 'k', LIST, 0, SCREEN_MAX_ELEMENTS, false},
};
#define RULES (sizeof(rules) / sizeof(rules[0]))
/* The first of them; from Record-Route on nothing is needed of a request that is not to be lost. */
enum { VIA, FROM, TO, CALL_ID, CSEQ, MAX_FORWARDS_LINE, CONTENT_LENGTH, ROUTE, RECORD_ROUTE };

/* Why the message is refused. AT points into it. */
static enum reason fault(struct message *m, enum reason reason, struct str where, const char *at,
                         const char *what)
{
    m->fault = (struct screen_fault){reason, where, (size_t)(at - m->raw.p), what};
    return reason;
}

static enum reason bad_start(struct message *m, enum reason reason, const char *at,
                             const char *what)
{
    return fault(m, reason, STR("start line"), at, what);
}

static enum reason screen_scheme(struct message *m, struct str uri)
{
    size_t colon = str_find(uri, ':', 0);
    struct str scheme = str_slice(uri, 0, colon);
    if (colon == uri.n || !is_sip_token(scheme) || uri.n == colon + 1)
        return bad_start(m, REASON_BAD_REQUEST, uri.p, "the Request-URI is no URI");
    if (str_eq_nocase(scheme, STR("sip")) || str_eq_nocase(scheme, STR("sips")) ||
        str_eq_nocase(scheme, STR("tel")) || str_starts_nocase(uri, STR("urn:service:sos")))
        return REASON_OK;
    return bad_start(m, REASON_UNSUPPORTED_SCHEME, uri.p, "the Request-URI has another scheme");
}

/* Whether M, with URI in its start line, is an emergency call; without a URI it could not be
   forwarded. */
static bool is_emergency(const struct message *m, struct str uri)
{
    struct header_line to;
    struct str called = header_find(m->raw, STR("To"), 't', &to) ? odd_uri(to.value) : STR("");
    return uri.n > 0 && emergency_uris(m->settings, uri, called);
}

/* No emergency call is refused for how its Request-URI is written (Decided 5); nor is an emergency
   call by its To for a Request-URI that leads to nobody. */
static enum reason screen_request_uri(struct message *m, struct str uri)
{
    enum reason reason = screen_scheme(m, uri);
    return reason != REASON_OK && is_emergency(m, uri) ? REASON_OK : reason;
}

static bool is_number(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]))
            return false;
    return s.n > 0;
}

static enum reason screen_version(struct message *m, struct str version)
{
    if (str_eq_nocase(version, STR("SIP/2.0")))
        return REASON_OK;
    struct str minor = str_slice(version, 4, version.n), major = str_cut(&minor, '.');
    bool another = str_starts_nocase(version, STR("SIP/")) && is_number(major) && is_number(minor);
    return another ? bad_start(m, REASON_BAD_VERSION, version.p, "the version is not SIP/2.0")
                   : bad_start(m, REASON_BAD_REQUEST, version.p, "it names no version");
}

/* Index of the first octet that may not stand in a Request-URI, or uri.n. */
static size_t find_foreign(struct str uri)
{
    size_t i = 0;
    while (i < uri.n && (unsigned char)uri.p[i] > 0x20 && uri.p[i] != 0x7f && uri.p[i] != '<' &&
           uri.p[i] != '>' && uri.p[i] != '"')
        i++;
    return i;
}

struct str screen_method(unsigned i)
{
    static const struct str known[] = {
        STR("INVITE"),  STR("ACK"),       STR("BYE"),     STR("CANCEL"),  STR("UPDATE"),
        STR("OPTIONS"), STR("PRACK"),     STR("INFO"),    STR("REFER"),   STR("MESSAGE"),
        STR("NOTIFY"),  STR("SUBSCRIBE"), STR("PUBLISH"), STR("REGISTER")};
    return i < sizeof(known) / sizeof(known[0]) ? known[i] : STR("");
}

/* Methods that differ in upper and lower case are different (section 7.1), but not to everybody. */
static bool is_misspelt(struct str method)
{
    struct str known;
    for (unsigned i = 0; (known = screen_method(i)).n > 0; i++)
        if (str_eq_nocase(method, known))
            return !str_eq(method, known);
    return false;
}

/* Request-Line = Method SP Request-URI SP SIP-Version, exactly one space each (section 7.1). */
static enum reason screen_strict_request_line(struct message *m, struct str line)
{
    struct str rest = line;
    struct str method = str_cut(&rest, ' ');
    struct str uri = str_cut(&rest, ' ');
    if (!is_sip_token(method) || uri.n == 0 || rest.n == 0)
        return bad_start(m, REASON_BAD_REQUEST, line.p, "it is no method, URI and version");
    if (is_misspelt(method))
        return bad_start(m, REASON_BAD_REQUEST, line.p,
                         "the method is a known one in other letters");
    enum reason reason = screen_version(m, rest);
    if (reason != REASON_OK)
        return reason;
    size_t foreign = find_foreign(uri);
    if (foreign < uri.n)
        return bad_start(m, REASON_BAD_REQUEST, uri.p + foreign, "no octet of a Request-URI");
    m->status = 0;
    m->method = method;
    m->request_uri = uri;
    return screen_request_uri(m, uri);
}

/* Somebody gave it as his Contact: `sip:a@h;x="b c"` stands between method and version. Or it is an
 * emergency call: `tel: 911`. */
static bool read_unclear_uri(struct message *m, struct str line)
{
    const struct str version = STR(" SIP/2.0");
    struct str rest = line, method = str_cut(&rest, ' ');
    struct str uri = str_slice(rest, 0, rest.n > version.n ? rest.n - version.n : 0);
    bool of_sip = str_starts_nocase(uri, STR("sip:")) || str_starts_nocase(uri, STR("sips:"));
    bool of_tel = str_starts_nocase(uri, STR("tel:")) && is_emergency(m, uri);
    if (!is_sip_token(method) || is_misspelt(method) || !(of_sip || of_tel) ||
        !str_eq_nocase(str_slice(rest, uri.n, rest.n), version) || find_foreign(uri) == uri.n)
        return false;
    m->status = 0;
    m->method = method;
    m->request_uri = uri;
    m->uri_unclear = true;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The next word off *REST, whatever white space stands before and behind it. */
static struct str word_off(struct str *rest)
{
    size_t n = 0;
    *rest = str_trim(*rest);
    while (n < rest->n && !is_space(rest->p[n]))
        n++;
    struct str word = str_slice(*rest, 0, n);
    *rest = str_trim(str_slice(*rest, n, rest->n));
    return word;
}

/* The last word off the end of *REST. */
static struct str last_word_off(struct str *rest)
{
    size_t begin = rest->n;
    while (begin > 0 && !is_space(rest->p[begin - 1]))
        begin--;
    struct str word = str_slice(*rest, begin, rest->n);
    *rest = str_trim(str_slice(*rest, 0, begin));
    return word;
}

/* The URI in an odd Request-URI field: without brackets, quotes, or parameters that a space sets
 * apart. */
static struct str odd_request_uri(struct str s)
{
    struct str rest = s, word = word_off(&rest);
    if (str_find(s, '<', 0) < s.n)
        return odd_uri(s);
    if (s.n > 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        return str_trim(str_slice(s, 1, s.n - 1));
    return rest.n > 0 && rest.p[0] == ';' ? word : s;
}

/* An emergency call whatever stands between and around the three parts. */
static bool read_odd_request_line(struct message *m, struct str line)
{
    struct str rest = line, method = word_off(&rest), version = last_word_off(&rest);
    rest = odd_request_uri(rest);
    if (str_eq_nocase(method, STR("INVITE")))
        method = STR("INVITE");
    if (!is_sip_token(method) || is_misspelt(method) || !str_eq_nocase(version, STR("SIP/2.0")) ||
        find_foreign(rest) < rest.n || !is_emergency(m, rest))
        return false;
    m->fault = (struct screen_fault){.reason = REASON_OK};
    m->status = 0;
    m->method = method;
    m->request_uri = rest;
    m->start_is_odd = true;
    return true;
}

static enum reason screen_request_line(struct message *m, struct str line)
{
    enum reason reason = screen_strict_request_line(m, line);
    return reason != REASON_OK && (read_odd_request_line(m, line) || read_unclear_uri(m, line))
               ? REASON_OK
               : reason;
}

/* The sender is a next hop that we chose: reads what can be read. */
static enum reason screen_status_line(struct message *m, struct str line)
{
    struct str rest = line;
    uint64_t status;
    struct str version = word_off(&rest);
    enum reason reason = screen_version(m, version);
    if (reason != REASON_OK)
        return reason;
    struct str code = word_off(&rest);
    m->start_is_odd = !str_eq(version, STR("SIP/2.0")) || version.p != line.p ||
                      code.p != version.p + version.n + 1 || code.p[-1] != ' ' ||
                      (code.p + code.n < line.p + line.n && code.p[code.n] != ' ');
    if (code.n != 3 || !str_to_u64(code, 699, &status) || status < 100)
        return bad_start(m, REASON_BAD_REQUEST, line.p, "it has no status");
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
    if (m->status != 0) /* the caller judges what stands behind it */
        method = word_off(&method);
    if (!str_to_u64(str_slice(value, 0, digits), INT32_MAX, &number) || !is_sip_token(method))
        return false;
    m->cseq = (uint32_t)number;
    m->cseq_method = method;
    if (m->status != 0)
        m->method = method;
    return str_eq(method, m->method);
}

/* Never more than SCREEN_MAX_ELEMENTS + 1, or SCREEN_MAX_PARAMETERS + 1. */
static unsigned count_elements(struct str value)
{
    struct str element;
    unsigned n = 0;
    while (n <= SCREEN_MAX_ELEMENTS && list_next(&value, &element))
        n++;
    return n;
}

static unsigned count_octets(struct str value, char c, unsigned most)
{
    unsigned n = 0;
    for (size_t at = 0; n <= most && (at = str_find(value, c, at)) < value.n; at++)
        n++;
    return n;
}

static unsigned count(struct str value, enum kind kind)
{
    if (kind == PARSED_LIST)
        return 1 + count_octets(value, ',', SCREEN_MAX_ELEMENTS);
    return kind == LIST ? count_elements(value) : 1;
}

/*
 * sofia-sip grows an array by eight for each parameter, so thousands of them would be copied
 * hundreds of times where the heap cannot grow in place.
 */
static bool has_too_many_parameters(struct str value)
{
    return count_octets(value, ';', SCREEN_MAX_PARAMETERS) > SCREEN_MAX_PARAMETERS;
}

/* Not all elements are read then. Of the headers from Record-Route on, whether that matters is
   asked when the others are known. */
static enum reason too_many(struct message *m, const struct header_line *line, unsigned rule,
                            const char *what)
{
    const struct screen_fault before = m->fault;
    enum reason reason = fault(m, REASON_TOO_MANY_HEADERS, line->name, line->raw.p, what);
    if (rule < RECORD_ROUTE)
        return reason;
    m->excess = m->fault;
    m->fault = before;
    m->odd |= rule == RECORD_ROUTE ? ODD_RECORD_ROUTE : 0;
    return REASON_OK;
}

static unsigned rule_of(const struct header_line *line)
{
    unsigned i = 0;
    while (i < RULES && !header_is(line, str_of(rules[i].name), rules[i].compact))
        i++;
    return i;
}

bool screen_is_copy(const struct message *m, const struct header_line *line)
{
    struct header_line first;
    unsigned rule = line->name.p ? rule_of(line) : RULES;
    return rule >= FROM && rule <= CSEQ &&
           header_find(m->raw, str_of(rules[rule].name), rules[rule].compact, &first) &&
           first.raw.p != line->raw.p && str_eq(first.value, line->value);
}

/* Notes a header that is there twice; whether that costs the call is asked when the others are
   known. */
static enum reason note_copy(struct message *m, const struct header_line *line)
{
    const struct screen_fault before = m->fault;
    fault(m, REASON_BAD_REQUEST, line->name, line->raw.p, "is there twice");
    m->copy = m->fault;
    m->fault = before;
    return REASON_OK;
}

static enum reason screen_size(struct message *m, const struct header_line *line, unsigned rule,
                               unsigned *n)
{
    if (rules[rule].parsed && has_too_many_parameters(line->value))
        return too_many(m, line, rule, "has too many parameters");
    *n += count(line->value, rules[rule].kind);
    if (*n <= rules[rule].most)
        return REASON_OK;
    return rules[rule].kind == ONCE
               ? fault(m, REASON_BAD_REQUEST, line->name, line->raw.p, "is there twice")
               : too_many(m, line, rule, "has too many elements");
}

/* How many tags there are; two in one header are a fault of their own, which is noted. */
static unsigned note_tags(struct message *m, struct str header, struct str value, struct str *tag)
{
    struct str second;
    unsigned n = tags_read(value, tag, &second);
    if (n > 1 && !m->two_tags.what)
        m->two_tags = (struct screen_fault){REASON_BAD_REQUEST, header,
                                            (size_t)(second.p - m->raw.p), "has two tags"};
    return n;
}

/* What a dialog is known by. */
static void note_value(struct message *m, unsigned rule, struct str value)
{
    if (rule == FROM)
        note_tags(m, STR("From"), value, &m->from_tag);
    if (rule == TO)
        m->claims_to_tag = note_tags(m, STR("To"), value, &m->to_tag) > 0;
    if (rule == CALL_ID)
        m->call_id = value;
}

static enum reason screen_line(struct message *m, const struct header_line *line, unsigned rule,
                               unsigned *n)
{
    const char *at = line->raw.p;
    uint64_t hops;
    if (rule == MAX_FORWARDS_LINE) {
        m->hops_unclear |= ++*n > 1 || !str_to_u64(line->value, UINT32_MAX, &hops);
        return REASON_OK; /* whether that matters is asked when all is read */
    }
    if (rule == CONTENT_LENGTH && m->length_unclear)
        return REASON_OK;
    if (*n > 0 && rule <= CSEQ && screen_is_copy(m, line))
        return note_copy(m, line);
    if (rule == VIA && list_is_empty(line->value))
        return REASON_OK; /* it names nobody; odd.h */
    if (rules[rule].least > 0 && line->value.n == 0)
        return fault(m, REASON_BAD_REQUEST, line->name, at, "has no value");
    if (rule == CSEQ && !screen_cseq(m, line->value))
        return fault(m, REASON_BAD_REQUEST, line->name, at, "is no number and this method");
    note_value(m, rule, line->value);
    return screen_size(m, line, rule, n);
}

/* Whether sofia-sip may have to write the list anew, and it is folded. */
static bool is_folded_list(const struct header_line *line, unsigned rule)
{
    bool list = rule < RULES && rules[rule].kind == PARSED_LIST;
    return list && str_find(line->value, '\r', 0) < line->value.n;
}

/* The first of each counts. */
static enum reason screen_response_line(struct message *m, const struct header_line *line,
                                        unsigned rule, unsigned *n)
{
    if (rule == VIA)
        return screen_line(m, line, rule, n);
    uint64_t length;
    if (rule == CONTENT_LENGTH)
        m->length_unclear |= ++*n > 1 || !str_to_u64(line->value, UINT32_MAX, &length);
    if (rule > CSEQ || ++*n > 1)
        return REASON_OK;
    if (rule == CSEQ && !screen_cseq(m, line->value))
        return fault(m, REASON_BAD_REQUEST, line->name, line->raw.p, "is no number and method");
    note_value(m, rule, line->value);
    return REASON_OK;
}

/* Any number of lines of a response is passed on, but not of the headers that cost something. */
static enum reason screen_apart(struct message *m, const struct header_line *line, unsigned *n)
{
    *n += m->status != 0 && stand_in_is_kept_apart(line);
    return *n <= SCREEN_MAX_APART ? REASON_OK
                                  : fault(m, REASON_TOO_MANY_HEADERS, STR("message"), line->raw.p,
                                          "has too many Via, Contact, Content-Length, Retry-After");
}

static enum reason screen_headers(struct message *m, struct str rest)
{
    unsigned counts[RULES] = {0}, n_apart = 0;
    struct header_line line;
    enum reason reason = REASON_OK;
    while (reason == REASON_OK && head_line_next(&rest, &line)) {
        unsigned rule = line.name.p ? rule_of(&line) : RULES;
        m->n_broken += !line.name.p;
        m->n_lines++;
        m->lists_folded |= is_folded_list(&line, rule);
        reason = screen_apart(m, &line, &n_apart);
        if (reason == REASON_OK && rule < RULES)
            reason = m->status == 0 ? screen_line(m, &line, rule, &counts[rule])
                                    : screen_response_line(m, &line, rule, &counts[rule]);
    }
    for (unsigned i = 0; i < RULES && reason == REASON_OK; i++)
        if (counts[i] < rules[i].least)
            reason = fault(m, REASON_BAD_REQUEST, str_of(rules[i].name), m->raw.p, "is missing");
    return reason;
}

enum reason screen_start_line(struct message *m, struct str line)
{
    return str_starts_nocase(line, STR("SIP/")) ? screen_status_line(m, line)
                                                : screen_request_line(m, line);
}

enum reason screen_raw(struct message *m, struct str raw)
{
    struct frame head;
    enum frame_status status = frame_head(raw, UINT32_MAX - 1, &head);
    if (status != FRAME_MESSAGE) {
        m->fault = screen_fault_of_frame(status, &head);
        return m->fault.reason;
    }
    m->head_bytes = head.header;
    struct str rest, line = start_line(raw, &rest);
    enum reason reason = screen_start_line(m, line);
    if (reason == REASON_OK && (rest.p[0] == ' ' || rest.p[0] == '\t'))
        return bad_start(m, REASON_BAD_REQUEST, rest.p, "it goes on in the next line");
    return reason == REASON_OK ? screen_headers(m, rest) : reason;
}

struct screen_fault screen_fault_of_frame(enum frame_status status, const struct frame *frame)
{
    static const struct {
        enum frame_status status;
        enum reason reason;
        const char *where, *what;
    } faults[] = {
        {FRAME_TOO_LARGE, REASON_TOO_LARGE, "message", "is longer than limits.message"},
        {FRAME_TOO_MANY_LINES, REASON_TOO_MANY_HEADERS, "header",
         "has more lines than limits.header_lines"},
        {FRAME_SAME_LENGTHS, REASON_BAD_REQUEST, "Content-Length", "is there twice"},
        {FRAME_BAD_LENGTH, REASON_BAD_REQUEST, "Content-Length",
         "is not one number of octets that are there"},
        {FRAME_BAD_LINE_END, REASON_BAD_REQUEST, "line end", "CR or LF stands alone"},
        {FRAME_NO_END, REASON_BAD_REQUEST, "message", "ends within its header"},
        {FRAME_CUT, REASON_BAD_REQUEST, "message", "is cut: its connection ended within it"},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].status == status)
            return (struct screen_fault){faults[i].reason, str_of(faults[i].where), frame->fault,
                                         faults[i].what};
    return (struct screen_fault){REASON_BAD_REQUEST, STR("message"), frame->fault,
                                 "cannot be framed"};
}
