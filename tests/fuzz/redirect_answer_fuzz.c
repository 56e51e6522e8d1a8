/*
 * What an SBC is answered that asks by redirect (redirect_answer.h), of any request: whole header
 * lines, none of which the request has ended or begun; a token in answers of `signed` alone, and a
 * Contact that is one URI. The first octet chooses the dialect, the second the case, the third the
 * profile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stird/core/headers.h>
#include <stird/core/redirect_answer.h>
#include <stird/core/uri.h>
#include <stird/core/verified.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOKEN "eyJhbGciOiJFUzI1NiJ9.eyJhdHRlc3QiOiJBIn0.c2lnbmF0dXJl"

static void require(bool good, const char *what, struct str text)
{
    if (good)
        return;
    fprintf(stderr, "%s: \"", what);
    fwrite(text.p, 1, text.n, stderr);
    fprintf(stderr, "\"\n");
    abort();
}

static bool holds_token(struct str text)
{
    return text.n > 0 && memmem(text.p, text.n, "eyJhbGciOiJFUzI1NiJ9", 20) != NULL;
}

/* One URI, which every reader finds. */
static void check_contact(struct str value)
{
    struct str uri, parameters;
    struct uri parts;
    require(name_addr(value, &uri, &parameters) && parameters.n == 0, "no Contact", value);
    require(value.p[0] == '<' && value.p[value.n - 1] == '>', "Contact without brackets", value);
    require(str_find(uri, '<', 0) == uri.n && str_find(uri, '>', 0) == uri.n &&
                str_find(uri, '"', 0) == uri.n && str_find(uri, ' ', 0) == uri.n,
            "Contact is not one URI", value);
    if (uri_split(&parts, uri) && parts.scheme == URI_OTHER) /* urn:service:sos */
        return;
    require(uri_split(&parts, str_slice(uri, 0, str_find(uri, '?', 0))) &&
                parts.scheme == URI_SIP && uri_host_is_plain(parts.host),
            "Contact leads nowhere", value);
}

static void check_line(struct str line)
{
    static const char *const names[] = {"Contact",
                                        "Identity",
                                        "X-Identity",
                                        "Date",
                                        "P-Asserted-Identity",
                                        "P-Attestation-Indicator",
                                        "X-Result",
                                        "Reason",
                                        "Request_id",
                                        "X-Own"};
    struct header_line header;
    struct str rest = line;
    bool known = false;
    require(line.n > 2 && str_find(line, '\r', 0) == line.n - 2 &&
                str_find(line, '\n', 0) == line.n - 1 && str_find(line, '\0', 0) == line.n,
            "no line", line);
    require(header_next(&rest, &header) && header.raw.n == line.n, "no header", line);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        known = known || str_eq(header.name, str_of(names[i]));
    require(known, "a line of the request's own", line);
    if (str_eq(header.name, STR("Contact")))
        check_contact(header.value);
}

/* How often WHAT begins a line. */
static unsigned count(struct str lines, const char *what)
{
    unsigned n = 0;
    while (lines.n > 0) {
        n += str_starts(lines, str_of(what));
        (void)str_cut(&lines, '\n');
    }
    return n;
}

static void check(const struct redirect_answer *a, const struct redirect_question *q)
{
    const struct str request = q->request;
    const struct dialect *d = q->call->trunk->in_dialect;
    struct str rest = a->lines;
    require(!a->is_said || a->status >= 400 || d->contact == DIALECT_CONTACT_NONE ||
                count(a->lines, "Contact: <") == 1,
            "a redirection to nowhere", a->lines);
    require(count(a->lines, "Reason: SIP") <= 1, "two reasons", a->lines);
    require(a->status >= 300 && a->status <= 699, "it begins a call", a->lines);
    require(a->is_said || a->lines.n == 0, "what no dialect says has lines", a->lines);
    if ((!a->is_said || a->which != DIALECT_SIGNED) && !holds_token(request))
        require(!holds_token(a->lines), "a token", a->lines);
    while (rest.n > 0) {
        const size_t end = str_find(rest, '\n', 0);
        require(end < rest.n, "no end", rest);
        check_line(str_slice(rest, 0, end + 1));
        rest = str_slice(rest, end + 1, rest.n);
    }
}

