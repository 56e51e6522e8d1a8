#include <stird/core/numbers_csv.h>

#include <stdint.h>
#include <string.h>

struct csv csv_init(struct str text)
{
    return (struct csv){.rest = text};
}

void csv_fini(struct csv *csv)
{
    buf_fini(&csv->unquoted);
}

static bool holds_line(struct str rest)
{
    return rest.n > 0 && memchr(rest.p, '\n', rest.n);
}

/* Reads on until the rest holds a whole line, the last line, or more than a line may have. */
static void fill(struct csv *csv)
{
    while (csv->more && !holds_line(csv->rest)) {
        if (csv->rest.n > CSV_LINE_MAX) {
            csv->more = NULL;
            return;
        }
        int r = csv->more(csv->user, &csv->rest);
        if (r > 0)
            continue;
        csv->more = NULL;
        csv->failed = r < 0;
        if (r < 0)
            csv->rest = (struct str){NULL, 0};
    }
}

/* Takes a line without its LF or CRLF off the rest. False at the end. */
static bool next_line(struct csv *csv, struct str *line)
{
    static const struct str mark = STR("\xef\xbb\xbf");
    fill(csv);
    if (csv->line == 0 && str_starts(csv->rest, mark))
        csv->rest = str_slice(csv->rest, mark.n, csv->rest.n);
    if (csv->rest.n == 0)
        return false;
    *line = str_cut(&csv->rest, '\n');
    csv->line++;
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct str trim(struct str s)
{
    while (s.n > 0 && is_blank(s.p[0]))
        s.p++, s.n--;
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Whether the line has no control characters, quotes or comments and is ASCII, as nearly every line
   is. */
static bool is_plain(struct str line)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80, low = ones * ('#' + 1);
    uint64_t word, found = 0;
    size_t i = 0;
    for (; line.n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, line.p + i, sizeof(word));
        found |= (word - low) | (word + ones) | word; /* high bits: below '$', 0x7f, 0x80 and up */
    }
    for (; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        found |= c <= '#' || c >= 0x7f ? high : 0;
    }
    return (found & high) == 0;
}

