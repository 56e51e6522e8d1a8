#include "number_tables.h"

#include "decision.h"
#include "progress.h"

#include <fcntl.h>
#include <stird/base/regular_file.h>
#include <string.h>
#include <unistd.h>

/* Whether the file begins as a compiled table does. */
static bool is_compiled_table(const char *path)
{
    static const char magic[] = "STIRDNUM";
    char begin[sizeof(magic) - 1];
    int fd = regular_file_open(AT_FDCWD, path, 0);
    bool compiled = fd >= 0 && pread(fd, begin, sizeof(begin), 0) == (ssize_t)sizeof(begin) &&
                    memcmp(begin, magic, sizeof(begin)) == 0;
    if (fd >= 0)
        close(fd);
    return compiled;
}

struct numbers_paths number_tables_paths(struct str *list, int n, char **words)
{
    for (int i = 0; i < n; i++)
        list[i] = str_of(words[i]);
    if (n == 1 && is_compiled_table(words[0]))
        return (struct numbers_paths){.compiled = list[0]};
    return (struct numbers_paths){.tables = list, .n_tables = (unsigned)n};
}

static bool open_file(struct mapped_numbers *table, const struct cli *cli, char *word)
{
    struct problems problems = PROBLEMS_INIT;
    struct str name;
    struct numbers_paths paths = number_tables_paths(&name, 1, &word);
    const char *why = NULL;
    int fd;
    progress_begin(cli, "stirctl: reading tables");
    bool good = numbers_files_compile(&paths, &fd, NULL, &problems) && numbers_map(table, fd, &why);
    progress_end();
    if (why)
        warn_said("stirctl: %s: %s\n", word, why);
    print_problems(stderr, &problems);
    problems_fini(&problems);
    if (fd >= 0)
        close(fd);
    return good;
}

bool number_table_open(struct mapped_numbers *table, const struct cli *cli, char *word)
{
    struct decision_basis basis;
    bool running = strcmp(word, "running") == 0;
    if (!running && strcmp(word, "configured") != 0)
        return open_file(table, cli, word);
    if (!decision_basis_get(&basis, cli, running ? SOURCE_RUNNING : SOURCE_FILES, NEED_TABLES))
        return false;
    *table = basis.numbers;
    basis.numbers = (struct mapped_numbers){0};
    decision_basis_fini(&basis);
    return true;
}
