#include "help.h"

#include "columns.h"
#include "json_text.h"

#include <stdio.h>
#include <stird/base/json.h>
#include <string.h>

#define NAME_WIDTH   20
#define OPTION_WIDTH 22
#define USAGE_INDENT 9

/* ---- usage ---- */

/* How long a word is with which TEXT begins, or what stands in brackets. */
static size_t word_length(const char *text)
{
    size_t n = 0;
    for (int depth = 0; text[n] && (depth > 0 || !strchr(" \n", text[n])); n++)
        depth += text[n] == '[' || text[n] == '(' ? 1 : text[n] == ']' || text[n] == ')' ? -1 : 0;
    return n;
}

/* The same with the value of an option behind it: what no line is broken in. */
static size_t item_length(const char *text)
{
    const size_t n = word_length(text);
    if (text[0] != '-' || text[n] != ' ' || strchr("-[(|", text[n + 1]))
        return n;
    return n + 1 + word_length(text + n + 1);
}

void help_usage(FILE *to, const struct command *c)
{
    int at = fprintf(to, "usage: stirctl %s", c->name);
    for (const char *rest = c->usage; *rest; rest += *rest == ' ') {
        const bool ends = *rest == '\n';
        rest += ends;
        const int n = (int)item_length(rest);
        const bool breaks = ends || at + 1 + n > LINE_WIDTH;
        if (breaks)
            at = fprintf(to, "\n%*s", USAGE_INDENT, "") - 1;
        at += fprintf(to, "%s%.*s", breaks ? "" : " ", n, rest);
        rest += n;
    }
    fputc('\n', to);
}

/* ---- a line each ---- */

static void print_summary(const struct command *c)
{
    int at = printf("  %-*s", NAME_WIDTH, c->name);
    columns_wrap(c->summary, 2 + NAME_WIDTH + 1, at);
}

static void print_options(const struct cli_option *o)
{
    for (; o && o->name; o++) {
        struct buf text = BUF_INIT;
        words_option_text(&text, o);
        if (o->help) {
            int at = printf("  %-*.*s", OPTION_WIDTH, STR_ARG(buf_str(&text)));
            columns_wrap(o->help, 2 + OPTION_WIDTH + 1, at);
        }
        buf_fini(&text);
    }
}

/* ---- as JSON ---- */

static void put_text(struct json *j, struct str key, const char *text)
{
    json_put_key(j, key);
    json_put_string(j, str_of(text));
}

static void put_options(struct json *j, const struct cli_option *o)
{
    for (; o && o->name; o++) {
        struct buf text = BUF_INIT;
        if (!o->help)
            continue;
        words_option_text(&text, o);
        json_begin_object(j);
        json_put_key(j, STR("option"));
        json_put_string(j, buf_str(&text));
        put_text(j, STR("help"), o->help);
        json_end_object(j);
        buf_fini(&text);
    }
}

static void put_command(struct json *j, const struct command *c)
{
    json_begin_object(j);
    put_text(j, STR("name"), c->name);
    put_text(j, STR("usage"), c->usage);
    put_text(j, STR("summary"), c->summary);
    json_put_key(j, STR("options"));
    json_begin_array(j);
    put_options(j, c->options);
    put_options(j, words_common);
    json_end_array(j);
    json_end_object(j);
}

static void print_json(struct buf *text)
{
    json_print_text(buf_str(text));
    buf_fini(text);
}

static bool is_in_group(const struct command *c, const char *name)
{
    size_t n = strlen(name);
    return strncmp(c->name, name, n) == 0 && c->name[n] == ' ';
}

/* Of one GROUP; NULL: all. */
static void print_list_as_json(const struct commands *all, const char *group)
{
    struct buf text = BUF_INIT;
    struct json j = json_writer(&text, false);
    json_begin_array(&j);
    for (size_t i = 0; i < all->n; i++)
        if (!group || is_in_group(all->list[i], group))
            put_command(&j, all->list[i]);
    json_end_array(&j);
    print_json(&text);
}

/* ---- for people ---- */

void help_of_command(const struct command *c, bool as_json)
{
    if (as_json) {
        struct buf text = BUF_INIT;
        struct json j = json_writer(&text, false);
        put_command(&j, c);
        print_json(&text);
        return;
    }
    help_usage(stdout, c);
    putchar('\n');
    columns_wrap(c->summary, 0, 0);
    if (c->options && c->options->help)
        putchar('\n');
    print_options(c->options);
    puts("\nOf all commands:");
    print_options(words_common);
}

bool help_is_group(const struct commands *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (is_in_group(all->list[i], name))
            return true;
    return false;
}

bool help_of_group(const struct commands *all, const char *name, bool as_json)
{
    if (!help_is_group(all, name))
        return false;
    if (as_json) {
        print_list_as_json(all, name);
        return true;
    }
    printf("usage: stirctl %s COMMAND ... (stirctl %s COMMAND --help)\n\n", name, name);
    for (size_t i = 0; i < all->n; i++)
        if (is_in_group(all->list[i], name))
            print_summary(all->list[i]);
    return true;
}

void help_of_all(const struct commands *all, bool as_json)
{
    if (as_json) {
        print_list_as_json(all, NULL);
        return;
    }
    printf("usage: stirctl [-j] [-c FILE] [-s SOCKET] COMMAND ... (stirctl COMMAND --help)\n\n");
    print_options(words_common);
    putchar('\n');
    for (size_t i = 0; i < all->n; i++)
        print_summary(all->list[i]);
}

/* ---- for a shell ---- */

static void list_options(const struct cli_option *o)
{
    for (; o && o->name; o++) {
        if (!o->help)
            continue;
        printf("\t--%s%s%s", o->name, o->value ? "=" : "", o->value ? o->value : "");
        if (o->flags & OPTION_SHORT)
            printf("\t-%c%s%s", o->letter, o->value ? "=" : "", o->value ? o->value : "");
    }
}

void help_as_list(const struct commands *all)
{
    list_options(words_common);
    puts("\t--version\t-V");
    for (size_t i = 0; i < all->n; i++) {
        fputs(all->list[i]->name, stdout);
        if (all->list[i]->words)
            printf("\t=%s", all->list[i]->words);
        list_options(all->list[i]->options);
        list_options(words_common);
        putchar('\n');
    }
}
