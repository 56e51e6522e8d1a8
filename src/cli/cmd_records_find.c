/* The records of calls by origid, number, Call-ID or time. */
#include "record_files.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/tn.h>
#include <string.h>

struct search {
    const char *origid, *call_id, *from, *to;
    char number[TN_MAX_DIGITS + 1]; /* without plus; empty: any */
    bool json;
    unsigned found;
};

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

/* Without parsing: a line that lacks the text cannot match. JSON may write a Call-ID otherwise. */
static bool may_match(const struct search *s, struct str line)
{
    const char *const texts[] = {s->origid, s->number[0] ? s->number : NULL};
    if (!str_starts(line, STR("{\"kind\":\"call\",")))
        return false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i] && !memmem(line.p, line.n, texts[i], strlen(texts[i])))
            return false;
    return true;
}

/* Times are texts of one form, so their order is that of the texts; a shorter one is a prefix. */
static bool in_time(const struct search *s, const char *ts)
{
    return (!s->from || strcmp(ts, s->from) >= 0) &&
           (!s->to || strncmp(ts, s->to, strlen(s->to)) <= 0);
}

static bool matches(const struct search *s, const json_t *record)
{
    return (!s->origid || strcmp(text_of(record, "origid"), s->origid) == 0) &&
           (!s->call_id || strcmp(text_of(record, "call_id"), s->call_id) == 0) &&
           (!s->number[0] || strcmp(text_of(record, "orig_tn"), s->number) == 0 ||
            strcmp(text_of(record, "dest_tn"), s->number) == 0) &&
           in_time(s, text_of(record, "ts"));
}

static void print_text(const char *text)
{
    struct buf escaped = BUF_INIT;
    buf_add_escaped(&escaped, str_of(text));
    printf("%.*s", STR_ARG(buf_str(&escaped)));
    buf_fini(&escaped);
}

static void print_record(const json_t *record)
{
    static const char *const keys[] = {"call_id",      "trunk",      "customer",
                                       "number_state", "number_row", "rule",
                                       "reason",       "origid",     "upstream"};
    const char *level = text_of(record, "attest");
    printf("%s %s%s%s  %s -> %s, answer %" JSON_INTEGER_FORMAT "\n", text_of(record, "ts"),
           text_of(record, "decision"), level[0] ? " " : "", level, text_of(record, "orig_tn"),
           text_of(record, "dest_tn"), json_integer_value(json_object_get(record, "sip_status")));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!text_of(record, keys[i])[0])
            continue;
        printf("    %-13s ", keys[i]);
        print_text(text_of(record, keys[i]));
        putchar('\n');
    }
}

static void look_at(struct search *s, struct str line)
{
    json_t *record = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    if (record && matches(s, record)) {
        s->found++;
        if (s->json)
            printf("%.*s\n", STR_ARG(line));
        else
            print_record(record);
    }
    json_decref(record);
}

static bool search_file(struct search *s, const char *path)
{
    struct record_line line;
    struct record_file *f = record_file_open(path);
    int got = f ? 1 : -errno;
    while (got > 0) {
        got = record_file_next(f, &line);
        if (got > 0 && line.ended && !line.too_long && may_match(s, line.text))
            look_at(s, line.text);
    }
    record_file_close(f);
    if (got < 0)
        fprintf(stderr, "stirctl: %s: %s\n", path, strerror(-got));
    return got == 0;
}

/* "2026-11-26", "2026-11-26T23:59", ...: a begin of the records' form. */
static bool is_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    size_t n = strlen(text);
    for (size_t i = 0; i < n && i < sizeof(form) - 1; i++)
        if (form[i] == 'd' ? !ascii_is_digit(text[i]) : text[i] != form[i])
            return false;
    return n >= 4 && n < sizeof(form);
}

static bool take_number(struct search *s, const char *text)
{
    struct tn tn;
    if (!tn_from_digits(&tn, str_of(text)))
        return false;
    memcpy(s->number, tn.digits, tn.n);
    s->number[tn.n] = '\0';
    return true;
}

/* --between takes two words: the second is where getopt would go on. */
static bool take_times(struct search *s, int argc, char **argv)
{
    s->from = optarg;
    s->to = optind < argc ? argv[optind++] : "";
    return is_time(s->from) && is_time(s->to);
}

static const struct option options[] = {{"origid", required_argument, NULL, 'o'},
                                        {"tn", required_argument, NULL, 't'},
                                        {"call-id", required_argument, NULL, 'c'},
                                        {"between", required_argument, NULL, 'b'},
                                        {0}};

static bool read_options(struct search *s, int argc, char **argv)
{
    int letter;
    bool good = true;
    while (good && (letter = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (letter == 'o')
            s->origid = optarg;
        else if (letter == 'c')
            s->call_id = optarg;
        else
            good = letter == 't' ? take_number(s, optarg)
                                 : letter == 'b' && take_times(s, argc, argv);
    }
    return good && (s->origid || s->call_id || s->number[0] || s->from);
}

static int run(const struct cli *cli, int argc, char **argv)
{
    struct search s = {.json = cli->json};
    struct record_file_names names;
    bool read = true;
    if (!read_options(&s, argc, argv))
        return command_usage(&command_records_find);
    if (!record_files_of(&names, cli, argc - optind, argv + optind))
        return EXIT_FAILURE;
    for (size_t i = 0; i < names.n; i++)
        read = search_file(&s, names.path[i]) && read;
    record_files_free(&names);
    return read && s.found > 0 && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command command_records_find = {
    "records find", "[--origid UUID] [--tn NUMBER] [--call-id ID] [--between FROM TO] [FILE ...]",
    "the records of calls; TIMES as 2026-11-26T23:59 (UTC)", run};
