#include "words.h"

#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/suggest.h>
#include <string.h>

const struct cli_option words_common[] = {
    {"json", 'j', NULL, "JSON instead of text for people", OPTION_SHORT},
    {"config", 'c', "FILE", "configuration (" CONFIGURATION_DEFAULT ")", OPTION_SHORT},
    {"socket", 's', "FILE", "control socket; else the one of the configuration", OPTION_SHORT},
    {"help", 'h', NULL, "this; stirctl(1) says more", OPTION_SHORT},
    {0},
};

/* In front of the command alone. */
static const struct cli_option front[] = {{"version", 'V', NULL, NULL, OPTION_SHORT}, {0}};

/* On the way through the words. */
struct reading {
    struct words *words;
    const struct cli_option *own; /* of the command */
    char **list;
    int n, at;
};

/* ---- what is wrong ---- */

/* WORD is anybody's; the texts around it are ours. */
static void fault(struct words *w, const char *before, const char *word, const char *behind)
{
    if (w->fault.n > 0)
        return;
    buf_add_text(&w->fault, before);
    buf_add_shown(&w->fault, str_of(word));
    buf_add_text(&w->fault, behind);
}

static void add_near(const struct cli_option *list, struct str word, const char **near,
                     unsigned *distance)
{
    for (; list && list->name; list++)
        if (list->help && suggest_is_nearer(word, str_of(list->name), distance))
            *near = list->name;
}

static void fault_unknown(struct reading *r, const char *word)
{
    unsigned distance = SUGGEST_FAR;
    const char *near = NULL;
    char hint[96] = "";
    struct str name = str_of(word);
    name = str_cut(&name, '=');
    if (str_starts(name, STR("--")))
        add_near(r->own, str_slice(name, 2, name.n), &near, &distance);
    if (str_starts(name, STR("--")))
        add_near(words_common, str_slice(name, 2, name.n), &near, &distance);
    if (near)
        snprintf(hint, sizeof(hint), ": did you mean --%s?", near);
    fault(r->words, "there is no option ", word, hint);
}

/* ---- which option ---- */

static const struct cli_option *exact(const struct cli_option *list, struct str name)
{
    for (; list && list->name; list++)
        if (str_eq(str_of(list->name), name))
            return list;
    return NULL;
}

/* The only one that begins so. */
static const struct cli_option *begun(const struct cli_option *list, struct str name)
{
    const struct cli_option *found = NULL;
    for (; list && list->name; list++) {
        if (!str_starts(str_of(list->name), name))
            continue;
        if (found)
            return NULL;
        found = list;
    }
    return found;
}

static const struct cli_option *of_letter(const struct cli_option *list, char letter)
{
    for (; list && list->name; list++)
        if ((list->flags & OPTION_SHORT) && list->letter == letter)
            return list;
    return NULL;
}

/* An option of the command's own goes before one that all commands have. */
static const struct cli_option *by_name(const struct reading *r, struct str name)
{
    const struct cli_option *const lists[] = {r->own, words_common};
    const struct cli_option *found = NULL;
    for (size_t i = 0; i < 2 && !found; i++)
        found = exact(lists[i], name);
    for (size_t i = 0; i < 2 && !found && name.n > 0; i++)
        found = begun(lists[i], name);
    return found;
}

static const struct cli_option *by_letter(const struct reading *r, char letter)
{
    const struct cli_option *found = of_letter(r->own, letter);
    return found ? found : of_letter(words_common, letter);
}

static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

static bool is_option(const struct reading *r, const char *word)
{
    struct str text = str_of(word);
    if (str_starts(text, STR("--"))) {
        struct str name = str_slice(text, 2, text.n);
        return text.n == 2 || by_name(r, str_cut(&name, '='));
    }
    return text.n == 2 && text.p[0] == '-' && by_letter(r, text.p[1]);
}

/* ---- values ---- */

/* How many words: of "FROM TO" 2, of "FILE ..." as many as there are. */
static int values_of(const struct cli_option *o, bool *many)
{
    int n = o->value ? 1 : 0;
    *many = o->value && strstr(o->value, "...");
    for (const char *p = o->value; p && (p = strchr(p, ' ')); p++)
        n++;
    return n - *many;
}

