/* Calls that are looked at while they run: which, until when, and their messages as a capture. */
#include "columns.h"
#include "command.h"
#include "json_text.h"
#include "new_file.h"
#include "progress.h"
#include "span.h"
#include "trace_capture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/tn.h>
#include <stird/io/call_trace.h>
#include <string.h>
#include <time.h>

#define FOR_S    300 /* where --for is not given */
#define TEXT_MAX 32

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "-";
}

static bool is_running(const json_t *trace)
{
    return strcmp(text_of(trace, "state"), "running") == 0;
}

/* ---- list ---- */

/* "+12155550100", "trunk sbc", "Call-ID a@b". */
static void add_what(struct buf *out, const json_t *trace)
{
    const char *by = text_of(trace, "by");
    buf_add_text(out, strcmp(by, "tn") == 0 ? "+" : strcmp(by, "trunk") == 0 ? "trunk " : "");
    buf_add_text(out, strcmp(by, "call_id") == 0 ? "Call-ID " : "");
    buf_add_text(out, text_of(trace, "value"));
    buf_add_char(out, '\0');
}

static const char *left(const json_t *trace, char room[TEXT_MAX])
{
    const json_int_t s = number_of(trace, "left_s");
    snprintf(room, TEXT_MAX, "%d:%02d", (int)(s / 60), (int)(s % 60));
    return is_running(trace) ? room : "ended";
}

static void print_traces(const json_t *reply)
{
    static const char *const heads[] = {"ID", "LEFT", "CALLS", "MESSAGES", "MISSED", "OF"};
    struct columns table = columns_new(heads, 6);
    const json_t *traces = json_object_get(reply, "traces"), *t;
    size_t i;
    json_array_foreach(traces, i, t)
    {
        struct buf what = BUF_INIT;
        char id[TEXT_MAX], room[TEXT_MAX], calls[TEXT_MAX], messages[TEXT_MAX], missed[TEXT_MAX];
        snprintf(id, sizeof(id), "%" JSON_INTEGER_FORMAT, number_of(t, "id"));
        snprintf(calls, sizeof(calls), "%" JSON_INTEGER_FORMAT, number_of(t, "calls"));
        snprintf(messages, sizeof(messages), "%" JSON_INTEGER_FORMAT, number_of(t, "messages"));
        snprintf(missed, sizeof(missed), "%" JSON_INTEGER_FORMAT, number_of(t, "messages_missed"));
        add_what(&what, t);
        columns_add(&table, (const char *[]){id, left(t, room), calls, messages, missed,
                                             buf_failed(&what) ? NULL : what.p});
        buf_fini(&what);
    }
    if (json_array_size(traces) == 0)
        puts("nothing is traced");
    columns_print(&table, "traces");
}

static int run_list(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_TRACE_LIST, false, STR(""), SESSION_TIMEOUT_MS, print_traces);
}

/* ---- save, remove ---- */

