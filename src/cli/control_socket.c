#include "control_socket.h"

#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/conf/runtime_directory.h>
#include <stird/conf/settings_file.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES_MAX (4 * 1024 * 1024)

static struct str directory_of(struct str path)
{
    while (path.n > 0 && path.p[path.n - 1] != '/')
        path.n--;
    return path;
}

static char *in_file(struct files *files, const char *path)
{
    struct str text = {"", 0};
    return path && files_read(files, str_of(path), TEXT_BYTES_MAX, &text) == 0
               ? runtime_directory_in(text)
               : NULL;
}

static char *in_drop_ins(struct files *files, struct str beside)
{
    struct str names = {NULL, 0};
    char *folder = NULL, *found = NULL, *path;
    if (asprintf(&folder, "%.*sconf.d", STR_ARG(beside)) < 0)
        return NULL;
    if (files_list(files, str_of(folder), STR(".conf"), &names) < 0)
        names.n = 0;
    while (names.n > 0 && !found) {
        struct str name = str_cut(&names, '\0');
        path = asprintf(&path, "%s/%.*s", folder, STR_ARG(name)) < 0 ? NULL : path;
        found = in_file(files, path);
        free(path);
    }
    free(folder);
    return found;
}

/* Finds it in files that are no valid settings. */
static char *by_mistaken_files(struct files *files, const char *configuration)
{
    char *path = NULL;
    struct str beside = directory_of(str_of(configuration));
    char *runtime = in_file(files, configuration);
    if (!runtime)
        runtime = in_drop_ins(files, beside);
    const char *directory = runtime ? runtime : RUNTIME_DIRECTORY_DEFAULT;
    if (directory[0] == '/')
        beside.n = 0;
    if (asprintf(&path, "%.*s%s/%s", STR_ARG(beside), directory, ADMIN_SOCKET_NAME) < 0)
        path = NULL;
    free(runtime);
    return path;
}

/* A file that is not there, or that we may not read, has no mistakes to be listed: most likely, -c
   names the wrong one. */
static bool is_read(struct files *files, const char *configuration)
{
    struct str text;
    return files_read(files, str_of(configuration), TEXT_BYTES_MAX, &text) == 0;
}

/*
 * Whoever may use the socket but not read the configuration (a read group's member, say) gets the
 * usual socket. About another configuration we know nothing.
 */
static char *without_files(const struct cli *cli)
{
    if (strcmp(cli->configuration, CONFIGURATION_DEFAULT) == 0)
        return strdup(CONTROL_SOCKET_DEFAULT);
    session_complain_of_group(cli->configuration);
    return NULL;
}

static char *by_files(struct files *files, const struct cli *cli, struct problems *mistakes)
{
    char *path = NULL;
    bool usable;
    struct settings *s = settings_read_paths(files, str_of(cli->configuration), mistakes, &usable);
    if (s && asprintf(&path, "%.*s/%s", STR_ARG(s->runtime_directory), ADMIN_SOCKET_NAME) < 0)
        path = NULL;
    if (!s && is_read(files, cli->configuration))
        path = by_mistaken_files(files, cli->configuration);
    else if (!s && access(cli->configuration, R_OK) && errno == EACCES) {
        problems_fini(mistakes);
        path = without_files(cli);
    }
    settings_free(s);
    return path;
}

char *control_socket_path(const struct cli *cli, struct problems *mistakes)
{
    if (cli->socket)
        return strdup(cli->socket);
    struct files *files = files_new();
    char *path = files ? by_files(files, cli, mistakes) : NULL;
    files_free(files);
    return path;
}
