/*
 * All that is kept of some calls in one archive, for whoever asks where they came from: records as
 * they were written, what their tokens said, the certificates by which, and whether the records are
 * all there and unchanged.
 */
#include "archive.h"
#include "command.h"
#include "json_text.h"
#include "new_file.h"
#include "record_check.h"
#include "record_files.h"
#include "record_search.h"
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/fetch/kept_files.h>
#include <stird/io/kept_chains.h>
#include <string.h>
#include <time.h>

#define RECORDS_BYTES_MAX (256u * 1024 * 1024)
#define NAME_BYTES        64
#define OTHERS_MAX        9999

struct traceback {
    struct record_search search;
    const char *code; /* of our certificate, or of the one that a call was verified by; NULL: any */
    struct buf lines, index, tokens;
    size_t records, masked;
    json_t *own;    /* "serial\nx5u" of certificates of ours that signed */
    json_t *others; /* URLs of others', by which calls were verified */
    bool too_much, no_memory;
    const struct words *words;
    const struct record_file_names *names;
    struct record_check check;
    /* Of certificates */
    struct archive archive;
    size_t n_certificates, n_others;
};

static const struct cli_option options[] = {
    FIND_OPTIONS,
    {"code", 'c', "CODE", "signed by this provider: us, or who called us", 0},
    {"output", 'o', "FILE", "the archive; else traceback-TIME.tar.gz here", OPTION_SHORT},
    {0}};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---- records ---- */

/* Where the line stands in the chain, and its hash, which is `prev` of the next one. */
static void add_index(struct traceback *t, struct str line, const json_t *record)
{
    char digest[65] = "";
    t->no_memory |= !archive_sha256(digest, line);
    buf_addf(&t->index, "%" JSON_INTEGER_FORMAT " %s\n",
             json_integer_value(json_object_get(record, "seq")), digest);
}

static bool is_masked(const json_t *record)
{
    return text_of(record, "orig_tn")[0] == 'x' || text_of(record, "dest_tn")[0] == 'x';
}

/*
 * What the token of the call said, by its record: members in the order of RFC 8225 section 9. A
 * masked number, or an emergency service, which is no number, cannot be told.
 */
static json_t *claims_of(const json_t *record)
{
    const json_t *iat = json_object_get(record, "iat");
    if (strcmp(text_of(record, "decision"), "signed") != 0 || is_masked(record) ||
        json_is_true(json_object_get(record, "emergency")) || !json_is_integer(iat))
        return NULL;
    return json_pack(
        "{s:O, s:O, s:O, s:s, s:{s:s, s:s, s:s, s:O}, s:{s:O, s:{s:[O]}, s:O, s:{s:O}, "
        "s:O}}",
        "ts", json_object_get(record, "ts"), "call_id", json_object_get(record, "call_id"),
        "cert_serial", json_object_get(record, "cert_serial"), "of", "its record", "header", "alg",
        "ES256", "ppt", "shaken", "typ", "passport", "x5u", json_object_get(record, "x5u"),
        "payload", "attest", json_object_get(record, "attest"), "dest", "tn",
        json_object_get(record, "dest_tn"), "iat", iat, "orig", "tn",
        json_object_get(record, "orig_tn"), "origid", json_object_get(record, "origid"));
}

/* The tokens themselves, where records hold them. */
static json_t *tokens_of(const json_t *record)
{
    const json_t *tokens = json_object_get(record, "tokens");
    if (json_array_size(tokens) == 0)
        return NULL;
    return json_pack("{s:O, s:O, s:s, s:O}", "ts", json_object_get(record, "ts"), "call_id",
                     json_object_get(record, "call_id"), "of", "the call", "tokens", tokens);
}

static void add_json(struct traceback *t, struct buf *out, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    if (text) {
        buf_add_text(out, text);
        buf_add_char(out, '\n');
    }
    t->no_memory |= !text;
    free(text);
    json_decref(json);
}

static void note_certificates(struct traceback *t, const json_t *record)
{
    const char *serial = text_of(record, "cert_serial");
    const char *x5u = text_of(json_object_get(record, "verification"), "x5u");
    struct buf key = BUF_INIT;
    if (*serial) {
        buf_add_text(&key, serial);
        buf_add_char(&key, '\n');
        buf_add_text(&key, text_of(record, "x5u"));
        buf_add_char(&key, '\0');
        t->no_memory |= buf_failed(&key) || json_object_set_new(t->own, key.p, json_false()) != 0;
    }
    if (*x5u)
        t->no_memory |= json_object_set_new(t->others, x5u, json_false()) != 0;
    buf_fini(&key);
}

