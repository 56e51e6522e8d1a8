/*
 * Messages in text: a log, what sngrep, ngrep or tcpdump printed, a mail. What stands before the
 * start line on its line (spaces, "> ", a time stamp) is taken off the lines behind it where they
 * begin the same way.
 *
 * ngrep and older tcpdumps print a CR as a dot. With `-W byline`, and of tcpdump -A, each line then
 * ends in one; else a message is one long line, CRLF in it "..", which ngrep breaks at the width of
 * the terminal. There two dots may also be two dots: behind them stands a header where they ended a
 * line, but a line without a colon is like more of the line before it. In a header that somebody
 * judges by, that is told (`glued`) and not guessed.
 */
#include <stird/base/buf.h>
#include <stird/core/headers.h>
#include <stird/trace/trace.h>

#include <string.h>

#define PREFIX_MAX     64
#define START_LINE_MAX 1024 /* where dots end it */
#define MESSAGE_MAX    (64 * 1024)
#define BROKEN_MIN     20 /* octets: more than a short line that has no colon */

struct reader {
    struct str rest;
    char line_end; /* CR where the text has no LF at all */
    uint64_t line; /* number of the one that was taken last */
    bool unended;  /* the text ends inside it */
    bool glued;    /* the message that was read: see trace.h */
};

/* How a message is written down. */
enum form { PLAIN, DOTTED, UNBROKEN };

