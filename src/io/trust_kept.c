#include <stird/io/trust_kept.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/io/folder.h>
#include <string.h>
#include <unistd.h>

#define COPY_BYTES 65536

void trust_kept_name(char name[TRUST_KEPT_NAME_BYTES], struct str domain, unsigned source,
                     int signer)
{
    const char *end = signer ? ".signer" : "";
    if (source == 0)
        snprintf(name, TRUST_KEPT_NAME_BYTES, "%.*s.list%s", STR_ARG(domain), end);
    else
        snprintf(name, TRUST_KEPT_NAME_BYTES, "%.*s.crl%u%s", STR_ARG(domain), source, end);
}

int trust_kept_open(struct str state_directory)
{
    char *path = NULL;
    if (asprintf(&path, "%.*s/" TRUST_KEPT_DIRECTORY, STR_ARG(state_directory)) < 0)
        return -ENOMEM;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error = errno;
    free(path);
    return fd >= 0 ? fd : -error;
}

static int copy(int to, int from, uint64_t at, size_t n)
{
    char piece[COPY_BYTES];
    while (n > 0) {
        ssize_t got = pread(from, piece, n < sizeof(piece) ? n : sizeof(piece), (off_t)at);
        if (got <= 0)
            return got < 0 ? -errno : -ENODATA;
        if (write(to, piece, (size_t)got) != got)
            return -ENOSPC;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

/* The folder in the state directory, which is made where it is not there yet. */
static int open_folder(struct folder *d, struct str state_directory)
{
    char *path = NULL;
    struct folder above, made;
    if (asprintf(&path, "%.*s/" TRUST_KEPT_DIRECTORY, STR_ARG(state_directory)) < 0)
        return -ENOMEM;
    int r = folder_open(d, path);
    path[state_directory.n] = '\0';
    if (r == -ENOENT && (r = folder_open(&above, path)) == 0) {
        r = folder_make(&above, TRUST_KEPT_DIRECTORY, &made);
        r = r == 0 ? folder_give(&above, made.fd, 0700) : r;
        folder_close(&made);
        folder_close(&above);
        path[state_directory.n] = '/';
        r = r == 0 ? folder_open(d, path) : r;
    }
    free(path);
    return r;
}

static int write_aside(const struct folder *d, const char *aside, const char *name, int fd,
                       uint64_t at, size_t n)
{
    int to = folder_create(d, aside);
    if (to < 0)
        return to;
    int r = copy(to, fd, at, n);
    r = r == 0 ? folder_give(d, to, 0600) : r;
    r = r == 0 ? folder_rename(d, aside, name, to) : r;
    close(to);
    return r;
}

int trust_kept_write(struct str state_directory, const char *name, int fd, uint64_t at, size_t n)
{
    struct folder d;
    int r = open_folder(&d, state_directory);
    if (r)
        return r;
    unlinkat(d.fd, ".new", 0); /* left by a process that was killed over it */
    r = write_aside(&d, ".new", name, fd, at, n);
    if (r)
        unlinkat(d.fd, ".new", 0);
    folder_close(&d);
    return r;
}
