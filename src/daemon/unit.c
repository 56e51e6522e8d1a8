#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX 65536
#define NAME           "stird.service"

/* The folder that counts least comes first (systemd.unit(5)). */
static const char *const folders[] = {"/usr/lib/systemd/system", "/usr/local/lib/systemd/system",
                                      "/run/systemd/system", "/etc/systemd/system"};
#define N_FOLDERS (sizeof(folders) / sizeof(folders[0]))

/* ---- its files ---- */

static bool add_file(struct buf *text, const char *folder, const char *name)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool regular = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    char *room = regular ? buf_room(text, FILE_BYTES_MAX) : NULL;
    ssize_t n = room ? read(fd, room, FILE_BYTES_MAX) : -1;
    if (n > 0)
        buf_grew(text, (size_t)n);
    if (n > 0)
        buf_add_text(text, "\n");
    if (fd >= 0)
        close(fd);
    return n > 0;
}

static int is_drop_in(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 5 && strcmp(e->d_name + n - 5, ".conf") == 0;
}

static void add_drop_ins(struct buf *text, const char *above)
{
    char folder[256];
    struct dirent **list = NULL;
    snprintf(folder, sizeof(folder), "%s/" NAME ".d", above);
    int n = scandir(folder, &list, is_drop_in, alphasort);
    for (int i = 0; i < n; i++) {
        add_file(text, folder, list[i]->d_name);
        free(list[i]);
    }
    free(list);
}

void unit_read(struct buf *text)
{
    bool found = false;
    for (size_t i = N_FOLDERS; i > 0 && !found; i--)
        found = add_file(text, folders[i - 1], NAME);
    for (size_t i = 0; i < N_FOLDERS; i++)
        add_drop_ins(text, folders[i]);
}

/* ---- what they say ---- */

/* Goes on to the next line of KEY. */
static bool next_value(struct str *text, const char *key, struct str *value)
{
    size_t n = strlen(key);
    while (text->n > 0) {
        struct str line = str_trim(str_cut(text, '\n'));
        if (!str_starts(line, str_of(key)))
            continue;
        struct str rest = str_trim(str_slice(line, n, line.n));
        if (rest.n == 0 || rest.p[0] != '=')
            continue;
        *value = str_trim(str_slice(rest, 1, rest.n));
        return true;
    }
    return false;
}

struct str unit_value(struct str text, const char *key)
{
    struct str value, last = {"", 0};
    while (next_value(&text, key, &value))
        last = value;
    return last;
}

bool unit_names(struct str text, const char *key)
{
    struct str value;
    return next_value(&text, key, &value);
}

bool unit_odd_word(struct str text, const char *key, bool (*good)(struct str word), struct str *odd)
{
    bool found = false;
    struct str value;
    while (next_value(&text, key, &value)) {
        if (value.n == 0) { /* what was said before is taken back */
            found = false;
            *odd = (struct str){"", 0};
        }
        while (value.n > 0) {
            struct str word = str_trim(str_cut(&value, ' '));
            if (found || word.n == 0 || good(word))
                continue;
            found = true;
            *odd = word;
        }
    }
    return found;
}

static bool any_word(struct str text, const char *key,
                     bool (*fits)(struct str word, const void *user), const void *user)
{
    bool found = false;
    struct str value;
    while (next_value(&text, key, &value)) {
        if (value.n == 0) /* what was said before is taken back */
            found = false;
        while (value.n > 0)
            found |= fits(str_trim(str_cut(&value, ' ')), user);
    }
    return found;
}

static bool is_word(struct str word, const void *user)
{
    return str_eq(word, *(const struct str *)user);
}

bool unit_has_word(struct str text, const char *key, struct str word)
{
    return any_word(text, key, is_word, &word);
}

struct place {
    const char *prefix;
    struct str path;
};

static bool is_above(struct str word, const void *user)
{
    const struct place *place = user;
    char directory[4096];
    while (word.n > 0 && (word.p[0] == '-' || word.p[0] == '+'))
        word = str_slice(word, 1, word.n);
    word = str_cut(&word, ':');
    if (word.n == 0)
        return false;
    snprintf(directory, sizeof(directory), "%s%.*s", place->prefix, STR_ARG(word));
    struct str above = str_of(directory);
    while (above.n > 1 && above.p[above.n - 1] == '/')
        above.n--;
    return str_starts(place->path, above) &&
           (above.n == 1 || place->path.n == above.n || place->path.p[above.n] == '/');
}

bool unit_covers(struct str text, const char *key, const char *prefix, struct str path)
{
    return any_word(text, key, is_above, &(struct place){prefix, path});
}

static bool is_file(struct str word, const void *user)
{
    char *z = strndup(word.p ? word.p : "", word.n);
    char *real = z ? realpath(z, NULL) : NULL;
    bool same = real && strcmp(real, user) == 0;
    free(real);
    free(z);
    return same;
}

bool unit_starts(struct str text, struct str path)
{
    char *z = strndup(path.p, path.n);
    char *real = z ? realpath(z, NULL) : NULL;
    bool starts = real && any_word(text, "ExecStart", is_file, real);
    free(real);
    free(z);
    return starts;
}
