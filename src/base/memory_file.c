#include <stird/base/memory_file.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OF_LENGTH (F_SEAL_SHRINK | F_SEAL_GROW)

int memory_file_new(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

int memory_file_of(const char *name, size_t bytes)
{
    int fd = memory_file_new(name);
    if (fd < 0 ||
        (ftruncate(fd, (off_t)bytes) == 0 && fcntl(fd, F_ADD_SEALS, OF_LENGTH | F_SEAL_SEAL) == 0))
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

int memory_file_seal(int fd)
{
    return fcntl(fd, F_ADD_SEALS, OF_LENGTH | F_SEAL_WRITE | F_SEAL_SEAL) < 0 ? -errno : 0;
}

static bool has(int fd, int wanted)
{
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & wanted) == wanted;
}

int memory_file_done(int fd, int r)
{
    if (r == 0)
        r = memory_file_seal(fd);
    if (r == 0)
        return fd;
    close(fd);
    return r;
}

bool memory_file_is_sealed(int fd)
{
    return has(fd, F_SEAL_SHRINK | F_SEAL_WRITE);
}

bool memory_file_is_whole(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_blocks >= (st.st_size + 511) / 512;
}

bool memory_file_is_kept(int fd)
{
    return has(fd, F_SEAL_SHRINK);
}
