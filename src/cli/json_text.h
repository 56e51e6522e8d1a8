/*
 * json_text - any octets as a JSON text: Jansson takes none that are not UTF-8, and what it does
 * not take would be missing where it is looked for.
 */
#ifndef CLI_JSON_TEXT_H
#define CLI_JSON_TEXT_H

#include <jansson.h>
#include <stird/base/str.h>

/* What is not UTF-8 becomes U+FFFD, as stird writes it. NULL: no memory. */
json_t *json_of(struct str text);
json_t *json_of_text(const char *text); /* NULL is "" */
/* One JSON text and a line end on standard output; takes JSON, and complains where it is NULL. */
void json_print(json_t *json);
/* The same of TEXT, which a writer of json.h made: what is not ASCII is escaped, not shown. */
void json_print_text(struct str text);

#endif
