#include "state.h"

#include "aside.h"
#include "service_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stird/base/chance.h>
#include <stird/base/log.h>
#include <stird/io/secret_file.h>
#include <stird/io/switches_file.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char file_name[] = SNAPSHOT_SECRET_FILE;

static int make_secret(const struct folder *d, uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    if (!chance_fill(secret, SNAPSHOT_SECRET_BYTES))
        return -EIO;
    return secret_file_write(d, secret);
}

static int read_or_make(const char *path, uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return -errno;
    struct folder d;
    int r = folder_open(&d, path);
    if (r)
        return r;
    r = secret_file_read(d.fd, file_name, service_user_is, secret);
    if (r == -EBADMSG)
        log_warning("the secret in the state directory is damaged and made anew: calls that are "
                    "up now may not be recognised",
                    LOG_CSTR("directory", path));
    if (r == -EBADMSG || r == -ENOENT)
        r = make_secret(&d, secret);
    folder_close(&d);
    return r;
}

static const char *what_to_do(int r)
{
    switch (r) {
    case -EPERM:
        return "must be stird's own and 0600: chown it to the user that stird runs as, chmod 600";
    case -ELOOP:
    case -EINVAL:
        return "must be a regular file: remove it, stird makes a new one";
    default:
        return strerror(-r);
    }
}

struct judged {
    const char *path;
    struct str directory;
    bool root_makes;
};

/* Judges it as the service's user, and makes nothing that this user would make. */
static void judge(void *user, struct problems *problems)
{
    const struct judged *j = user;
    uint8_t secret[SNAPSHOT_SECRET_BYTES];
    struct folder d = FOLDER_INIT;
    bool told_elsewhere = service_user_is_waiting(); /* service_reads.h */
    int r = service_user_become();
    if (r == 0)
        r = folder_open(&d, j->path);
    if (r == 0)
        r = secret_file_read(d.fd, file_name, service_user_is, secret);
    else if (r == -ENOENT || r == -EACCES) /* the directory: outside.h */
        return;
    if (r == -ENOENT || r == -EBADMSG)
        r = j->root_makes || faccessat(d.fd, ".", W_OK | X_OK, AT_EACCESS) == 0 ? 0 : -EACCES;
    else if (r == -EACCES && told_elsewhere)
        r = 0;
    if (r)
        problems_add(problems, j->directory, 0, "%s: %s", file_name, what_to_do(r));
    explicit_bzero(secret, sizeof(secret));
    folder_close(&d);
}

void state_check_secret(struct str directory, bool root_makes, struct problems *problems)
{
    struct judged j = {strndup(directory.p, directory.n), directory, root_makes};
    if (j.path)
        aside_check(file_name, judge, &j, problems);
    free((char *)(uintptr_t)j.path);
}

/* As the service's user; what that user may not read is told elsewhere (service_reads.h). */
static void judge_switches(void *user, struct problems *problems)
{
    const struct judged *j = user;
    const bool told_elsewhere = service_user_is_waiting();
    struct folder d = FOLDER_INIT;
    struct switches *found = malloc(sizeof(*found));
    int r = service_user_become();
    if (r == 0)
        r = folder_open(&d, j->path);
    if (r == 0 && told_elsewhere && faccessat(d.fd, SWITCHES_FILE, R_OK, AT_EACCESS))
        r = -errno;
    if (!found)
        problems->out_of_memory = true;
    else if (r == 0)
        switches_file_read(found, j->directory, problems);
    else if (r != -ENOENT && r != -EACCES)
        problems_add(problems, j->directory, 0, SWITCHES_FILE ": %s", strerror(-r));
    free(found);
    folder_close(&d);
}

void state_check_switches(struct str directory, struct problems *problems)
{
    struct judged j = {.path = strndup(directory.p, directory.n), .directory = directory};
    if (j.path)
        aside_check(SWITCHES_FILE, judge_switches, &j, problems);
    free((char *)(uintptr_t)j.path);
}

bool state_secret(struct str directory, uint8_t secret[SNAPSHOT_SECRET_BYTES],
                  struct problems *problems)
{
    char *path = strndup(directory.p, directory.n);
    int r = path ? read_or_make(path, secret) : -ENOMEM;
    if (r != 0) {
        problems_add(problems, directory, 0, "%s: %s", file_name, what_to_do(r));
        problems_may_pass(problems, -r);
    }
    free(path);
    return r == 0;
}
