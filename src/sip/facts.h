/*
 * facts - what a call says of itself, as struct call.
 */
#ifndef STIRD_SIP_FACTS_H
#define STIRD_SIP_FACTS_H

#include <stdbool.h>

struct context;

/* Fills C->call from C->message; all text borrowed from C->request. False: no memory. */
bool facts_fill(struct context *c);

#endif