static const char *check_characters(struct str line, bool *has_quote_or_comment)
{
    *has_quote_or_comment = false;
    if (is_plain(line))
        return NULL;
    bool control = false, other = false, special = false;
    unsigned char high = 0;
    for (size_t i = 0; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        high |= c;
        control |= (c < 0x20 && c != '\t') || c == 0x7f;
        other |= (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
        special |= c == '"' || c == '#';
    }
    *has_quote_or_comment = special;
    /* A compiled table may hold any octets, line ends too, so it is chance how much its first line
       holds. */
    if ((control || high >= 0x80) && str_starts(line, STR("STIRDNUM"))) /* numbers_image.h */
        return "begins a compiled table, and here tables are text: name that one alone, in "
               "numbers.compiled, or put here what it was made of";
    if (control && !other)
        return "holds a CR that ends no line: save the table with lines that end in LF or CRLF";
    if (control)
        return "holds a control character: save the table as plain text";
    if (high >= 0x80 && !str_is_utf8(line))
        return "is not UTF-8: save the table as UTF-8";
    return NULL;
}

static const char *const too_long =
    "is longer than 1 MiB: is this a table, and does each row end with a line's end?";
static const char out_of_memory[] = "cannot be read: out of memory";
static const char *const too_many_fields = "has more than 64 fields: split the table's columns";

static const char *split_plain(struct csv *csv, struct str line)
{
    for (size_t i = 0, begin = 0; i <= line.n; i++) {
        if (i < line.n && line.p[i] != ',')
            continue;
        if (csv->n_fields == CSV_FIELDS_MAX)
            return too_many_fields;
        csv->field[csv->n_fields++] = trim(str_slice(line, begin, i));
        begin = i + 1;
    }
    return NULL;
}

/* *I stands behind the opening quote, and is moved behind the closing one. There is room for the
   whole line. */
static const char *read_quoted(struct csv *csv, struct str line, size_t *i)
{
    size_t begin = csv->unquoted.n;
    for (;; (*i)++) {
        if (*i == line.n)
            return "opens a quote and does not close it: a field ends on its line, and a quote "
                   "inside a quoted field is written twice";
        if (line.p[*i] == '"' && (*i + 1 == line.n || line.p[*i + 1] != '"'))
            break;
        if (line.p[*i] == '"')
            (*i)++;
        buf_add_char(&csv->unquoted, line.p[*i]);
    }
    (*i)++;
    csv->field[csv->n_fields++] = (struct str){csv->unquoted.p + begin, csv->unquoted.n - begin};
    return NULL;
}

/* At the start of a field or behind white space, as many write a comment behind a row. */
static bool resembles_comment(struct str line, size_t i)
{
    return line.p[i] == '#' && (i == 0 || is_blank(line.p[i - 1]) || line.p[i - 1] == ',');
}

static const char *read_unquoted(struct csv *csv, struct str line, size_t *i)
{
    size_t begin = *i;
    for (; *i < line.n && line.p[*i] != ','; (*i)++) {
        if (line.p[*i] == '"')
            return "has a quote inside an unquoted field: quote the whole field";
        if (resembles_comment(line, *i))
            csv->hashes |= UINT64_C(1) << csv->n_fields;
    }
    csv->field[csv->n_fields++] = trim(str_slice(line, begin, *i));
    return NULL;
}

/* Says what is wrong: what stands at I, behind a closing quote and blanks, is no comma. */
static const char *behind_quote(struct str line, size_t i)
{
    if (line.p[i] == ';')
        return "separates its fields by semicolons: save the table with commas";
    if (line.p[i] == '#')
        return "has a # behind a closing quote: a comment begins at the start of a line only";
    if (line.p[i - 1] == '\t')
        return "separates its fields by tabs: save the table with commas";
    return "has text behind a closing quote: a quote inside a quoted field is written twice";
}

static const char *split_quoted(struct csv *csv, struct str line)
{
    const char *why = NULL;
    for (size_t i = 0;; i++) {
        if (csv->n_fields == CSV_FIELDS_MAX)
            return too_many_fields;
        while (i < line.n && is_blank(line.p[i]))
            i++;
        if (i < line.n && line.p[i] == '"') {
            i++;
            why = read_quoted(csv, line, &i);
            while (i < line.n && is_blank(line.p[i]))
                i++;
        } else {
            why = read_unquoted(csv, line, &i);
        }
        if (why)
            return why;
        if (i >= line.n)
            return NULL;
        if (line.p[i] != ',')
            return behind_quote(line, i);
    }
}

static const char *split(struct csv *csv, struct str line)
{
    bool special;
    csv->n_fields = 0;
    csv->hashes = 0;
    buf_reset(&csv->unquoted);
    const char *why = check_characters(line, &special);
    if (why || !special)
        return why ? why : split_plain(csv, line);
    return buf_room(&csv->unquoted, line.n + 1) ? split_quoted(csv, line) : out_of_memory;
}

/* Whether the line holds separators alone, as spreadsheets write below a table, perhaps with a
   comment in the last field. */
static bool is_separators(struct str line)
{
    size_t i = 0;
    while (i < line.n && (is_blank(line.p[i]) || line.p[i] == ','))
        i++;
    return i == line.n || line.p[i] == '#';
}

static bool is_empty(const struct csv *csv)
{
    for (unsigned i = 0; i < csv->n_fields; i++)
        if (csv->field[i].n > 0)
            return false;
    return true;
}

enum csv_result csv_next(struct csv *csv, const char **why)
{
    struct str line, text;
    do {
        if (!next_line(csv, &line))
            return CSV_END;
        text = trim(line);
        if (line.n > CSV_LINE_MAX)
            csv->n_fields = 0, *why = too_long;
        else if (is_separators(text))
            csv->n_fields = 0, *why = NULL;
        else
            *why = split(csv, line);
    } while (!*why && is_empty(csv));
    return *why == out_of_memory ? CSV_OUT_OF_MEMORY : *why ? CSV_FAULT : CSV_ROW;
}
