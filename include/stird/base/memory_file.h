/*
 * memory_file - memory that has a descriptor, so that other processes can have it too
 * (memfd_create).
 *
 * It is sealed by one of the two functions before another process gets it. Then nobody who holds a
 * descriptor can cut it short while another has it mapped, which would kill that process (SIGBUS).
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
/* Whether all of it has memory behind it already: else a process that reads it through mmap() might
   pay for that memory, or die for lack of it. */
bool memory_file_is_whole(int fd);
/* Whether nobody can cut it short. */
bool memory_file_is_kept(int fd);

#endif
