#include "stream_room.h"

#include <stird/core/budget.h>
#include <sys/socket.h>

/* The kernel counts its own overhead too, and so takes twice what it is told (socket(7)). */
void stream_room_bound(int fd)
{
    const int unread = BUDGET_STREAM_UNREAD / 2, unsent = BUDGET_STREAM_UNSENT / 2;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &unread, sizeof(unread));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unsent, sizeof(unsent));
}