/* What facts would find; more than it would take. */
static void read_request(struct call *call, struct str request)
{
    struct str rest, parameters, line = start_line(request, &rest);
    struct header_line from;
    str_cut(&line, ' ');
    call->request_uri = str_cut(&line, ' ');
    if (header_find(request, STR("From"), 'f', &from))
        (void)name_addr(from.value, &call->from_uri, &parameters);
}

static void set_outcome(struct outcome *o, struct verified *v, uint8_t octet)
{
    o->verdict = (enum verdict)(octet % 3);
    o->date = (enum date_action)(octet / 3 % 3);
    o->emergency = octet & 0x20;
    o->claims.iat_s = 1443208345;
    o->reason = o->verdict == VERDICT_REJECT ? (enum reason)(40 + octet % 90) : REASON_OK;
    o->sip_status = o->verdict == VERDICT_REJECT ? 403 : 0;
    *v = (struct verified){.class = (enum verification_class)(octet / 9 % 4),
                           .level = octet / 9 % 4 == VERIFICATION_PASSED ? 'A' : '\0',
                           .check = VERIFY_CHECKS,
                           .orig = {.n = 11, .digits = "12155550121"},
                           .verstat = (enum verstat)(octet % 3)};
    o->verified = octet & 0x40 ? v : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str header = STR("P-Attestation-Indicator"), own = STR("X-Own: yes");
    static const struct str tokens[] = {STR(TOKEN ";info=<https://cr.example/a%2Fb.pem>"),
                                        STR(TOKEN ";ppt=div")};
    if (size < 4)
        return 0;
    struct arena *arena = arena_new(1024);
    if (!arena)
        return 0;
    struct dialect dialect = dialects[data[0] % dialect_count];
    dialect.identity = 1 + data[0] / 8 % 7;
    dialect.contact = (enum dialect_contact)(data[2] % 5);
    dialect.contact_host = STR("sbc.example:5070");
    dialect.pai = (enum dialect_pai)(data[0] >> 7);
    dialect.headers = &own;
    dialect.n_headers = data[0] & 1;
    const struct verification_setting profile = {
        .verstat_place = (enum verstat_place)(data[2] / 5 % 4),
        .verstat_form = (enum verstat_form)(data[2] / 20 % 3),
        .label_a = data[2] & 1 ? STR("[V]") : STR(""),
        .label_failed = STR("[!]"),
        .result_header = STR("X-Result"),
        .attestation_headers = &header,
        .n_attestation_headers = 1};
    const struct settings settings = {.verifications = &profile, .n_verifications = 1};
    const struct trunk trunk = {.trusted = data[1] & 0x80,
                                .country = {.code = STR("1"), .national_length = 10},
                                .in_dialect = &dialect};
    const struct str request = {(const char *)data + 3, size - 3};
    struct call call = {.arena = arena, .trunk = &trunk};
    struct outcome outcome = {.n_trace = 0};
    struct verified verified;
    struct redirect_answer answer;
    read_request(&call, request);
    set_outcome(&outcome, &verified, data[1]);
    (void)address_parse(STR("192.0.2.40"), &call.source);
    const struct redirect_question question = {.settings = &settings,
                                               .call = &call,
                                               .outcome = &outcome,
                                               .reason = outcome.reason,
                                               .request = request,
                                               .transport = (enum transport)(data[1] % 3),
                                               .identities = tokens,
                                               .n_identities = data[1] & 1 ? 2 : 1};
    if (redirect_answer(&answer, &question))
        check(&answer, &question);
    arena_free(arena);
    return 0;
}
