/*
 * What is inside Identity headers; nothing is verified. Whatever can be read is shown, of any type
 * of token and of a token alone; what is wrong with it is said besides.
 */
#include "json_text.h"
#include "command.h"
#include "sightings.h"

#include <jansson.h>
#include <stdio.h>
#include <stird/core/headers.h>
#include <stird/core/hops.h>
#include <stird/core/identity.h>
#include <stird/core/passport.h>
#include <string.h>
#include <time.h>

/* One of the first two parts of a token. */
struct part {
    struct buf text; /* decoded, as far as it can be */
    json_t *json;    /* NULL: it is no JSON object */
};

struct decoded {
    struct buf token;     /* without white space */
    struct str signature; /* of token */
    struct part header, payload;
    struct str info, alg, ppt; /* of the value; n == 0: absent */
    json_t *faults;            /* sentences */
};

static void fault(struct decoded *d, const char *what, const char *text)
{
    json_array_append_new(d->faults, json_sprintf("%s: %s", what, text));
}

/* ---- reading ---- */

/* The token, up to the first parameter. It may be folded, or quoted as a whole. */
static struct str take_token(struct decoded *d, struct str value)
{
    size_t end = str_find(value, ';', 0);
    struct str text = str_trim(str_slice(value, 0, end));
    if (text.n > 1 && text.p[0] == '"') {
        fault(d, "syntax", "there are quotes around the token");
        text = str_slice(text, 1, text.n - (text.p[text.n - 1] == '"'));
    }
    for (size_t i = 0; i < text.n; i++)
        if (!strchr(" \t\r\n", text.p[i]))
            buf_add_char(&d->token, text.p[i]);
    if (d->token.n < text.n)
        fault(d, "syntax", "there is white space inside the token");
    return str_slice(value, end, value.n);
}

/* Decodes as much as possible: another alphabet and padding are base64 too, and a text that is cut
   still has a beginning. */
static void decode_part(struct decoded *d, const char *name, struct str coded, struct part *part)
{
    struct buf plain = BUF_INIT;
    if (!base64url_decode(&part->text, coded))
        fault(d, name, "it is not base64url in the one right form (RFC 7515 section 2)");
    else
        return;
    for (size_t i = 0; i < coded.n; i++) {
        char c = coded.p[i];
        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && (c == '\0' || !strchr("-_+/", c)))
            break;
        buf_add_char(&plain, (char)(c == '+' ? '-' : c == '/' ? '_' : c));
    }
    buf_reset(&part->text);
    if (!base64url_decode(&part->text, str_slice(buf_str(&plain), 0, plain.n)) &&
        plain.n % 4 == 1) {
        buf_reset(&part->text);
        base64url_decode(&part->text, str_slice(buf_str(&plain), 0, plain.n - 1));
    }
    buf_fini(&plain);
}

static void read_json(struct decoded *d, const char *name, struct part *part)
{
    json_error_t error;
    const char *text = part->text.n > 0 ? part->text.p : "";
    part->json = json_loadb(text, part->text.n, JSON_REJECT_DUPLICATES, &error);
    if (!part->json) {
        fault(d, name, error.text);
        part->json = json_loadb(text, part->text.n, 0, NULL);
    }
    if (json_is_object(part->json))
        return;
    if (part->json)
        fault(d, name, "it is no JSON object");
    json_decref(part->json);
    part->json = NULL;
    /* The beginning of an object is worth showing, other octets are not. */
    if (part->text.n == 0 || part->text.p[0] != '{')
        buf_reset(&part->text);
}

static void read_token(struct decoded *d)
{
    struct str rest = buf_str(&d->token);
    unsigned parts = rest.n > 0;
    for (size_t i = 0; i < rest.n; i++)
        parts += rest.p[i] == '.';
    struct str header = str_cut(&rest, '.'), payload = str_cut(&rest, '.');
    d->signature = str_cut(&rest, '.');
    if (parts != 3)
        json_array_append_new(d->faults, json_sprintf("syntax: the token has %u part%s, not "
                                                      "header.payload.signature",
                                                      parts, parts == 1 ? "" : "s"));
    else if (header.n == 0 && payload.n == 0)
        fault(d, "form", "it is in compact form: header and payload are made of the message");
    if (header.n > 0 || payload.n > 0) {
        decode_part(d, "header", header, &d->header);
        read_json(d, "header", &d->header);
    }
    if (payload.n > 0) {
        decode_part(d, "payload", payload, &d->payload);
        read_json(d, "payload", &d->payload);
    }
}

static struct str without_brackets(struct str uri)
{
    size_t from = uri.n > 0 && uri.p[0] == '<';
    return str_slice(uri, from, uri.n - (uri.n > from && uri.p[uri.n - 1] == '>'));
}

/* PARAMETERS begins with the first semicolon. */
static void read_parameters(struct decoded *d, struct str value, struct str parameters)
{
    struct identity identity;
    static const char *const names[] = {"info", "alg", "ppt"};
    struct str *const found[] = {&d->info, &d->alg, &d->ppt};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (parameter_find(parameters, str_of(names[i]), found[i]))
            *found[i] = without_brackets(*found[i]);
    enum identity_kind kind = identity_parse(value, &identity);
    if (kind != IDENTITY_EMPTY && !identity.fault)
        return;
    if (str_trim(parameters).n == 0)
        fault(d, "syntax", "it is a token alone: an Identity header has ;info=<URL> behind it");
    else
        fault(d, "syntax", identity.fault ? identity.fault : "the header is empty");
}

