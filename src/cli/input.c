#include "input.h"

#include "shown.h"

#include <errno.h>
#include <stird/base/regular_file.h>
#include <string.h>
#include <unistd.h>

FILE *input_open(const char *path)
{
    if (strcmp(path, "-") == 0)
        return stdin;
    int fd = regular_file_open_handed(path);
    FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (f)
        return f;
    warn_said("stirctl: %s: %s\n", path, fd < 0 ? regular_file_fault(fd) : strerror(errno));
    if (fd >= 0)
        close(fd);
    return NULL;
}

void input_close(FILE *f)
{
    if (f && f != stdin)
        fclose(f);
}
