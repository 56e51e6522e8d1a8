/* What a reload would change and cannot: by the column `applies` of the keys' table. */
#include <stird/base/container_of.h>
#include <stird/conf/settings_file.h>
#include <string.h>

#include "draft.h"
#include "keys.h"

/* Settings of settings_read() lie in their draft. */
static const struct draft *draft_of(const struct settings *s)
{
    return container_of(s, struct draft, settings);
}

static const void *value_of(const struct draft *draft, const struct key *k)
{
    return (const char *)draft + k->offset;
}

static bool same_value(const struct key *k, const void *a, const void *b)
{
    if (k->type == KEY_TEXT || k->type == KEY_DIGITS || k->type == KEY_NAME || k->type == KEY_PATH)
        return str_eq(*(const struct str *)a, *(const struct str *)b);
    return memcmp(a, b, k->width) == 0;
}

static bool same_listener(const struct listener *a, const struct listener *b)
{
    return address_equal(&a->address, &b->address) &&
           address_equal(&a->advertised, &b->advertised) &&
           memcmp(a->transports, b->transports, sizeof(a->transports)) == 0;
}

/* As they are, not as they were written. */
static bool same_listeners(const struct settings *a, const struct settings *b)
{
    if (a->n_listeners != b->n_listeners)
        return false;
    for (unsigned i = 0; i < a->n_listeners; i++)
        if (!same_listener(&a->listeners[i], &b->listeners[i]))
            return false;
    return true;
}

/* As it is written, without the quotes. */
static void add_value(struct buf *text, const struct key *k, const void *value)
{
    struct buf written = BUF_INIT;
    key_print(k, value, &written);
    struct str s = buf_str(&written);
    bool quoted = s.n >= 2 && s.p[0] == '"';
    buf_add_str(text, quoted ? str_slice(s, 1, s.n - 1) : s);
    buf_fini(&written);
}

static void add_values(struct buf *text, const struct key *k, const void *next, const void *present)
{
    if (k->type == KEY_OBJECTS) {
        buf_addf(text,
                 "%s: another number, order, address, port, transport or advertise of listeners",
                 k->name);
        return;
    }
    buf_addf(text, "%s: ", k->name);
    add_value(text, k, next);
    buf_add_text(text, " instead of ");
    add_value(text, k, present);
}

static struct setting_change change_of(const struct settings *next, const struct key *k)
{
    struct setting_change c = {.key = str_of(k->name), .refused = k->applies == AT_START_ONLY};
    settings_place(next, k->name, &c.file, &c.line);
    return c;
}

void settings_need_restart(const struct settings *next, const struct settings *present,
                           settings_change_taker *take, void *user)
{
    for (unsigned i = 0; i < root_table.n_keys; i++) {
        const struct key *k = &root_table.keys[i];
        const void *new = value_of(draft_of(next), k), *old = value_of(draft_of(present), k);
        struct buf text = BUF_INIT;
        if (k->applies == BY_RELOAD ||
            (k->type == KEY_OBJECTS ? same_listeners(next, present) : same_value(k, new, old)))
            continue;
        struct setting_change c = change_of(next, k);
        add_values(&text, k, new, old);
        c.values = buf_str(&text);
        take(user, &c);
        buf_fini(&text);
    }
}

bool settings_agree(const struct settings *a, const struct settings *b, const char *prefix)
{
    bool same = true;
    for (unsigned i = 0; i < root_table.n_keys; i++) {
        const struct key *k = &root_table.keys[i];
        if (k->type != KEY_OBJECTS && str_starts(str_of(k->name), str_of(prefix)))
            same = same && same_value(k, value_of(draft_of(a), k), value_of(draft_of(b), k));
    }
    return same;
}

void settings_place(const struct settings *s, const char *key, struct str *file, unsigned *line)
{
    const struct object *root = &draft_of(s)->object;
    unsigned i = key_find(root->table, str_of(key));
    bool given = i < root->table->n_keys && root->given[i].line > 0;
    *file = given ? root->given[i].file : root->at.file;
    *line = given ? root->given[i].line : 0;
}
