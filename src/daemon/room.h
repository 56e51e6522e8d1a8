/* room - whether this process can open so many more descriptors, asked before it begins something
   that needs them. */
#ifndef STIRD_DAEMON_ROOM_H
#define STIRD_DAEMON_ROOM_H

#define ROOM_MAX 8

/* 0, or -errno: EMFILE, ENFILE. N: at most ROOM_MAX. */
int room_for_descriptors(unsigned n);

#endif
