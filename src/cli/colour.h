/*
 * colour - what is well and what is not, in colours where a person looks at it: on a terminal, and
 * not where NO_COLOR is set or TERM is dumb.
 */
#ifndef CLI_COLOUR_H
#define CLI_COLOUR_H

enum colour { COLOUR_GOOD, COLOUR_WARNING, COLOUR_BAD };

/* What to print in front of it, and behind; both are empty elsewhere. */
const char *colour_on(enum colour colour);
const char *colour_off(void);

#endif
