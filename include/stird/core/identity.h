/*
 * identity - the Identity header as text (RFC 8224 section 4, erratum 6499). Pure.
 *
 * It writes only one form, which every verifier takes (Decided 3). Reading tells what kind of
 * header a call carries already; it verifies nothing.
 */
#ifndef STIRD_IDENTITY_H
#define STIRD_IDENTITY_H

#include <stdbool.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

enum identity_kind {
    IDENTITY_EMPTY,      /* nothing but white space: counts as none and is removed */
    IDENTITY_UNREADABLE, /* nothing tells what it is: counts as none and is kept */
    IDENTITY_SHAKEN,     /* its token or its ppt parameter says shaken */
    IDENTITY_OTHER,      /* another PASSporT type or none */
};

#define IDENTITY_TOKEN_HEADER_MAX 4096 /* octets of base64url; a longer one is not read */

/* All text is borrowed from the header's value; what is missing or cannot be told is empty. */
struct identity {
    struct str digest; /* the signed-identity-digest: header.payload.signature */
    struct str header, payload, signature; /* base64url; the first two empty in compact form */
    struct str info;                       /* the URI without <> */
    struct str alg;                        /* "ES256" when absent; quotes taken off */
    struct str ppt;                        /* quotes taken off; empty when absent */
    bool compact;
    /* The first thing that RFC 8224 section 4 does not allow, as a constant text; NULL when it
       is well formed. With a fault the fields above are a guess, good enough to tell what was
       meant. */
    const char *fault;
    bool token_readable;      /* its header is a JSON object */
    bool token_is_shaken;     /* ... that says shaken */
    bool parameter_is_shaken; /* a ppt parameter does */
    bool says_div; /* a ppt parameter or the token says div, in whatever form; div-o does not */
};

/*
 * Reads one value, possibly folded, as far as it can be read: a call is told from others by what
 * its Identity is, not by how well it is written. A verifier asks FAULT first, and then whether
 * token and parameters say the same.
 */
enum identity_kind identity_parse(struct str value, struct identity *identity);

/* A value, and what was read of it, for whoever comes after. Borrowed from the message. */
struct identity_value {
    struct str text;
    enum identity_kind kind;
    struct identity identity;
};

void identity_value_read(struct identity_value *v, struct str text);
/*
 * Reads a LINE that is no header, but that the next hop may read as Identity (header_resembles()):
 * never well formed, and it says all that it says by one of the ways in which it may be read.
 */
void identity_value_read_odd(struct identity_value *v, struct str line);
/* So many values of one line are told apart; the rest is read as one value, which is not well
   formed. */
#define IDENTITY_VALUES_MAX 16
/* Splits a header line into its values, trimmed: some senders put several between commas. Returns
   how many there are. */
unsigned identity_values(struct str line, struct str values[IDENTITY_VALUES_MAX]);
/* More than any verifier looks at (identity_set.h). */
#define IDENTITIES_MAX 64
/* The values of the Identity headers of a message, folds inside, and behind them the lines that are
   no header but resemble Identity, each as a value that is not well formed. Where there are more
   than there is room for, the last one is all of the text from there on, so that nothing is left
   unread. How many. */
unsigned identities_of(struct str message, struct str value[IDENTITIES_MAX]);
/* Whether a header line holds no value at all. */
bool identity_is_empty(struct str line);

/* `<token>;info=<x5u>;alg=<alg>;ppt=<ppt>`, nothing quoted, no line end. */
void identity_add(struct buf *out, struct str token, struct str x5u, struct str alg,
                  struct str ppt);

#endif