static void say_saved(const struct cli *cli, const json_t *trace, const struct saved_trace *saved,
                      const char *path)
{
    if (cli->json) {
        json_t *reply = json_deep_copy(trace);
        json_object_set_new(reply, "file", json_of_text(path));
        json_object_set_new(reply, "saved", json_integer((json_int_t)saved->messages));
        json_print(reply);
        return;
    }
    FILE *to = strcmp(path, "-") == 0 ? stderr : stdout;
    struct buf text = BUF_INIT;
    buf_addf(&text, "%zu message%s in ", saved->messages, PLURAL(saved->messages));
    buf_add_shown(&text, str_of(path));
    if (number_of(trace, "messages_missed") > 0)
        buf_addf(&text, "; %" JSON_INTEGER_FORMAT " more found no room",
                 number_of(trace, "messages_missed"));
    if (number_of(trace, "calls_missed") > 0)
        buf_addf(&text, "; %" JSON_INTEGER_FORMAT " calls too many are not in it",
                 number_of(trace, "calls_missed"));
    fprintf(to, "%.*s\n", STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

static bool save(const struct cli *cli, const char *id, const char *path)
{
    struct session_reply reply;
    struct saved_trace saved = {.capture = BUF_INIT};
    if (!new_file_may_be(path))
        return false;
    int r = session_ask(cli, ADMIN_TRACE_MEMORY, false, str_of(id), SESSION_TIMEOUT_MS, false,
                        &reply);
    if (r)
        return false;
    bool good = session_granted(&reply);
    json_t *trace = good ? json_loadb(reply.text.p, reply.text.n, 0, NULL) : NULL;
    if (good && (!trace || reply.n_fds != 1)) {
        fputs("stirctl: the answer of stird cannot be understood\n", stderr);
        good = false;
    }
    good = good && trace_capture_of(&saved, reply.fds[0]) &&
           new_file_write(path, buf_str(&saved.capture));
    if (good)
        say_saved(cli, trace, &saved, path);
    json_decref(trace);
    buf_fini(&saved.capture);
    session_reply_fini(&reply);
    return good && fflush(stdout) == 0;
}

static int run_save(const struct cli *cli, const struct words *words)
{
    if (cli->json && strcmp(words->word[1], "-") == 0) {
        fputs("stirctl: standard output cannot be both the capture and JSON: name a file\n",
              stderr);
        return EXIT_USAGE;
    }
    return save(cli, words->word[0], words->word[1]) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void print_removed(const json_t *reply)
{
    printf("removed, with %" JSON_INTEGER_FORMAT " messages\n", number_of(reply, "messages"));
}

static int run_remove(const struct cli *cli, const struct words *words)
{
    return session_show(cli, ADMIN_TRACE_REMOVE, false, str_of(words->word[0]), SESSION_TIMEOUT_MS,
                        print_removed);
}

/* ---- add ---- */

static const struct cli_option add_options[] = {
    {"tn", 'n', "NUMBER", "calls from or to this number, in international form", 0},
    {"trunk", 't', "NAME", "calls of this trunk", 0},
    {"call-id", 'i', "ID", "all messages with this Call-ID", 0},
    {"for", 'f', "TIME", "so long: 30s, 5m (default), 1h at most", 0},
    {"save", 'o', "FILE", "wait for the end (or Ctrl-C), then write FILE and remove it", 0},
    {0}};

/* Adds what stird is asked for; or complains. 0 or an exit status. */
static int read_add(const struct words *words, struct buf *text)
{
    const char *tn = words_value(words, 'n'), *trunk = words_value(words, 't');
    const char *call_id = words_value(words, 'i'), *time = words_value(words, 'f');
    const uint64_t s = time ? span_seconds(time, CALL_TRACE_MAX_S) : FOR_S;
    struct tn number;
    if (!!tn + !!trunk + !!call_id != 1)
        return command_fault(&command_trace_add, "one of --tn, --trunk and --call-id is needed");
    if (s == 0)
        return command_fault(&command_trace_add, "--for takes 1s to 1h, as 30s, 5m or 1h");
    if (tn && !tn_from_digits(&number, str_of(tn)))
        return command_fault(&command_trace_add,
                             "--tn takes a number in international form: +12155550100");
    const struct str value = tn ? tn_str(&number) : str_of(trunk ? trunk : call_id);
    if (value.n == 0 || value.n >= CALL_TRACE_TEXT)
        return command_fault(&command_trace_add, "a name or Call-ID has 1 to 255 octets here");
    buf_add_text(text, tn ? "tn" : trunk ? "trunk" : "call_id");
    buf_add_char(text, '\0');
    buf_add_str(text, value);
    buf_add_char(text, '\0');
    buf_add_u64(text, s);
    return buf_failed(text) ? EXIT_FAILURE : 0;
}

static void print_added(const json_t *trace)
{
    printf("trace %" JSON_INTEGER_FORMAT " runs for %" JSON_INTEGER_FORMAT
           " s; its messages: stirctl trace save %" JSON_INTEGER_FORMAT " FILE\n",
           number_of(trace, "id"), number_of(trace, "left_s"), number_of(trace, "id"));
}

/* The one of that ID out of all; NULL: it is not there any more, or stird is not. */
static json_t *look_up(const struct cli *cli, json_int_t id)
{
    json_t *reply = session_json(cli, ADMIN_TRACE_LIST, false, STR(""), SESSION_TIMEOUT_MS);
    json_t *t, *found = NULL;
    size_t i;
    json_array_foreach(json_object_get(reply, "traces"), i, t) if (number_of(t, "id") == id)
        found = json_incref(t);
    json_decref(reply);
    return found;
}

static void show_progress(const struct cli *cli, const json_t *trace)
{
    char room[TEXT_MAX], text[4 * TEXT_MAX];
    snprintf(text, sizeof(text),
             "%" JSON_INTEGER_FORMAT " calls, %" JSON_INTEGER_FORMAT
             " messages, %s left (Ctrl-C ends it)",
             number_of(trace, "calls"), number_of(trace, "messages"), left(trace, room));
    progress_show(cli, text);
}

/* Until it has ended, or somebody wants it to: a signal is heard between two looks alone, so that
   none is in the way of the file. False: it is gone. */
static bool wait_for_end(const struct cli *cli, json_int_t id)
{
    const struct timespec pause = {1, 0};
    bool there = true, goes_on = true;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP); /* of a terminal that is gone: the messages are worth as much */
    sigprocmask(SIG_BLOCK, &ends, NULL);
    while (goes_on) {
        json_t *trace = look_up(cli, id);
        there = trace != NULL;
        goes_on = there && is_running(trace);
        if (goes_on)
            show_progress(cli, trace);
        json_decref(trace);
        goes_on = goes_on && sigtimedwait(&ends, NULL, &pause) < 0;
    }
    progress_clear();
    return there;
}

static int save_at_end(const struct cli *cli, json_int_t id, const char *path)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, id);
    if (!wait_for_end(cli, id)) {
        fputs("stirctl: the trace is not found any more: stirctl trace list says whether it is "
              "there\n",
              stderr);
        return EXIT_FAILURE;
    }
    if (!save(cli, text, path)) {
        fprintf(stderr, "stirctl: it is kept for an hour: stirctl trace save %s FILE\n", text);
        return EXIT_FAILURE;
    }
    json_decref(session_json(cli, ADMIN_TRACE_REMOVE, false, str_of(text), SESSION_TIMEOUT_MS));
    return EXIT_SUCCESS;
}

