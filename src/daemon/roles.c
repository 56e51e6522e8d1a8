#include "roles.h"

#include "given.h"
#include "privileges.h"
#include "rights.h"
#include "service_user.h"
#include "trust_process.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <stird/base/log.h>
#include <stird/io/control.h>
#include <string.h>
#include <unistd.h>

const struct child_role roles[ROLES] = {
#define ROLE(word, noun, most, ...)                                                                \
    [ROLE_##word] = {.id = ROLE_##word, .places = (most), .duty = &duty_##noun, __VA_ARGS__},
#include "roles.def"
};

/* A process that stays root, because there is no other user or because it has to read root's files,
   keeps few of root's rights. */
static int give_up_root(const struct child_role *row)
{
    int r = row->user == USER_STAYS ? 0 : service_user_become();
    if (r == 0)
        r = privileges_keep_capabilities(row->capabilities);
    if (r)
        log_error("cannot give up the user root", LOG_CSTR("error", strerror(-r)));
    return r;
}

/* Standard error is one for all of stird, and may be the system's log. */
static int keep_given(const int *given, unsigned n)
{
    int fds[GIVEN_MAX] = {STDERR_FILENO};
    if (n >= GIVEN_MAX)
        return -E2BIG;
    if (n > 0)
        memcpy(fds + 1, given, n * sizeof(*fds));
    return given_keep(fds, n + 1);
}

static int give_up_calls(unsigned may, const int *given, unsigned n_given)
{
    int r = keep_given(given, n_given);
    if (r == 0)
        r = rights_keep_only(may);
    if (r)
        log_error("cannot give up system calls (seccomp)", LOG_CSTR("error", strerror(-r)));
    else
        control_gave_up_rights();
    return r;
}

int roles_narrow_to(const struct child_role *row, const struct role_keeps *keeps)
{
    assert(row->opens_files || (!keeps->readable && !keeps->kept));
    int r = give_up_root(row);
    if (r == 0)
        r = privileges_give_up_files(keeps->readable, keeps->kept, keeps->landlock_required);
    return r == 0 ? give_up_calls(row->may, keeps->given, keeps->n_given) : r;
}

int roles_narrow(enum role role, const struct role_keeps *keeps)
{
    return roles_narrow_to(&roles[role], keeps);
}

int roles_narrow_beside_token(void)
{
    int r = give_up_root(&roles[ROLE_SIGNER]);
    return r == 0 ? give_up_calls(MAY_ANYTHING, NULL, 0) : r;
}
