#include "record_check.h"

#include "columns.h"
#include "json_text.h"
#include "progress.h"
#include "record_files.h"
#include "shown.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stird/io/record_audit.h>
#include <string.h>

#define INDENT 4

struct audit {
    struct record_audit check;
    uint64_t findings, unread; /* the latter: files, which are findings too */
    json_t *list;              /* of the findings, with --json */
    json_t *gaps;              /* the same of what stird says itself is missing */
    const struct record_check *asked;
    /* A line that was not finished is harmless when the one behind says so. */
    const char *torn_file;
    uint64_t torn_line;
    bool torn_ended; /* it has a line end: stird wrote no such thing */
};

static void add(struct audit *r, const char *file, uint64_t line, const char *text)
{
    r->findings++;
    progress_clear();
    if (r->list)
        json_array_append_new(r->list, json_pack("{s:o, s:I, s:s}", "file", json_of_text(file),
                                                 "line", (json_int_t)line, "finding", text));
    else if (line == 0)
        print_said("%s: %s\n", file, text);
    else
        print_said("%s:%" PRIu64 ": %s\n", file, line, text);
}

static void add_finding(struct audit *r, enum record_finding finding, const char *file,
                        uint64_t line)
{
    static const char *const texts[] = {
        [RECORD_NEW_CHAIN] = "another chain begins here: what was before it may be cut off",
        [RECORD_NOT_OURS] = "text above was not written by stird, or the line was changed",
        [RECORD_BEFORE_CHANGED] = "the line before this one was changed",
        [RECORD_AGAIN] = "this line stood above already, or is in the wrong place",
    };
    char text[96];
    if (finding == RECORD_MISSING) {
        snprintf(text, sizeof(text), "%" PRIu64 " lines are missing before this one",
                 r->check.missing);
        add(r, file, line, text);
    } else {
        add(r, file, line, texts[finding]);
    }
}

/* Nobody has touched the file here: stird itself says that it lost records. */
static void add_gap(struct audit *r, const char *file, uint64_t line)
{
    const struct record_audit *c = &r->check;
    progress_clear();
    if (r->gaps)
        json_array_append_new(r->gaps,
                              json_pack("{s:o, s:I, s:I, s:b}", "file", json_of_text(file), "line",
                                        (json_int_t)line, "dropped", (json_int_t)c->dropped,
                                        "cut_off", (int)c->cut_off));
    else if (c->dropped > 0)
        print_said("%s:%" PRIu64 ": a gap: %" PRIu64 " records were dropped before this line\n",
                   file, line, c->dropped);
    else
        print_said("%s:%" PRIu64 ": a gap: stird was cut off while it wrote the line above\n", file,
                   line);
}

/* Whether records.keep removes older files when so many are here; for files named on the command
   line this is not known. */
static bool may_be_kept(const struct record_file_names *names)
{
    return !names->configured || (names->keep > 0 && names->n > names->keep);
}

/* The chain begins before the first line here. Nothing here can show what came before; the chain's
   head can be compared with those in the log. */
static void add_begin(struct audit *r, const struct record_file_names *names, struct buf *text)
{
    const struct record_audit *c = &r->check;
    const bool gap = !may_be_kept(names);
    if (!c->any || c->first_seq == 0)
        return;
    r->check.gaps += gap;
    if (r->gaps && gap)
        json_array_append_new(r->gaps, json_pack("{s:I, s:s}", "missing_at_the_begin",
                                                 (json_int_t)c->first_seq, "head", c->first_prev));
    buf_addf(text,
             "%s%" PRIu64 " lines before the first one are not here%s; the last of them had the "
             "head %s\n",
             gap ? "a gap: " : "", c->first_seq,
             gap ? ", and records.keep has not removed them" : "", c->first_prev);
}

static void add_torn(struct audit *r)
{
    if (r->torn_file)
        add(r, r->torn_file, r->torn_line, "is no line of stird's: it was changed or put there");
    r->torn_file = NULL;
}

static void check_line(struct audit *r, const char *file, const struct record_line *line)
{
    enum record_finding finding = record_audit_line(&r->check, line->text,
                                                    line->ended && !line->too_long);
    if (finding == RECORD_TORN) {
        r->torn_file = file;
        r->torn_line = line->number;
        r->torn_ended = line->ended;
        return;
    }
    if (finding != RECORD_GOOD)
        add_torn(r);
    r->torn_file = NULL;
    if (finding != RECORD_GOOD)
        add_finding(r, finding, file, line->number);
    if (r->check.dropped > 0 || r->check.cut_off)
        add_gap(r, file, line->number);
}

