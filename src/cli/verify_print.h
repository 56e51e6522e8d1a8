/* verify_print - what `stirctl verify` tells, for people: out of the JSON that it is made of. */
#ifndef STIRD_CLI_VERIFY_PRINT_H
#define STIRD_CLI_VERIFY_PRINT_H

#include <jansson.h>

void verify_print(const json_t *calls);

#endif
