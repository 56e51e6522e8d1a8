#include <stird/io/trust_file.h>

#include <stird/base/memory_file.h>
#include <sys/mman.h>
#include <sys/stat.h>

bool trust_file_map(struct mapped_trust *mapped, int fd, uint64_t generation, const char **why)
{
    struct stat st;
    struct mapped_trust m = {.bytes = MAP_FAILED};
    *why = !memory_file_is_sealed(fd)  ? "its memory is not sealed"
           : !memory_file_is_whole(fd) ? "its memory has holes"
                                       : NULL;
    if (*why)
        return false;
    *why = "it cannot be mapped";
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
        m.n = (size_t)st.st_size;
        m.bytes = mmap(NULL, m.n, PROT_READ, MAP_PRIVATE, fd,
                       0); /* pages are shared all the same */
    }
    if (m.bytes == MAP_FAILED)
        return false;
    m.image = trust_image_open((struct str){m.bytes, m.n}, generation, why);
    if (!m.image) {
        munmap(m.bytes, m.n);
        return false;
    }
    *mapped = m;
    return true;
}

void trust_file_unmap(struct mapped_trust *mapped)
{
    trust_image_close(mapped->image);
    if (mapped->n > 0)
        munmap(mapped->bytes, mapped->n);
    *mapped = (struct mapped_trust){0};
}
