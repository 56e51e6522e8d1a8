#include "reader.h"

#include <assert.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stird/base/suggest.h>
#include <string.h>

#include "config_text.h"

#define SHOWN_MAX 60

void out_of_memory(struct reader *r)
{
    r->problems->out_of_memory = true;
}

static void __attribute__((format(printf, 3, 0)))
write_saying(struct buf *text, const struct object *object, const char *format, va_list arguments)
{
    if (object)
        buf_add_str(text, object->label);
    buf_vaddf(text, format, arguments);
}

void warn(struct reader *r, const struct object *object, struct place at, const char *format, ...)
{
    struct buf text = BUF_INIT;
    struct setting_warning *w = arena_alloc(r->arena, sizeof(*w));
    va_list arguments;
    va_start(arguments, format);
    write_saying(&text, object, format, arguments);
    va_end(arguments);
    if (w && !buf_failed(&text)) {
        *w = (struct setting_warning){at.file, at.line, arena_copy(r->arena, buf_str(&text)), NULL};
        if (r->last_warning)
            r->last_warning->next = w;
        else
            r->first_warning = w;
        r->last_warning = w;
    } else {
        out_of_memory(r);
    }
    buf_fini(&text);
}

void complain(struct reader *r, const struct object *object, struct place at, const char *format,
              ...)
{
    struct buf text = BUF_INIT;
    va_list arguments;
    va_start(arguments, format);
    write_saying(&text, object, format, arguments);
    va_end(arguments);
    if (buf_failed(&text))
        out_of_memory(r);
    else
        problems_add(r->problems, at.file, at.line, "%.*s", (int)text.n, text.p);
    buf_fini(&text);
}

struct str shown(struct reader *r, struct str text)
{
    struct buf escaped = BUF_INIT;
    buf_add_escaped(&escaped, str_slice(text, 0, SHOWN_MAX));
    struct str s = arena_printf(r->arena, "\"%.*s%s\"", (int)escaped.n,
                                escaped.n > 0 ? escaped.p : "", text.n > SHOWN_MAX ? "..." : "");
    buf_fini(&escaped);
    return s;
}

struct str reader_path(struct reader *r, struct str path)
{
    if (path.n == 0 || path.p[0] == '/')
        return path;
    struct str joined = arena_printf(r->arena, "%.*s%.*s", STR_ARG(r->directory), STR_ARG(path));
    if (!joined.p)
        out_of_memory(r);
    return joined;
}

struct place place_of(const struct object *object, const char *key)
{
    unsigned i = key_find(object->table, str_of(key));
    assert(i < object->table->n_keys);
    return object->given[i].line > 0 ? object->given[i] : object->at;
}

bool was_given(const struct object *object, const char *key)
{
    unsigned i = key_find(object->table, str_of(key));
    assert(i < object->table->n_keys);
    return object->given[i].line > 0;
}

void *reader_array(struct reader *r, size_t n, size_t bytes)
{
    void *p = arena_array(r->arena, n > 0 ? n : 1, bytes);
    if (!p)
        out_of_memory(r);
    return p;
}

struct object *reader_new_object(struct reader *r, const struct table *table)
{
    struct object *o = arena_alloc(r->arena, table->draft_bytes);
    struct place *given = reader_array(r, table->n_keys, sizeof(*given));
    if (!o || !given) {
        out_of_memory(r);
        return NULL;
    }
    o->table = table;
    o->given = given;
    return o;
}

static void *field_of(struct object *o, const struct key *k)
{
    return (char *)o + k->offset;
}

/* Doubles a list of the draft when it is full; the old room stays with the arena. */
static bool make_room(struct reader *r, void **items, unsigned n, unsigned *capacity, size_t bytes)
{
    if (n < *capacity)
        return true;
    unsigned bigger = *capacity > 0 ? *capacity * 2 : 8;
    void *room = reader_array(r, bigger, bytes);
    if (!room)
        return false;
    if (n > 0)
        memcpy(room, *items, n * bytes);
    *items = room;
    *capacity = bigger;
    return true;
}

