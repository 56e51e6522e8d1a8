/*
 * A new unit of a certificate: checked whole, written aside, renamed, reloaded. When stird refuses
 * it, it is taken back. The key goes from file to file; only a process that ends at once reads it.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/arena.h>
#include <stird/certificate_choice.h>
#include <stird/clock.h>
#include <stird/credential.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_BYTES_MAX (256 * 1024)
#define UNIT_SUFFIX    ".unit"

struct import {
    const char *id, *name, *key, *chain, *x5u;
    struct arena *arena;
    struct certificate certificate;
    struct buf chain_text, x5u_text;
    char *directory;     /* of the certificate's units */
    char *aside, *final; /* of this one */
    char *socket;        /* known before anything changes: a bad unit spoils the configuration */
};

/* ---- checks ---- */

static bool read_file(const char *path, struct buf *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *room = fd >= 0 ? buf_room(text, FILE_BYTES_MAX) : NULL;
    ssize_t n = room ? read(fd, room, FILE_BYTES_MAX) : -1;
    if (n >= 0)
        buf_grew(text, (size_t)n);
    else
        fprintf(stderr, "stirctl: %s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return n >= 0;
}

static int check_key_in_child(const struct import *i)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    prctl(PR_SET_DUMPABLE, 0);
    struct credential *c = read_file(i->key, &text)
                               ? credential_new(&i->certificate, str_of(i->key), buf_str(&text),
                                                &problems)
                               : NULL;
    if (text.p)
        OPENSSL_cleanse(text.p, text.n);
    print_problems(stderr, &problems);
    int status = c ? EXIT_SUCCESS : EXIT_FAILURE;
    credential_free(c);
    return status;
}

static bool check_key(const struct import *i)
{
    int status = 0;
    fflush(stderr);
    pid_t child = fork();
    if (child == 0)
        _exit(check_key_in_child(i));
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool check_chain(struct import *i)
{
    struct problems problems = PROBLEMS_INIT;
    i->arena = arena_new(4096);
    buf_addf(&i->x5u_text, "%s\n", i->x5u);
    bool good = i->arena && read_file(i->chain, &i->chain_text) &&
                certificate_read(&i->certificate, i->arena, str_of(i->id), STR(""),
                                 str_of(i->chain), buf_str(&i->chain_text), STR("--x5u"),
                                 buf_str(&i->x5u_text), clock_real_s(), &problems);
    print_problems(stderr, &problems);
    problems_fini(&problems);
    return good;
}

/* ---- where it goes ---- */

static bool find_directory(struct import *i, const struct cli *cli)
{
    struct settings *s = session_settings(cli);
    uint32_t at = s ? certificate_find(s, str_of(i->id)) : NO_CERTIFICATE;
    if (s && at == NO_CERTIFICATE)
        fprintf(stderr, "stirctl: the configuration has no certificate \"%s\"\n", i->id);
    if (at != NO_CERTIFICATE) {
        struct str directory = s->certificates[at].directory;
        i->directory = strndup(directory.p, directory.n);
        char *slash = s->certificates[at].unit.n > 0 ? strrchr(i->directory, '/') : NULL;
        if (slash)
            *slash = '\0';
    }
    if (i->directory &&
        asprintf(&i->socket, "%.*s/%s", STR_ARG(s->runtime_directory), ADMIN_SOCKET_NAME) < 0)
        i->socket = NULL;
    settings_free(s);
    return i->directory && i->socket;
}

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!ascii_is_alpha(*c) && !ascii_is_digit(*c) && !(strchr("-_.", *c) && c > name))
            return false;
    return name[0] && strlen(name) <= 64;
}

/* By default its first day and its serial number. */
static bool choose_names(struct import *i)
{
    char day[16] = "", made[96];
    time_t from = (time_t)i->certificate.not_before_s;
    struct tm tm;
    if (gmtime_r(&from, &tm))
        strftime(day, sizeof(day), "%Y%m%d", &tm);
    snprintf(made, sizeof(made), "%s-%.*s", day, STR_ARG(str_slice(i->certificate.serial, 0, 40)));
    const char *name = i->name ? i->name : made;
    if (!is_name(name)) {
        fprintf(stderr, "stirctl: --name %s: letters, digits, -, _ and . only\n", name);
        return false;
    }
    return asprintf(&i->aside, "%s/.%s.new", i->directory, name) > 0 &&
           asprintf(&i->final, "%s/%s" UNIT_SUFFIX, i->directory, name) > 0;
}

/* ---- writing ---- */

static int copy_key(const char *from, int to)
{
    struct stat st;
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    int r = fd < 0 || fstat(fd, &st) ? -errno : 0;
    while (r == 0 && st.st_size > 0) {
        ssize_t n = copy_file_range(fd, NULL, to, NULL, (size_t)st.st_size, 0);
        if (n <= 0)
            r = n < 0 ? -errno : -EIO;
        else
            st.st_size -= n;
    }
    if (fd >= 0)
        close(fd);
    return r;
}

