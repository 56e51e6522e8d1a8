#include "verify_print.h"

#include "colour.h"
#include "columns.h"
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static enum colour colour_of(const char *result)
{
    if (strcmp(result, "FAILED") == 0 || strcmp(result, "invalid") == 0)
        return COLOUR_BAD;
    return strcmp(result, "ok") == 0 || strcmp(result, "valid") == 0 ? COLOUR_GOOD : COLOUR_WARNING;
}

#define CHECK_INDENT  27 /* where what a check says begins */
#define CHANGE_INDENT 7
#define CALL_INDENT   14

static void print_check(const json_t *check)
{
    const char *result = text_of(check, "result");
    printf("    %s%-9s%s %-12s ", colour_on(colour_of(result)), result, colour_off(),
           text_of(check, "check"));
    columns_wrap(text_of(check, "what"), CHECK_INDENT, CHECK_INDENT);
    if (text_of(check, "found")[0]) {
        printf("%*s", CHECK_INDENT, "");
        columns_wrap(text_of(check, "found"), CHECK_INDENT, CHECK_INDENT);
    }
    if (strcmp(result, "FAILED") == 0 && text_of(check, "todo")[0]) {
        printf("%*s-> ", CHECK_INDENT, "");
        columns_wrap(text_of(check, "todo"), CHECK_INDENT + 3, CHECK_INDENT + 3);
    }
}

static void print_token(const json_t *token)
{
    size_t i;
    json_t *check;
    int status = (int)json_integer_value(json_object_get(token, "sip_status"));
    printf("    header    ");
    print_shown(text_of(token, "header"));
    printf("\n    payload   ");
    print_shown(text_of(token, "payload"));
    putchar('\n');
    json_array_foreach(json_object_get(token, "checks"), i, check) print_check(check);
    const char *verdict = text_of(token, "verdict");
    printf("    verdict   %s%s%s", colour_on(colour_of(verdict)), verdict, colour_off());
    if (status > 0)
        printf(", %d %s", status, text_of(token, "sip_phrase"));
    putchar('\n');
}

/* What all of its tokens are worth together. */
static void print_call(const json_t *call)
{
    const char *class = text_of(call, "class"), *level = text_of(call, "level");
    int status = (int)json_integer_value(json_object_get(call, "sip_status"));
    bool passed = strcmp(class, "passed") == 0, open = strcmp(class, "open") == 0;
    enum colour colour = passed ? COLOUR_GOOD : open ? COLOUR_WARNING : COLOUR_BAD;
    struct buf text = BUF_INIT;
    int at = CALL_INDENT + (int)strlen(class);
    if (level[0])
        buf_addf(&text, "with level %s ", level);
    buf_addf(&text, "(%s: %s)", text_of(call, "reason"), text_of(call, "text"));
    if (status > 0)
        buf_addf(&text, ", %d %s", status, text_of(call, "sip_phrase"));
    buf_add_char(&text, '\0');
    printf("    the call  %s%s%s", colour_on(colour), class, colour_off());
    columns_wrap(buf_failed(&text) ? "" : text.p, CALL_INDENT, at);
    buf_fini(&text);
}

static void print_hop(const json_t *hop, size_t number)
{
    size_t i;
    json_t *one;
    if (json_object_get(hop, "packet") || json_object_get(hop, "line")) {
        const char *unit = json_object_get(hop, "packet") ? "packet" : "line";
        printf("  %zu. %s %" JSON_INTEGER_FORMAT, number + 1, unit,
               json_integer_value(json_object_get(hop, unit)));
        if (json_object_get(hop, "from"))
            printf(", %s -> %s", text_of(hop, "from"), text_of(hop, "to"));
        putchar('\n');
    }
    if (text_of(hop, "call_id")[0]) {
        printf("     * another call from here on, with the same numbers:\n%*s", CHANGE_INDENT, "");
        columns_wrap(text_of(hop, "call_id"), CHANGE_INDENT, CHANGE_INDENT);
    }
    json_array_foreach(json_object_get(hop, "changes"), i, one)
    {
        printf("     * ");
        columns_wrap(json_string_value(one), CHANGE_INDENT, CHANGE_INDENT);
    }
    json_array_foreach(json_object_get(hop, "tokens"), i, one) print_token(one);
    if (json_object_get(hop, "call"))
        print_call(json_object_get(hop, "call"));
}

