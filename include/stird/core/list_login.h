/*
 * list_login - the login of policy administrators who give their list of authorities to those whom
 * they know alone: who we are goes there as JSON, and a token comes back. Pure.
 */
#ifndef STIRD_LIST_LOGIN_H
#define STIRD_LIST_LOGIN_H

#include <stdbool.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <stird/core/settings.h>

/*
 * The body of the request, out of the octets of list_login_file: a user's name and a password, a
 * line each. NULL, or a static sentence that goes behind the file's name. BODY is secret then.
 */
const char *list_login_write(struct str file, struct buf *body);

/* Whether that would write one. */
bool list_login_is_whole(struct str file);

/* What such a file must hold, behind its name and "must hold". */
#define LIST_LOGIN_FORM "two lines: a user's name, and a password"

/* Whether the octets of list_token_file are one line with a token: b64token of RFC 6750, letters,
   digits and -._~+/ with = behind them alone. */
bool list_token_is_whole(struct str file);
/* What such a file must hold, behind its name and "must hold". */
#define LIST_TOKEN_FORM                                                                            \
    "the token alone, without the word Bearer: one line of letters, digits and -._~+/ (RFC 6750)"

/* The password of such a file; empty: it has none. */
struct str list_login_password(struct str file);

/* The token of an answer. NULL with TOKEN, or a static sentence that goes behind "the login"; to
   SAID is added what the administrator says of it, which does not tell PASSWORD (list_refusal.h).
 */
const char *list_login_read(struct str answer, struct str password,
                            char token[TRUST_TOKEN_BYTES_MAX + 1], struct buf *said);

#endif
