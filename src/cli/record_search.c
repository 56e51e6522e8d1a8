#include "record_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/core/cause.h>
#include <stird/core/masked.h>
#include <stird/core/numbers.h>
#include <stird/core/verification.h>
#include <stird/io/record.h>
#include <string.h>

/* Members of the record, or of its verification. */
static const struct filter {
    const char *member;
    bool of_verification;
} filters[FIND_FILTERS] = {
    [FIND_ORIGID] = {"origid", false},
    [FIND_CALL_ID] = {"call_id", false},
    [FIND_REASON] = {"reason", false},
    [FIND_RESULT] = {"result", false},
    [FIND_CAUSE] = {"cause", false},
    [FIND_TRUNK] = {"trunk", false},
    [FIND_UPSTREAM] = {"upstream", false},
    [FIND_SOURCE] = {"source", false},
    [FIND_STATUS] = {"sip_status", false},
    [FIND_CLASS] = {"class", true},
    [FIND_SPC] = {"spc", true},
    [FIND_VERSTAT] = {"verstat", true},
};

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

/* Whether JSON writes TEXT as it is. */
static bool is_plain(const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\' || *c == '/')
            return false;
    return true;
}

/* Whether a record's TEXT is the one that is WANTED, as far as a record has it. */
static bool is_wanted(const char *text, const char *wanted)
{
    return str_eq(str_of(text), record_text(str_of(wanted)));
}

static bool has_text(struct str line, struct str text)
{
    return memmem(line.p, line.n, text.p, text.n) != NULL;
}

/* Without parsing: a line that lacks the text cannot match. JSON may write a Call-ID otherwise. */
static bool may_match(const struct record_search *s, struct str line)
{
    const char *origid = s->wanted[FIND_ORIGID];
    return str_starts(line, STR("{\"kind\":\"call\",")) &&
           (!origid || !is_plain(origid) || has_text(line, record_text(str_of(origid)))) &&
           (!s->number[0] || has_text(line, str_of(s->number)) ||
            has_text(line, str_of(s->masked)));
}

/* Times are texts of one form, so their order is that of the texts; a shorter one is a prefix. */
static bool in_time(const struct record_search *s, const char *ts)
{
    return (!s->from || strcmp(ts, s->from) >= 0) &&
           (!s->to || strncmp(ts, s->to, strlen(s->to)) <= 0);
}

/* The record has the port of the packet, which is compared only where a port was asked for. */
static bool is_of_source(const struct record_search *s, const char *text)
{
    struct str host = str_of(text);
    struct address found;
    if (strcmp(text, s->wanted[FIND_SOURCE]) == 0)
        return true;
    while (host.n > 0 && host.p[host.n - 1] != ':')
        host.n--;
    return host.n > 0 && s->source.family != 0 &&
           address_parse(str_slice(host, 0, host.n - 1), &found) &&
           address_same_host(&found, &s->source);
}

/* Whether UPSTREAM was tried: it need not have taken the call. */
static bool was_tried(const json_t *record, const char *upstream)
{
    const json_t *tried;
    size_t i;
    json_array_foreach(json_object_get(record, "tried"), i, tried)
    {
        if (is_wanted(text_of(tried, "upstream"), upstream))
            return true;
    }
    return false;
}

/* Whether CODE is one of those in TEXT, which are joined by commas. */
static bool has_code(const char *text, const char *code)
{
    struct str rest = str_of(text);
    while (rest.n > 0)
        if (str_eq(str_trim(str_cut(&rest, ',')), str_of(code)))
            return true;
    return false;
}

bool record_search_signed_by(const json_t *record, const char *code)
{
    return has_code(text_of(record, "cert_spc"), code) ||
           has_code(text_of(json_object_get(record, "verification"), "spc"), code);
}

/* The origid of a token that we made, or of one that came and was verified. */
static bool is_of_token(const json_t *record, const char *origid)
{
    return is_wanted(text_of(record, "origid"), origid) ||
           is_wanted(text_of(json_object_get(record, "verification"), "origid"), origid);
}

