/* What is inside Identity headers; nothing is verified. */
#include "command.h"
#include "sightings.h"

#include <jansson.h>
#include <stdio.h>
#include <stird/hops.h>
#include <stird/verify.h>
#include <string.h>
#include <time.h>

static void print_line(const char *name, struct str value)
{
    struct buf escaped = BUF_INIT;
    /* JSON's quotes are left readable: only what could move a cursor is escaped. */
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] >= ' ' && value.p[i] < 0x7f)
            buf_add_char(&escaped, value.p[i]);
        else
            buf_addf(&escaped, "\\x%02x", (unsigned char)value.p[i]);
    }
    printf("%-10s %.*s\n", name, STR_ARG(buf_str(&escaped)));
    buf_fini(&escaped);
}

static json_t *json_of(struct str s)
{
    json_t *text = json_stringn(s.p ? s.p : "", s.n);
    return text ? text : json_string("");
}

static void print_report(const struct verify_report *r)
{
    char when[32] = "";
    time_t iat = (time_t)r->iat_s;
    struct tm tm;
    print_line("header", r->header);
    print_line("payload", r->payload);
    if (r->iat_s > 0 && gmtime_r(&iat, &tm) &&
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm))
        print_line("iat", str_of(when));
    print_line("info", r->identity.info);
    print_line("alg", r->identity.alg);
    print_line("ppt", r->identity.ppt);
    print_line("signature", r->identity.signature);
}

static json_t *report_json(const struct verify_report *r)
{
    json_t *header = json_loadb(r->header.p ? r->header.p : "", r->header.n, 0, NULL);
    json_t *payload = json_loadb(r->payload.p ? r->payload.p : "", r->payload.n, 0, NULL);
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "header", header ? header : json_null(),
                     "payload", payload ? payload : json_null(), "info", json_of(r->identity.info),
                     "alg", json_of(r->identity.alg), "ppt", json_of(r->identity.ppt), "signature",
                     json_of(r->identity.signature));
}

/* False when it is not readable. */
static bool decode(const struct cli *cli, struct str value, json_t *all)
{
    struct verify_report r;
    struct arena *arena = arena_new(4096);
    const struct verify_question question = {.value = value, .max_age_s = INT64_MAX / 2};
    bool good = arena && verify(&question, arena, &r);
    bool readable = good && r.finding[VERIFY_SYNTAX].result == VERIFY_PASSED &&
                    r.finding[VERIFY_HEADER].result == VERIFY_PASSED &&
                    r.finding[VERIFY_PAYLOAD].result == VERIFY_PASSED;
    if (good && cli->json)
        json_array_append_new(all, report_json(&r));
    else if (good)
        print_report(&r);
    static const enum verify_check form[] = {VERIFY_SYNTAX, VERIFY_FORM, VERIFY_HEADER,
                                             VERIFY_PAYLOAD};
    for (size_t i = 0; good && i < sizeof(form) / sizeof(form[0]); i++)
        if (r.finding[form[i]].result == VERIFY_FAILED)
            fprintf(stderr, "stirctl: %.*s: %.*s\n", STR_ARG(verify_check_name(form[i])),
                    STR_ARG(r.finding[form[i]].text));
    arena_free(arena);
    return readable;
}

static bool decode_one(const struct cli *cli, const struct sighting *s, json_t *all)
{
    struct str values[IDENTITIES_MAX];
    bool good = true;
    if (s->message.n == 0)
        return decode(cli, s->value, all);
    unsigned n = sip_identities(s->message, values);
    for (unsigned i = 0; i < n; i++)
        good = decode(cli, values[i], all) && good;
    if (n == 0)
        fprintf(stderr, "stirctl: an INVITE without Identity header\n");
    return good && n > 0;
}

static int run(const struct cli *cli, int argc, char **argv)
{
    struct sightings s;
    size_t n;
    json_t *all = json_array();
    if (argc > 2 || (argc == 2 && argv[1][0] == '-' && argv[1][1])) {
        json_decref(all);
        return command_usage(&command_decode);
    }
    bool good = sightings_read(&s, argc == 2 ? argv[1] : "-");
    const struct sighting *list = sightings_list(&s, &n);
    for (size_t i = 0; i < n; i++)
        good = decode_one(cli, &list[i], all) && good;
    if (cli->json) {
        json_dumpf(all, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
    }
    json_decref(all);
    sightings_fini(&s);
    return good && !fflush(stdout) ? 0 : 1;
}

const struct command command_decode = {
    "decode", "[FILE]", "what is inside Identity headers: a value, a message, a trace, a capture",
    run};
