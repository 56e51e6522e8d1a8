#include "fetched_file.h"

#include <dirent.h>
#include <errno.h>
#include <stird/fetch/kept_files.h>

int kept_files_list(const char *directory, void (*see)(void *user, const struct kept_file *file),
                    void *user)
{
    struct buf text = BUF_INIT;
    struct fetched_file file;
    DIR *d = opendir(directory);
    if (!d)
        return errno == ENOENT ? 0 : -errno;
    int hidden = 0;
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        int r = fetched_file_look(dirfd(d), e->d_name, &text, &file);
        if (r == 0)
            see(user, &(struct kept_file){file.url, file.body, file.kept});
        else if (r == -EACCES)
            hidden = r;
    }
    closedir(d);
    buf_fini(&text);
    return hidden;
}
