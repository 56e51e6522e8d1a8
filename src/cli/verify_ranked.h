/*
 * verify_ranked - what `stirctl verify` found of a call where it arrives, worst first: how much it
 * counts, whose fault it is, and what to do. Made of the JSON that tells each check of each hop.
 */
#ifndef STIRD_CLI_VERIFY_RANKED_H
#define STIRD_CLI_VERIFY_RANKED_H

#include <jansson.h>

/* Adds `findings` to each of CALLS. */
void verify_rank(json_t *calls);

#endif
