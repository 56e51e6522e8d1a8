#include "unit_user.h"

#include "unit.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_NAME STR("stird.service")

/* Whether the name is without a %, in place of which systemd puts something else. */
static bool is_plain(struct str name)
{
    return name.n > 0 && str_find(name, '%', 0) == name.n;
}

static const struct passwd *find_user(struct str name)
{
    uint64_t uid;
    if (str_to_u64(name, UINT32_MAX - 1, &uid))
        return getpwuid((uid_t)uid);
    char *z = strndup(name.p, name.n);
    const struct passwd *entry = z ? getpwnam(z) : NULL;
    free(z);
    return entry;
}

/* A number need not have a name. */
static bool is_group(struct str name)
{
    uint64_t gid;
    if (!is_plain(name) || str_to_u64(name, UINT32_MAX - 1, &gid))
        return true;
    char *z = strndup(name.p, name.n);
    bool found = !z || getgrnam(z);
    free(z);
    return found;
}

/* Whether systemd makes the user at each start. */
static bool is_made(struct str unit)
{
    static const char *const yes[] = {"yes", "true", "on", "1"};
    struct str value = unit_value(unit, "DynamicUser");
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (str_eq_nocase(value, str_of(yes[i])))
            return true;
    return false;
}

const struct passwd *unit_user(struct str unit)
{
    struct str name = unit_value(unit, "User");
    return is_plain(name) && !is_made(unit) ? find_user(name) : NULL;
}

static bool is_number(struct str name)
{
    uint64_t number;
    return str_to_u64(name, UINT32_MAX - 1, &number);
}

/* To become security.user, root needs capabilities that the unit may keep from it. */
static void check_root(struct str unit, struct problems *problems)
{
    static const char *const needed[] = {"CAP_SETUID", "CAP_SETGID", "CAP_CHOWN"};
    bool has_all = true;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        has_all = has_all && unit_has_word(unit, "CapabilityBoundingSet", str_of(needed[i]));
    if (unit_names(unit, "CapabilityBoundingSet") && !has_all)
        problems_add(problems, UNIT_NAME, 0,
                     "the unit starts stird as root (User=) and leaves it no right to become "
                     "another user (CapabilityBoundingSet=): name the service's user, such as "
                     "User=stird, in the drop-in, or take its User= out");
}

void unit_user_check(struct str unit, struct problems *problems)
{
    struct str user = unit_value(unit, "User"), group = unit_value(unit, "Group"), odd;
    const struct passwd *entry = unit_user(unit);
    if (is_made(unit))
        return;
    if (user.n == 0 || (entry && entry->pw_uid == 0))
        check_root(unit, problems);
    else if (is_plain(user) && !entry && !is_number(user))
        problems_add(problems, UNIT_NAME, 0,
                     "User=%.*s: there is no such user, and systemd does not start the service "
                     "(217/USER): make it (useradd --system), or name another in the drop-in",
                     STR_ARG(user));
    if (!is_group(group))
        problems_add(problems, UNIT_NAME, 0,
                     "Group=%.*s: there is no such group, and systemd does not start the service "
                     "(216/GROUP): make it (groupadd --system), or name another in the drop-in",
                     STR_ARG(group));
    if (unit_odd_word(unit, "SupplementaryGroups", is_group, &odd))
        problems_add(problems, UNIT_NAME, 0,
                     "SupplementaryGroups=%.*s: there is no such group, and systemd does not start "
                     "the service (216/GROUP): make it (groupadd --system), or take it out of the "
                     "drop-in",
                     STR_ARG(odd));
}
