/*
 * What would become of a call, and why. The call is always a whole INVITE, given or made here, so
 * that it goes the proxy's way from its text on.
 */
#include "decision.h"
#include "record_files.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/clock.h>
#include <stird/facts.h>
#include <stird/policy.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define MESSAGE_MAX (64 * 1024)

struct question {
    const char *origid, *trunk, *from, *to, *source, *listener, *asserted, *tgrp, *message, *at;
    bool offline;
};

/* ---- the message ---- */

static bool is_one_line(const char *text)
{
    return !text || !strpbrk(text, "\r\n");
}

/* A number alone becomes the user part of a SIP URI, as an SBC writes it. */
static void add_uri(struct buf *out, const char *text)
{
    if (strchr(text, ':'))
        buf_add_text(out, text);
    else
        buf_addf(out, "sip:%s@explain.invalid", text);
}

/* ";tgrp=NAME" where PLACE is one in which an SBC writes it for a trunk of that group. */
static void add_group(struct buf *out, const struct question *q, const struct settings *settings,
                      enum group_place place)
{
    bool read_here = place == GROUP_IN_CONTACT;
    for (unsigned i = 0; q->tgrp && i < settings->n_trunks; i++) {
        const struct trunk *t = &settings->trunks[i];
        read_here |= t->tgrp_in == place && str_eq(t->tgrp, str_of(q->tgrp));
    }
    if (q->tgrp && read_here)
        buf_addf(out, ";tgrp=%s", q->tgrp);
}

static bool make_message(const struct question *q, const struct settings *settings, struct buf *out)
{
    const char *const texts[] = {q->from, q->to, q->asserted, q->tgrp};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!is_one_line(texts[i])) {
            fputs("stirctl: an argument holds a line end\n", stderr);
            return false;
        }
    }
    buf_add_text(out, "INVITE ");
    add_uri(out, q->to);
    add_group(out, q, settings, GROUP_IN_REQUEST_URI);
    buf_add_text(out, " SIP/2.0\r\nVia: SIP/2.0/UDP explain.invalid;branch=z9hG4bK1\r\nFrom: <");
    add_uri(out, q->from);
    add_group(out, q, settings, GROUP_IN_FROM);
    buf_add_text(out, ">;tag=1\r\nContact: <sip:sbc@explain.invalid");
    add_group(out, q, settings, GROUP_IN_CONTACT);
    buf_add_text(out, ">\r\nTo: <");
    add_uri(out, q->to);
    buf_add_text(out, ">\r\n");
    if (q->asserted) {
        buf_add_text(out, "P-Asserted-Identity: <");
        add_uri(out, q->asserted);
        buf_add_text(out, ">\r\n");
    }
    buf_add_text(out, "Call-ID: explain\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
                      "Content-Length: 0\r\n\r\n");
    return !buf_failed(out);
}

static bool read_message(const char *path, struct buf *out)
{
    FILE *source = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    char *room = buf_room(out, MESSAGE_MAX + 1);
    bool good = source && room;
    if (good)
        buf_grew(out, fread(room, 1, MESSAGE_MAX + 1, source));
    if (!good || ferror(source))
        fprintf(stderr, "stirctl: %s: %s\n", path, strerror(errno));
    else if (out->n > MESSAGE_MAX)
        fprintf(stderr, "stirctl: %s: longer than a SIP message may be (64 KB)\n", path);
    good = good && !ferror(source) && out->n <= MESSAGE_MAX;
    if (source && source != stdin)
        fclose(source);
    return good;
}

/* An editor's line ends are not SIP's: a text without a single CR gets them. */
static void fix_line_ends(struct buf *text)
{
    struct buf fixed = BUF_INIT;
    struct str s = buf_str(text);
    if (str_find(s, '\r', 0) < s.n)
        return;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n')
            buf_add_char(&fixed, '\r');
        buf_add_char(&fixed, s.p[i]);
    }
    buf_add_text(&fixed, "");
    buf_fini(text);
    *text = fixed;
}

/* ---- the call ---- */

static const struct trunk *named_trunk(const struct settings *settings, const char *name)
{
    for (unsigned i = 0; i < settings->n_trunks; i++)
        if (str_eq(settings->trunks[i].name, str_of(name)))
            return &settings->trunks[i];
    fprintf(stderr, "stirctl: there is no trunk \"%s\"; there are:", name);
    for (unsigned i = 0; i < settings->n_trunks; i++)
        fprintf(stderr, " %.*s", STR_ARG(settings->trunks[i].name));
    fputc('\n', stderr);
    return NULL;
}

static bool set_time(struct call *call, const char *at)
{
    struct tm broken = {0};
    call->now_s = clock_real_s();
    if (!at)
        return true;
    const char *end = strptime(at, "%Y-%m-%dT%H:%M:%SZ", &broken);
    if (!end || *end) {
        fprintf(stderr, "stirctl: --at %s: write it as 2026-11-26T23:59:59Z\n", at);
        return false;
    }
    call->now_s = timegm(&broken);
    return true;
}

static bool set_source(struct call *call, const struct question *q, const struct trunk *named)
{
    if (q->source && !address_parse(str_of(q->source), &call->source)) {
        fprintf(stderr, "stirctl: --source %s: is no IP address\n", q->source);
        return false;
    }
    if (!q->source && named && named->n_sources > 0)
        call->source = named->sources[0].address;
    call->listener = q->listener ? str_of(q->listener) : named ? named->listener : STR("");
    return true;
}