/* TEXT, or the file KEY. */
static int write_one(const struct import *i, const char *name, const struct buf *text,
                     const char *key, mode_t mode, const struct stat *owner)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/%s", i->aside, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    int r = fd < 0 ? -errno : 0;
    if (r == 0 && key)
        r = copy_key(key, fd);
    if (r == 0 && text && write(fd, text->p, text->n) != (ssize_t)text->n)
        r = errno ? -errno : -EIO;
    if (r == 0 && geteuid() == 0 && fchown(fd, owner->st_uid, owner->st_gid))
        r = -errno;
    if (r == 0 && fsync(fd))
        r = -errno;
    if (fd >= 0)
        close(fd);
    return r;
}

static void remove_aside(const struct import *i)
{
    static const char *const names[] = {"key.pem", "chain.pem", "x5u"};
    char path[4200];
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        snprintf(path, sizeof(path), "%s/%s", i->aside, names[n]);
        unlink(path);
    }
    rmdir(i->aside);
}

static bool sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static bool write_unit(const struct import *i)
{
    struct stat owner;
    int r = stat(i->directory, &owner) || mkdir(i->aside, 0700) ? -errno : 0;
    if (r == 0 && geteuid() == 0 && chown(i->aside, owner.st_uid, owner.st_gid))
        r = -errno;
    if (r == 0)
        r = write_one(i, "key.pem", NULL, i->key, 0600, &owner);
    if (r == 0)
        r = write_one(i, "chain.pem", &i->chain_text, NULL, 0644, &owner);
    if (r == 0)
        r = write_one(i, "x5u", &i->x5u_text, NULL, 0644, &owner);
    if (r == 0 && !sync_directory(i->aside))
        r = -errno;
    if (r == 0 && rename(i->aside, i->final))
        r = -errno;
    if (r) {
        fprintf(stderr, "stirctl: %s: %s\n", i->final, strerror(-r));
        if (r != -EEXIST || access(i->aside, F_OK) == 0)
            remove_aside(i);
        return false;
    }
    return sync_directory(i->directory);
}

/* ---- telling stird ---- */

static int reload(const struct cli *cli, const struct import *i)
{
    struct session_reply reply;
    struct cli there = *cli;
    if (!there.socket)
        there.socket = i->socket;
    int r = session_ask(&there, ADMIN_RELOAD, true, STR(""), SESSION_LONG_TIMEOUT_MS, true, &reply);
    int status = r ? EXIT_SUCCESS : reply.status;
    if (r)
        fprintf(stderr, "stirctl: no stird runs: it takes the unit at its next start\n");
    else if (status)
        fprintf(stderr, "stirctl: the reload failed and the unit is taken back: %.*s\n",
                STR_ARG(buf_str(&reply.text)));
    if (status && rename(i->final, i->aside) == 0)
        remove_aside(i);
    if (status == 0)
        printf(cli->json ? "{\"imported\":true}\n" : "imported: %s\n", i->final);
    session_reply_fini(&reply);
    return fflush(stdout) ? EXIT_FAILURE : status;
}

/* ---- options ---- */

static const struct option options[] = {{"key", required_argument, NULL, 'k'},
                                        {"chain", required_argument, NULL, 'c'},
                                        {"x5u", required_argument, NULL, 'x'},
                                        {"name", required_argument, NULL, 'n'},
                                        {0}};

static bool read_options(struct import *i, int argc, char **argv)
{
    int letter;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char **field = letter == 'k'   ? &i->key
                             : letter == 'c' ? &i->chain
                             : letter == 'x' ? &i->x5u
                             : letter == 'n' ? &i->name
                                             : NULL;
        if (!field)
            return false;
        *field = optarg;
    }
    i->id = optind < argc ? argv[optind] : NULL;
    return i->id && argc - optind == 1 && i->key && i->chain && i->x5u;
}

static int run(const struct cli *cli, int argc, char **argv)
{
    struct import i = {.id = NULL};
    int status = EXIT_FAILURE;
    if (!read_options(&i, argc, argv))
        return command_usage(&command_cert_import);
    if (check_chain(&i) && check_key(&i) && find_directory(&i, cli) && choose_names(&i) &&
        write_unit(&i))
        status = reload(cli, &i);
    certificate_fini(&i.certificate);
    arena_free(i.arena);
    buf_fini(&i.chain_text);
    buf_fini(&i.x5u_text);
    free(i.directory);
    free(i.aside);
    free(i.socket);
    free(i.final);
    return status;
}

const struct command command_cert_import = {"cert import",
                                            "--key FILE --chain FILE --x5u URL [--name NAME] ID",
                                            "put a new unit of a certificate in, and reload", run};
