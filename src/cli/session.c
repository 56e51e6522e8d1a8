#include "session.h"

#include "control_socket.h"
#include "json_text.h"
#include "progress.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/regular_file.h>
#include <stird/conf/settings_file.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void print_problems(FILE *to, struct problems *problems)
{
    struct buf text = BUF_INIT;
    problems_print(problems, &text);
    if (text.n > 0)
        fwrite(text.p, 1, text.n, to);
    buf_fini(&text);
}

void print_shown(const char *text)
{
    struct buf shown = BUF_INIT;
    buf_add_shown(&shown, str_of(text ? text : ""));
    printf("%.*s", STR_ARG(buf_str(&shown)));
    buf_fini(&shown);
}

static void print_lines(const json_t *lines)
{
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line) fprintf(stderr, "%s\n", json_string_value(line));
}

void print_reload_failure(const json_t *reply)
{
    print_lines(json_object_get(reply, "problems"));
}

void print_reload_warnings(const json_t *reply)
{
    print_lines(json_object_get(reply, "warnings"));
}

/* Of PATH, or of the directory that hides it. */
static bool group_of(const char *path, char *name, size_t bytes)
{
    struct stat st;
    char *copy = strdup(path);
    bool found = copy && (stat(path, &st) == 0 || stat(dirname(copy), &st) == 0);
    const struct group *group = found ? getgrgid(st.st_gid) : NULL;
    free(copy);
    if (found && group)
        snprintf(name, bytes, "%s", group->gr_name);
    else if (found)
        snprintf(name, bytes, "%u", (unsigned)st.st_gid);
    return found;
}

void session_complain_of_group(const char *path)
{
    char name[64];
    if (group_of(path, name, sizeof(name)))
        warn_said("stirctl: %s: you are not in the group %s: be root, or a member of it\n", path,
                  name);
    else
        warn_said("stirctl: %s: not allowed: be root, or of the group of the user that stird runs "
                  "as\n",
                  path);
}

/* "the group NAME" or "the user NAME" of PATH, or of the directory that hides it: who may read it
   beside root; empty: nobody. */
static bool reader_of(const char *path, char *who, size_t bytes)
{
    struct stat st;
    char *copy = strdup(path);
    bool found = copy && (stat(path, &st) == 0 || stat(dirname(copy), &st) == 0);
    bool by_group = found && (st.st_mode & S_IRGRP);
    const struct group *group = by_group ? getgrgid(st.st_gid) : NULL;
    const struct passwd *user = found && !by_group ? getpwuid(st.st_uid) : NULL;
    free(copy);
    if (found && (group || user))
        snprintf(who, bytes, "the %s %s", group ? "group" : "user",
                 group ? group->gr_name : user->pw_name);
    else if (found)
        snprintf(who, bytes, "the %s %u", by_group ? "group" : "user",
                 (unsigned)(by_group ? st.st_gid : st.st_uid));
    if (found && !by_group && st.st_uid == 0)
        who[0] = '\0';
    return found;
}

void session_complain_of_file(const char *path, int error)
{
    char who[96];
    if (error == -EACCES && reader_of(path, who, sizeof(who)))
        warn_said("stirctl: %s: you may not read this: be root%s%s\n", path, who[0] ? ", or " : "",
                  who);
    else
        warn_said("stirctl: %s: %s\n", path, regular_file_fault(error));
}

void session_complain_of_files(const struct problems *problems)
{
    char who[96] = "", said[96] = "?";
    for (size_t i = 0; i < problems->n; i++) {
        const char *path = problems->list[i].file;
        if (path[0] == '\0' || access(path, R_OK) == 0 || errno != EACCES ||
            !reader_of(path, who, sizeof(who)) || strcmp(who, said) == 0)
            continue;
        fprintf(
            stderr,
            "stirctl: this reads the files that the configuration names, which are for root%s%s: "
            "be %s (control.read_group is for what runs, not for files)\n",
            who[0] ? " and " : "", who, who[0] ? "one of them" : "root");
        memcpy(said, who, sizeof(who));
    }
}