/* ---- one value ---- */

static struct place place_in(struct str file, const config_setting_t *s)
{
    return (struct place){.file = file, .line = config_setting_source_line(s)};
}

static const char *type_wanted(enum key_type type)
{
    switch (type) {
    case KEY_BOOLEAN:
        return "true or false, without quotes";
    case KEY_INTEGER:
        return "a whole number, without quotes";
    case KEY_DURATION:
        return "a time with its unit, such as \"500ms\", \"30s\", \"2m\" or \"1h\"";
    case KEY_SIZE:
        return "a size in bytes, such as \"64k\" or \"1m\"";
    case KEY_TEXTS:
        return "a list of texts: [ \"...\", \"...\" ]";
    case KEY_OBJECTS:
        return "a list of groups: ( { ... }, { ... } )";
    default:
        return "a text in quotes";
    }
}

/* The value as text, as key_parse() takes it; false when it is of another type. */
static bool value_as_text(struct reader *r, const struct key *k, const config_setting_t *s,
                          struct str *text)
{
    int type = config_setting_type(s);
    if (type == CONFIG_TYPE_BOOL && k->type == KEY_BOOLEAN) {
        *text = config_setting_get_bool(s) ? STR("true") : STR("false");
        return true;
    }
    if ((type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) &&
        (k->type == KEY_INTEGER || k->type == KEY_SIZE)) {
        *text = arena_printf(r->arena, "%lld", config_setting_get_int64(s));
        return true;
    }
    if (type == CONFIG_TYPE_STRING && k->type != KEY_INTEGER && k->type != KEY_BOOLEAN) {
        *text = arena_copy(r->arena, str_of(config_setting_get_string(s)));
        return true;
    }
    return false;
}

/* False when it could not be taken, which was reported. */
static bool read_scalar(struct reader *r, struct object *o, const struct key *k,
                        const config_setting_t *s, struct place at)
{
    struct str text;
    struct buf message = BUF_INIT;
    if (!value_as_text(r, k, s, &text)) {
        complain(r, o, at, "%s must be %s", k->name, type_wanted(k->type));
        return false;
    }
    if (!text.p) {
        out_of_memory(r);
        return false;
    }
    const char *fault = key_parse(k, text, field_of(o, k), &message);
    struct str as_written = k->type == KEY_INTEGER ? text : shown(r, text);
    if (fault)
        complain(r, o, at, "%s = %.*s: %s", k->name, STR_ARG(as_written), fault);
    else if (k->type == KEY_PATH)
        *(struct str *)field_of(o, k) = reader_path(r, text);
    buf_fini(&message);
    return !fault;
}

static bool is_list(const config_setting_t *s)
{
    return config_setting_is_list(s) || config_setting_is_array(s);
}

static void read_texts(struct reader *r, struct object *o, const struct key *k,
                       const config_setting_t *s, struct place at)
{
    struct texts *texts = field_of(o, k);
    if (!is_list(s)) {
        texts->faulty = true;
        complain(r, o, at, "%s must be %s", k->name, type_wanted(k->type));
        return;
    }
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        struct place here = place_in(at.file, e);
        if (config_setting_type(e) != CONFIG_TYPE_STRING) {
            if (!texts->faulty) /* said of the first one: it is about the list */
                complain(r, o, here, "%s must be %s", k->name, type_wanted(k->type));
            texts->faulty = true;
            continue;
        }
        if (!make_room(r, (void **)&texts->items, texts->n, &texts->capacity,
                       sizeof(*texts->items)))
            return;
        struct str copy = arena_copy(r->arena, str_of(config_setting_get_string(e)));
        if (!copy.p)
            out_of_memory(r);
        texts->items[texts->n++] = (struct text_item){copy, here};
    }
}

/* ---- a group ---- */

static void read_group(struct reader *r, struct object *o, const config_setting_t *group,
                       const char *prefix, struct str file);

