#include "roles.h"

#include "given.h"
#include "privileges.h"
#include "rights.h"
#include "service_user.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <stird/base/log.h>
#include <string.h>
#include <unistd.h>

const struct child_role roles[ROLES] = {
    [ROLE_WORKER] =
        {
            .name = "stird-worker",
            .start_limit_ms = 10000,
            .silence_ms = 3000,
            .may = MAY_TALK | MAY_CONNECT | MAY_USE_FILES,
            .user = USER_AT_ONCE,
        },
    [ROLE_SIGNER] =
        {
            .name = "stird-signer",
            .start_limit_ms = 10000,
            .ping_every_ms = 200,
            .silence_ms = 600,
            .may = MAY_TALK,
            .user = USER_WITH_THE_REST,
        },
    [ROLE_RECORDER] =
        {
            .name = "stird-recorder",
            .start_limit_ms = 10000,
            /* It may wait for its disk: for a while, longer after each time that was too long. */
            .ping_every_ms = 1000,
            .silence_ms = 5000,
            .patience_ms = 60000,
            .may = MAY_TALK | MAY_USE_FILES | MAY_RECORD,
            .user = USER_AT_ONCE,
        },
    [ROLE_LOADER] =
        {
            .name = "stird-loader",
            .start_limit_ms = 120000,
            .may = MAY_TALK | MAY_READ | MAY_LOAD,
            .opens_files = true,
            .user = USER_STAYS,
            .capabilities = 1ull << CAP_DAC_READ_SEARCH,
        },
    [ROLE_CHECKER] =
        {
            .name = "stird-checker",
            .start_limit_ms = 600000,
            .may = MAY_TALK | MAY_CONNECT | MAY_READ | MAY_RESOLVE,
            .opens_files = true,
            .user = USER_AT_ONCE,
        },
};

/* Root that stays, for want of another user or to read files, keeps little else of root's. */
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
    return r;
}

int roles_narrow(enum role role, const struct role_keeps *keeps)
{
    const struct child_role *row = &roles[role];
    assert(row->opens_files || !keeps->readable);
    int r = give_up_root(row);
    if (r == 0)
        r = privileges_give_up_files(keeps->readable, keeps->landlock_required);
    return r == 0 ? give_up_calls(row->may, keeps->given, keeps->n_given) : r;
}

int roles_narrow_beside_token(void)
{
    int r = give_up_root(&roles[ROLE_SIGNER]);
    return r == 0 ? give_up_calls(MAY_ANYTHING, NULL, 0) : r;
}