static void look_at(void *user, struct str line)
{
    struct traceback *t = user;
    json_t *record = t->too_much ? NULL : record_search_match(&t->search, line);
    t->too_much = t->too_much || (record && t->lines.n + line.n > RECORDS_BYTES_MAX);
    if (record && (!t->code || record_search_signed_by(record, t->code)) && !t->too_much) {
        buf_add_str(&t->lines, line);
        buf_add_char(&t->lines, '\n');
        add_index(t, line, record);
        json_t *tokens = tokens_of(record);
        if (!tokens)
            tokens = claims_of(record);
        if (tokens)
            add_json(t, &t->tokens, tokens);
        note_certificates(t, record);
        t->records++;
        t->masked += is_masked(record);
    }
    json_decref(record);
}

/* ---- certificates ---- */

static void see_own(void *user, const struct kept_chain *chain)
{
    struct traceback *t = user;
    char name[NAME_BYTES + KEPT_CHAIN_NAME_LENGTH];
    struct buf key = BUF_INIT;
    buf_add_str(&key, chain->serial);
    buf_add_char(&key, '\n');
    buf_add_str(&key, chain->x5u);
    buf_add_char(&key, '\0');
    t->no_memory |= buf_failed(&key);
    if (!buf_failed(&key) && json_object_get(t->own, key.p)) {
        json_object_set_new(t->own, key.p, json_true());
        snprintf(name, sizeof(name), "certificates/%.*s", STR_ARG(str_slice(chain->name, 48, 68)));
        archive_add(&t->archive, name, chain->text);
        t->n_certificates++;
    }
    buf_fini(&key);
}

static void see_other(void *user, const struct kept_file *file)
{
    struct traceback *t = user;
    char name[NAME_BYTES], *url = strndup(file->url.p, file->url.n);
    struct buf text = BUF_INIT;
    t->no_memory |= !url;
    if (url && json_object_get(t->others, url) && t->n_others < OTHERS_MAX) {
        json_object_set_new(t->others, url, json_true());
        buf_addf(&text, "x5u: ");
        buf_add_shown(&text, file->url);
        buf_add_char(&text, '\n');
        buf_add_str(&text, file->body);
        snprintf(name, sizeof(name), "certificates-of-others/%zu.pem", ++t->n_others);
        t->no_memory |= buf_failed(&text);
        archive_add(&t->archive, name, buf_str(&text));
    }
    buf_fini(&text);
    free(url);
}

static bool list_in(const struct settings *s, const char *folder, struct traceback *t)
{
    char *path = NULL;
    if (asprintf(&path, "%.*s/%s", STR_ARG(s->state_directory), folder) < 0)
        return false;
    const bool own = strcmp(folder, KEPT_CHAINS_DIRECTORY) == 0;
    int r = own ? kept_chains_list(path, see_own, t) : kept_files_list(path, see_other, t);
    if (r)
        warn_said("stirctl: %s: %s: certificates that lie there are missing\n", path, strerror(-r));
    free(path);
    return r == 0;
}

/* Those that are not there, by what is known of them. NULL: no memory. */
static json_t *missing_of(const struct traceback *t)
{
    json_t *list = json_array(), *found;
    const char *key;
    json_object_foreach(t->own, key, found)
    {
        const char *x5u = strchr(key, '\n');
        if (!json_is_true(found) && x5u)
            json_array_append_new(
                list, json_pack("{s:s%, s:s}", "serial", key, (size_t)(x5u - key), "x5u", x5u + 1));
    }
    json_object_foreach(t->others, key, found)
    {
        if (!json_is_true(found))
            json_array_append_new(list, json_pack("{s:n, s:s}", "serial", "x5u", key));
    }
    return list;
}

/* ---- the archive ---- */

