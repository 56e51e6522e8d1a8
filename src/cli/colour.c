#include "colour.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_wanted(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    int fd = fileno(stdout);
    return (!no || !*no) && term && strcmp(term, "dumb") != 0 && fd >= 0 && isatty(fd);
}

const char *colour_on(enum colour colour)
{
    static const char *const codes[] = {
        [COLOUR_GOOD] = "\033[32m", [COLOUR_WARNING] = "\033[33m", [COLOUR_BAD] = "\033[31m"};
    return is_wanted() ? codes[colour] : "";
}

const char *colour_off(void)
{
    return is_wanted() ? "\033[0m" : "";
}
