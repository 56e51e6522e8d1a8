/*
 * colour - shows in colours what is well and what is not, where a person looks at it: on a
 * terminal, unless NO_COLOR is set or TERM is dumb.
 */
#ifndef CLI_COLOUR_H
#define CLI_COLOUR_H

enum colour { COLOUR_GOOD, COLOUR_WARNING, COLOUR_BAD };

/* What to print before and after the text; both are empty where there are no colours. */
const char *colour_on(enum colour colour);
const char *colour_off(void);

#endif
