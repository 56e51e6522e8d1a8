/*
 * block - memory that is kept for who asks next for as much: what a call, or a signature that is
 * verified, takes and frees in a moment is more, and larger, than the heap keeps at hand.
 *
 * Nothing is kept before block_keep() was called: then these are malloc() and free(). For a process
 * with one thread.
 */
#ifndef STIRD_BLOCK_H
#define STIRD_BLOCK_H

#include <stddef.h>

/* Keeps blocks of up to 16 KiB, MOST octets in all. 0 frees what is kept, and keeps no more. */
void block_keep(size_t most);
size_t block_bytes_kept(void);

/* Room for BYTES (above 0), aligned for anything and not zeroed; NULL when there is no memory. */
void *block_take(size_t bytes);
/* Of block_take(), malloc() or realloc(), or NULL. */
void block_give(void *block);

#endif