/* The socket may be open for everybody (control.read_group): only stird knows who is let in. */
static bool may_look(const char *socket)
{
    struct session_reply reply = {.status = EXIT_FAILURE};
    int fd = admin_connect(str_of(socket));
    bool may = fd >= 0 &&
               admin_ask(fd, ADMIN_STATUS, false, STR(""), SESSION_TIMEOUT_MS, &reply.text,
                         &reply.status, reply.fds, &reply.n_fds) == 0 &&
               reply.status == 0;
    session_reply_fini(&reply);
    if (fd >= 0)
        close(fd);
    return may;
}

/*
 * For those who may not read the configuration: one text for a stranger, whatever the command would
 * have done, and one for members of control.read_group, who may ask but not read.
 */
static void complain_of_rights(const struct cli *cli)
{
    const char *socket = cli->socket ? cli->socket : CONTROL_SOCKET_DEFAULT;
    char name[64];
    bool may_ask = may_look(socket);
    if (!group_of(may_ask ? cli->configuration : socket, name, sizeof(name)) &&
        !group_of(cli->configuration, name, sizeof(name)))
        snprintf(name, sizeof(name), "of stird's user");
    if (may_ask)
        warn_said("stirctl: %s: you may look at the stird that runs (control.read_group), and this "
                  "reads the configuration's files, which are for root and the group %s: be one of "
                  "them\n",
                  cli->configuration, name);
    else
        warn_said("stirctl: you are not in the group %s: be root, or a member of it, to ask "
                  "stird (%s) or to read its files (%s)\n",
                  name, socket, cli->configuration);
}

/* Whether that is why it could not be read. */
static bool is_hidden(const struct cli *cli)
{
    return access(cli->configuration, R_OK) && errno == EACCES;
}

static void complain_of_files(const struct cli *cli, struct problems *problems)
{
    if (is_hidden(cli))
        complain_of_rights(cli);
    else
        print_problems(stderr, problems);
}

static struct settings *
read_by(const struct cli *cli, struct settings *(*reader)(struct files *files, struct str path,
                                                          int64_t now_s, struct problems *problems))
{
    struct problems problems = PROBLEMS_INIT;
    struct files *files = files_new();
    struct settings *settings = NULL;
    if (files)
        settings = reader(files, str_of(cli->configuration), clock_real_s(), &problems);
    if (!settings)
        complain_of_files(cli, &problems);
    files_free(files);
    problems_fini(&problems);
    return settings;
}

struct settings *session_settings(const struct cli *cli)
{
    return read_by(cli, settings_read);
}

struct settings *session_tables(const struct cli *cli)
{
    return read_by(cli, settings_read_for_tables);
}

struct settings *session_paths(const struct cli *cli)
{
    struct problems problems = PROBLEMS_INIT;
    struct files *files = files_new();
    bool usable = false;
    struct settings *s =
        files ? settings_read_paths(files, str_of(cli->configuration), &problems, &usable) : NULL;
    if (!usable)
        complain_of_files(cli, &problems);
    files_free(files);
    problems_fini(&problems);
    return s;
}

bool session_none_runs(int error)
{
    return error == -ENOENT || error == -ECONNREFUSED;
}

static void complain(const struct cli *cli, const char *path, int error)
{
    if (error == -EACCES && is_hidden(cli)) {
        complain_of_rights(cli);
        return;
    }
    if (error == -EACCES) {
        session_complain_of_group(path);
        return;
    }
    const char *what = strerror(-error);
    if (session_none_runs(error))
        what = "no stird runs there (or name its socket with -s)";
    else if (error == -ETIMEDOUT)
        what = "stird does not answer";
    warn_said("stirctl: %s: %s\n", path, what);
}

static void warn(const struct cli *cli, const char *path, struct problems *mistakes)
{
    if (!problems_any(mistakes))
        return;
    print_problems(stderr, mistakes);
    warn_said(
        "stirctl: warning: %s has mistakes and cannot be loaded as it is; asking the stird at "
        "%s\n",
        cli->configuration, path);
}