static bool fill_call(struct call *call, const struct question *q,
                      const struct decision_basis *basis, const struct trunk *named)
{
    call->traced = true;
    call->customer = NUMBERS_NO_CUSTOMER;
    if (getrandom(call->random, sizeof(call->random), 0) != sizeof(call->random))
        return false;
    if (!set_time(call, q->at) || !set_source(call, q, named))
        return false;
    bool source_known;
    call->overlay = basis->overlay.table;
    call->trunk = named ? named : trunk_match(basis->settings, call, &source_known);
    if (call->trunk)
        call->customer = numbers_customer(basis->numbers.table, call->trunk->customer);
    return true;
}

/* As the proxy: who is nobody's trunk is no caller. */
static void refuse_unknown(const struct decision_basis *basis, const struct call *call,
                           struct outcome *outcome)
{
    enum reason r = REASON_UNKNOWN_SOURCE;
    if (source_is_trunk(basis->settings, &call->source))
        r = REASON_NO_TRUNK;
    else if (source_upstream(basis->settings, &call->source))
        r = REASON_FROM_UPSTREAM;
    outcome->verdict = VERDICT_REJECT;
    outcome->reason = r;
    outcome->sip_status = reason_sip_status(r);
}

static int explain(const struct cli *cli, const struct question *q,
                   const struct decision_basis *basis, struct str message)
{
    int status = EXIT_FAILURE;
    struct outcome outcome = {.verdict = VERDICT_REJECT, .reason = REASON_INTERNAL};
    struct call call = {.arena = arena_new(8192)};
    const struct trunk *named = q->trunk ? named_trunk(basis->settings, q->trunk) : NULL;
    if (!call.arena || (q->trunk && !named))
        goto out;
    enum reason r = facts_of_message(&call, basis->settings, message);
    if (r != REASON_OK) {
        fprintf(stderr, "stirctl: the message is no INVITE that stird would take: %.*s\n",
                STR_ARG(reason_text(r)));
        goto out;
    }
    if (!fill_call(&call, q, basis, named))
        goto out;
    if (call.trunk)
        policy_decide(basis->settings, basis->numbers.table, &call, &outcome);
    else
        refuse_unknown(basis, &call, &outcome);
    decision_print(basis, &call, &outcome, cli->json);
    status = fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
out:
    arena_free(call.arena);
    return status;
}

static const struct option options[] = {
    {"trunk", required_argument, NULL, 't'},    {"from", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 'd'},       {"source", required_argument, NULL, 's'},
    {"listener", required_argument, NULL, 'l'}, {"asserted", required_argument, NULL, 'a'},
    {"tgrp", required_argument, NULL, 'g'},     {"message", required_argument, NULL, 'm'},
    {"origid", required_argument, NULL, 'u'},   {"at", required_argument, NULL, '@'},
    {"offline", no_argument, NULL, 'o'},        {0},
};

static bool read_options(struct question *q, int argc, char **argv)
{
    const struct {
        int letter;
        const char **text;
    } texts[] = {{'t', &q->trunk},    {'f', &q->from},     {'d', &q->to},   {'s', &q->source},
                 {'l', &q->listener}, {'a', &q->asserted}, {'g', &q->tgrp}, {'m', &q->message},
                 {'@', &q->at},       {'u', &q->origid}};
    int letter;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool known = letter == 'o';
        q->offline = q->offline || known;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            if (texts[i].letter != letter)
                continue;
            *texts[i].text = optarg;
            known = true;
        }
        if (!known)
            return false;
    }
    bool made = q->from && q->to;
    if (q->origid)
        return optind == argc && !q->trunk && !q->from && !q->to && !q->message;
    return optind == argc && (q->trunk || q->source) && (q->message ? !q->from && !q->to : made);
}

/* What was decided then, and why, as the record of the call has it. */
static int explain_origid(const struct cli *cli, const char *origid)
{
    json_t *record = record_of_origid(cli, origid);
    const char *key;
    json_t *value;
    if (!record) {
        fprintf(stderr, "stirctl: no record of a call has the origid %s\n", origid);
        return EXIT_FAILURE;
    }
    if (cli->json) {
        json_dumpf(record, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
    }
    json_object_foreach(record, key, value)
    {
        if (!cli->json && json_is_string(value)) {
            struct buf escaped = BUF_INIT;
            buf_add_escaped(&escaped, str_of(json_string_value(value)));
            printf("%-18s %.*s\n", key, STR_ARG(buf_str(&escaped)));
            buf_fini(&escaped);
        } else if (!cli->json && json_is_integer(value)) {
            printf("%-18s %" JSON_INTEGER_FORMAT "\n", key, json_integer_value(value));
        }
    }
    if (!cli->json)
        printf("%-18s %.*s\n", "because",
               STR_ARG(reason_text(
                   reason_by_name(str_of(json_string_value(json_object_get(record, "reason")))))));
    json_decref(record);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct cli *cli, int argc, char **argv)
{
    struct question q = {0};
    struct decision_basis basis;
    struct buf message = BUF_INIT;
    int status = EXIT_FAILURE;
    if (!read_options(&q, argc, argv))
        return command_usage(&command_explain);
    if (q.origid)
        return explain_origid(cli, q.origid);
    if (!decision_basis_get(&basis, cli, q.offline))
        return EXIT_FAILURE;
    bool good = q.message ? read_message(q.message, &message)
                          : make_message(&q, basis.settings, &message);
    if (good && q.message)
        fix_line_ends(&message);
    if (good)
        status = explain(cli, &q, &basis, buf_str(&message));
    decision_basis_fini(&basis);
    buf_fini(&message);
    return status;
}

const struct command command_explain = {
    "explain",
    "(--trunk NAME | --source ADDRESS) (--from NUMBER --to NUMBER | --message FILE) | "
    "--origid UUID\n"
    "         [--asserted NUMBER] [--tgrp NAME] [--listener NAME] [--at TIME] [--offline]",
    "what would become of a call, and why", run};
