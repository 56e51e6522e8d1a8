/*
 * library_memory - the allocators of OpenSSL and jansson, which count every lack of memory
 * (shortage.h), because neither library tells each of its callers.
 */
#ifndef STIRD_LIBRARY_MEMORY_H
#define STIRD_LIBRARY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* To be called first of all in main(). False when OpenSSL has taken memory already: then it is not
   counted. */
bool library_memory_watch(void);

/*
 * Has what they free kept for what they take next, blocks of up to 2 KiB, MOST octets in all: a
 * signature that is verified takes and frees some hundred blocks, more of a size than the heap
 * keeps at hand. For a process with one thread, after library_memory_watch(); 0 frees what is kept,
 * and keeps no more.
 */
void library_memory_keep(size_t most);
size_t library_memory_kept(void); /* now, in octets */

#endif
