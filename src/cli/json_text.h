/*
 * json_text - any octets as a JSON text. Jansson refuses octets that are not UTF-8, and then the
 * text would be missing where somebody looks for it.
 */
#ifndef CLI_JSON_TEXT_H
#define CLI_JSON_TEXT_H

#include <jansson.h>
#include <stird/base/str.h>

/* What is not UTF-8 becomes U+FFFD, as stird writes it. NULL: no memory. */
json_t *json_of(struct str text);
json_t *json_of_text(const char *text); /* NULL is "" */
/* Prints one JSON text and a line end on standard output. Takes JSON over, and complains where it
   is NULL. */
void json_print(json_t *json);
/* The same for TEXT, which json.h has written: what is not ASCII stays escaped. */
void json_print_text(struct str text);

#endif
