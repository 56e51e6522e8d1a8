#include "service_user.h"

#include "unit.h"
#include "unit_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_NAME "stird"
#define NAME_BYTES   64

/* A fact of the process, found before it has children. */
static struct {
    bool known;
    uid_t uid;
    gid_t gid;
    char name[NAME_BYTES];
} user;

/* Root is not a user to become. */
static void take(const struct passwd *entry)
{
    user.known = entry && entry->pw_uid != 0;
    if (!user.known)
        return;
    user.uid = entry->pw_uid;
    user.gid = entry->pw_gid;
    snprintf(user.name, sizeof(user.name), "%s", entry->pw_name);
}

static bool find_by_name(struct str name, struct str path, struct problems *problems)
{
    char *z = strndup(name.p, name.n);
    const struct passwd *entry = z ? getpwnam(z) : NULL;
    take(entry);
    free(z);
    if (entry || str_eq(name, STR(DEFAULT_NAME)))
        return true;
    problems_add(problems, path, 0,
                 "security.user: there is no user \"%.*s\": make it (useradd --system), or name "
                 "another",
                 STR_ARG(name));
    return false;
}

bool service_user_find(const struct settings *settings, struct str path, struct problems *problems)
{
    user.known = false;
    if (geteuid() != 0 || settings->user.n == 0)
        return true;
    return find_by_name(settings->user, path, problems);
}

/* False: the directory is not there, or is root's, which tells nothing. */
static bool find_by_directory(struct str directory)
{
    struct stat st;
    char *z = strndup(directory.p, directory.n);
    bool told = z && stat(z, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid != 0;
    const struct passwd *entry = told ? getpwuid(st.st_uid) : NULL;
    free(z);
    if (!told)
        return false;
    take(entry);
    if (!entry) {
        user.known = true;
        user.uid = st.st_uid;
        user.gid = st.st_gid;
        snprintf(user.name, sizeof(user.name), "%u", (unsigned)st.st_uid);
    }
    return true;
}

/* The user that the unit names: started by systemd as that one, it cannot become another. */
static bool find_by_unit(struct str path)
{
    struct buf unit = BUF_INIT;
    unit_read(&unit);
    const struct passwd *entry = unit_starts(buf_str(&unit), path) ? unit_user(buf_str(&unit))
                                                                   : NULL;
    if (entry && entry->pw_uid != 0)
        take(entry);
    buf_fini(&unit);
    return user.known;
}

bool service_user_presume(const struct settings *settings, struct str path,
                          struct problems *problems)
{
    user.known = false;
    if (find_by_unit(path) || settings->user.n == 0)
        return true;
    if (str_eq(settings->user, STR(DEFAULT_NAME)) && find_by_directory(settings->state_directory))
        return true;
    return find_by_name(settings->user, path, problems);
}

uid_t service_user_uid(void)
{
    return user.known ? user.uid : geteuid();
}

gid_t service_user_gid(void)
{
    return user.known ? user.gid : getegid();
}

const char *service_user_name(void)
{
    static char own[NAME_BYTES];
    if (user.known)
        return user.name;
    snprintf(own, sizeof(own), "%u", (unsigned)geteuid());
    return own;
}

bool service_user_is_waiting(void)
{
    return user.known && geteuid() == 0;
}

bool service_user_is(uid_t uid)
{
    return user.known && uid == user.uid;
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
    /* When a process becomes another user, the kernel forgets this order. */
    if (at_parents_death &&
        (prctl(PR_SET_PDEATHSIG, at_parents_death, 0, 0, 0) || getppid() != parent))
        return -ESRCH;
    return geteuid() == user.uid && setuid(0) != 0 ? 0 : -EPERM;
}