int session_ask(const struct cli *cli, enum admin_type type, bool wait, struct str text,
                int timeout_ms, bool may_be_none, struct session_reply *reply)
{
    *reply = (struct session_reply){.status = EXIT_FAILURE};
    struct problems mistakes = PROBLEMS_INIT;
    char *path = control_socket_path(cli, &mistakes);
    if (!path) {
        if (!may_be_none)
            print_problems(stderr, &mistakes);
        problems_fini(&mistakes);
        return -ENOENT;
    }
    progress_begin(cli, "stirctl: waiting for stird");
    int fd = admin_connect(str_of(path));
    int r = fd < 0 ? fd
                   : admin_ask(fd, type, wait, text, timeout_ms, &reply->text, &reply->status,
                               reply->fds, &reply->n_fds);
    progress_end();
    /* A reload that is waited for shows them itself. */
    bool told = r && !(may_be_none && session_none_runs(r));
    if ((r == 0 || told) && !(r == 0 && type == ADMIN_RELOAD && wait))
        warn(cli, path, &mistakes);
    if (told)
        complain(cli, path, r);
    problems_fini(&mistakes);
    if (fd >= 0)
        close(fd);
    free(path);
    return r;
}

void session_reply_fini(struct session_reply *reply)
{
    for (unsigned i = 0; i < reply->n_fds; i++)
        close(reply->fds[i]);
    buf_fini(&reply->text);
    *reply = (struct session_reply){.status = EXIT_FAILURE};
}

/* Prints the words of the reply; those of a reload are in JSON. */
static void complain_of_refusal(const struct session_reply *reply, const char *before)
{
    struct str text = buf_str(&reply->text);
    json_t *json = json_loadb(text.p, text.n, 0, NULL);
    const char *why = json_string_value(json_object_get(json, "why"));
    print_reload_failure(json);
    if (why)
        text = str_of(why);
    warn_said("stirctl: %s%.*s\n", before,
              STR_ARG(text.n > 0 ? text : STR("stird refuses, and does not say why")));
    json_decref(json);
}

bool session_granted_or(const struct session_reply *reply, const char *before)
{
    if (reply->status != 0)
        complain_of_refusal(reply, before);
    return reply->status == 0;
}

bool session_granted(const struct session_reply *reply)
{
    return session_granted_or(reply, "");
}

static void complain_of_nonsense(void)
{
    fputs("stirctl: what stird answers cannot be understood: are it and stirctl of the same "
          "version?\n",
          stderr);
}

json_t *session_json(const struct cli *cli, enum admin_type type, bool wait, struct str text,
                     int timeout_ms)
{
    struct session_reply reply;
    json_t *json = NULL;
    int r = session_ask(cli, type, wait, text, timeout_ms, false, &reply);
    if (r == 0 && session_granted(&reply)) {
        json = json_loadb(reply.text.p, reply.text.n, 0, NULL);
        if (!json)
            complain_of_nonsense();
    }
    session_reply_fini(&reply);
    return json;
}

/* A refusal may be JSON too, and PRINT knows how to show it. */
static int show(const struct cli *cli, const struct session_reply *reply,
                void (*print)(const json_t *reply))
{
    json_t *json = json_loadb(reply->text.p, reply->text.n, 0, NULL);
    int status = reply->status;
    if (!json) {
        if (session_granted(reply))
            complain_of_nonsense();
    } else if (cli->json) {
        json_print_text(buf_str(&reply->text));
    } else {
        print(json);
    }
    status = json || status ? status : EXIT_FAILURE;
    json_decref(json);
    return fflush(stdout) ? EXIT_FAILURE : status;
}

int session_show(const struct cli *cli, enum admin_type type, bool wait, struct str text,
                 int timeout_ms, void (*print)(const json_t *reply))
{
    struct session_reply reply;
    int status = EXIT_FAILURE;
    if (session_ask(cli, type, wait, text, timeout_ms, false, &reply) == 0)
        status = show(cli, &reply, print);
    session_reply_fini(&reply);
    return status;
}