static void decode(struct decoded *d, struct str value)
{
    *d = (struct decoded){.faults = json_array()};
    struct str parameters = take_token(d, str_trim(value));
    read_token(d);
    read_parameters(d, value, parameters);
}

static void decoded_fini(struct decoded *d)
{
    buf_fini(&d->token);
    buf_fini(&d->header.text);
    buf_fini(&d->payload.text);
    json_decref(d->header.json);
    json_decref(d->payload.json);
    json_decref(d->faults);
}

/* ---- telling ---- */

/* The quotes of JSON stay readable: only what could move a cursor is escaped. */
static void print_line(const char *name, struct str value)
{
    if (value.n == 0)
        return;
    printf("%-10s ", name);
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] >= ' ' && value.p[i] < 0x7f)
            putchar(value.p[i]);
        else
            printf("\\x%02x", (unsigned char)value.p[i]);
    }
    putchar('\n');
}

static void print_iat(const json_t *payload)
{
    char when[40] = "";
    struct tm tm;
    const json_t *iat = json_object_get(payload, "iat");
    time_t seconds = (time_t)json_integer_value(iat);
    if (json_is_integer(iat) && gmtime_r(&seconds, &tm) &&
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm))
        print_line("iat", str_of(when));
}

static void print_faults(const struct decoded *d)
{
    size_t i;
    json_t *one;
    json_array_foreach(d->faults, i, one) warn_said("stirctl: %s\n", json_string_value(one));
}

/* Where it is no token at all, only the faults are shown. */
static bool is_token(const struct decoded *d)
{
    return d->header.text.n > 0 || d->payload.text.n > 0 || d->token.n > 2 * d->signature.n ||
           (d->token.n == d->signature.n + 2 && d->signature.n > 0);
}

static void print_decoded(const struct decoded *d)
{
    if (is_token(d)) {
        print_line("header", buf_str(&d->header.text));
        print_line("payload", buf_str(&d->payload.text));
        print_iat(d->payload.json);
        print_line("info", d->info);
        print_line("alg", d->alg);
        print_line("ppt", d->ppt);
        print_line("signature", d->signature);
    }
    print_faults(d);
}

static json_t *json_or_null(json_t *json)
{
    return json ? json_incref(json) : json_null();
}

static json_t *decoded_json(const struct decoded *d)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:O}", "header", json_or_null(d->header.json),
                     "payload", json_or_null(d->payload.json), "info", json_of(d->info), "alg",
                     json_of(d->alg), "ppt", json_of(d->ppt), "signature", json_of(d->signature),
                     "faults", d->faults);
}

/* ---- the command ---- */

struct job {
    bool as_json;
    json_t *all;
    unsigned n, bad; /* how many tokens there are, and how many have a header or payload that cannot
                        be read */
};

static void decode_value(struct job *job, struct str value)
{
    struct decoded d;
    decode(&d, value);
    job->n++;
    job->bad += !d.header.json || !d.payload.json;
    if (job->as_json)
        json_array_append_new(job->all, decoded_json(&d));
    else
        print_decoded(&d);
    decoded_fini(&d);
}

static void decode_sighting(struct job *job, const struct sighting *s, bool capture)
{
    struct str values[IDENTITIES_MAX];
    if (s->message.n == 0) {
        decode_value(job, s->value);
        if (s->damage)
            warn_said("stirctl: %s\n", s->damage);
        return;
    }
    unsigned n = identities_of(s->message, values);
    for (unsigned i = 0; i < n; i++)
        decode_value(job, values[i]);
    if (s->damage)
        fprintf(stderr, "stirctl: the message of line %llu: %s\n", (unsigned long long)s->place,
                s->damage);
    else if (s->glued)
        fprintf(stderr,
                "stirctl: the message of line %llu does not tell where header lines end: dots in "
                "it may be line ends, or a long line was broken (ngrep -W byline)\n",
                (unsigned long long)s->place);
    else if (s->cut)
        fprintf(stderr,
                capture ? "stirctl: packet %llu is cut by the capture (tcpdump -s 0)\n"
                        : "stirctl: the message of line %llu is cut inside a header line\n",
                (unsigned long long)s->place);
    else if (n == 0)
        fputs("stirctl: an INVITE without Identity header\n", stderr);
}

static int run(const struct cli *cli, const struct words *words)
{
    struct sightings s;
    size_t n;
    struct job job = {.as_json = cli->json, .all = json_array()};
    bool good = sightings_read(&s, words->n > 0 ? words->word[0] : "-");
    const struct sighting *list = sightings_list(&s, &n);
    for (size_t i = 0; i < n; i++)
        decode_sighting(&job, &list[i], s.capture);
    if (cli->json && good)
        json_print(json_incref(job.all));
    json_decref(job.all);
    sightings_fini(&s);
    return good && job.n > 0 && job.bad == 0 && !fflush(stdout) ? 0 : 1;
}

const struct command command_decode = {
    "decode", "[FILE]", "what is inside Identity headers: a value, a message, a trace, a capture",
    run,      NULL,     "[FILE]"};
