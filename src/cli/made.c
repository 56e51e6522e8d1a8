#include "made.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stird/io/folder.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 8

struct made_entry {
    int at; /* the directory that NAME is in; owned */
    char *name;
    dev_t device;
    ino_t inode;
    bool whole;
};

/* ---- noting ---- */

static void note(struct made *made, int at, const char *name, bool whole)
{
    struct stat st;
    if (!made || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
        return;
    struct made_entry *entries = realloc(made->entries, (made->n + 1) * sizeof(*entries));
    if (!entries)
        return;
    made->entries = entries;
    struct made_entry *e = &entries[made->n];
    *e = (struct made_entry){fcntl(at, F_DUPFD_CLOEXEC, 0), strdup(name), st.st_dev, st.st_ino,
                             whole};
    made->n++;
}

void made_note_at(struct made *made, int at, const char *name)
{
    note(made, at, name, false);
}

static void note_path(struct made *made, const char *path, bool whole)
{
    int error = errno; /* must stay what the caller has to report */
    struct folder above = FOLDER_INIT;
    const char *name;
    char *copy = strdup(path);
    size_t n = copy ? strlen(copy) : 0;
    while (n > 1 && copy[n - 1] == '/')
        copy[--n] = '\0';
    if (copy && folder_open_parent(&above, copy, &name) == 0)
        note(made, above.fd, name, whole);
    folder_close(&above);
    free(copy);
    errno = error;
}

void made_note(struct made *made, const char *path)
{
    note_path(made, path, false);
}

void made_note_whole(struct made *made, const char *path)
{
    note_path(made, path, true);
}

/* ---- taking back ---- */

static void empty(int at, const char *name, unsigned depth);

static void remove_in(int at, const char *name, unsigned depth)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(at, name, 0) == 0)
        return;
    if (depth < DEPTH_MAX)
        empty(at, name, depth + 1);
    unlinkat(at, name, AT_REMOVEDIR);
}

/* A directory itself, never one to which a link leads. */
static void empty(int at, const char *name, unsigned depth)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        remove_in(fd, entry->d_name, depth);
    if (directory)
        closedir(directory);
    else if (fd >= 0)
        close(fd);
}

static void take_back(const struct made_entry *e)
{
    struct stat st;
    if (!e->name || fstatat(e->at, e->name, &st, AT_SYMLINK_NOFOLLOW) || st.st_dev != e->device ||
        st.st_ino != e->inode)
        return;
    if (!S_ISDIR(st.st_mode)) {
        unlinkat(e->at, e->name, 0);
        return;
    }
    if (e->whole)
        empty(e->at, e->name, 0);
    unlinkat(e->at, e->name, AT_REMOVEDIR);
}

void made_take_back(struct made *made)
{
    for (size_t i = made->n; i > 0; i--)
        take_back(&made->entries[i - 1]);
    made_keep(made);
}

void made_keep(struct made *made)
{
    for (size_t i = 0; i < made->n; i++) {
        if (made->entries[i].at >= 0)
            close(made->entries[i].at);
        free(made->entries[i].name);
    }
    free(made->entries);
    *made = (struct made){0};
}