/* Whether the option's value is a name in the file system. */
static bool names_file(const struct cli_option *o)
{
    static const char *const names[] = {"FILE", "DIR", "UNIT", "PROGRAM"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(o->value, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* An option is never the value of another; nor is -x a file's name, for an option was meant. A
   Call-ID may begin so. */
static bool may_follow(const struct reading *r, const struct cli_option *o, const char *word)
{
    return !looks_like_option(word) || (!names_file(o) && !is_option(r, word));
}

/* Values from the word that is next; the first may stand already in INLINE_VALUE. */
static struct given take_values(struct reading *r, const struct cli_option *o, char **inline_value)
{
    bool many;
    int most = values_of(o, &many);
    struct given g = {.letter = o->letter, .value = r->list + r->at};
    if (inline_value) {
        g.value = inline_value;
        g.n = 1;
        most--;
    }
    for (int i = 0; (many || i < most) && r->at < r->n && may_follow(r, o, r->list[r->at]); i++) {
        g.n++;
        r->at++;
    }
    return g;
}

static void take_common(struct words *w, const struct given *g)
{
    switch (g->letter) {
    case 'j':
        w->json = true;
        break;
    case 'h':
        w->help = true;
        break;
    case 'V':
        w->version = true;
        break;
    case 'c':
        w->configuration = g->n > 0 ? g->value[0] : NULL;
        break;
    case 's':
        w->socket = g->n > 0 ? g->value[0] : NULL;
        break;
    default:
        break;
    }
}

static bool is_common(const struct cli_option *o)
{
    return exact(words_common, str_of(o->name)) == o || o == front;
}

static void take(struct reading *r, const struct cli_option *o, char **inline_value)
{
    bool many;
    char name[64], what[96];
    int wanted = values_of(o, &many);
    struct given g = take_values(r, o, inline_value);
    snprintf(name, sizeof(name), "--%s", o->name);
    snprintf(what, sizeof(what), " %s is missing", o->value ? o->value : "");
    if (g.n < wanted)
        fault(r->words, "behind ", name, what);
    if (is_common(o)) {
        take_common(r->words, &g);
        return;
    }
    if (o->value && !(o->flags & OPTION_AGAIN) && words_have(r->words, o->letter))
        fault(r->words, "", name, " is there twice");
    if (g.n >= wanted && (o->value || !words_have(r->words, o->letter)))
        r->words->given[r->words->n_given++] = g;
}

/* ---- words ---- */

/* --name or --name=VALUE. */
static void read_long(struct reading *r)
{
    char **place = r->list + r->at++;
    char *word = *place, *equals = strchr(word, '=');
    struct str name = str_of(word + 2);
    name = str_cut(&name, '=');
    const struct cli_option *o = by_name(r, name);
    if (!o) {
        fault_unknown(r, word);
    } else if (equals && !o->value) {
        fault(r->words, "", word, ": this option takes no value");
    } else {
        if (equals) /* the value is a word of its own */
            *place = equals + 1;
        take(r, o, equals ? place : NULL);
    }
}

/* -j, -jw, -oFILE, -o=FILE or -o FILE. */
static void read_letters(struct reading *r)
{
    char **place = r->list + r->at++;
    char *word = *place;
    for (char *p = word + 1; *p; p++) {
        const struct cli_option *o = by_letter(r, *p);
        if (!o) {
            fault_unknown(r, word);
            return;
        }
        bool ends = o->value && p[1] != '\0';
        if (ends)
            *place = p + 1 + (p[1] == '=');
        take(r, o, ends ? place : NULL);
        if (o->value)
            return;
    }
}

/* Places for all, a word's letters each; what was read before stays. */
static bool make_room(struct words *w, int n, char **list)
{
    size_t words = (size_t)w->n + (size_t)n + 1, given = w->n_given + 1;
    for (int i = 0; i < n; i++)
        given += strlen(list[i]);
    char **word = realloc(w->word, words * sizeof(*word));
    w->word = word ? word : w->word;
    struct given *g = realloc(w->given, given * sizeof(*g));
    w->given = g ? g : w->given;
    return word && g;
}

int words_read(struct words *w, const struct cli_option *options, int n, char **list, bool stops)
{
    struct reading r = {w, stops && !options ? front : options, list, n, 0};
    bool ended = false; /* by "--" */
    if (!make_room(w, n, list))
        return -1;
    while (r.at < n) {
        char *word = list[r.at];
        if (!ended && strcmp(word, "--") == 0) {
            ended = true;
            r.at++;
        } else if (!ended && looks_like_option(word)) {
            (word[1] == '-' ? read_long : read_letters)(&r);
        } else if (stops) {
            break;
        } else {
            w->word[w->n++] = word;
            r.at++;
        }
    }
    return r.at;
}

/* The names in "NUMBER [CUSTOMER]": those that are needed, and all; -1: without end. */
static void check_count(struct words *w, const char *names)
{
    struct str rest = str_of(names ? names : "");
    for (int i = 0;; i++) {
        struct str name = str_trim(str_cut(&rest, ' '));
        bool needed = name.n > 0 && name.p[0] != '[';
        if (i >= w->n) {
            if (needed) {
                char text[64];
                snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
                fault(w, "", text, " is missing");
            }
            return;
        }
        if (name.n == 0) {
            fault(w, "\"", w->word[i], "\" is one word too many");
            return;
        }
        if (str_eq(rest, STR("...]")))
            return;
    }
}

void words_check(struct words *w, const struct command *command)
{
    for (const struct cli_option *o = command->options; o && o->name; o++) {
        char text[128];
        snprintf(text, sizeof(text), "--%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        if ((o->flags & OPTION_NEEDED) && !words_have(w, o->letter))
            fault(w, "", text, " is missing");
    }
    check_count(w, command->words);
}

void words_fini(struct words *w)
{
    free(w->word);
    free(w->given);
    buf_fini(&w->fault);
    *w = (struct words){0};
}

const char *words_value(const struct words *w, int letter)
{
    for (size_t i = w->n_given; i-- > 0;)
        if (w->given[i].letter == letter)
            return w->given[i].n > 0 ? w->given[i].value[0] : NULL;
    return NULL;
}

bool words_have(const struct words *w, int letter)
{
    for (size_t i = 0; i < w->n_given; i++)
        if (w->given[i].letter == letter)
            return true;
    return false;
}

void words_option_text(struct buf *out, const struct cli_option *o)
{
    if (o->flags & OPTION_SHORT)
        buf_addf(out, "-%c, ", o->letter);
    buf_addf(out, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
}
