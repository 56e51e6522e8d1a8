#include <stird/io/known_name.h>

#include <errno.h>
#include <stdlib.h>
#include <stird/base/memory_file.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- one of them ---- */

static bool is_text(const char *text, size_t bytes)
{
    size_t n = strnlen(text, bytes);
    for (size_t i = 0; i < n; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return n < bytes;
}

/* No host has the address 0, one of a group, or that of everybody. */
static bool is_host(const struct address *a)
{
    static const uint8_t none[16];
    if (a->port == 0 || !address_is_sound(a))
        return false;
    if (a->family == ADDRESS_IPV4)
        return a->bytes[0] > 0 && a->bytes[0] < 224;
    return a->bytes[0] != 0xff && memcmp(a->bytes, none, 16) != 0;
}

static bool has_hosts_only(const struct known_name *k)
{
    for (unsigned i = 0; i < known_name_all(k); i++) {
        const struct address *a = &k->addresses[i].address;
        if (!is_host(a) || !(a->family == ADDRESS_IPV4 ? k->want_ipv4 : k->want_ipv6))
            return false;
    }
    return true;
}

unsigned known_name_all(const struct known_name *k)
{
    return (unsigned)k->n + k->former;
}

bool known_name_is_sound(const struct known_name *k)
{
    if (!is_text(k->host, sizeof(k->host)) || k->host[0] == '\0' ||
        !is_text(k->service, sizeof(k->service)) || k->port == 0)
        return false;
    if (k->want_ipv4 > 1 || k->want_ipv6 > 1 || k->in_part > 1 || (k->n == 0 && !k->in_part))
        return false;
    return k->n <= NAME_HOPS_MAX && k->former <= NAME_ADDRESSES_MAX - k->n &&
           k->n_parts <= NAME_PARTS_MAX && has_hosts_only(k);
}

bool known_name_same(const struct known_name *a, const struct known_name *b)
{
    return str_eq_nocase(str_of(a->host), str_of(b->host)) && strcmp(a->service, b->service) == 0 &&
           a->port == b->port && a->want_ipv4 == b->want_ipv4 && a->want_ipv6 == b->want_ipv6;
}

/* ---- all of them in a file ---- */

bool known_name_is_of(const struct known_name *k, const struct upstream *u)
{
    bool by_port = k->service[0] == '\0';
    uint16_t port = u->port_given ? u->address.port : transport_port(u->transport);
    return u->host.n > 0 && str_eq_nocase(str_of(k->host), u->host) && by_port == u->port_given &&
           k->port == port;
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? -errno : -EIO;
        bytes += done;
        n -= (size_t)done;
    }
    return 0;
}

int known_names_to_fd(const struct known_name *list, unsigned n)
{
    int fd = memory_file_new("stird-names");
    int r = fd < 0 ? fd : write_all(fd, (const char *)list, n * sizeof(*list));
    if (r == 0)
        r = memory_file_seal(fd);
    if (r < 0 && fd >= 0)
        close(fd);
    return r < 0 ? r : fd;
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
