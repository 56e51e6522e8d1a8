/*
 * memory_file - memory with a descriptor, for other processes to have, too (memfd_create).
 *
 * Sealed by one of the two functions before anybody else has it: what is mapped can then never be
 * cut short beneath its reader, which would end that one (SIGBUS), whoever holds a descriptor.
 */
#ifndef STIRD_MEMORY_FILE_H
#define STIRD_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Empty and not sealed yet. NAME is for people (/proc/PID/maps). A descriptor, or -errno. */
int memory_file_new(const char *name);
/* BYTES zeros, and of this length for ever: all who have it may write. A descriptor, or -errno. */
int memory_file_of(const char *name, size_t bytes);
/* Never to be changed again. 0 or -errno; where somebody has it mapped to write, -EBUSY. */
int memory_file_seal(int fd);
/* Whether nobody can cut it short or write it any more. */
bool memory_file_is_sealed(int fd);
/* Whether its maker has found the memory for all of it: a hole costs who looks at it by mmap(). */
bool memory_file_is_whole(int fd);
/* Whether nobody can cut it short. */
bool memory_file_is_kept(int fd);

#endif