static bool has_wanted(const struct record_search *s, const json_t *record, size_t i)
{
    const struct filter *f = &filters[i];
    const json_t *of = f->of_verification ? json_object_get(record, "verification") : record;
    if (!s->wanted[i])
        return true;
    switch (i) {
    case FIND_ORIGID:
        return is_of_token(record, s->wanted[i]);
    case FIND_STATUS:
        return json_integer_value(json_object_get(of, f->member)) == strtol(s->wanted[i], NULL, 10);
    case FIND_SOURCE:
        return is_of_source(s, text_of(of, f->member));
    case FIND_UPSTREAM:
        return was_tried(record, s->wanted[i]) || is_wanted(text_of(of, f->member), s->wanted[i]);
    case FIND_SPC:
        return record_search_signed_by(record, s->wanted[i]);
    default:
        return is_wanted(text_of(of, f->member), s->wanted[i]);
    }
}

/* A masked number counts when its last digits fit: nobody can tell which number it was. */
static bool is_number(const struct record_search *s, const json_t *record, const char *member)
{
    const char *text = text_of(record, member);
    return strcmp(text, s->number) == 0 || (text[0] == 'x' && strcmp(text, s->masked) == 0);
}

/* Who called, who was called, and where else a call went whose token is for another number. */
static bool names_number(const struct record_search *s, const json_t *record)
{
    return is_number(s, record, "orig_tn") || is_number(s, record, "dest_tn") ||
           is_number(s, json_object_get(record, "verification"), "requested");
}

static bool matches(const struct record_search *s, const json_t *record)
{
    for (size_t i = 0; i < FIND_FILTERS; i++)
        if (!has_wanted(s, record, i))
            return false;
    return (!s->number[0] || names_number(s, record)) && in_time(s, text_of(record, "ts"));
}

/* Whether TEXT has the form of a record's time in its first N octets, and ends with one of its
   fields. */
static bool has_form(const char *text, size_t n)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (size_t i = 0; i < n && i < sizeof(form) - 1; i++)
        if (form[i] == 'd' ? !ascii_is_digit(text[i]) : text[i] != form[i])
            return false;
    return n >= 4 && n < sizeof(form) && (n == sizeof(form) - 1 || form[n] != 'd') &&
           form[n - 1] != '-' && form[n - 1] != 'T' && form[n - 1] != ':' && form[n - 1] != '.';
}

/* Two digits at AT, where the text reaches so far, that are less than BELOW. */
static bool is_below(const char *text, size_t n, size_t at, int below)
{
    return n < at + 2 || (text[at] - '0') * 10 + text[at + 1] - '0' < below;
}

/* "2026-11-26", "2026-11-26T23:59", ...: a begin of the records' form, of a time that there is. */
static bool is_time(const char *text)
{
    char day[] = "2000-01-01";
    size_t n = strlen(text);
    int32_t number;
    if (!has_form(text, n))
        return false;
    memcpy(day, text, n < sizeof(day) - 1 ? n : sizeof(day) - 1);
    return numbers_date_parse(str_of(day), &number) && is_below(text, n, 11, 24) &&
           is_below(text, n, 14, 60) && is_below(text, n, 17, 60);
}

static bool take_number(struct record_search *s, const char *text)
{
    struct tn tn;
    if (!tn_from_digits(&tn, str_of(text)))
        return false;
    memcpy(s->number, tn.digits, tn.n);
    s->number[tn.n] = '\0';
    tn = masked_number(&tn, true);
    memcpy(s->masked, tn.digits, tn.n);
    s->masked[tn.n] = '\0';
    return true;
}

static bool complain(const char *option, const char *text, const char *what)
{
    struct buf shown = BUF_INIT;
    buf_add_shown(&shown, str_of(text));
    fprintf(stderr, "stirctl: --%s %.*s: %s\n", option, STR_ARG(buf_str(&shown)), what);
    buf_fini(&shown);
    return false;
}

