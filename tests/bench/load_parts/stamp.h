/*
 * stamp - when a datagram came to this machine, by the kernel's own clock.
 */
#ifndef BENCH_STAMP_H
#define BENCH_STAMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Has the datagrams of socket FD stamped. */
void stamp_wanted(int fd);
/* recv(2) that does not wait; *AGE_US: how long ago it came, 0 where it has no stamp. */
ssize_t stamp_receive(int fd, char *bytes, size_t room, int64_t *age_us);

#endif