static int run_add(const struct cli *cli, const struct words *words)
{
    struct buf text = BUF_INIT;
    const char *path = words_value(words, 'o');
    int status = read_add(words, &text);
    if (status == 0 && path && strcmp(path, "-") == 0 && cli->json)
        status = command_fault(&command_trace_add, "--save - and --json both want the output");
    if (status == 0 && path && !new_file_may_be(path))
        status = EXIT_FAILURE;
    if (status == 0 && !path)
        status = session_show(cli, ADMIN_TRACE_ADD, true, buf_str(&text), SESSION_LONG_TIMEOUT_MS,
                              print_added);
    else if (status == 0) {
        json_t *trace = session_json(cli, ADMIN_TRACE_ADD, true, buf_str(&text),
                                     SESSION_LONG_TIMEOUT_MS);
        status = trace ? save_at_end(cli, number_of(trace, "id"), path) : EXIT_FAILURE;
        json_decref(trace);
    }
    buf_fini(&text);
    return status;
}

const struct command command_trace_add = {
    .name = "trace add",
    .usage = "--tn NUMBER | --trunk NAME | --call-id ID [--for TIME] [--save FILE]",
    .summary = "copy the messages of matching calls, those of TLS too",
    .run = run_add,
    .options = add_options};
const struct command command_trace_list = {.name = "trace list",
                                           .usage = "",
                                           .summary = "what is traced, and what has ended",
                                           .run = run_list};
const struct command command_trace_save = {
    .name = "trace save",
    .usage = "ID FILE",
    .summary = "write its messages so far as a pcap, readable for you alone",
    .run = run_save,
    .words = "ID FILE"};
const struct command command_trace_remove = {.name = "trace remove",
                                             .usage = "ID",
                                             .summary = "end it and forget its messages",
                                             .run = run_remove,
                                             .words = "ID"};
