#include <stird/io/rates_page.h>

#include <stird/base/memory_file.h>
#include <sys/mman.h>
#include <sys/stat.h>

static size_t bytes_of(const struct rates_shape *shape)
{
    return rates_section_bytes(shape) * shape->workers;
}

int rates_page_memory(const struct rates_shape *shape)
{
    return memory_file_of("stird-rates", bytes_of(shape));
}

/* At PLACE, or where there is room. */
static char *map(void *place, int fd, size_t from, size_t bytes, int protection)
{
    void *p = mmap(place, bytes, protection, MAP_SHARED | (place ? MAP_FIXED : 0), fd, (off_t)from);
    return p == MAP_FAILED ? NULL : p;
}

/* Its own section lies among those of all, so that it takes no room twice. */
bool rates_page_map(struct rates *r, int fd, const struct rates_shape *shape, uint32_t worker)
{
    struct stat st;
    const size_t section = rates_section_bytes(shape), all = bytes_of(shape);
    *r = (struct rates){.shape = *shape};
    if (fstat(fd, &st) != 0 || (size_t)st.st_size != all || !memory_file_is_kept(fd))
        return false;
    char *base = map(NULL, fd, 0, all, PROT_READ);
    r->all = base;
    if (base && worker < shape->workers)
        r->own = map(base + section * worker, fd, section * worker, section,
                     PROT_READ | PROT_WRITE);
    if (r->all && (r->own || worker == RATES_READ_ONLY))
        return true;
    rates_page_unmap(r);
    return false;
}

void rates_page_unmap(struct rates *r)
{
    if (r->all)
        munmap((void *)(uintptr_t)r->all, bytes_of(&r->shape));
    r->own = NULL;
    r->all = NULL;
}