static struct str label_of(struct reader *r, const struct table *t, const config_setting_t *s,
                           unsigned number)
{
    const char *name = NULL;
    if (config_setting_lookup_string(s, t->name, &name))
        return arena_printf(r->arena, "%s %.*s: ", t->noun, STR_ARG(shown(r, str_of(name))));
    return arena_printf(r->arena, "%s number %u: ", t->noun, number);
}

static bool is_group_name(const struct table *t, struct str name)
{
    for (unsigned i = 0; i < t->n_keys; i++) {
        struct str key = str_of(t->keys[i].name);
        if (str_starts(key, name) && key.n > name.n && key.p[name.n] == '.')
            return true;
    }
    return false;
}

/* providers = { ... }, where provider = { ... } is meant, the group of a single one. */
static void read_no_list(struct reader *r, struct object *o, const struct key *k,
                         const config_setting_t *s, struct place at)
{
    struct str one = str_slice(str_of(k->name), 0, strlen(k->name) - 1);
    if (!config_setting_is_group(s) || !is_group_name(o->table, one)) {
        complain(r, o, at, "%s must be %s", k->name, type_wanted(k->type));
        return;
    }
    complain(r, o, at, "%s must be %s; a single one is %.*s = { ... };", k->name,
             type_wanted(k->type), STR_ARG(one));
    struct str inner = arena_printf(r->arena, "%.*s.", STR_ARG(one));
    if (inner.p)
        read_group(r, o, s, inner.p, at.file);
    else
        out_of_memory(r);
}

static void read_objects(struct reader *r, struct object *o, const struct key *k,
                         const config_setting_t *s, struct place at)
{
    struct objects *list = field_of(o, k);
    if (!is_list(s)) {
        list->faulty = true;
        read_no_list(r, o, k, s, at);
        return;
    }
    for (int i = 0; i < config_setting_length(s); i++) {
        const config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
        struct place here = place_in(at.file, e);
        if (!config_setting_is_group(e)) {
            if (!list->faulty)
                complain(r, o, here, "%s must be %s", k->name, type_wanted(k->type));
            list->faulty = true;
            continue;
        }
        struct object *child = reader_new_object(r, k->objects);
        if (!child ||
            !make_room(r, (void **)&list->items, list->n, &list->capacity, sizeof(*list->items)))
            return;
        list->items[list->n++] = child;
        child->at = here;
        child->label = label_of(r, k->objects, e, list->n);
        read_group(r, child, e, "", at.file);
    }
}

/* The nearest word that may stand in this place: the part of a key's name behind PREFIX. */
static struct str nearest_key(const struct table *t, struct str prefix, struct str word)
{
    unsigned distance = SUGGEST_FAR;
    struct str nearest = {NULL, 0};
    for (unsigned i = 0; i < t->n_keys; i++) {
        struct str key = str_of(t->keys[i].name);
        if (!str_starts(key, prefix))
            continue;
        struct str part = str_slice(key, prefix.n, str_find(key, '.', prefix.n));
        /* Where several begin so, none is meant more than the others: key_begun(). */
        if (str_starts_nocase(part, word) && suggest_distance(word, part) > 3)
            continue;
        if (suggest_is_nearer(word, part, &distance))
            nearest = part;
    }
    return nearest;
}

#define BEGINNING_MIN 3

/* A word cut short: "dir" for directory. {NULL, 0}: none begins so, or several do. */
static struct str key_begun(const struct table *t, struct str prefix, struct str word)
{
    struct str begun = {NULL, 0};
    for (unsigned i = 0; i < t->n_keys && word.n >= BEGINNING_MIN; i++) {
        struct str key = str_of(t->keys[i].name);
        struct str part = str_slice(key, prefix.n, str_find(key, '.', prefix.n));
        if (!str_starts(key, prefix) || !str_starts(part, word))
            continue;
        if (begun.n > 0 && !str_eq(begun, part))
            return (struct str){NULL, 0};
        begun = part;
    }
    return begun;
}

