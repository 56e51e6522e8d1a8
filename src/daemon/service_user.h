/*
 * service_user - the account that stird serves as: whom the children of a stird that was started as
 * root become, and for whom `stird -t` judges files, whoever runs it.
 *
 * Under a unit with User= stird is that user already, and nothing changes who it is.
 */
#ifndef STIRD_DAEMON_SERVICE_USER_H
#define STIRD_DAEMON_SERVICE_USER_H

#include <stdbool.h>
#include <stird/base/problems.h>
#include <stird/core/settings.h>
#include <sys/types.h>

/*
 * Looks security.user up, for this process and all it forks. False with a problem when somebody
 * else than the default was named and does not exist. PATH: of the configuration.
 */
bool service_user_find(const struct settings *settings, struct str path, struct problems *problems);
/*
 * The same for a check: where the default is left, the owner of the state directory is the user,
 * for systemd gives that to the User= of the unit. Not only for root.
 */
bool service_user_presume(const struct settings *settings, struct str path,
                          struct problems *problems);
/* Whether there is such a user and this process is still root. */
bool service_user_is_waiting(void);
/* Whether UID is this user's: its files are as good as root's. */
bool service_user_is(uid_t uid);
/* The id of this user, or our own where no such user is known. The name is for problems (its number
   where it has none). */
uid_t service_user_uid(void);
gid_t service_user_gid(void);
const char *service_user_name(void);
/* For good; the order to die with the parent stays. 0, also when there is nothing to do; -errno. */
int service_user_become(void);

#endif
