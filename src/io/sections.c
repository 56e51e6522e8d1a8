#include <stird/io/sections.h>

#include <stird/base/memory_file.h>
#include <sys/mman.h>
#include <sys/stat.h>

int sections_memory(const char *name, size_t section, unsigned workers)
{
    return memory_file_of(name, section * workers);
}

/* At PLACE, or where there is room. */
static char *map(void *place, int fd, size_t from, size_t bytes, int protection)
{
    void *p = mmap(place, bytes, protection, MAP_SHARED | (place ? MAP_FIXED : 0), fd, (off_t)from);
    return p == MAP_FAILED ? NULL : p;
}

/* Its own section lies among those of all, so that it takes no room twice. */
bool sections_map(struct sections *s, int fd, size_t section, unsigned workers, uint32_t worker)
{
    struct stat st;
    *s = (struct sections){.bytes = section * workers};
    if (fstat(fd, &st) != 0 || (size_t)st.st_size != s->bytes || !memory_file_is_kept(fd))
        return false;
    s->all = map(NULL, fd, 0, s->bytes, PROT_READ);
    if (s->all && worker < workers)
        s->own = map(s->all + section * worker, fd, section * worker, section,
                     PROT_READ | PROT_WRITE);
    if (s->all && (s->own || worker == SECTIONS_READ_ONLY))
        return true;
    sections_unmap(s);
    return false;
}

void sections_unmap(struct sections *s)
{
    if (s->all)
        munmap(s->all, s->bytes);
    *s = (struct sections){.all = NULL};
}