/* A word that is right, but in another group: "t1" for timers.t1. */
static struct str same_word_elsewhere(const struct table *t, struct str word)
{
    for (unsigned i = 0; i < t->n_keys; i++) {
        struct str key = str_of(t->keys[i].name);
        size_t dot = str_find(key, '.', 0);
        if (dot < key.n && str_eq(str_slice(key, dot + 1, key.n), word))
            return key;
    }
    return (struct str){NULL, 0};
}

static void read_known(struct reader *r, struct object *o, unsigned index,
                       const config_setting_t *s, struct place at)
{
    const struct key *k = &o->table->keys[index];
    struct place before = o->given[index];
    bool list = k->type == KEY_TEXTS || k->type == KEY_OBJECTS;
    if (before.line > 0 && !before.guessed && !list) {
        complain(r, o, at, "%s is set a second time; the first is at %.*s:%u", k->name,
                 STR_ARG(before.file), before.line);
        return;
    }
    if (before.line == 0 || before.guessed)
        o->given[index] = at;
    if (k->type == KEY_TEXTS && before.guessed)
        *(struct texts *)field_of(o, k) = (struct texts){0};
    if (k->type == KEY_TEXTS)
        read_texts(r, o, k, s, at);
    else if (k->type == KEY_OBJECTS)
        read_objects(r, o, k, s, at);
    else
        o->given[index].unread = !read_scalar(r, o, k, s, at);
}

/* Reads a value whose key is a guess: nothing is reported about it, whether it can be read or
   not. */
static void read_guessed(struct reader *r, struct object *o, unsigned index,
                         const config_setting_t *s, struct place at)
{
    struct problems unsaid = PROBLEMS_INIT, *said = r->problems;
    r->problems = &unsaid;
    read_known(r, o, index, s, at);
    r->problems = said;
    said->out_of_memory = said->out_of_memory || unsaid.out_of_memory;
    problems_fini(&unsaid);
}

/*
 * The value of a misspelt key, which was reported, counts for the key MEANT unless that is there
 * too. Otherwise the missing key would lead to further complaints for which nothing has to be
 * mended.
 */
static void read_as_meant(struct reader *r, struct object *o, struct str meant,
                          const config_setting_t *s, struct place at)
{
    unsigned index = key_find(o->table, meant);
    struct str inner = arena_printf(r->arena, "%.*s.", STR_ARG(meant));
    at.guessed = true;
    if (!inner.p)
        out_of_memory(r);
    else if (index == o->table->n_keys && config_setting_is_group(s))
        read_group(r, o, s, inner.p, at.file);
    else if (index == o->table->n_keys)
        return;
    else if (o->table->keys[index].type == KEY_OBJECTS && is_list(s))
        read_known(r, o, index, s,
                   at); /* what is wrong inside is wrong whatever the group is called */
    else if (o->given[index].line == 0)
        read_guessed(r, o, index, s, at);
}

static void unknown_key(struct reader *r, struct object *o, struct str prefix, struct str word,
                        const config_setting_t *s, struct place at)
{
    struct str hint = key_begun(o->table, prefix, word);
    if (hint.n == 0)
        hint = nearest_key(o->table, prefix, word);
    struct str meant = arena_printf(r->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(hint));
    if (hint.n == 0)
        meant = hint = same_word_elsewhere(o->table, word);
    struct str full = arena_printf(r->arena, "%.*s%.*s", STR_ARG(prefix),
                                   STR_ARG(str_slice(word, 0, 80)));
    if (hint.n == 0) {
        complain(r, o, at, "unknown key %.*s", STR_ARG(shown(r, full)));
        return;
    }
    complain(r, o, at, "unknown key %.*s (did you mean \"%.*s\"?)", STR_ARG(shown(r, full)),
             STR_ARG(hint));
    if (meant.p)
        read_as_meant(r, o, meant, s, at);
    else
        out_of_memory(r);
}