static bool take_line(struct reader *r, struct str *line)
{
    if (r->rest.n == 0)
        return false;
    size_t end = str_find(r->rest, r->line_end, 0);
    *line = str_slice(r->rest, 0, end);
    r->unended = end == r->rest.n;
    r->rest = str_slice(r->rest, end + 1, r->rest.n);
    r->line++;
    while (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

/* Index of ".." at or after FROM, or s.n. */
static size_t find_dots(struct str s, size_t from)
{
    size_t at = str_find(s, '.', from);
    while (at + 1 < s.n && s.p[at + 1] != '.')
        at = str_find(s, '.', at + 1);
    return at + 1 < s.n ? at : s.n;
}

static struct str without_dot(struct str line)
{
    return line.n > 0 && line.p[line.n - 1] == '.' ? str_slice(line, 0, line.n - 1) : line;
}

/* Every start line has it: where it is missing, no end need be tried. */
static bool names_sip(struct str s)
{
    size_t at = 0;
    while ((at = str_find(s, '/', at)) < s.n &&
           (at < 3 || !str_starts_nocase(str_slice(s, at - 3, s.n), STR("SIP/"))))
        at++;
    return at < s.n;
}

/* Where the start line ends in TEXT, with dots for its line end; TEXT.n: it does not. */
static size_t unbroken_start(struct str text)
{
    if (!names_sip(str_slice(text, 0, START_LINE_MAX)))
        return text.n;
    size_t dots = find_dots(text, 0);
    while (dots < text.n && dots <= START_LINE_MAX && !start_line_is_sip(str_slice(text, 0, dots)))
        dots = find_dots(text, dots + 1);
    return dots <= START_LINE_MAX ? dots : text.n;
}

/* Whether TEXT begins with a start line, and how that is written. */
static bool is_start(struct str text, enum form *form)
{
    struct str bare = without_dot(text);
    *form = PLAIN;
    if (start_line_is_sip(text))
        return true;
    *form = DOTTED;
    if (bare.n < text.n && start_line_is_sip(bare))
        return true;
    *form = UNBROKEN;
    return unbroken_start(text) < text.n;
}

/* A dot before the method stands for an unprintable octet of a layer below SIP. */
static bool has_plain_method(struct str text)
{
    return str_find(text, '.', 0) > str_find(text, ' ', 0);
}

/* Where the start line begins in LINE; LINE.n: it holds none. */
static size_t find_start(struct str line, enum form *form)
{
    for (size_t i = 0; i < line.n && i <= PREFIX_MAX; i++) {
        char before = i > 0 ? line.p[i - 1] : ' ';
        struct str text = str_slice(line, i, line.n);
        if (ascii_is_alpha(line.p[i]) && !ascii_is_alpha(before) && !ascii_is_digit(before) &&
            has_plain_method(text) && is_start(text, form))
            return i;
    }
    return line.n;
}

static struct str without(struct str line, struct str prefix)
{
    if (str_starts(line, prefix))
        return str_slice(line, prefix.n, line.n);
    /* A quoting mark without the space behind it, on an empty line. */
    struct str bare = str_trim(prefix);
    return str_eq(line, bare) ? STR("") : line;
}

static bool is_header(struct str line)
{
    size_t colon = str_find(line, ':', 0);
    return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t' || (colon > 0 && colon < line.n));
}

/* The last header line: whoever copies a head often loses the line end behind it. */
static bool is_customary_end(struct str line)
{
    return str_starts_nocase(line, STR("Content-Length:")) || str_starts_nocase(line, STR("l:"));
}

/* A header of which not even the name is whole. */
static bool is_begun_name(struct str line)
{
    size_t n = 0;
    while (n < line.n && (ascii_is_alpha(line.p[n]) || (n > 0 && line.p[n] == '-')))
        n++;
    return n > 0 && n == line.n;
}

/* The empty line; a head that was not finished is told by the lack of it. */
static void end_head(struct buf *message, bool unended, struct str last)
{
    if (!unended || is_customary_end(last))
        buf_add_text(message, "\r\n");
}

static void add_line(struct buf *message, struct str line)
{
    buf_add_str(message, line);
    buf_add_text(message, "\r\n");
}

/* The next line of the head; false at the text's end. */
static bool take_head_line(struct reader *r, struct str prefix, enum form form, struct str *line)
{
    if (!take_line(r, line))
        return false;
    *line = without(*line, prefix);
    if (form == DOTTED)
        *line = without_dot(*line);
    return true;
}

/* Whether the empty line comes before another message does: then all before it is the head. */
static bool head_ends_ahead(struct reader ahead, struct str prefix, enum form form)
{
    const size_t before = ahead.rest.n;
    struct str line;
    enum form other;
    while (take_head_line(&ahead, prefix, form, &line) && before - ahead.rest.n < MESSAGE_MAX) {
        if (line.n == 0)
            return true;
        if (find_start(line, &other) == 0)
            return false;
    }
    return false;
}

/* A token (RFC 3261 section 25.1), but for dots. */
static bool is_of_a_name(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (c && strchr("-!%*_+`'~", c));
}

static bool begins_as_header(struct str text)
{
    size_t n = 0;
    while (n < text.n && is_of_a_name(text.p[n]))
        n++;
    struct str rest = str_slice(text, n, text.n);
    size_t spaces = 0;
    while (spaces < rest.n && (rest.p[spaces] == ' ' || rest.p[spaces] == '\t'))
        spaces++;
    return n > 0 && spaces < rest.n && rest.p[spaces] == ':';
}

struct compact_name {
    struct str name;
    char compact;
};

static bool is_named(struct str line, const struct compact_name *names, size_t n)
{
    struct str name = str_trim(str_cut(&line, ':'));
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(name, names[i].name) ||
            (names[i].compact && name.n == 1 && (name.p[0] | 0x20) == names[i].compact))
            return true;
    return false;
}

/* What tokens are compared with, and what tells calls apart. */
static bool is_judged(struct str line)
{
    static const struct compact_name names[] = {
        {STR("Identity"), 'y'}, {STR("From"), 'f'},    {STR("To"), 't'},
        {STR("Date"), 0},       {STR("Call-ID"), 'i'}, {STR("P-Asserted-Identity"), 0}};
    return is_named(line, names, sizeof(names) / sizeof(names[0]));
}

/* More of a token, by the looks of it: who copies one out of a terminal has it in several lines. */
static bool is_broken_identity(struct str last, struct str line)
{
    static const struct compact_name identity = {STR("Identity"), 'y'};
    size_t n = 0;
    while (n < line.n && line.p[n] > ' ' && line.p[n] <= '~')
        n++;
    return n == line.n && n >= BROKEN_MIN && !begins_as_header(line) &&
           is_named(last, &identity, 1);
}

/*
 * The header lines behind the start line. One without a colon is a line of the head, as it is for
 * core/headers; where no empty line ends the head, which who copies it often loses, that one does.
 */
static void read_lines(struct reader *r, struct str prefix, enum form form, struct buf *message)
{
    struct reader ahead = *r;
    struct str line, last = STR("");
    enum form other;
    bool ends = false;
    while (message->n < MESSAGE_MAX && take_head_line(&ahead, prefix, form, &line)) {
        bool begun = ahead.unended && is_begun_name(line) && !is_customary_end(last);
        if (line.n == 0 || find_start(line, &other) == 0)
            break;
        ends = ends || (!is_header(line) && head_ends_ahead(ahead, prefix, form));
        if (!is_header(line) && !begun && !ends)
            break;
        ahead.glued = ahead.glued || is_broken_identity(last, line);
        add_line(message, line);
        last = line;
        *r = ahead;
    }
    end_head(message, r->unended, last);
}

/* Dots that ngrep wrote for CRLF stand before a header, a fold, or the CRLF that ends them all;
   others belong to what they stand in. */
static bool ends_a_line(struct str behind)
{
    return begins_as_header(behind) || behind.n == 0 || behind.p[0] == ' ' || behind.p[0] == '\t' ||
           str_starts(behind, STR(".."));
}

/* More dots than CRLF and an empty line have. */
static bool is_long_run(struct str dots)
{
    return str_starts(dots, STR("....."));
}

/* Where the line ends that begins at AT; *DOUBTFUL: whether it may as well end elsewhere. */
static size_t find_end(struct str text, size_t at, bool *doubtful)
{
    size_t dots = find_dots(text, at);
    *doubtful = false;
    while (dots < text.n && !ends_a_line(str_slice(text, dots + 2, text.n))) {
        dots = find_dots(text, dots + 1);
        *doubtful = true;
    }
    *doubtful = *doubtful || is_long_run(str_slice(text, dots, text.n));
    return dots;
}

/* Whether a judged header stands behind what looked like the empty line: its dots may be those that
   the line before it ends in. */
static bool holds_a_judged_header(struct str text)
{
    for (size_t dots = find_dots(text, 0); dots < text.n; dots = find_dots(text, dots + 1)) {
        struct str behind = str_slice(text, dots + 2, text.n);
        if (begins_as_header(behind) && is_judged(behind))
            return true;
    }
    return false;
}

/* The start line and header lines out of the one long line. */
static void split_at_dots(struct reader *r, struct str text, struct buf *message)
{
    size_t start = unbroken_start(text), at = start + 2;
    struct str last = str_slice(text, 0, start);
    bool unended = false, doubtful;
    add_line(message, last);
    while (at < text.n) {
        size_t dots = find_end(text, at, &doubtful);
        if (dots == at)
            break; /* the empty line */
        last = str_slice(text, at, dots);
        unended = dots == text.n;
        r->glued = r->glued || (doubtful && is_judged(last));
        add_line(message, last);
        at = dots + 2;
    }
    r->glued = r->glued || (at < text.n && holds_a_judged_header(str_slice(text, at, text.n)));
    end_head(message, unended, last);
}

static bool is_indent(struct str prefix)
{
    return prefix.n > 0 && str_trim(prefix).n == 0;
}

/* BEGIN, and the lines that continue it: those that are indented as it is. */
static void join(struct reader *r, struct str prefix, struct str begin, struct buf *joined)
{
    struct reader ahead = *r;
    struct str line;
    buf_add_str(joined, begin);
    while (is_indent(prefix) && joined->n < MESSAGE_MAX && take_line(&ahead, &line) &&
           str_starts(line, prefix)) {
        buf_add_str(joined, str_slice(line, prefix.n, line.n));
        *r = ahead;
    }
}

static void read_unbroken(struct reader *r, struct str prefix, struct str begin,
                          struct buf *message)
{
    struct buf joined = BUF_INIT;
    join(r, prefix, begin, &joined);
    split_at_dots(r, buf_str(&joined), message);
    buf_fini(&joined);
}

/* An indented line with the beginning of a request line that goes on in the next. */
static bool read_wrapped(struct reader *r, struct str line, struct buf *message)
{
    struct buf joined = BUF_INIT;
    struct reader ahead = *r;
    struct str begin = str_trim(line), prefix = str_slice(line, 0, (size_t)(begin.p - line.p));
    enum form form;
    bool good = is_indent(prefix) && str_starts(begin, STR("INVITE "));
    if (good) {
        join(&ahead, prefix, str_slice(line, prefix.n, line.n), &joined);
        good = is_start(buf_str(&joined), &form) && form == UNBROKEN;
    }
    if (good) {
        *r = ahead;
        split_at_dots(r, buf_str(&joined), message);
    }
    buf_fini(&joined);
    return good;
}

/* LINE was taken off R; false when no message begins on it. */
static bool read_message(struct reader *r, struct str line, struct buf *message)
{
    enum form form = PLAIN;
    size_t start = find_start(line, &form);
    struct str prefix = str_slice(line, 0, start), begin = str_slice(line, start, line.n);
    if (begin.n == 0)
        return read_wrapped(r, line, message);
    if (form == UNBROKEN) {
        read_unbroken(r, prefix, begin, message);
    } else {
        add_line(message, form == DOTTED ? without_dot(begin) : begin);
        read_lines(r, prefix, form, message);
    }
    return true;
}

static bool has_empty_line(struct str message)
{
    return message.n >= 4 && str_eq(str_slice(message, message.n - 4, message.n), STR("\r\n\r\n"));
}

uint64_t trace_read_text(struct str text, trace_visit *visit, void *user)
{
    struct reader r = {.rest = text, .line_end = str_find(text, '\n', 0) < text.n ? '\n' : '\r'};
    struct buf message = BUF_INIT;
    struct str line;
    uint64_t n = 0;
    while (take_line(&r, &line)) {
        struct trace_message m = {.place = r.line};
        buf_reset(&message);
        r.glued = false;
        if (!read_message(&r, line, &message))
            continue;
        m.text = buf_str(&message);
        m.cut = !has_empty_line(m.text);
        m.glued = r.glued;
        if (buf_failed(&message))
            break;
        visit(user, &m);
        n++;
    }
    buf_fini(&message);
    return n;
}
