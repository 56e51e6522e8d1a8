/*
 * uri - the parts of a URI as they are written: the one place that says where a user part ends and
 * a host begins (RFC 3261 section 19.1.1, RFC 3966 section 3). Borrowed text; only uri_unescape()
 * decodes anything.
 */
#ifndef STIRD_URI_H
#define STIRD_URI_H

#include <stdbool.h>
#include <stird/base/arena.h>
#include <stird/base/str.h>

enum uri_scheme { URI_SIP /* or sips */, URI_TEL, URI_OTHER, URI_NONE /* `911@h:5060` */ };

struct uri {
    enum uri_scheme scheme;
    struct str
        userinfo; /* all before the @, or, in other schemes, all behind the scheme; p NULL: none */
    struct str user;            /* of it, without parameters and password */
    struct str user_parameters; /* of it: "a=b;c" */
    struct str host;            /* of a SIP URI: the host with its brackets, without port */
    struct str parameters;      /* behind the host: "a=b;c" */
};

/*
 * False when it can be read in more than one way: it has a second @, which no part of a URI may
 * hold, or what follows the first is not a host and port (`sip:1@h/2`, `sip:1@h,2`), so that
 * another reader may end it elsewhere. What has no scheme is read as if "sip:" stood before it, or
 * "tel:" where it has no @. A scheme begins with a letter and holds no @; other text before a colon
 * is not a scheme.
 */
bool uri_split(struct uri *uri, struct str text);
/*
 * Whom a sip:, sips: or tel: URI, or a text without scheme, calls, read leniently: without
 * parameters, password and host. A SIP URI without user part has the number where its host should
 * be; a dot makes that an address. Of other schemes what would be the user.
 */
struct str uri_called_part(struct str text);
/*
 * Whether a SIP URI has a password or header fields (RFC 3261 section 19.1.1), empty ones too: it
 * is the resource of all of that (section 19.1.4), and others may find another number there. What
 * they hold is *PASSWORD and *HEADERS, as it is written; a tel URI with a colon or "?" in it
 * likewise.
 */
bool uri_says_more(struct str text, struct str *password, struct str *headers);
/* Without what follows a number there: password, parameters, host; for text that was escaped. */
struct str uri_called_end(struct str called);
/* Takes one octet off the front of *TEXT, which is not empty; "%39" gives "9", and a broken escape
   stays as it is. */
char uri_octet_next(struct str *text);
/* Whether HOST is a name, an IPv4 address or an IPv6 address in brackets, by its characters. */
bool uri_host_is_plain(struct str host);
/* %XX decoded, into ARENA where there is one; false for a broken escape or when memory is out. */
bool uri_unescape(struct arena *arena, struct str text, struct str *decoded);
/* Takes the next "a=b" off *PARAMETERS, as written: quotes mean nothing in a URI. False when none
   is left. */
bool uri_parameter_next(struct str *parameters, struct str *name, struct str *value);

/* Whether NAME, its escapes decoded, is WANTED in any case. */
bool uri_name_is(struct str name, struct str wanted);

#endif
