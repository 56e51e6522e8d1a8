/*
 * memory_file - memory that has a descriptor, so that other processes can have it too
 * (memfd_create).
 *
 * One of the two functions below seals it before another process gets it. After that nobody who
 * holds a descriptor can shorten it while another process has it mapped, which would kill that
 * process (SIGBUS).
 */
#ifndef STIRD_MEMORY_FILE_H
#define STIRD_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Empty and not sealed yet. NAME is for people (/proc/PID/maps). A descriptor, or -errno. */
int memory_file_new(const char *name);
/* BYTES zeros whose length can never change; all who have it may write. A descriptor, or -errno. */
int memory_file_of(const char *name, size_t bytes);
/* Seals it: nothing in it can be changed any more. 0 or -errno, which is -EBUSY while somebody has
   it mapped for writing. */
int memory_file_seal(int fd);
/* Ends the making of one: R is what came of writing it, 0 or -errno. FD, sealed; or -errno, and it
   is closed. */
int memory_file_done(int fd, int r);
/* Whether nobody can shorten it or write to it any more. */
bool memory_file_is_sealed(int fd);
/* Whether all of it has memory behind it already: else a process that reads it through mmap() might
   pay for that memory, or die for lack of it. */
bool memory_file_is_whole(int fd);
/* Whether nobody can shorten it. */
bool memory_file_is_kept(int fd);

#endif
