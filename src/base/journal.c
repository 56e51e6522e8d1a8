#include "journal.h"

#include <string.h>

#define VALUE_MAX 1024

/* The fields that operators search for; everything else is only in the message. */
static const struct {
    const char *key, *field;
} known[] = {
    {"call_id", "CALL_ID"}, {"trunk", "TRUNK"}, {"orig", "ORIG_TN"},      {"dest", "DEST_TN"},
    {"reason", "REASON"},   {"cause", "CAUSE"}, {"upstream", "UPSTREAM"},
};

static const char *field_of(const char *key)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].key, key) == 0)
            return known[i].field;
    return NULL;
}

/* Escaped as in the message, so no value holds a line end, which would begin another field. */
static void add_field(struct buf *entry, const struct log_field *f)
{
    const char *field = field_of(f->key);
    if (!field || f->is_number || f->text.n == 0 || str_eq(f->text, STR("-")))
        return;
    buf_addf(entry, "%s=", field);
    buf_add_escaped(entry, str_slice(f->text, 0, VALUE_MAX));
    buf_add_char(entry, '\n');
}

void journal_entry(struct buf *entry, char priority, struct str message,
                   const struct log_field *fields)
{
    buf_addf(entry, "PRIORITY=%c\nSYSLOG_IDENTIFIER=stird\nMESSAGE=", priority);
    buf_add_str(entry, message);
    buf_add_char(entry, '\n');
    for (; fields->key; fields++)
        add_field(entry, fields);
}
