#include "record_print.h"

#include "colour.h"
#include "columns.h"
#include "session.h"

#include <stdio.h>
#include <string.h>

#define INDENT     4
#define NAME_WIDTH 14

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

static void print_member(const char *name, const char *text)
{
    int at = printf("%*s%-*s ", INDENT, "", NAME_WIDTH, name);
    columns_wrap(text, at, at);
}

static enum colour colour_of(const json_t *record)
{
    const char *decision = text_of(record, "decision"), *result = text_of(record, "result");
    if (strcmp(decision, "rejected") == 0 || strcmp(result, "failed") == 0)
        return COLOUR_BAD;
    return strcmp(decision, "signed") == 0 ? COLOUR_GOOD : COLOUR_WARNING;
}

/* Of a token that was made and stayed here: its level. */
static void print_withheld(const json_t *record)
{
    const char *level = text_of(json_object_get(record, "withheld"), "attest");
    if (!level[0])
        return;
    fputs(" (", stdout);
    print_shown(level);
    fputs(" stayed here)", stdout);
}

/* "signed A  12155550100 -> 12155550199, answer 486"; what is not known is left out. */
static void print_headline(const json_t *record)
{
    const char *level = text_of(record, "attest"), *orig = text_of(record, "orig_tn"),
               *dest = text_of(record, "dest_tn");
    json_int_t status = json_integer_value(json_object_get(record, "sip_status"));
    print_shown(text_of(record, "ts"));
    printf(" %s", colour_on(colour_of(record)));
    print_shown(text_of(record, "decision"));
    fputs(level[0] ? " " : "", stdout);
    print_shown(level);
    print_withheld(record);
    fputs(colour_off(), stdout);
    if (orig[0] || dest[0]) {
        fputs("  ", stdout);
        print_shown(orig[0] ? orig : "no number");
        fputs(" -> ", stdout);
        print_shown(dest[0] ? dest : "no number");
    }
    if (status > 0)
        printf(", answer %" JSON_INTEGER_FORMAT "\n", status);
    else
        puts(", no answer");
}

/* "carrier 192.0.2.9:5060 udp: 503"; "..., without its token" of one that was asked once more. */
static void print_hop(const json_t *tried, int at)
{
    const bool again = json_is_true(json_object_get(tried, "retried_unsigned"));
    columns_say(at, at, "%s %s %s: %s%s", text_of(tried, "upstream"), text_of(tried, "address"),
                text_of(tried, "transport"), text_of(tried, "said"),
                again ? ", without its token" : "");
}

void record_print_tried(const json_t *record, int indent, int width)
{
    const json_t *tried;
    size_t i;
    json_array_foreach(json_object_get(record, "tried"), i, tried)
    {
        print_hop(tried, printf("%*s%-*s ", indent, "", width, i == 0 ? "tried" : ""));
    }
}

static void print_status(const json_t *verification, const char *key)
{
    const json_int_t status = json_integer_value(json_object_get(verification, key));
    if (status > 0)
        printf("%*s%-*s %" JSON_INTEGER_FORMAT "\n", INDENT, "", NAME_WIDTH, key, status);
}

/* What its Identity is worth: "failed, check signature, attest A". */
static void print_verification(const json_t *record)
{
    static const char *const keys[] = {"class",   "level",        "check",   "attest", "origid",
                                       "x5u",     "spc",          "subject", "trust",  "requested",
                                       "verstat", "verstat_came", "cache",   "fetch"};
    static const char *const told[] = {"refusal", "told_class", "told_level"};
    static const char *const notes[] = {"replayed", "own_number"};
    const json_t *v = json_object_get(record, "verification");
    for (size_t i = 0; json_is_object(v) && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (text_of(v, keys[i])[0])
            print_member(keys[i], text_of(v, keys[i]));
    for (size_t i = 0; json_is_object(v) && i < sizeof(told) / sizeof(told[0]); i++)
        if (text_of(v, told[i])[0])
            print_member(told[i], text_of(v, told[i]));
    print_status(v, "refusal_status");
    for (size_t i = 0; json_is_object(v) && i < sizeof(notes) / sizeof(notes[0]); i++)
        if (json_is_true(json_object_get(v, notes[i])))
            print_member(notes[i], "yes");
}

void record_print(const json_t *record)
{
    static const char *const keys[] = {
        "trunk",  "source", "customer", "number_state", "number_row",     "rule",  "rate",
        "reason", "detail", "origid",   "upstream",     "identity_fault", "cause", "monitor"};
    json_int_t count = json_integer_value(json_object_get(record, "count"));
    print_headline(record);
    print_member("call_id", text_of(record, "call_id")[0] ? text_of(record, "call_id") : "none");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (text_of(record, keys[i])[0])
            print_member(keys[i], text_of(record, keys[i]));
    print_verification(record);
    record_print_tried(record, INDENT, NAME_WIDTH);
    if (count > 1)
        printf("%*s%-*s %" JSON_INTEGER_FORMAT " such requests of the source in a second\n", INDENT,
               "", NAME_WIDTH, "count", count);
}