static void read_group(struct reader *r, struct object *o, const config_setting_t *group,
                       const char *prefix, struct str file)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
        struct str word = str_of(config_setting_name(s));
        struct str full = arena_printf(r->arena, "%s%.*s", prefix, STR_ARG(word));
        struct place at = place_in(file, s);
        unsigned index = key_find(o->table, full);
        if (!full.p) {
            out_of_memory(r);
        } else if (index < o->table->n_keys) {
            read_known(r, o, index, s, at);
        } else if (!is_group_name(o->table, full)) {
            unknown_key(r, o, str_of(prefix), word, s, at);
        } else if (!config_setting_is_group(s)) {
            complain(r, o, at, "%.*s must be a group: %.*s = { ... };", STR_ARG(full),
                     STR_ARG(full));
        } else {
            struct str inner = arena_printf(r->arena, "%.*s.", STR_ARG(full));
            if (inner.p)
                read_group(r, o, s, inner.p, file);
            else
                out_of_memory(r);
        }
    }
}

/* ---- a file ---- */

#define CUTS_MAX 200 /* lines that a mistake may be behind where its setting begins */

/* The text before the mistake, as far back as is needed. */
static void add_beginning(struct reader *r, struct draft *draft, struct str file, char *text,
                          unsigned line)
{
    size_t n = 0;
    for (unsigned i = 1; i < line && text[n]; n++)
        i += text[n] == '\n';
    for (unsigned i = 0; i < CUTS_MAX && n > 0; i++) {
        config_t config;
        text[n] = '\0';
        config_init(&config);
        bool good = config_read_string(&config, text) == CONFIG_TRUE;
        if (good)
            read_group(r, &draft->object, config_root_setting(&config), "", file);
        config_destroy(&config);
        if (good)
            return;
        for (n--; n > 0 && text[n - 1] != '\n';)
            n--;
    }
}

void reader_add_file(struct reader *r, struct draft *draft, struct str file, struct str text)
{
    config_t config;
    struct str copy = arena_copy(r->arena, text); /* with the NUL that libconfig wants */
    if (!copy.p) {
        out_of_memory(r);
        return;
    }
    if (!config_text_check(file, text, r->problems)) {
        r->incomplete = true;
        return;
    }
    config_init(&config);
    if (config_read_string(&config, copy.p) == CONFIG_TRUE) {
        read_group(r, &draft->object, config_root_setting(&config), "", file);
    } else {
        r->incomplete = true;
        problems_add(r->problems, file, (unsigned)config_error_line(&config),
                     "%s; what else this file says was not checked", config_error_text(&config));
        if (r->beginnings)
            add_beginning(r, draft, file, (char *)(uintptr_t)copy.p,
                          (unsigned)config_error_line(&config));
    }
    config_destroy(&config);
}

static void use_fallback(struct reader *r, struct object *o, const struct key *k)
{
    struct buf message = BUF_INIT;
    const char *fault = key_parse(k, str_of(k->fallback), field_of(o, k), &message);
    assert(!fault);
    if (k->type == KEY_PATH)
        *(struct str *)field_of(o, k) = reader_path(r, str_of(k->fallback));
    buf_fini(&message);
}

static void finish_objects(struct reader *r, struct object *o, const struct key *k, bool given)
{
    struct objects *list = field_of(o, k);
    if (given && list->n == 0 && !list->faulty)
        complain(r, o, place_of(o, k->name), "%s is empty: %s", k->name, k->help);
    for (unsigned i = 0; i < list->n; i++)
        reader_finish_object(r, list->items[i]);
}

/* It may have been in what a syntax error cuts off. */
static bool is_missing(const struct reader *r, const struct object *o, const struct key *k)
{
    return k->required && !(r->incomplete && k->type == KEY_OBJECTS) &&
           (!k->required_of || k->required_of(o));
}

void reader_finish_object(struct reader *r, struct object *o)
{
    for (unsigned i = 0; i < o->table->n_keys; i++) {
        const struct key *k = &o->table->keys[i];
        bool given = o->given[i].line > 0;
        if (k->type == KEY_OBJECTS)
            finish_objects(r, o, k, given);
        if (!given && k->fallback)
            use_fallback(r, o, k);
        else if (!given && is_missing(r, o, k))
            complain(r, o, o->at, "%s is missing: %s", k->name, k->help);
    }
}
