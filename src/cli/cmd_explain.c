/*
 * What would become of a call, and why. The call is always a whole INVITE, given or made here, so
 * that it goes the proxy's way from its text on.
 */
#include "decision.h"
#include "input.h"
#include "json_text.h"
#include "past_calls.h"
#include "rates_told.h"
#include "span.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/core/headers.h>
#include <stird/core/service_word.h>
#include <stird/core/verified.h>
#include <stird/fetch/fetch.h>
#include <stird/trace/trace.h>
#include <string.h>
#include <time.h>

#define MESSAGE_MAX (1024 * 1024) /* of a file; how long a message may be is a setting */

struct question {
    const char *origid, *trunk, *from, *to, *source, *listener, *asserted, *tgrp, *message, *at;
    const char *upstream, *transport, *certificate, *call_id;
    bool offline, online;
    bool verdict; /* what its Identity is worth, of a trunk that verifies: the status says it too */
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

/* A file of another kind is not judged as a message. */
static bool is_text(const char *path, struct str bytes)
{
    if (trace_is_capture(bytes))
        warn_said("stirctl: %s: is a capture: give the text of one INVITE of it (stirctl verify "
                  "reads captures)\n",
                  path);
    else if (trace_is_packed(bytes))
        warn_said("stirctl: %s: is packed by gzip: gunzip it first\n", path);
    else if (bytes.n == 0)
        warn_said("stirctl: %s: is empty\n", path);
    return bytes.n > 0 && !trace_is_capture(bytes) && !trace_is_packed(bytes);
}

static bool read_message(const char *path, struct buf *out)
{
    FILE *source = input_open(path);
    char *room = source ? buf_room(out, MESSAGE_MAX + 1) : NULL;
    bool good = room != NULL;
    if (good)
        buf_grew(out, fread(room, 1, MESSAGE_MAX + 1, source));
    if (source && (!good || ferror(source)))
        warn_said("stirctl: %s: %s\n", path, strerror(errno));
    else if (out->n > MESSAGE_MAX)
        warn_said("stirctl: %s: longer than any SIP message (1 MB)\n", path);
    good = good && !ferror(source) && out->n <= MESSAGE_MAX && is_text(path, buf_str(out));
    input_close(source);
    return good;
}

/* The call is explained from its octets, so nothing in it is mended. But the line ends of an editor
   are not those of SIP, and whoever copied the text from a log should know. */
static void look_at_line_ends(const char *path, struct str text)
{
    if (text.n > 0 && str_find(text, '\r', 0) == text.n)
        warn_said(
            "stirctl: %s: its lines end in LF, those of SIP in CRLF: if that came of copying, "
            "sed 's/$/\\r/' mends it\n",
            path);
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

static bool verifies(const struct trunk *t)
{
    return service_words[t->service].verifies;
}

/* The one that verifies; NULL, after a complaint: there is none, or more than one. */
static const struct trunk *verifying_trunk(const struct settings *settings)
{
    const struct trunk *found = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < settings->n_trunks; i++) {
        if (verifies(&settings->trunks[i]))
            found = &settings->trunks[i];
        n += verifies(&settings->trunks[i]);
    }
    if (n == 1)
        return found;
    fputs(n > 0 ? "stirctl: more than one trunk verifies: name it by --trunk:"
                : "stirctl: no trunk of the configuration verifies (service = \"verify\")",
          stderr);
    for (unsigned i = 0; i < settings->n_trunks; i++)
        if (verifies(&settings->trunks[i]))
            fprintf(stderr, " %.*s", STR_ARG(settings->trunks[i].name));
    fputc('\n', stderr);
    return NULL;
}

static const struct trunk *asked_trunk(const struct settings *settings, const struct question *q)
{
    const struct trunk *t = q->trunk     ? named_trunk(settings, q->trunk)
                            : q->verdict ? verifying_trunk(settings)
                                         : NULL;
    if (!t || !q->verdict || verifies(t))
        return t;
    fprintf(stderr, "stirctl: the trunk %.*s does not verify (service = \"verify\")\n",
            STR_ARG(t->name));
    return NULL;
}

/* Whether the trunk that takes the call has an upstream of that name. */
static bool has_upstream(const struct rehearsal *r, const char *name)
{
    const struct trunk *trunk = r->call->trunk;
    if (!name || !trunk)
        return true;
    for (unsigned i = 0; i < trunk->n_upstreams; i++)
        if (str_eq(r->settings->upstreams[trunk->upstreams[i]].name, str_of(name)))
            return true;
    fprintf(stderr, "stirctl: the trunk %.*s has no upstream \"%s\"; it has:", STR_ARG(trunk->name),
            name);
    for (unsigned i = 0; i < trunk->n_upstreams; i++)
        fprintf(stderr, " %.*s", STR_ARG(r->settings->upstreams[trunk->upstreams[i]].name));
    fputc('\n', stderr);
    return false;
}

static bool set_time(struct rehearsal *r, const char *at)
{
    struct tm broken = {0};
    r->now_s = clock_real_s();
    if (!at)
        return true;
    const char *end = strptime(at, "%Y-%m-%dT%H:%M:%SZ", &broken);
    if (end && !*end && span_second_of(broken, true, &r->now_s))
        return true;
    fprintf(stderr, "stirctl: --at %s: there is no such time: write it as 2026-11-26T23:59:59Z\n",
            at);
    return false;
}

/* The topmost Via, behind lines that name nobody. */
static struct str top_via(struct str message)
{
    struct header_elements vias = header_elements_of(message, STR("Via"), 'v');
    struct str via;
    return header_element_next(&vias, &via) ? via : (struct str){NULL, 0};
}

/* What its first Via says: "SIP / 2.0 / TCP host". */
static struct str transport_of_via(struct str message)
{
    struct str via = top_via(message);
    str_cut(&via, '/');
    str_cut(&via, '/');
    struct str rest = str_trim(via);
    size_t n = 0;
    while (n < rest.n && ascii_is_alpha(rest.p[n]))
        n++;
    return str_slice(rest, 0, n);
}

/* As the option says, or as the message does; else by datagram. */
static bool set_transport(struct rehearsal *r, const struct question *q, struct str message)
{
    r->transport = TRANSPORT_UDP;
    bool known = transport_of_name(q->transport ? str_of(q->transport) : transport_of_via(message),
                                   &r->transport);
    if (known || !q->transport)
        return true;
    fprintf(stderr, "stirctl: --transport %s: is none of udp, tcp and tls\n", q->transport);
    return false;
}

static bool set_source(struct rehearsal *r, const struct question *q)
{
    const struct trunk *named = r->trunk;
    if (q->source && !address_parse(str_of(q->source), &r->source)) {
        fprintf(stderr, "stirctl: --source %s: is no IP address\n", q->source);
        return false;
    }
    if (!q->source && named && named->n_sources > 0)
        r->source = named->sources[0].address;
    r->listener = q->listener ? str_of(q->listener) : named ? named->listener : STR("");
    return true;
}

/* ---- certificates of its Identity ---- */

struct bringing {
    struct arena *arena;
    struct buf file; /* of --certificate */
    bool online;
    bool is_cut_off; /* the stird that runs reaches no host */
    struct fetch_options options;
};

/* A failure that leaves the call open is ours: the verdict does not say it, so it is told beside.
   What a stird that reaches no host says of such a failure is said here too. */
static bool is_ours(enum fetch_outcome outcome)
{
    const enum verification_certificate is = verification_certificate_of(outcome);
    return is == CERTIFICATE_PENDING || is == CERTIFICATE_CUT_OFF;
}

static enum fetch_outcome fetch_for(struct bringing *b, struct str url, struct str *text,
                                    const char **why)
{
    struct fetch_reply reply = FETCH_REPLY_INIT;
    fetch(&b->options, url, &reply);
    enum fetch_outcome outcome = b->is_cut_off ? fetch_reach_while_cut_off(reply.outcome)
                                               : reply.outcome;
    if (outcome == FETCH_OK) {
        *text = arena_copy(b->arena, buf_str(&reply.body));
        outcome = text->p ? FETCH_OK : FETCH_UNAVAILABLE;
    } else if (reply.why[0]) {
        *why = arena_copy(b->arena, str_of(reply.why)).p;
        if (is_ours(outcome))
            warn_said("stirctl: nothing was fetched: %s\n", reply.why);
    }
    fetch_reply_fini(&reply);
    return outcome;
}

static enum fetch_outcome bring(void *user, struct str url, struct str *text, const char **why)
{
    struct bringing *b = user;
    if (b->file.n == 0)
        return b->online ? fetch_for(b, url, text, why) : FETCH_UNAVAILABLE;
    *text = buf_str(&b->file);
    return FETCH_OK;
}

/* By the settings that the fetcher goes by. */
static bool set_bringing(struct rehearsal *r, const struct question *q, struct bringing *b)
{
    const struct fetch_settings *f = &r->settings->fetch;
    b->online = q->online;
    b->options = fetch_options_of(f, f->tls_ca.n > 0 ? arena_copy(b->arena, f->tls_ca).p : NULL);
    r->bring = bring;
    r->bring_user = b;
    r->is_given = q->certificate != NULL;
    return !q->certificate || read_message(q->certificate, &b->file);
}

/* Else it would read as if the running stird had not had them in time. */
static void note_unasked(struct rehearsal *r, const struct question *q)
{
    const struct verified *v = r->outcome ? r->outcome->verified : NULL;
    if (v && v->fetched != FETCH_OK && !q->online && !q->certificate && r->note.n == 0)
        r->note = STR("no certificate was asked for: --online fetches it, --certificate FILE is "
                      "one at hand");
}

static int failure_of(const struct question *q)
{
    return q->verdict ? EXIT_USAGE : EXIT_FAILURE;
}

/* A call that the trunk refuses, or that is inside another one, has no verdict. */
static int status_of(const struct question *q, const struct rehearsal *r)
{
    static const int statuses[VERIFICATION_CLASSES] = {[VERIFICATION_NOTHING] = 1,
                                                       [VERIFICATION_PASSED] = 0,
                                                       [VERIFICATION_FAILED] = 1,
                                                       [VERIFICATION_OPEN] = 3};
    if (!q->verdict)
        return EXIT_SUCCESS;
    return r->verification ? statuses[r->verification->class] : EXIT_USAGE;
}

static int explain(const struct cli *cli, const struct question *q,
                   const struct decision_basis *basis, struct str message)
{
    int status = failure_of(q);
    struct arena *arena = arena_new(8192);
    const struct rate_reader rates = rates_told(cli);
    struct rehearsal r = {.settings = basis->settings,
                          .rates = basis->generation > 0 ? &rates : NULL,
                          .numbers = basis->numbers.table,
                          .overlay = basis->overlay.table,
                          .switches = q->verdict ? NULL : basis->switches,
                          .secret = basis->has_secret ? basis->secret : NULL,
                          .upstream = str_of(q->upstream),
                          .names = basis->names,
                          .n_names = basis->n_names,
                          .names_told = basis->names_told,
                          .trust = basis->trust.image,
                          .trunk = asked_trunk(basis->settings, q)};
    struct bringing bringing = {.arena = arena, .is_cut_off = basis->is_cut_off};
    if (!arena || !set_bringing(&r, q, &bringing) || ((q->trunk || q->verdict) && !r.trunk) ||
        !set_time(&r, q->at) || !set_source(&r, q) || !set_transport(&r, q, message))
        goto out;
    enum reason reason = rehearsal_run(&r, arena, message);
    if (reason == REASON_OK && has_upstream(&r, q->upstream)) {
        note_unasked(&r, q);
        decision_print(basis, &r, message, cli->json);
        status = fflush(stdout) ? failure_of(q) : status_of(q, &r);
    } else if (reason != REASON_OK) {
        fprintf(stderr, "stirctl: the message is no INVITE that stird would take: %.*s\n",
                STR_ARG(reason_text(reason)));
    }
out:
    buf_fini(&bringing.file);
    arena_free(arena);
    return status;
}

static const struct cli_option options[] = {
    {"trunk", 't', "NAME", "a call of this trunk, or:", 0},
    {"source", 's', "ADDRESS", "of this address: which trunk takes it is found out", 0},
    {"from", 'f', "NUMBER", "the calling number, or a URI (From)", 0},
    {"to", 'd', "NUMBER", "the called number, or a URI", 0},
    {"message", 'm', "FILE", "a whole INVITE instead; - is standard input", 0},
    {"asserted", 'a', "NUMBER", "P-Asserted-Identity", 0},
    {"tgrp", 'g', "NAME", "the trunk group, where the trunk of that group reads it", 0},
    {"listener", 'l', "NAME", "the listener that it arrives at", 0},
    {"upstream", 'n', "NAME", "which of the trunk's upstreams is supposed; else its first", 0},
    {"transport", 'p', "NAME", "how it comes: udp, tcp or tls; else as its first Via says", 0},
    {"at", '@', "TIME", "when, as 2026-11-26T23:59:59Z; else now", 0},
    {"certificate", 'c', "FILE", "of a trunk that verifies: what the URL of its Identity serves",
     0},
    {"online", 'i', NULL, "fetch that; else it counts as not there yet", 0},
    {"offline", 'o', NULL, "ask the files of the configuration, not the stird that runs", 0},
    {"origid", 'u', "UUID", "instead of all this: what was decided of the calls with this token",
     0},
    {"call-id", 'k', "ID",
     "with --origid, where several calls have it: of those of this Call-ID alone", 0},
    {0}};

static struct question question_of(const struct words *words)
{
    return (struct question){.trunk = words_value(words, 't'),
                             .source = words_value(words, 's'),
                             .from = words_value(words, 'f'),
                             .to = words_value(words, 'd'),
                             .message = words_value(words, 'm'),
                             .asserted = words_value(words, 'a'),
                             .tgrp = words_value(words, 'g'),
                             .listener = words_value(words, 'l'),
                             .upstream = words_value(words, 'n'),
                             .transport = words_value(words, 'p'),
                             .at = words_value(words, '@'),
                             .certificate = words_value(words, 'c'),
                             .online = words_have(words, 'i'),
                             .offline = words_have(words, 'o'),
                             .origid = words_value(words, 'u'),
                             .call_id = words_value(words, 'k')};
}

/* NULL: it can be answered. */
static const char *contradiction(const struct question *q)
{
    if (q->origid)
        return q->trunk || q->source || q->from || q->to || q->message
                   ? "--origid asks for a call that was: nothing else describes it"
                   : NULL;
    if (q->certificate && q->online)
        return "--certificate FILE is judged, or what the URL serves (--online): one of the two";
    if (q->call_id)
        return "--call-id picks of the calls of --origid UUID";
    if (!q->trunk && !q->source)
        return "--trunk NAME or --source ADDRESS is missing";
    if (q->message)
        return q->from || q->to ? "--message has its own numbers: without --from and --to" : NULL;
    if (q->from && q->to)
        return NULL;
    return q->from ? "--to NUMBER is missing"
           : q->to ? "--from NUMBER is missing"
                   : "--from NUMBER and --to NUMBER, or --message FILE, are missing";
}

static int answer(const struct cli *cli, const struct question *q)
{
    struct decision_basis basis;
    struct buf message = BUF_INIT;
    int status = failure_of(q);
    if (!decision_basis_get(&basis, cli, q->offline ? SOURCE_FILES : SOURCE_ANY, NEED_CALLS))
        return status;
    bool good = q->message ? read_message(q->message, &message)
                           : make_message(q, basis.settings, &message);
    if (good && q->message)
        look_at_line_ends(q->message, buf_str(&message));
    if (good)
        status = explain(cli, q, &basis, buf_str(&message));
    decision_basis_fini(&basis);
    buf_fini(&message);
    return status;
}

int command_explain_verdict(const struct cli *cli, const char *trunk, const char *at,
                            const char *file)
{
    const struct question q = {
        .trunk = trunk, .at = at, .message = file, .online = true, .verdict = true};
    return answer(cli, &q);
}

static int run(const struct cli *cli, const struct words *words)
{
    struct question q = question_of(words);
    const char *fault = contradiction(&q);
    if (fault)
        return command_fault(&command_explain, fault);
    return q.origid ? past_calls_tell(cli, q.origid, q.call_id) : answer(cli, &q);
}

const struct command command_explain = {
    "explain",
    "(--trunk NAME | --source ADDRESS) (--from NUMBER --to NUMBER | --message FILE) | "
    "--origid UUID [--call-id ID] "
    "[--asserted NUMBER] [--tgrp NAME] [--listener NAME] [--upstream NAME] [--at TIME] "
    "[--transport NAME] [--certificate FILE | --online] [--offline]",
    "what would become of a call, and why",
    run,
    options,
    NULL};
