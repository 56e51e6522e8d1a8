/* room - whether this process may open so many descriptors more, before it begins what takes them.
 */
#ifndef STIRD_DAEMON_ROOM_H
#define STIRD_DAEMON_ROOM_H

#define ROOM_MAX 8

/* 0, or -errno: EMFILE, ENFILE. N: at most ROOM_MAX. */
int room_for_descriptors(unsigned n);

#endif
