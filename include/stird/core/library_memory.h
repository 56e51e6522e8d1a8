/*
 * library_memory - the memory that OpenSSL and jansson take, which count here when there is none
 * (shortage.h): neither tells each of its callers.
 */
#ifndef STIRD_LIBRARY_MEMORY_H
#define STIRD_LIBRARY_MEMORY_H

#include <stdbool.h>

/* First of all in main(). False: OpenSSL has taken some already, and goes on uncounted. */
bool library_memory_watch(void);

#endif
