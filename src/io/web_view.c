#include <stird/io/web_view.h>

#include <errno.h>
#include <stird/base/memory_file.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What it begins with; the texts follow in the order of their lengths. */
struct head {
    uint64_t status_bytes;
    uint8_t lacks[WEB_LACKS];
    char state[24];
};

static int write_all(int fd, const void *octets, size_t n)
{
    const char *p = octets;
    while (n > 0) {
        const ssize_t r = write(fd, p, n);
        if (r < 0 && errno != EINTR)
            return -errno;
        p += r > 0 ? r : 0;
        n -= r > 0 ? (size_t)r : 0;
    }
    return 0;
}

int web_view_write(const struct web_view *v)
{
    struct head head = {.status_bytes = v->status.n};
    const int fd = memory_file_new("stird-web-view");
    for (unsigned i = 0; i < WEB_LACKS; i++)
        head.lacks[i] = v->lacks[i];
    memcpy(head.state, v->state, sizeof(head.state));
    int r = fd < 0 ? fd : write_all(fd, &head, sizeof(head));
    if (r == 0)
        r = write_all(fd, v->status.p, v->status.n);
    if (r == 0)
        r = memory_file_seal(fd);
    if (r == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return r;
}

int web_view_read(struct web_view *v, int fd)
{
    struct stat st;
    struct head head;
    *v = (struct web_view){.mapped = NULL};
    if (!memory_file_is_sealed(fd) || fstat(fd, &st) != 0)
        return -EBADMSG;
    v->mapped_bytes = (size_t)st.st_size;
    if (v->mapped_bytes < sizeof(head))
        return -EBADMSG;
    v->mapped = mmap(NULL, v->mapped_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (v->mapped == MAP_FAILED) {
        *v = (struct web_view){.mapped = NULL};
        return -errno;
    }
    memcpy(&head, v->mapped, sizeof(head));
    if (head.status_bytes != v->mapped_bytes - sizeof(head)) {
        web_view_close(v);
        return -EBADMSG;
    }
    for (unsigned i = 0; i < WEB_LACKS; i++)
        v->lacks[i] = head.lacks[i] != 0;
    memcpy(v->state, head.state, sizeof(v->state));
    v->state[sizeof(v->state) - 1] = '\0';
    v->status = (struct str){(const char *)v->mapped + sizeof(head), head.status_bytes};
    return 0;
}

void web_view_close(struct web_view *v)
{
    if (v->mapped)
        munmap(v->mapped, v->mapped_bytes);
    *v = (struct web_view){.mapped = NULL};
}