static bool take_times(struct record_search *s, char **value)
{
    s->from = value[0];
    s->to = value[1];
    for (int i = 0; i < 2; i++)
        if (!is_time(value[i]))
            return complain("between", value[i],
                            "there is no such time: write it as 2026-11-26T23:59, or a begin of "
                            "that such as 2026-11");
    if (strncmp(s->from, s->to, strlen(s->to)) > 0)
        return complain("between", value[0], "is later than what stands behind it: FROM TO");
    return true;
}

static bool take_source(struct record_search *s, const char *text)
{
    const char *colon = strrchr(text, ':');
    struct str host = str_of(text);
    struct address with_port;
    s->wanted[FIND_SOURCE] = text;
    if (address_parse(host, &s->source))
        return true;
    s->source.family = 0; /* with its port: as it stands */
    return colon && address_parse(str_slice(host, 0, (size_t)(colon - text)), &with_port);
}

static bool is_reason(struct str name)
{
    return str_eq(reason_name(reason_by_name(name)), name);
}

static bool is_cause(struct str name)
{
    enum cause cause;
    return cause_by_name(name, &cause);
}

static bool is_class(struct str name)
{
    for (unsigned i = 0; i < VERIFICATION_CLASSES; i++)
        if (str_eq(verification_class_name((enum verification_class)i), name))
            return true;
    return false;
}

static bool is_verstat(struct str name)
{
    for (unsigned i = VERSTAT_NONE; i <= VERSTAT_FAILED; i++)
        if (str_eq(verstat_text((enum verstat)i), name))
            return true;
    return false;
}

/* Members whose values are all known, because a misspelt value would find nothing. */
static const struct named {
    bool (*is_one)(struct str name);
    const char *unknown;
} kinds[FIND_FILTERS] = {
    [FIND_REASON] = {is_reason, "there is no such reason: docs/reasons.md lists all"},
    [FIND_RESULT] = {cause_is_result, "there is no such result: docs/records.md lists all"},
    [FIND_CAUSE] = {is_cause, "there is no such cause: docs/records.md lists all"},
    [FIND_CLASS] = {is_class, "is none of passed, failed, nothing, open"},
    [FIND_VERSTAT] = {is_verstat, "is none of TN-Validation-Passed, TN-Validation-Failed, "
                                  "No-TN-Validation"},
};

static bool is_status(const char *text)
{
    return strspn(text, "0123456789") == 3 && !text[3] && text[0] >= '1' && text[0] <= '6';
}

static bool take_wanted(struct record_search *s, size_t i, const char *text)
{
    s->wanted[i] = text;
    if (i == FIND_SOURCE)
        return take_source(s, text) ||
               complain("source", text, "is no address, and no ADDRESS:PORT");
    if (i == FIND_STATUS)
        return is_status(text) || complain("status", text, "is no status of SIP (100 to 699)");
    const struct named *named = kinds[i].unknown ? &kinds[i] : NULL;
    if (!named || named->is_one(str_of(text)))
        return true;
    return complain(filters[i].member, text, named->unknown);
}

bool record_search_take(struct record_search *s, int letter, char **value)
{
    if (letter == FIND_TN)
        return take_number(s, *value) || complain("tn", *value, "write it as +12025550100");
    if (letter == FIND_BETWEEN)
        return take_times(s, value);
    return take_wanted(s, (size_t)(letter - FIND_LETTER), *value);
}

json_t *record_search_match(const struct record_search *s, struct str line)
{
    json_t *record = may_match(s, line) ? json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL)
                                        : NULL;
    if (record && matches(s, record))
        return record;
    json_decref(record);
    return NULL;
}

bool record_search_by_mask(const struct record_search *s, const json_t *record)
{
    const json_t *verification = json_object_get(record, "verification");
    return s->number[0] && strcmp(text_of(record, "orig_tn"), s->number) != 0 &&
           strcmp(text_of(record, "dest_tn"), s->number) != 0 &&
           strcmp(text_of(verification, "requested"), s->number) != 0;
}
