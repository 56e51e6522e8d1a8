/* stirctl call, monitors: does what we sign arrive? */
#include "columns.h"
#include "command.h"
#include "json_text.h"
#include "session.h"
#include "span.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/core/monitor_call.h>
#include <string.h>

#define SECONDS_S 20 /* where --seconds is not given */
#define SLACK_MS  20000

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && text[0] ? text : "-";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* ---- call ---- */

static const struct cli_option call_options[] = {
    {"trunk", 't', "NAME", "as if this trunk's SBC sent it", OPTION_NEEDED},
    {"from", 'f', "NUMBER", "the calling number: +12155550100", OPTION_NEEDED},
    {"to", 'n', "NUMBER", "the called number", OPTION_NEEDED},
    {"upstream", 'u', "NAME", "by this upstream of the trunk alone", 0},
    {"seconds", 's', "TIME", "end it after this time: 20s (default), 2m at most", 0},
    {"cancel", 'c', NULL, "end it as soon as it rings", 0},
    {"bye", 'b', NULL, "answered or not, end it when its time is over", 0},
    {0}};

/* No setting is at hand: those that every stird knows. It knows its own too, and refuses them. */
static bool is_for_help(struct str number)
{
    static const char *const numbers[] = {"911", "112", "933"};
    bool is = false;
    if (str_starts(number, STR("+")))
        number = str_slice(number, 1, number.n);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        is = is || str_eq(number, str_of(numbers[i]));
    return is;
}

/* Adds its digits alone. Without the plus a national number would be read as one of the country
   that it happens to begin with. NULL, or what is wrong. */
static const char *add_number(struct buf *text, const char *number)
{
    struct tn tn;
    if (is_for_help(str_of(number)))
        return "it is an emergency number: to or from such a one no call is placed";
    if (number[0] != '+' || !tn_from_digits(&tn, str_of(number)) || tn.n < TN_MIN_DIGITS)
        return "it is no number in international form: write +1... with the plus: +12155550100";
    buf_add_str(text, tn_str(&tn));
    buf_add_char(text, '\0');
    return NULL;
}

/* 0 or an exit status. */
static int add_numbers(struct buf *text, const struct words *words)
{
    static const struct {
        const char *name;
        char letter;
    } options[] = {{"--from", 'f'}, {"--to", 'n'}};
    char said[128];
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const char *fault = add_number(text, words_value(words, options[i].letter));
        if (!fault)
            continue;
        snprintf(said, sizeof(said), "%s: %s", options[i].name, fault);
        return command_fault(&command_test_call, said);
    }
    return 0;
}

/* Adds what stird is asked for; or complains. 0 or an exit status. */
static int read_call(const struct words *words, struct buf *text, uint64_t *seconds)
{
    const char *upstream = words_value(words, 'u'), *time = words_value(words, 's');
    const unsigned ending = words_have(words, 'c')   ? MONITOR_ENDS_RINGING
                            : words_have(words, 'b') ? MONITOR_ENDS_IN_ITS_TIME
                                                     : MONITOR_ENDS_BY_TIME;
    *seconds = time ? span_seconds(time, MONITOR_SECONDS_MAX) : SECONDS_S;
    if (*seconds == 0)
        return command_fault(&command_test_call, "--seconds takes 1s to 2m");
    if (words_have(words, 'c') && words_have(words, 'b'))
        return command_fault(&command_test_call, "--cancel and --bye exclude each other");
    buf_add_text(text, words_value(words, 't'));
    buf_add_char(text, '\0');
    buf_add_text(text, upstream ? upstream : "");
    buf_add_char(text, '\0');
    int status = add_numbers(text, words);
    if (status != 0)
        return status;
    buf_add_u64(text, *seconds * 1000);
    buf_add_char(text, '\0');
    buf_add_u64(text, ending);
    if (buf_failed(text) || text->n > ADMIN_TEXT_MAX)
        return command_fault(&command_test_call, "a name has 64 octets at most");
    return 0;
}

