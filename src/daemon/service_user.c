#include "service_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEFAULT_NAME "stird"

/* A fact of the process, found before it has children. */
static struct {
    bool known;
    uid_t uid;
    gid_t gid;
} user;

bool service_user_find(const struct settings *settings, struct str path, struct problems *problems)
{
    struct str name = settings->user;
    user.known = false;
    if (geteuid() != 0 || name.n == 0)
        return true;
    char *z = strndup(name.p, name.n);
    const struct passwd *entry = z ? getpwnam(z) : NULL;
    if (entry) {
        user.known = entry->pw_uid != 0;
        user.uid = entry->pw_uid;
        user.gid = entry->pw_gid;
    }
    free(z);
    if (entry || str_eq(name, STR(DEFAULT_NAME)))
        return true;
    problems_add(problems, path, 0,
                 "security.user: there is no user \"%.*s\": make it (useradd --system), or name "
                 "another",
                 STR_ARG(name));
    return false;
}

bool service_user_is_waiting(void)
{
    return user.known && geteuid() == 0;
}

bool service_user_is(uid_t uid)
{
    return user.known && uid == user.uid;
}

uid_t service_user_uid(void)
{
    return user.known ? user.uid : (uid_t)-1;
}

int service_user_become(void)
{
    int at_parents_death = 0;
    pid_t parent = getppid();
    if (!service_user_is_waiting())
        return 0;
    if (prctl(PR_GET_PDEATHSIG, &at_parents_death, 0, 0, 0) || setgroups(1, &user.gid) ||
        setresgid(user.gid, user.gid, user.gid) || setresuid(user.uid, user.uid, user.uid))
        return -errno;
    /* Another user is another life: the kernel forgets the order. */
    if (at_parents_death &&
        (prctl(PR_SET_PDEATHSIG, at_parents_death, 0, 0, 0) || getppid() != parent))
        return -ESRCH;
    return geteuid() == user.uid && setuid(0) != 0 ? 0 : -EPERM;
}
