/*
 * library_memory - the allocators of OpenSSL and jansson, which count every lack of memory
 * (shortage.h), because neither library tells each of its callers.
 */
#ifndef STIRD_LIBRARY_MEMORY_H
#define STIRD_LIBRARY_MEMORY_H

#include <stdbool.h>

/* To be called first of all in main(). False when OpenSSL has taken memory already: then it is not
   counted. */
bool library_memory_watch(void);

#endif