static const char about[] =
    "What is kept of these calls, made by stirctl traceback.\n"
    "\n"
    "records.jsonl   The records, a line each, octet for octet as they were written when\n"
    "                the calls ended. docs/records.md of stird says what their members are.\n"
    "chain.txt       Of each of these lines its place in the chain of all records (seq), and\n"
    "                the SHA-256 of its octets without the line end. The line of the next\n"
    "                seq has this hash as \"prev\".\n"
    "check.json      Whether all records of that chain were there and unchanged when this\n"
    "                archive was made: \"good\", what was found, and the head of the chain.\n"
    "                stird writes heads to its log as well, which is to be compared.\n"
    "tokens.jsonl    The tokens of these calls, as they were (\"tokens\", with records.tokens);\n"
    "                else header and payload of the token that a signed call left with, made\n"
    "                of its record, without the signature. Of masked numbers and emergency\n"
    "                calls there is none then.\n"
    "certificates/   The chains by which stird signed these calls, as they were: some lines\n"
    "                of what each is, then PEM, the signing certificate first.\n"
    "certificates-of-others/\n"
    "                What the URLs served by which calls were verified, as it is kept now.\n"
    "summary.json    What was asked for, when, of which files, and what is missing.\n"
    "\n"
    "sha256sum -c MANIFEST.sha256     are the files as they were put in here?\n"
    "openssl x509 -text -in FILE      a certificate in words\n";

static json_t *texts(size_t n, char *const *text)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_of_text(text[i]));
    return list;
}

static const char *name_of(int letter)
{
    const struct cli_option *option = options;
    while (option->name && option->letter != letter)
        option++;
    return option->name ? option->name : "";
}

/* By the names of the options: {"tn": "+12155550100", "between": ["2026-11-26", "2026-11-27"]}. */
static json_t *asked(const struct words *words)
{
    json_t *by = json_object();
    for (size_t i = 0; i < words->n_given; i++) {
        const struct given *g = &words->given[i];
        if (g->letter != 'o')
            json_object_set_new(by, name_of(g->letter),
                                g->n == 1 ? json_of_text(g->value[0])
                                          : texts((size_t)g->n, g->value));
    }
    return by;
}

static void add_pretty(struct traceback *t, const char *name, const json_t *json)
{
    char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    struct buf out = BUF_INIT;
    buf_add_text(&out, text ? text : "");
    buf_add_char(&out, '\n');
    t->no_memory |= !text || buf_failed(&out);
    archive_add(&t->archive, name, buf_str(&out));
    buf_fini(&out);
    free(text);
}

/* Adds all but the certificates, which are there. */
static void add_files(struct traceback *t, const json_t *summary, const json_t *chain)
{
    t->no_memory |= buf_failed(&t->lines) || buf_failed(&t->index) || buf_failed(&t->tokens);
    archive_add(&t->archive, "README.txt", str_of(about));
    archive_add(&t->archive, "records.jsonl", buf_str(&t->lines));
    archive_add(&t->archive, "chain.txt", buf_str(&t->index));
    archive_add(&t->archive, "tokens.jsonl", buf_str(&t->tokens));
    add_pretty(t, "check.json", chain);
    add_pretty(t, "summary.json", summary);
}

static json_t *summary_of(const struct traceback *t, const char *stamp)
{
    const struct record_file_names *names = t->names;
    const json_t *told = t->check.json;
    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:b, s:I, s:O}", "made", stamp,
                     "by", "stirctl " STIRD_VERSION, "asked", asked(t->words), "records",
                     (json_int_t)t->records, "masked", (json_int_t)t->masked, "certificates",
                     (json_int_t)t->n_certificates, "certificates_of_others",
                     (json_int_t)t->n_others, "certificates_missing", missing_of(t), "files",
                     texts(names->n, names->path), "good", (int)t->check.good, "gaps",
                     (json_int_t)json_array_size(json_object_get(told, "gaps")), "passed_over",
                     json_object_get(told, "passed_over"));
}

static bool say(const struct cli *cli, const struct traceback *t, const json_t *summary,
                const char *path)
{
    const size_t missing = json_array_size(json_object_get(summary, "certificates_missing"));
    const json_int_t records = json_integer_value(json_object_get(summary, "records"));
    const json_int_t masked = json_integer_value(json_object_get(summary, "masked"));
    if (strcmp(path, "-") == 0) { /* the archive is there, and nothing behind it */
        fprintf(stderr, "stirctl: %" JSON_INTEGER_FORMAT " record%s; summary.json says the rest\n",
                records, PLURAL(records));
        return fflush(stdout) == 0;
    }
    if (cli->json) {
        json_t *told = json_deep_copy(summary);
        json_object_set_new(told, "file", json_of_text(path));
        json_print(told);
        return fflush(stdout) == 0;
    }
    print_said("%s: %" JSON_INTEGER_FORMAT " record%s, %" JSON_INTEGER_FORMAT " certificates\n",
               path, records, PLURAL(records),
               json_integer_value(json_object_get(summary, "certificates")) +
                   json_integer_value(json_object_get(summary, "certificates_of_others")));
    if (masked > 0)
        printf("of these records %" JSON_INTEGER_FORMAT
               " show the last four digits alone: other numbers may end so\n",
               masked);
    if (missing > 0)
        printf("%zu certificate%s not kept: summary.json names %s\n", missing,
               missing == 1 ? " is" : "s are", missing == 1 ? "it" : "them");
    record_check_print(&t->check);
    return fflush(stdout) == 0;
}

