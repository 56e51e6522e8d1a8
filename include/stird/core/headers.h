/*
 * headers - header lines of a SIP message as raw text (RFC 3261 section 7.3): for answers, ACK and
 * CANCEL, which must repeat them octet by octet, and for what sofia-sip is not asked to parse.
 *
 * Borrowed text, no memory. It reads anything: a line that is not a header is skipped, or returned
 * as such. This is the one reader of header names: framing, screening, facts and editing all use
 * it.
 */
#ifndef STIRD_HEADERS_H
#define STIRD_HEADERS_H

#include <stdbool.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct header_line {
    struct str name;  /* a token; {NULL, 0} when the line is not a header */
    struct str value; /* trimmed; folded lines are still inside */
    struct str raw;   /* the whole line, with its folded lines and line ends */
};

/* One or more of the characters of a token (section 25.1). */
bool is_sip_token(struct str s);

/* The first line without its end; *REST is what follows it. */
struct str start_line(struct str message, struct str *rest);
/* Where the line of S that goes on at FROM, at most s.n, ends: index of its first CR or LF, or s.n.
 */
size_t head_line_end(struct str s, size_t from);
/* The next line off *REST, with the lines that continue it, header or not; false at the empty line
   or the end. */
bool head_line_next(struct str *rest, struct header_line *line);
/* The header name that LINE begins with; {NULL, 0} when there is none. The lines that continue it
   are not looked at, because they may be long. */
struct str header_line_name(struct str line);
/* The next line that is a header: "token: value", where white space but no line end may stand
   before the colon. */
bool header_next(struct str *rest, struct header_line *line);
/*
 * Whether a lenient reader may take the line, header or not, for the header NAME. It may if NAME is
 * the line's first word, or is what stands before its colon when octets that no name has are left
 * out.
 */
bool header_resembles(const struct header_line *line, struct str name, char compact);
/* The octet, in lower case, with which every name that LINE resembles begins; '\0' when it
   resembles none. */
char header_first_octet(const struct header_line *line);
/* What stands behind the name in a line that is no header: "Name value", "Name=value"; trimmed. */
struct str header_odd_value(const struct header_line *line);
#define HEADER_ROOM 64 /* longer than any name that is asked for */
/* The two names that LINE may be taken for; for a header, its own name twice. ROOM holds one of
   them. */
void header_lookalikes(const struct header_line *line, struct str names[2], char room[HEADER_ROOM]);
/* Whether LINE is the header NAME, or its compact form when COMPACT is not 0 (section 7.3.3). */
bool header_is_named(struct str found, struct str name, char compact);
bool header_is(const struct header_line *line, struct str name, char compact);
/* Whether two names differ in case, or in "_" for "-", alone: some elements read such as one. */
bool header_is_alike(struct str found, struct str name);
/* The compact form of a header's name, or 0: 's' of Subject. NAME may be either form. */
char header_compact(struct str name);
/* Whether two names, each in its long or compact form, are the same header. */
bool header_same_name(struct str a, struct str b);
/* The first such header of MESSAGE; false when it has none. */
bool header_find(struct str message, struct str name, char compact, struct header_line *line);

/*
 * The next element of a comma-separated list off *REST, trimmed, commas inside quotes and <> kept;
 * false when there is none.
 */
bool list_next(struct str *rest, struct str *element);
/* Visits all elements of a header that is a list, over all of its lines, which form one list
   (section 7.3.1). */
struct header_elements {
    struct str rest, value, name;
    char compact;
};
struct header_elements header_elements_of(struct str message, struct str name, char compact);
bool header_element_next(struct header_elements *e, struct str *element);
/* Whether VALUE is a list without an element: nothing, or commas alone. */
bool list_is_empty(struct str value);
/*
 * A name-addr or addr-spec (RFC 3261 section 25.1): the URI without <>, and the header parameters
 * behind it. False when it is neither; the parameters are given even then.
 */
bool name_addr(struct str value, struct str *uri, struct str *parameters);
/*
 * The same for headers that say where a request goes (Route, Contact, Record-Route), which an odd
 * display name must not stop: true when to every reader the URI is what is in the brackets,
 * whatever stands around them.
 */
bool name_addr_clear(struct str value, struct str *uri);
/*
 * The same for headers that say who somebody is, by which an A is given: nobody must be able to
 * read another URI. Before the brackets stand only words or one quoted string, none of which could
 * be an address, and behind them only ";token" and ";token=value". False for anything else.
 */
bool name_addr_alone(struct str value, struct str *uri);
/* The next ";name=value" off *PARAMETERS, quotes taken off the value; false when none is left. */
bool parameter_next(struct str *parameters, struct str *name, struct str *value);
/* The value of ;NAME=value in PARAMETERS (";a;b=c"), quotes taken off; false when absent. A
   parameter without a value gives the empty text. */
bool parameter_find(struct str parameters, struct str name, struct str *value);

#endif