static void check_file(struct audit *r, const char *path)
{
    struct record_line line;
    struct record_file *f = record_file_open(path);
    int got = f ? 1 : -errno;
    while (got > 0) {
        got = record_file_next(f, &line);
        if (got > 0)
            check_line(r, path, &line);
        if (got > 0)
            progress_add(line.text.n + 1);
        if (got > 0 && r->asked->look && line.ended && !line.too_long)
            r->asked->look(r->asked->user, line.text);
    }
    record_file_close(f);
    if (got < 0)
        add(r, path, 0, record_file_fault(got));
    if (got < 0 && r->asked->look)
        record_files_complain(path, got);
    r->unread += got < 0;
}

static json_t *names_json(const struct record_file_names *names)
{
    json_t *list = json_array();
    for (size_t i = 0; i < names->n_passed_over; i++)
        json_array_append_new(list, json_of_text(names->passed_over[i]));
    return list;
}

static json_t *end_json(const struct audit *r, const struct record_file_names *names,
                        const char *head)
{
    const struct record_audit *c = &r->check;
    return json_pack("{s:b, s:I, s:I, s:I, s:I, s:s, s:I, s:O, s:O, s:o}", "good", r->findings == 0,
                     "lines", (json_int_t)c->lines, "calls", (json_int_t)c->calls, "first_seq",
                     (json_int_t)c->first_seq, "last_seq",
                     (json_int_t)(c->any ? c->chain.seq - 1 : 0), "head", head, "dropped",
                     (json_int_t)c->dropped_in_all, "gaps", r->gaps, "findings", r->list,
                     "passed_over", names_json(names));
}

static void add_sums(struct audit *r, const char *head, struct buf *text)
{
    const struct record_audit *c = &r->check;
    buf_addf(text, "%s: %" PRIu64 " lines, %" PRIu64 " calls", r->findings ? "NOT GOOD" : "good",
             c->lines, c->calls);
    if (c->any)
        buf_addf(text, ", seq %" PRIu64 " to %" PRIu64, c->first_seq, c->chain.seq - 1);
    if (c->gaps > 0)
        buf_addf(text, ", %" PRIu64 " records dropped in %" PRIu64 " gap%s", c->dropped_in_all,
                 c->gaps, c->gaps == 1 ? "" : "s");
    if (c->any)
        buf_addf(text, "\nhead %s", head);
    buf_add_char(text, '\n');
    if (!r->torn_file)
        return;
    buf_add_text(text, "the last line is unfinished (");
    buf_add_shown(text, str_of(r->torn_file));
    buf_addf(text, ":%" PRIu64 "): stird was cut off while writing it\n", r->torn_line);
}

static void tell_end(struct audit *r, const struct record_file_names *names,
                     struct record_check *told)
{
    char head[CHAIN_HASH_TEXT + 1] = "";
    const struct record_audit *c = &r->check;
    if (r->torn_ended)
        add_torn(r);
    if (c->head.n > 0 && !c->head_found)
        add(r, "head", 0, "no line has the head that was given: the end of the chain was cut off");
    if (c->any)
        chain_hash_text(head, c->chain.head);
    if (r->list)
        told->json = end_json(r, names, head);
    if (r->unread > 0 && c->lines == 0)
        buf_add_text(&told->text, "NOT VERIFIED: no line could be read\n");
    else
        add_sums(r, head, &told->text);
    record_files_add_passed_over(&told->text, names);
    if (names->n_passed_over > 0)
        buf_add_char(&told->text, '\n');
}

void record_check_run(struct record_check *check, const struct cli *cli,
                      const struct record_file_names *names)
{
    struct audit r = {.check.head = str_of(check->head),
                      .list = check->quiet ? json_array() : NULL,
                      .gaps = check->quiet ? json_array() : NULL,
                      .asked = check};
    progress_begin(cli, check->look ? "stirctl: reading records" : "stirctl: checking records");
    progress_of(record_files_bytes(names));
    for (size_t i = 0; i < names->n; i++)
        check_file(&r, names->path[i]);
    progress_end();
    check->text = BUF_INIT;
    add_begin(&r, names, &check->text);
    tell_end(&r, names, check);
    json_decref(r.list);
    json_decref(r.gaps);
    check->good = r.findings == 0;
    check->read = r.unread == 0;
}

void record_check_fini(struct record_check *check)
{
    json_decref(check->json);
    buf_fini(&check->text);
}

void record_check_print(const struct record_check *check)
{
    struct str rest = buf_str(&check->text);
    puts("records (stirctl records verify):");
    while (rest.n > 0) {
        const struct str line = str_cut(&rest, '\n');
        columns_say(INDENT, 0, "%.*s", STR_ARG(line));
    }
}