/* A re-INVITE: hold, a session timer, fax. */
static void print_inside(const json_t *hop)
{
    const char *unit = json_object_get(hop, "packet") ? "packet" : "line";
    printf("  in the call: %s %" JSON_INTEGER_FORMAT, unit,
           json_integer_value(json_object_get(hop, unit)));
    if (json_object_get(hop, "from"))
        printf(", %s -> %s", text_of(hop, "from"), text_of(hop, "to"));
    puts(" (a re-INVITE: it needs no Identity)");
}

#define FINDING_INDENT 5

static void print_place(const char *word, const json_t *place)
{
    const char *unit = json_object_get(place, "packet") ? "packet" : "line";
    printf("%*s%s: %s %" JSON_INTEGER_FORMAT, FINDING_INDENT, "", word, unit,
           json_integer_value(json_object_get(place, unit)));
    if (json_object_get(place, "from"))
        printf(", %s -> %s", text_of(place, "from"), text_of(place, "to"));
    putchar('\n');
}

/* "FAULT of the signer, header 2, 438 dest:" and what was found. */
static void print_finding(const json_t *finding, size_t number, bool several)
{
    const char *severity = text_of(finding, "severity");
    const bool fault = strcmp(severity, "fault") == 0;
    const int status = (int)json_integer_value(json_object_get(finding, "sip_status"));
    struct buf text = BUF_INIT;
    printf("  %zu. %s%s%s ", number, colour_on(fault ? COLOUR_BAD : COLOUR_WARNING), severity,
           colour_off());
    buf_addf(&text, "%s%s", text_of(finding, "check"), status > 0 ? "" : ":");
    if (status > 0)
        buf_addf(&text, " (%d):", status);
    buf_addf(&text, " %s",
             text_of(finding, "found")[0] ? text_of(finding, "found") : text_of(finding, "what"));
    if (several && json_object_get(finding, "header"))
        buf_addf(&text, " [Identity %d]",
                 (int)json_integer_value(json_object_get(finding, "header")));
    buf_add_char(&text, '\0');
    columns_wrap(buf_failed(&text) ? "" : text.p, FINDING_INDENT,
                 FINDING_INDENT + (int)strlen(severity) + 1);
    buf_fini(&text);
    printf("%*swhose: ", FINDING_INDENT, "");
    columns_wrap(text_of(finding, "whose_text"), FINDING_INDENT + 7, FINDING_INDENT + 7);
    if (json_object_get(finding, "right_at")) {
        print_place("right at", json_object_get(finding, "right_at"));
        print_place("wrong from", json_object_get(finding, "wrong_from"));
    }
    if (text_of(finding, "todo")[0]) {
        printf("%*s-> ", FINDING_INDENT, "");
        columns_wrap(text_of(finding, "todo"), FINDING_INDENT + 3, FINDING_INDENT + 3);
    }
}

static void print_findings(const json_t *findings, bool several)
{
    size_t i;
    json_t *finding;
    if (json_array_size(findings) > 0)
        puts("  what to look at, worst first");
    json_array_foreach(findings, i, finding) print_finding(finding, i + 1, several);
}

static bool has_several(const json_t *call)
{
    const json_t *hops = json_object_get(call, "hops");
    const json_t *last = json_array_get(hops, json_array_size(hops) - 1);
    return json_array_size(json_object_get(last, "tokens")) > 1;
}

void verify_print(const json_t *calls)
{
    size_t c, h;
    json_t *call, *hop;
    json_array_foreach(calls, c, call)
    {
        if (text_of(call, "call_id")[0]) {
            printf("call ");
            print_shown(text_of(call, "call_id"));
            putchar('\n');
        }
        json_array_foreach(json_object_get(call, "hops"), h, hop) print_hop(hop, h);
        json_array_foreach(json_object_get(call, "in_dialog"), h, hop) print_inside(hop);
        print_findings(json_object_get(call, "findings"), has_several(call));
    }
}
