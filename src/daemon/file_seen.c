#include "file_seen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* FNV-1a, by words. */
static void mix(uint64_t *seen, uint64_t value)
{
    *seen = (*seen ^ value) * 1099511628211u;
}

void file_seen_add(uint64_t *seen, struct str path)
{
    struct stat st;
    char *z = path.n > 0 ? strndup(path.p, path.n) : NULL;
    const bool there = z && stat(z, &st) == 0;
    free(z);
    mix(seen, there);
    if (!there)
        return;
    const uint64_t parts[] = {(uint64_t)st.st_dev,          (uint64_t)st.st_ino,
                              (uint64_t)st.st_size,         (uint64_t)st.st_mtim.tv_sec,
                              (uint64_t)st.st_mtim.tv_nsec, (uint64_t)st.st_ctim.tv_sec,
                              (uint64_t)st.st_ctim.tv_nsec};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        mix(seen, parts[i]);
}
