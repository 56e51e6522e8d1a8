#include <stird/io/known_names.h>

#include <errno.h>
#include <stdlib.h>
#include <stird/base/memory_file.h>
#include <stird/base/write_all.h>
#include <sys/stat.h>
#include <unistd.h>

int known_names_to_fd(const struct known_name *list, unsigned n)
{
    const int fd = memory_file_new("stird-names");
    return fd < 0 ? fd
                  : memory_file_done(
                        fd, write_all(fd, (struct str){(const char *)list, n * sizeof(*list)}));
}

static bool read_all(int fd, char *room, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = pread(fd, room + at, n - at, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

struct known_name *known_names_from_fd(int fd, unsigned *n)
{
    struct stat st;
    const size_t one = sizeof(struct known_name);
    *n = 0;
    if (fstat(fd, &st) || st.st_size <= 0 || (size_t)st.st_size % one != 0 ||
        (size_t)st.st_size / one > KNOWN_NAMES_MAX)
        return NULL;
    size_t count = (size_t)st.st_size / one;
    struct known_name *list = calloc(count, one);
    if (!list || !read_all(fd, (char *)list, count * one)) {
        free(list);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (known_name_is_sound(&list[i]))
            list[(*n)++] = list[i];
    return list;
}