static void print_left(const json_t *call)
{
    const json_t *answers = json_object_get(call, "answers"), *a;
    const char *fault = text_of(call, "fault");
    size_t i;
    if (strcmp(fault, "-") != 0) {
        print_said("not placed: %s\n", fault);
        return;
    }
    if (strcmp(text_of(call, "upstream"), "-") == 0)
        print_said("not left   %s, %s: %s\n", text_of(call, "decision"),
                   text_of(call, "decision_reason"), text_of(call, "cause"));
    else
        print_said("left       by %s, %s, level %s: %s\n", text_of(call, "upstream"),
                   text_of(call, "decision"), text_of(call, "sent_level"),
                   text_of(call, "decision_reason"));
    printf("answers   ");
    json_array_foreach(answers, i, a)
        printf(" %" JSON_INTEGER_FORMAT " (%" JSON_INTEGER_FORMAT " ms)",
               number_of(a, "sip_status"), number_of(a, "after_ms"));
    puts(json_array_size(answers) > 0 ? "" : " none");
}

/* What both say of a result. */
static void print_arrived(const json_t *r)
{
    print_said("result     %s: %s\n", text_of(r, "result"), text_of(r, "text"));
    if (json_is_null(json_object_get(r, "delay_ms")))
        return;
    print_said("arrived    by trunk %s, level %s, signer %s, after %" JSON_INTEGER_FORMAT " ms\n",
               text_of(r, "trunk_in"), text_of(r, "level"), text_of(r, "signer"),
               number_of(r, "delay_ms"));
    print_said("verdict    %s, check %s\n", text_of(r, "reason"), text_of(r, "check"));
    if (is_true(r, "number_changed"))
        print_said("number     CHANGED: it arrived with %s\n", text_of(r, "calling"));
    if (is_true(r, "token_spoilt"))
        puts("token      ours arrived, and is not good for this call any more");
    if (is_true(r, "signed_again_too"))
        puts("token      another one came beside ours");
}

static void print_call(const json_t *call)
{
    print_left(call);
    print_arrived(call);
}

/* Whether it arrived as it left. */
static bool is_well(const json_t *call)
{
    return strcmp(text_of(call, "result"), "signed") == 0 && !is_true(call, "number_changed");
}

static int show_call(const struct cli *cli, const json_t *call)
{
    char *text = cli->json ? json_dumps(call, JSON_COMPACT) : NULL;
    if (text)
        json_print_text(str_of(text));
    else
        print_call(call);
    free(text);
    return fflush(stdout) || !is_well(call) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_call(const struct cli *cli, const struct words *words)
{
    struct buf text = BUF_INIT;
    uint64_t seconds = 0;
    int status = read_call(words, &text, &seconds);
    if (status == 0) {
        json_t *call = session_json(cli, ADMIN_CALL, true, buf_str(&text),
                                    (int)(seconds * 1000) + SLACK_MS);
        status = call ? show_call(cli, call) : EXIT_FAILURE;
        json_decref(call);
    }
    buf_fini(&text);
    return status;
}

/* ---- monitors ---- */

static void print_monitors(const json_t *reply)
{
    static const char *const heads[] = {"NAME",   "UPSTREAM", "EXPECT", "STATE",
                                        "RESULT", "LEVEL",    "DELAY"};
    struct columns table = columns_new(heads, 7);
    const json_t *monitors = json_object_get(reply, "monitors"), *m;
    size_t i;
    json_array_foreach(monitors, i, m)
    {
        char delay[32] = "-";
        if (json_is_integer(json_object_get(m, "delay_ms")))
            snprintf(delay, sizeof(delay), "%" JSON_INTEGER_FORMAT " ms", number_of(m, "delay_ms"));
        const bool below = strcmp(text_of(m, "state"), "below") == 0;
        columns_add(&table,
                    (const char *[]){text_of(m, "name"), text_of(m, "upstream"),
                                     text_of(m, "expect"), below ? "BELOW" : text_of(m, "state"),
                                     text_of(m, "result"), text_of(m, "level"), delay});
    }
    if (json_array_size(monitors) == 0)
        puts("no monitors are configured (monitors in the configuration)");
    columns_print(&table, "monitors");
    json_array_foreach(monitors, i, m) if (is_true(m, "number_changed"))
        print_said("%s: it arrived with another calling number\n", text_of(m, "name"));
}

static int run_monitors(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_MONITORS, false, STR(""), SESSION_TIMEOUT_MS, print_monitors);
}

const struct command command_test_call = {
    "call",
    "--trunk NAME --from NUMBER --to NUMBER [--upstream NAME] [--seconds TIME] [--cancel | --bye]",
    "place a call of our own, without sound: does its token arrive? Status 0: as we signed it",
    run_call,
    call_options,
    NULL};
const struct command command_monitors = {.name = "monitors",
                                         .usage = "",
                                         .summary = "calls that are placed again and again, and "
                                                    "how the last of each arrived",
                                         .run = run_monitors};
