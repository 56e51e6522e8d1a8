#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Debian 12's <linux/landlock.h> ends at version 3 of an interface that kernels have in version 7,
 * so the little that is used stands here (Documentation/userspace-api/landlock.rst).
 */
enum {
    ASK_VERSION = 1,       /* LANDLOCK_CREATE_RULESET_VERSION */
    RULE_PATH_BENEATH = 1, /* LANDLOCK_RULE_PATH_BENEATH */
};

struct ruleset {
    uint64_t files;  /* handled_access_fs: denied unless a rule allows */
    uint64_t ports;  /* handled_access_net: version 4; SIP over TCP needs it, so none */
    uint64_t scoped; /* version 6 */
};

struct path_rule {
    uint64_t allowed;
    int32_t directory_fd;
} __attribute__((packed));

#define WRITE_FILE  (1ull << 1)
#define READ_FILE   (1ull << 2)
#define READ_DIR    (1ull << 3)
#define REMOVE_FILE (1ull << 5)
#define MAKE_REG    (1ull << 8)

/* What each version of the interface added: all bits below the given one. */
static const struct {
    int version;
    unsigned file_bits;  /* LANDLOCK_ACCESS_FS_*: 1..REFER, TRUNCATE, IOCTL_DEV */
    unsigned scope_bits; /* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, _SIGNAL */
    size_t size;         /* of struct ruleset as that kernel knows it */
} known[] = {
    {6, 16, 2, 24}, {5, 16, 0, 16}, {4, 15, 0, 16}, {3, 15, 0, 8}, {2, 14, 0, 8}, {1, 13, 0, 8},
};

static int ruleset_for(int version)
{
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (version < known[i].version)
            continue;
        struct ruleset denied = {
            .files = (1ull << known[i].file_bits) - 1,
            .scoped = (1ull << known[i].scope_bits) - 1,
        };
        int fd = (int)syscall(SYS_landlock_create_ruleset, &denied, known[i].size, 0u);
        return fd >= 0 ? fd : -errno;
    }
    return -EOPNOTSUPP;
}

/* A path that is not there, or cannot be reached, needs no right. RIGHTS: of a file; the others are
   those of a directory. */
static int allow(int ruleset, const char *path, uint64_t rights, uint64_t of_directory)
{
    struct stat st;
    struct path_rule rule = {.allowed = rights};
    rule.directory_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.directory_fd < 0)
        return errno == ENOENT || errno == EACCES ? 0 : -errno;
    if (fstat(rule.directory_fd, &st) == 0 && S_ISDIR(st.st_mode))
        rule.allowed |= of_directory;
    long failed = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0u);
    int r = failed ? -errno : 0;
    close(rule.directory_fd);
    return r;
}

static long ask_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, ASK_VERSION);
}

bool landlock_is_here(void)
{
    return ask_version() >= 1;
}

int landlock_give_up_files(const char *const *readable, const char *kept)
{
    long version = ask_version();
    if (version < 1)
        return -EOPNOTSUPP;
    int ruleset = ruleset_for((int)version);
    if (ruleset < 0)
        return ruleset;
    int r = 0;
    for (unsigned i = 0; r == 0 && readable && readable[i]; i++)
        r = allow(ruleset, readable[i], READ_FILE, READ_DIR);
    if (r == 0 && kept)
        r = allow(ruleset, kept, READ_FILE | WRITE_FILE, READ_DIR | MAKE_REG | REMOVE_FILE);
    if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        r = -errno;
    if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0u))
        r = -errno;
    close(ruleset);
    return r;
}
