#include "columns.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 14
#define BELOW      2 /* how much deeper what goes on below begins */

/* Jansson takes no string that is not UTF-8, but these come out of JSON. */
static json_t *shown(const char *text)
{
    struct buf out = BUF_INIT;
    buf_add_shown(&out, text && text[0] ? str_of(text) : STR("-"));
    json_t *cell = buf_failed(&out) ? NULL : json_stringn(out.p, out.n);
    buf_fini(&out);
    return cell;
}

void columns_add(struct columns *c, const char *const *cells)
{
    json_t *row = c->rows ? json_array() : NULL;
    for (unsigned i = 0; row && i < c->n; i++)
        json_array_append_new(row, shown(cells[i]));
    if (row)
        json_array_append_new(c->rows, row);
}

struct columns columns_new(const char *const *heads, unsigned n)
{
    struct columns c = {.rows = json_array(), .n = n < COLUMNS_MAX ? n : COLUMNS_MAX};
    columns_add(&c, heads);
    return c;
}

static const char *cell(const json_t *row, unsigned i)
{
    const char *text = json_string_value(json_array_get(row, i));
    return text ? text : "?";
}

static void measure(const struct columns *c, int width[COLUMNS_MAX])
{
    size_t r;
    json_t *row;
    json_array_foreach(c->rows, r, row) for (unsigned i = 0; i < c->n; i++)
    {
        int n = (int)strlen(cell(row, i));
        width[i] = n > width[i] ? n : width[i];
    }
}

/* Where a line would be wider than a terminal the row goes on below, at the same column in all
   rows. */
static void print_row(const struct columns *c, const json_t *row, const int width[COLUMNS_MAX])
{
    int at = NAME_WIDTH;
    for (unsigned i = 0; i < c->n; i++) {
        if (i > 0 && at + 1 + width[i] > LINE_WIDTH) {
            printf("\n%*s", NAME_WIDTH + BELOW, "");
            at = NAME_WIDTH + BELOW;
        }
        const bool ends = i + 1 == c->n || at + 1 + width[i] + 1 + width[i + 1] > LINE_WIDTH;
        printf(" %-*s", ends ? 0 : width[i], cell(row, i));
        at += 1 + width[i];
    }
    putchar('\n');
}

void columns_print(struct columns *c, const char *name)
{
    int width[COLUMNS_MAX] = {0};
    size_t r;
    json_t *row;
    measure(c, width);
    const bool fits = strlen(name) <= NAME_WIDTH;
    if (!fits && json_array_size(c->rows) > 1)
        puts(name);
    json_array_foreach(c->rows, r, row)
    {
        if (json_array_size(c->rows) < 2)
            break;
        printf("%-*s", NAME_WIDTH, r == 0 && fits ? name : "");
        print_row(c, row, width);
    }
    json_decref(c->rows);
    c->rows = NULL;
}

/* HANGS: the first word stands where the line begins. */
static void wrap(const char *text, int indent, int at, bool hangs)
{
    struct buf shown = BUF_INIT;
    buf_add_shown(&shown, str_of(text));
    struct str rest = buf_str(&shown);
    while (rest.n > 0) {
        struct str word = str_cut(&rest, ' ');
        bool begins = hangs ? at == 0 : at <= indent;
        int before = hangs ? 0 : indent - at;
        if (!begins && at + 1 + (int)word.n > LINE_WIDTH) {
            putchar('\n');
            at = 0;
            begins = true;
            before = indent;
        }
        at += printf("%*s%.*s", begins ? before : 1, "", STR_ARG(word));
    }
    putchar('\n');
    buf_fini(&shown);
}

void columns_wrap(const char *text, int indent, int at)
{
    wrap(text, indent, at, false);
}

static void say(int indent, int at, bool hangs, const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

static void say(int indent, int at, bool hangs, const char *format, va_list arguments)
{
    struct buf text = BUF_INIT;
    buf_vaddf(&text, format, arguments);
    buf_add_char(&text, '\0');
    if (!buf_failed(&text))
        wrap(text.p, indent, at, hangs);
    buf_fini(&text);
}

void columns_hang(int indent, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(indent, 0, true, format, arguments);
    va_end(arguments);
}

void columns_say(int indent, int at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(indent, at, false, format, arguments);
    va_end(arguments);
}
