#include <stird/io/folder.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 16
#define LINK_MAX  4096

void folder_close(struct folder *d)
{
    if (d->fd >= 0)
        close(d->fd);
    *d = FOLDER_INIT;
}

/* ---- the way there ---- */

/* Whether nobody but root can have put anything into it. A sticky bit would not do: it keeps others
   from exchanging an entry, but not from making it first. */
static bool is_safe(int directory)
{
    struct stat st;
    if (geteuid() != 0)
        return true; /* a process without root's rights cannot be tricked into using them */
    /* The write bit of the group counts whichever group that is: with an ACL it stands for all
       others. */
    return fstat(directory, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* The text of the link NAME with REST behind it; NULL with *ERROR. */
static char *link_and_rest(int at, const char *name, const char *rest, int *error)
{
    char text[LINK_MAX + 1], *path = NULL;
    ssize_t n = readlinkat(at, name, text, LINK_MAX);
    *error = n < 0 ? -errno : n == LINK_MAX ? -ENAMETOOLONG : is_safe(at) ? 0 : -ELOOP;
    if (*error == 0 && asprintf(&path, "%.*s/%s", (int)n, text, rest) < 0) {
        path = NULL;
        *error = -ENOMEM;
    }
    return path;
}

struct walk {
    int at;     /* where we are; owned */
    char *way;  /* still to go; owned */
    char *rest; /* in it */
    unsigned n_links;
};

static int enter(struct walk *w, const char *name)
{
    int next = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return -errno;
    close(w->at);
    w->at = next;
    return 0;
}

static int start_over(struct walk *w, char *way)
{
    free(w->way);
    w->way = w->rest = way;
    if (way[0] != '/')
        return 0;
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -errno;
    close(w->at);
    w->at = root;
    return 0;
}

static int follow(struct walk *w, const char *name)
{
    int error = 0;
    if (++w->n_links > LINKS_MAX)
        return -ELOOP;
    char *way = link_and_rest(w->at, name, w->rest ? w->rest : "", &error);
    return way ? start_over(w, way) : error;
}

static int step(struct walk *w)
{
    struct stat st;
    const char *name = strsep(&w->rest, "/");
    if (!*name)
        return 0;
    /* Somebody else's directory may be moved meanwhile, and then another one is above it. */
    if (strcmp(name, "..") == 0 && !is_safe(w->at))
        return -ELOOP;
    if (fstatat(w->at, name, &st, AT_SYMLINK_NOFOLLOW))
        return -errno;
    /* If it was exchanged since it was looked at, this opens what is there now, and refuses a
       link. */
    return S_ISLNK(st.st_mode) ? follow(w, name) : enter(w, name);
}

int folder_open(struct folder *d, const char *path)
{
    struct stat st;
    char *way = strdup(path);
    /* We may have no right to the directory where we stand. */
    struct walk w = {.at = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    int r = !way ? -ENOMEM : w.at < 0 ? -errno : 0;
    *d = FOLDER_INIT;
    if (r)
        free(way);
    else
        r = start_over(&w, way);
    while (r == 0 && w.rest)
        r = step(&w);
    if (r == 0)
        r = (d->fd = openat(w.at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ? -errno : 0;
    if (r == 0 && fstat(d->fd, &st))
        r = -errno;
    if (w.at >= 0)
        close(w.at);
    free(w.way);
    if (r)
        folder_close(d);
    else
        d->uid = st.st_uid, d->gid = st.st_gid;
    return r;
}

int folder_open_parent(struct folder *d, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    char *above = slash ? strndup(path, slash > path ? (size_t)(slash - path) : 1) : strdup(".");
    int r = above ? folder_open(d, above) : -ENOMEM;
    *name = slash ? slash + 1 : path;
    free(above);
    return r;
}

/* ---- what is done there ---- */

int folder_create(const struct folder *d, const char *name)
{
    int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : -errno;
}

/* Root's own until it is given: the directory's owner may move it, but not enter it. */
int folder_make(const struct folder *d, const char *name, struct folder *made)
{
    struct stat st = {0};
    *made = FOLDER_INIT;
    if (mkdirat(d->fd, name, 0700))
        return -errno;
    made->fd = openat(d->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r = made->fd < 0 || fstat(made->fd, &st) ? -errno : 0;
    if (r == 0 && st.st_uid != geteuid())
        r = -ESTALE;
    made->uid = d->uid;
    made->gid = d->gid;
    if (r)
        folder_close(made);
    return r;
}

int folder_give(const struct folder *d, int fd, mode_t mode)
{
    if (fchmod(fd, mode) || (geteuid() == 0 && fchown(fd, d->uid, d->gid)) || fsync(fd))
        return -errno;
    return 0;
}

static bool is_behind(const struct folder *d, const char *name, int fd)
{
    struct stat named, open;
    return fstatat(d->fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &open) == 0 &&
           named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

int folder_rename(const struct folder *d, const char *from, const char *name, int fd)
{
    struct stat st;
    if (!is_behind(d, from, fd))
        return -ESTALE;
    if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        return -EEXIST;
    if (renameat(d->fd, from, d->fd, name))
        return errno == ENOTEMPTY ? -EEXIST : -errno; /* made since we looked */
    if (!is_behind(d, name, fd))
        return -ESTALE;
    return fsync(d->fd) ? -errno : 0;
}

int folder_open_below(struct folder *d, struct str above, const char *name)
{
    char *path = NULL;
    struct folder parent, made;
    if (asprintf(&path, "%.*s/%s", STR_ARG(above), name) < 0)
        return -ENOMEM;
    int r = folder_open(d, path);
    path[above.n] = '\0';
    if (r == -ENOENT && (r = folder_open(&parent, path)) == 0) {
        r = folder_make(&parent, name, &made);
        r = r == 0 ? folder_give(&parent, made.fd, 0700) : r;
        folder_close(&made);
        folder_close(&parent);
        path[above.n] = '/';
        r = r == 0 ? folder_open(d, path) : r;
    }
    free(path);
    return r;
}
