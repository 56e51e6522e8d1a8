/*
 * control_groups - who may do what at the control socket, besides root and stird's own user: the
 * members of one group everything, those of another look.
 *
 * It goes by what the kernel says of the process that connected (SO_PEERCRED, SO_PEERGROUPS), so
 * the supervisor looks no user up while it serves, and needs no right to give files away.
 */
#ifndef STIRD_DAEMON_CONTROL_GROUPS_H
#define STIRD_DAEMON_CONTROL_GROUPS_H

#include <stdbool.h>
#include <stird/base/problems.h>
#include <stird/core/settings.h>
#include <sys/types.h>

enum control_right {
    CONTROL_NOTHING,
    CONTROL_LOOK,   /* control.read_group */
    CONTROL_CHANGE, /* control.group */
};

struct control_peer {
    enum control_right right;
    pid_t pid;
    uid_t uid;
};

struct control_groups {
    gid_t change;
    gid_t look; /* the same as `change` where there is none */
};

/*
 * By the names in SETTINGS; the default is the group of the service's user, so after
 * service_user_find(). False with a problem for a group that does not exist, or that this process
 * could not tell from others (a unit with PrivateUsers=yes).
 */
bool control_groups_find(struct control_groups *groups, const struct settings *settings,
                         struct str path, struct problems *problems);
/* Problems where a unit with PrivateUsers=yes could not tell GROUPS from others. */
void control_groups_check_private(const struct control_groups *groups,
                                  const struct settings *settings, struct str path,
                                  struct problems *problems);
/* Who is at the other end of FD, and what they may do. */
struct control_peer control_peer_of(int fd, const struct control_groups *groups);
/* Whether mode and owner of the socket's file alone tell who may connect; otherwise everybody has
   to reach it. */
bool control_groups_are_one(const struct control_groups *groups);

#endif
