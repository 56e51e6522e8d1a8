#include "control_groups.h"

#include "service_user.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

#define GROUPS_MAX 65536 /* NGROUPS_MAX of the kernel */

/* Whether this user namespace knows GID. All groups that it does not know look the same in it. */
static bool is_known_here(gid_t gid)
{
    unsigned long inside, outside, n;
    bool known = false;
    FILE *map = fopen("/proc/self/gid_map", "re");
    if (!map)
        return true; /* no namespaces */
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote these numbers */
    while (!known && fscanf(map, "%lu %lu %lu", &inside, &outside, &n) == 3)
        known = gid >= inside && gid - inside < n;
    fclose(map);
    return known;
}

static void tell_of_private(const char *key, struct str name, struct str path,
                            struct problems *problems)
{
    problems_add(problems, path, 0,
                 "%s: group \"%.*s\" cannot be told from others in a unit with "
                 "PrivateUsers=yes: use the drop-in stird.service.d/groups.conf",
                 key, STR_ARG(name));
}

/* NAME empty: *GID stays. */
static bool find(gid_t *gid, const char *key, struct str name, struct str path,
                 struct problems *problems)
{
    char *z = strndup(name.p ? name.p : "", name.n);
    const struct group *entry = z && *z ? getgrnam(z) : NULL;
    bool wanted = name.n > 0;
    free(z);
    if (wanted && !entry) {
        problems_add(problems, path, 0,
                     "%s: there is no group \"%.*s\": make it (groupadd), or name another", key,
                     STR_ARG(name));
        return false;
    }
    if (wanted && !is_known_here(entry->gr_gid)) {
        tell_of_private(key, name, path, problems);
        return false;
    }
    if (wanted)
        *gid = entry->gr_gid;
    return true;
}

bool control_groups_find(struct control_groups *groups, const struct settings *s, struct str path,
                         struct problems *problems)
{
    groups->change = service_user_gid();
    bool good = find(&groups->change, "control.group", s->control_group, path, problems);
    groups->look = groups->change;
    return find(&groups->look, "control.read_group", s->control_read_group, path, problems) && good;
}

/* Whether a unit with PrivateUsers=yes does not know GID: it knows root's group and its own. */
static bool is_private(gid_t gid)
{
    return gid != 0 && gid != service_user_gid();
}

void control_groups_check_private(const struct control_groups *groups, const struct settings *s,
                                  struct str path, struct problems *problems)
{
    if (s->control_group.n > 0 && is_private(groups->change))
        tell_of_private("control.group", s->control_group, path, problems);
    if (s->control_read_group.n > 0 && is_private(groups->look))
        tell_of_private("control.read_group", s->control_read_group, path, problems);
}

bool control_groups_are_one(const struct control_groups *groups)
{
    return groups->change == groups->look && groups->change == service_user_gid();
}

static enum control_right right_of_group(gid_t gid, const struct control_groups *groups)
{
    return gid == groups->change ? CONTROL_CHANGE
           : gid == groups->look ? CONTROL_LOOK
                                 : CONTROL_NOTHING;
}

/* The groups that the process had when it connected, besides its first. */
static gid_t *peer_groups(int fd, size_t *n)
{
    socklen_t bytes = 0;
    gid_t *list = NULL;
    *n = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &bytes) == 0 || errno != ERANGE ||
        bytes > GROUPS_MAX * sizeof(*list) || !(list = malloc(bytes)))
        return NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &bytes) == 0)
        *n = bytes / sizeof(*list);
    return list;
}

static enum control_right right_of(int fd, const struct ucred *peer,
                                   const struct control_groups *groups)
{
    size_t n;
    if (peer->uid == 0 || peer->uid == geteuid() || service_user_is(peer->uid))
        return CONTROL_CHANGE;
    enum control_right most = right_of_group(peer->gid, groups);
    gid_t *list = peer_groups(fd, &n);
    for (size_t i = 0; i < n; i++)
        if (right_of_group(list[i], groups) > most)
            most = right_of_group(list[i], groups);
    free(list);
    return most;
}

struct control_peer control_peer_of(int fd, const struct control_groups *groups)
{
    struct ucred peer = {0};
    socklen_t bytes = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes))
        return (struct control_peer){.right = CONTROL_NOTHING, .uid = (uid_t)-1};
    return (struct control_peer){right_of(fd, &peer, groups), peer.pid, peer.uid};
}
