/*
 * keys - every key of the configuration, one table entry each, by which the parser, `stird -T` and
 * the test of docs/configuration.md go.
 */
#ifndef STIRD_CONF_KEYS_H
#define STIRD_CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

enum key_type {
    KEY_TEXT,
    KEY_DIGITS,
    KEY_NAME, /* [A-Za-z0-9_.-]{1,64} */
    KEY_PATH, /* relative to the directory of the main file */
    KEY_BOOLEAN,
    KEY_INTEGER,
    KEY_DURATION, /* "500ms", "30s", "2m", "1h"; kept as ms */
    KEY_SIZE,     /* "64k", "1m" or a plain number; kept as bytes */
    KEY_CHOICE,   /* one of `choices`; kept as its position */
    KEY_TEXTS,    /* [ "a", "b" ] */
    KEY_OBJECTS,  /* ( { ... }, { ... } ) */
};

/* When a changed value comes into force. */
enum key_applies {
    BY_RELOAD,
    AT_START,      /* a reload goes on with the old one, and says so */
    AT_START_ONLY, /* a reload that changes it is refused: it would not fit to what runs */
};

struct object;
struct table;

struct key {
    const char *name; /* "timers.t1": a group and the key in it */
    enum key_type type;
    const char *fallback; /* as it would be written; NULL: none */
    bool required;
    bool (*required_of)(const struct object *o); /* ... of these alone; NULL: of all */
    int64_t min, max;           /* of a number in its kept unit, of a text in bytes */
    const char *const *choices; /* ends with NULL */
    unsigned refused;           /* bits: choices that this key may not have */
    const char *why_refused;
    const struct table *objects;
    size_t offset, width; /* of the value in the draft */
    size_t
        inherited_from; /* of a trunk's that does not say it: where in struct draft; 0: nowhere */
    enum key_applies applies;
    const char *help;
};

struct table {
    const char *noun; /* "trunk"; NULL for the root */
    const char *name; /* the key that names the object: "name" or "id" */
    const struct key *keys;
    unsigned n_keys;
    size_t draft_bytes;
};

extern const struct table root_table, listener_table, certificate_table, provider_table,
    upstream_table, trunk_table, customer_table, rule_table, monitor_table, trust_table,
    verification_table, dialect_table;

/* What `kyc` may be, in the order of its positions. */
extern const char *const keys_kyc_states[];
extern const char *const treatments[];

/* Whether a trunk's calls need upstreams. False where its service or front is a mistake: that was
   reported, and nobody knows what it needs. */
bool keys_use_upstreams(const struct object *trunk);
/* Whether it signs. */
bool keys_sign(const struct object *trunk);

/* Index of the key of that full name, or table->n_keys. */
unsigned key_find(const struct table *table, struct str name);

/*
 * Reads TEXT as a value of KEY into FIELD. NULL, or a sentence that goes behind the key's name
 * ("must be ..."), in MESSAGE. Texts are borrowed from TEXT.
 */
const char *key_parse(const struct key *key, struct str text, void *field, struct buf *message);
/* The value at FIELD as it would be written in a file. Not for KEY_TEXTS and KEY_OBJECTS. */
void key_print(const struct key *key, const void *field, struct buf *out);
/* "64k", "500ms": a number in the unit of KEY. */
void key_print_number(const struct key *key, uint64_t value, struct buf *out);

#endif