/* Makes and writes it. False after a complaint. */
static bool write_archive(const struct cli *cli, struct traceback *t, const char *stamp,
                          const char *path)
{
    struct buf packed = BUF_INIT;
    struct settings *s = session_paths(cli);
    bool listed = s && list_in(s, KEPT_CHAINS_DIRECTORY, t);
    listed = s && list_in(s, KEPT_FILES_DIRECTORY, t) && listed;
    json_t *summary = summary_of(t, stamp);
    add_files(t, summary, t->check.json);
    bool good = archive_end(&t->archive, &packed) && summary && !t->no_memory;
    if (!good)
        fputs("stirctl: out of memory\n", stderr);
    good = good && new_file_write(path, buf_str(&packed)) && say(cli, t, summary, path);
    json_decref(summary);
    settings_free(s);
    buf_fini(&packed);
    return good && listed;
}

/* ---- the command ---- */

/* False: told, but for how it is used. */
static bool read_options(struct traceback *t, const struct words *words)
{
    bool good = true, named = false;
    for (size_t i = 0; good && i < words->n_given; i++) {
        const struct given *g = &words->given[i];
        named |= g->letter == 'c' || g->letter == FIND_TN ||
                 g->letter == FIND_LETTER + FIND_ORIGID || g->letter == FIND_LETTER + FIND_CALL_ID;
        if (g->letter == 'c')
            t->code = g->value[0];
        else if (g->letter != 'o')
            good = record_search_take(&t->search, g->letter, g->value);
    }
    if (good && !named)
        fputs("stirctl: name the calls by --tn, --origid, --call-id or --code\n", stderr);
    return good && named;
}

static bool make(const struct cli *cli, struct traceback *t)
{
    char stamp[32], directory[64], path[80];
    const char *output = words_value(t->words, 'o');
    struct tm tm;
    const time_t now = (time_t)clock_real_s();
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    snprintf(directory, sizeof(directory), "traceback-%s", stamp);
    snprintf(path, sizeof(path), "%s.tar.gz", directory);
    if (!new_file_may_be(output ? output : path))
        return false;
    record_check_run(&t->check, cli, t->names);
    if (t->too_much)
        fputs("stirctl: these are more records than one archive takes: narrow them by --between\n",
              stderr);
    if (t->records == 0 && !t->too_much)
        fputs("stirctl: there is no record of such a call: nothing is written\n", stderr);
    if (t->records == 0)
        record_files_warn(t->names);
    if (t->records == 0 || t->too_much)
        return false;
    t->archive = archive_begin(directory, now);
    const bool written = write_archive(cli, t, stamp, output ? output : path);
    if (written && !t->check.good)
        fputs("stirctl: the records are NOT GOOD: check.json says what is wrong with them\n",
              stderr);
    return written && t->check.good;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct traceback t = {.lines = BUF_INIT,
                          .index = BUF_INIT,
                          .tokens = BUF_INIT,
                          .own = json_object(),
                          .others = json_object(),
                          .words = words,
                          .check = {.look = look_at, .user = &t, .quiet = true}};
    struct record_file_names names;
    int status = EXIT_FAILURE;
    t.no_memory = !t.own || !t.others;
    if (!read_options(&t, words)) {
        status = command_usage(&command_traceback);
    } else if (cli->json && words_value(words, 'o') && strcmp(words_value(words, 'o'), "-") == 0) {
        status = command_fault(&command_traceback, "--output - and --json both want the output");
    } else if (record_files_of(&names, cli, words->n, words->word)) {
        t.names = &names;
        status = make(cli, &t) ? EXIT_SUCCESS : EXIT_FAILURE;
        record_check_fini(&t.check);
        record_files_free(&names);
    }
    json_decref(t.own);
    json_decref(t.others);
    buf_fini(&t.lines);
    buf_fini(&t.index);
    buf_fini(&t.tokens);
    return status;
}

const struct command command_traceback = {
    "traceback",
    FIND_USAGE "[--code CODE] [--output FILE] [FILE ...]",
    "one archive of all that is kept of these calls, for who asks where they came from",
    run,
    options,
    "[FILE ...]"};
