/* The records of calls by number, time, or what one of their members says. */
#include "record_files.h"
#include "session.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/address.h>
#include <stird/reason.h>
#include <stird/tn.h>
#include <string.h>

/* Options that ask for one member of the record. */
enum { ORIGID, CALL_ID, REASON_NAME, TRUNK, SOURCE, STATUS, N_FILTERS };
static const char *const filters[N_FILTERS] = {"origid", "call_id", "reason",
                                               "trunk",  "source",  "sip_status"};

struct search {
    const char *wanted[N_FILTERS]; /* NULL: any */
    struct address source;
    const char *from, *to;
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
    const char *const texts[] = {s->wanted[ORIGID], s->number[0] ? s->number : NULL};
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

/* The record has the port of the packet, which is asked for only where it was written. */
static bool is_of_source(const struct search *s, const char *text)
{
    struct str host = str_of(text);
    struct address found;
    if (strcmp(text, s->wanted[SOURCE]) == 0)
        return true;
    while (host.n > 0 && host.p[host.n - 1] != ':')
        host.n--;
    return host.n > 0 && s->source.family != 0 &&
           address_parse(str_slice(host, 0, host.n - 1), &found) &&
           address_same_host(&found, &s->source);
}

static bool has_wanted(const struct search *s, const json_t *record, size_t i)
{
    const json_t *value = json_object_get(record, filters[i]);
    if (!s->wanted[i])
        return true;
    if (i == STATUS)
        return json_integer_value(value) == strtol(s->wanted[i], NULL, 10);
    if (i == SOURCE)
        return is_of_source(s, text_of(record, filters[i]));
    return strcmp(text_of(record, filters[i]), s->wanted[i]) == 0;
}

static bool matches(const struct search *s, const json_t *record)
{
    for (size_t i = 0; i < N_FILTERS; i++)
        if (!has_wanted(s, record, i))
            return false;
    return (!s->number[0] || strcmp(text_of(record, "orig_tn"), s->number) == 0 ||
            strcmp(text_of(record, "dest_tn"), s->number) == 0) &&
           in_time(s, text_of(record, "ts"));
}

static void print_member(const char *name, const char *text)
{
    printf("    %-14s ", name);
    print_shown(text);
    putchar('\n');
}

/* "signed A  12155550100 -> 12155550199, answer 486"; what is not known is left out. */
static void print_headline(const json_t *record)
{
    const char *level = text_of(record, "attest"), *orig = text_of(record, "orig_tn"),
               *dest = text_of(record, "dest_tn");
    json_int_t status = json_integer_value(json_object_get(record, "sip_status"));
    printf("%s %s%s%s", text_of(record, "ts"), text_of(record, "decision"), level[0] ? " " : "",
           level);
    if (orig[0] || dest[0])
        printf("  %s -> %s", orig[0] ? orig : "no number", dest[0] ? dest : "no number");
    if (status > 0)
        printf(", answer %" JSON_INTEGER_FORMAT "\n", status);
    else
        puts(", no answer");
}

static void print_record(const json_t *record)
{
    static const char *const keys[] = {"trunk",      "source",   "customer",      "number_state",
                                       "number_row", "rule",     "reason",        "detail",
                                       "origid",     "upstream", "identity_fault"};
    json_int_t count = json_integer_value(json_object_get(record, "count"));
    print_headline(record);
    print_member("call_id", text_of(record, "call_id")[0] ? text_of(record, "call_id") : "none");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (text_of(record, keys[i])[0])
            print_member(keys[i], text_of(record, keys[i]));
    if (count > 1)
        printf("    %-14s %" JSON_INTEGER_FORMAT " such requests of the source in a second\n",
               "count", count);
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

static bool take_source(struct search *s, const char *text)
{
    const char *colon = strrchr(text, ':');
    struct str host = str_of(text);
    struct address with_port;
    s->wanted[SOURCE] = text;
    if (address_parse(host, &s->source))
        return true;
    s->source.family = 0; /* with its port: as it stands */
    return colon && address_parse(str_slice(host, 0, (size_t)(colon - text)), &with_port);
}

static bool take_wanted(struct search *s, size_t i, const char *text)
{
    s->wanted[i] = text;
    if (i == SOURCE)
        return take_source(s, text);
    if (i == STATUS)
        return strspn(text, "0123456789") == 3 && text[3] == '\0';
    if (i != REASON_NAME || str_eq(reason_name(reason_by_name(str_of(text))), str_of(text)))
        return true;
    fprintf(stderr, "stirctl: there is no reason \"%s\": docs/reasons.md lists all\n", text);
    return false;
}

#define FILTER_LETTER 256 /* and on, in the order of the filters */

static const struct option options[] = {
    {"origid", required_argument, NULL, FILTER_LETTER + ORIGID},
    {"call-id", required_argument, NULL, FILTER_LETTER + CALL_ID},
    {"reason", required_argument, NULL, FILTER_LETTER + REASON_NAME},
    {"trunk", required_argument, NULL, FILTER_LETTER + TRUNK},
    {"source", required_argument, NULL, FILTER_LETTER + SOURCE},
    {"status", required_argument, NULL, FILTER_LETTER + STATUS},
    {"tn", required_argument, NULL, 't'},
    {"between", required_argument, NULL, 'b'},
    {0}};

static bool asks_for_something(const struct search *s)
{
    for (size_t i = 0; i < N_FILTERS; i++)
        if (s->wanted[i])
            return true;
    return s->number[0] || s->from;
}

static bool read_options(struct search *s, int argc, char **argv)
{
    int letter;
    bool good = true;
    while (good && (letter = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (letter >= FILTER_LETTER)
            good = take_wanted(s, (size_t)(letter - FILTER_LETTER), optarg);
        else
            good = letter == 't' ? take_number(s, optarg)
                                 : letter == 'b' && take_times(s, argc, argv);
    }
    return good && asks_for_something(s);
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
    "records find",
    "[--origid UUID] [--tn NUMBER] [--call-id ID] [--between FROM TO]\n"
    "         [--reason NAME] [--trunk NAME] [--source ADDRESS] [--status CODE] [FILE ...]",
    "the records of calls; TIMES as 2026-11-26T23:59 (UTC)", run};
