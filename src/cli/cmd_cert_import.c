/*
 * A new unit of a certificate: checked whole, written aside, renamed, reloaded. When stird refuses
 * it, it is taken back. The key goes from file to file; only a process that ends at once reads it.
 */
#include "json_text.h"
#include "made.h"
#include "session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/arena.h>
#include <stird/base/regular_file.h>
#include <stird/core/certificate_chain.h>
#include <stird/core/certificate_choice.h>
#include <stird/base/clock.h>
#include <stird/core/credential.h>
#include <stird/io/folder.h>
#include <stird/core/x5u.h>
#include <stird/conf/settings_file.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_BYTES_MAX  (256 * 1024)
#define UNIT_SUFFIX     ".unit"
#define NAMES_TRIED_MAX 100

struct import {
    const char *id, *name, *key, *chain, *x5u;
    int key_fd;
    struct arena *arena;
    struct certificate certificate;
    struct buf chain_text, x5u_text;
    char *directory;     /* of the certificate's units */
    struct folder units; /* the same */
    struct made made;    /* that directory, if we have made it */
    char *aside, *final; /* names of this one in it */
    char *socket;        /* known before anything changes: a bad unit spoils the configuration */
};

/* ---- checks ---- */

/* A FIFO or a device of this name holds nobody up. The descriptor, or -errno. */
static int open_file(const char *path)
{
    struct stat st;
    int fd = regular_file_open(AT_FDCWD, path, 0);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size <= FILE_BYTES_MAX)
        return fd;
    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : -EFBIG;
}

/* FD: opened already, or -1. */
static bool read_file(const char *path, int opened, struct buf *text)
{
    int fd = opened >= 0 ? opened : open_file(path);
    char *room = fd >= 0 ? buf_room(text, FILE_BYTES_MAX) : NULL;
    ssize_t n = room ? pread(fd, room, FILE_BYTES_MAX, 0) : -1;
    if (n >= 0)
        buf_grew(text, (size_t)n);
    else
        session_complain_of_file(path, fd < 0 ? fd : -errno);
    if (fd >= 0 && opened < 0)
        close(fd);
    return n >= 0;
}

/* Read once, so that what is copied is what was checked, even if somebody exchanges the file. */
static bool open_key(struct import *i)
{
    i->key_fd = open_file(i->key);
    if (i->key_fd < 0)
        session_complain_of_file(i->key, i->key_fd);
    return i->key_fd >= 0;
}

static int check_key_in_child(const struct import *i)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    prctl(PR_SET_DUMPABLE, 0);
    struct credential *c = read_file(i->key, i->key_fd, &text)
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

/* As `stird -t` does, which alone knows the anchors. */
static bool check_whole(const struct import *i)
{
    const struct certificate *c = &i->certificate;
    const char *why = certificate_fault(c, NULL, clock_real_s(), i->arena);
    const char *chain = certificate_warning(c, NULL, i->arena), *url = x5u_warning(c->x5u);
    if (why)
        warn_said("%s: %s\n", i->chain, why);
    if (chain)
        warn_said("stirctl: warning: %s %s\n", i->chain, chain);
    if (url)
        fprintf(stderr, "stirctl: warning: %.*s %s\n", STR_ARG(c->x5u), url);
    return !why;
}

static bool check_chain(struct import *i)
{
    struct problems problems = PROBLEMS_INIT;
    i->arena = arena_new(4096);
    buf_addf(&i->x5u_text, "%s\n", i->x5u);
    bool good = i->arena && read_file(i->chain, -1, &i->chain_text) &&
                certificate_read(&i->certificate, i->arena, str_of(i->id), STR(""),
                                 str_of(i->chain), buf_str(&i->chain_text), STR("--x5u"),
                                 buf_str(&i->x5u_text), clock_real_s(), &problems);
    print_problems(stderr, &problems);
    problems_fini(&problems);
    return good && check_whole(i);
}

/* ---- where it goes ---- */

static bool find_directory(struct import *i, const struct cli *cli)
{
    struct settings *s = session_paths(cli);
    uint32_t at = s ? certificate_find(s, str_of(i->id)) : NO_CERTIFICATE;
    if (s && at == NO_CERTIFICATE)
        warn_said("stirctl: the configuration has no certificate \"%s\"\n", i->id);
    if (at != NO_CERTIFICATE) {
        struct str directory = s->certificates[at].directory;
        i->directory = strndup(directory.p, directory.n);
    }
    if (s && i->directory &&
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

static bool set_names(struct import *i, const char *name)
{
    free(i->aside);
    free(i->final);
    i->aside = i->final = NULL;
    return asprintf(&i->aside, ".%s.%ld.new", name, (long)getpid()) > 0 &&
           asprintf(&i->final, "%s" UNIT_SUFFIX, name) > 0;
}

static bool is_free(const struct import *i)
{
    struct stat st;
    return fstatat(i->units.fd, i->final, &st, AT_SYMLINK_NOFOLLOW) != 0;
}

/* MADE, or MADE with a number behind it: serial numbers are unique for one issuer only, and there
   may be several issuers. */
static bool choose_free(struct import *i, const char *made)
{
    bool good = set_names(i, made);
    for (unsigned n = 2; good && !is_free(i) && n < NAMES_TRIED_MAX; n++) {
        char numbered[128];
        snprintf(numbered, sizeof(numbered), "%s-%u", made, n);
        good = set_names(i, numbered);
    }
    return good;
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
    if (!i->name)
        return choose_free(i, made);
    bool good = set_names(i, name);
    if (good && !is_free(i)) {
        warn_said("stirctl: %s/%s exists, with another certificate or URL: name the new one with "
                  "another --name\n",
                  i->directory, i->final);
        return false;
    }
    return good;
}

/* ---- what is there already ---- */

static bool read_at(int directory, const char *name, struct buf *text)
{
    int fd = regular_file_open(directory, name, O_NOFOLLOW);
    bool good = fd >= 0 && read_file(name, fd, text);
    if (fd >= 0)
        close(fd);
    return good;
}

static bool has_key(int unit)
{
    return faccessat(unit, "key.pem", F_OK, 0) == 0 || faccessat(unit, "key.uri", F_OK, 0) == 0;
}

/* The same chain, hence the same key, at the same URL. */
static bool is_same(const struct import *i, int unit)
{
    struct problems ignored = PROBLEMS_INIT;
    struct buf chain = BUF_INIT, x5u = BUF_INIT;
    struct certificate c = {.public_key = NULL};
    bool same = has_key(unit) && read_at(unit, "chain.pem", &chain) && read_at(unit, "x5u", &x5u) &&
                certificate_read(&c, i->arena, str_of(i->id), STR(""), STR(""), buf_str(&chain),
                                 STR(""), buf_str(&x5u), 0, &ignored) &&
                str_eq(c.chain, i->certificate.chain) && str_eq(c.x5u, i->certificate.x5u);
    certificate_fini(&c);
    buf_fini(&chain);
    buf_fini(&x5u);
    problems_fini(&ignored);
    return same;
}

static bool is_called_unit(const char *name)
{
    size_t n = strlen(name), suffix = strlen(UNIT_SUFFIX);
    return name[0] != '.' && n > suffix && strcmp(name + n - suffix, UNIT_SUFFIX) == 0;
}

/* Where the operator names the new unit, only that name counts. */
static bool is_unit(const struct import *i, const char *name)
{
    size_t n = strlen(name), suffix = strlen(UNIT_SUFFIX);
    if (!i->name && strcmp(name, ".") == 0)
        return true;
    return is_called_unit(name) &&
           (!i->name || (strlen(i->name) == n - suffix && strncmp(name, i->name, n - suffix) == 0));
}

/* Its name ("." for the directory itself), to be freed; NULL: it is new. */
static char *find_same(const struct import *i)
{
    char *found = NULL;
    int fd = openat(i->units.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    for (unsigned n = 0;
         directory && !found && n < CERTIFICATE_UNITS_READ_MAX && (entry = readdir(directory));
         n++) {
        int unit = is_unit(i, entry->d_name)
                       ? openat(i->units.fd, entry->d_name,
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                       : -1;
        if (unit >= 0 && is_same(i, unit))
            found = strdup(entry->d_name);
        if (unit >= 0)
            close(unit);
    }
    if (directory)
        closedir(directory);
    return found;
}

/* ---- another one at its URL ---- */

static bool has_url(const struct import *i, int unit)
{
    struct buf x5u = BUF_INIT;
    const bool has = read_at(unit, "x5u", &x5u) &&
                     str_eq(str_trim(buf_str(&x5u)), str_trim(buf_str(&i->x5u_text)));
    buf_fini(&x5u);
    return has;
}

static void say_shared(const char *name)
{
    fprintf(stderr,
            "stirctl: warning: unit %s has this URL too, where one of them alone can be served.\n"
            "  stirctl cert list says which one signs. When another takes its place, verifiers\n"
            "  that keep the chain before, a day or as long as max-age says, refuse its calls:\n"
            "  give each unit a URL of its own.\n",
            name);
}

/* Says what will happen, for it happens long after the import. */
static void warn_of_shared(const struct import *i)
{
    int fd = openat(i->units.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    for (unsigned n = 0;
         directory && n < CERTIFICATE_UNITS_READ_MAX && (entry = readdir(directory)); n++) {
        const bool own = strcmp(entry->d_name, i->final) == 0,
                   flat = strcmp(entry->d_name, ".") == 0;
        int unit = !own && (flat || is_called_unit(entry->d_name))
                       ? openat(i->units.fd, entry->d_name,
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                       : -1;
        if (unit >= 0 && faccessat(unit, "x5u", F_OK, 0) == 0 && has_url(i, unit))
            say_shared(flat ? "in the directory itself" : entry->d_name);
        if (unit >= 0)
            close(unit);
    }
    if (directory)
        closedir(directory);
}

static int say_same(const struct cli *cli, const struct import *i, const char *name)
{
    if (cli->json)
        json_print(json_pack("{s:b,s:o}", "imported", 0, "there_as", json_of_text(name)));
    else
        print_said("is there already as %s/%s\n", i->directory, strcmp(name, ".") == 0 ? "" : name);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- writing ---- */

static int copy_key(int from, int to)
{
    struct stat st;
    off_t at = 0;
    int r = fstat(from, &st) ? -errno : st.st_size > FILE_BYTES_MAX ? -EFBIG : 0;
    while (r == 0 && st.st_size > 0) {
        ssize_t n = copy_file_range(from, &at, to, NULL, (size_t)st.st_size, 0);
        if (n < 0 && (errno == EXDEV || errno == EOPNOTSUPP || errno == EINVAL))
            n = sendfile(to, from, &at, (size_t)st.st_size); /* from one file system to another */
        if (n <= 0)
            r = n < 0 ? -errno : -EIO;
        else
            st.st_size -= n;
    }
    return r;
}

/* TEXT, or the file behind KEY_FD. The owner of the directory gets it when it is whole. */
static int write_one(const struct folder *unit, const char *name, const struct buf *text,
                     int key_fd, mode_t mode)
{
    int fd = folder_create(unit, name);
    int r = fd < 0 ? fd : 0;
    errno = 0;
    if (r == 0 && !text)
        r = copy_key(key_fd, fd);
    if (r == 0 && text && write(fd, text->p, text->n) != (ssize_t)text->n)
        r = errno ? -errno : -EIO;
    if (r == 0)
        r = folder_give(unit, fd, mode);
    if (fd >= 0)
        close(fd);
    return r;
}

/* Removes what is in UNIT, and then its name, if that still leads to it. */
static void remove_unit(const struct import *i, const struct folder *unit, const char *name)
{
    static const char *const names[] = {"key.pem", "chain.pem", "x5u"};
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
        unlinkat(unit->fd, names[n], 0);
    unlinkat(i->units.fd, name, AT_REMOVEDIR);
}

static int fill_unit(const struct import *i, const struct folder *unit)
{
    int r = write_one(unit, "key.pem", NULL, i->key_fd, 0600);
    if (r == 0)
        r = write_one(unit, "chain.pem", &i->chain_text, -1, 0644);
    if (r == 0)
        r = write_one(unit, "x5u", &i->x5u_text, -1, 0644);
    if (r == 0)
        r = folder_give(unit, unit->fd, 0700);
    return r == 0 ? folder_rename(&i->units, i->aside, i->final, unit->fd) : r;
}

static const char *write_fault(int r)
{
    return r == -ELOOP ? "a symbolic link on the way belongs to somebody else: name the directory "
                         "itself in the configuration"
           : r == -ESTALE ? "somebody exchanged it while it was written: look who writes there"
                          : strerror(-r);
}

/* Written aside first, so that nobody finds it while it is still our own. */
static int make_aside(struct import *i, const struct folder *above, const char *name)
{
    char aside[NAME_MAX + 1];
    int n = snprintf(aside, sizeof(aside), ".%s.%ld.new", name, (long)getpid());
    int r = n < (int)sizeof(aside) ? folder_make(above, aside, &i->units) : -ENAMETOOLONG;
    if (r)
        return r;
    r = folder_give(&i->units, i->units.fd, 0700);
    if (r == 0 && renameat2(above->fd, aside, above->fd, name, RENAME_NOREPLACE))
        r = -errno;
    if (r) {
        folder_close(&i->units);
        unlinkat(above->fd, aside, AT_REMOVEDIR);
    } else {
        made_note_at(&i->made, above->fd, name);
    }
    return r;
}

/* The first unit of a certificate finds no directory: it is made for the owner of that above. */
static int make_units(struct import *i)
{
    struct folder above;
    const char *name;
    int r = folder_open_parent(&above, i->directory, &name);
    if (r == 0)
        r = make_aside(i, &above, name);
    folder_close(&above);
    return r == -EEXIST ? folder_open(&i->units, i->directory) : r; /* by another import */
}

static bool open_units(struct import *i)
{
    int r = folder_open(&i->units, i->directory);
    if (r == -ENOENT)
        r = make_units(i);
    if (r)
        warn_said("stirctl: %s: %s\n", i->directory, write_fault(r));
    return r == 0;
}

/* -EEXIST: another import was faster; other errors are told. */
static int write_unit(struct import *i)
{
    struct folder unit = FOLDER_INIT;
    int r = folder_make(&i->units, i->aside, &unit);
    if (r == 0) {
        r = fill_unit(i, &unit);
        if (r)
            remove_unit(i, &unit, i->aside);
    }
    if (r && r != -EEXIST)
        warn_said("stirctl: %s/%s: %s\n", i->directory, i->final, write_fault(r));
    folder_close(&unit);
    return r;
}

/* Taken away in the way it came: first moved away whole, then emptied. */
static void take_back(const struct import *i)
{
    struct folder unit = {
        .fd = openat(i->units.fd, i->final, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (unit.fd >= 0 && renameat(i->units.fd, i->final, i->units.fd, i->aside) == 0)
        remove_unit(i, &unit, i->aside);
    folder_close(&unit);
}

/* ---- without one ---- */

static bool is_about(const struct problem *p, const char *unit)
{
    return strncmp(p->file, unit, strlen(unit)) == 0 || strstr(p->text, unit) != NULL;
}

/* The problems that the next start would find in this unit, without those of others. */
static bool fits_configuration(const struct cli *cli, const struct import *i)
{
    struct problems found = PROBLEMS_INIT, of_unit = PROBLEMS_INIT;
    struct files *files = files_new();
    char *unit = NULL;
    bool usable;
    if (!files || asprintf(&unit, "%s/%s", i->directory, i->final) < 0) {
        files_free(files);
        return false;
    }
    settings_free(
        settings_read_all(files, str_of(cli->configuration), clock_real_s(), &found, &usable));
    for (size_t n = 0; n < found.n; n++)
        if (is_about(&found.list[n], unit))
            problems_add(&of_unit, str_of(found.list[n].file), found.list[n].line, "%s",
                         found.list[n].text);
    bool fits = !problems_any(&of_unit) && !found.out_of_memory;
    print_problems(stderr, &of_unit);
    problems_fini(&of_unit);
    problems_fini(&found);
    files_free(files);
    free(unit);
    return fits;
}

static int wait_for_start(const struct cli *cli, const struct import *i)
{
    if (!fits_configuration(cli, i)) {
        fputs("stirctl: the next start would refuse the unit: it is taken back\n", stderr);
        return EXIT_FAILURE;
    }
    fputs("stirctl: no stird runs: it takes the unit at its next start\n", stderr);
    return EXIT_SUCCESS;
}

/* What `stird -t` warns of: the repository does not serve this unit at its URL. It is put in all
   the same, for another one signs until that is mended. */
static void warn_of_repository(const struct cli *cli, const struct import *i)
{
    struct problems ignored = PROBLEMS_INIT;
    struct buf named = BUF_INIT;
    struct files *files = files_new();
    bool usable;
    buf_addf(&named, REPOSITORY_UNSERVED, (int)strlen(i->id), i->id,
             (int)(strlen(i->final) - strlen(UNIT_SUFFIX)), i->final);
    struct settings *s = files && !buf_failed(&named)
                             ? settings_read_all(files, str_of(cli->configuration), clock_real_s(),
                                                 &ignored, &usable)
                             : NULL;
    for (const struct setting_warning *w = s ? s->warnings : NULL; w; w = w->next)
        if (str_starts_nocase(w->text, buf_str(&named)))
            warn_said("stirctl: warning: %.*s\n", STR_ARG(w->text));
    settings_free(s);
    files_free(files);
    buf_fini(&named);
    problems_fini(&ignored);
}

/* ---- telling stird ---- */

#define RELOAD_FAILED "the reload failed and the unit is taken back"

/* A stird that does not answer counts as one that has not taken the unit. */
static int reload(const struct cli *cli, const struct import *i)
{
    struct session_reply reply;
    struct cli there = *cli;
    if (!there.socket)
        there.socket = i->socket;
    int r = session_ask(&there, ADMIN_RELOAD, true, STR(""), SESSION_LONG_TIMEOUT_MS, true, &reply);
    bool granted = r == 0 && session_granted_or(&reply, RELOAD_FAILED ": ");
    int status = session_none_runs(r) ? wait_for_start(cli, i) : granted ? 0 : reply.status;
    if (r && !session_none_runs(r))
        fputs("stirctl: " RELOAD_FAILED "\n", stderr);
    if (status)
        take_back(i);
    else
        warn_of_repository(cli, i);
    if (!status && cli->json)
        json_print(json_pack("{s:b}", "imported", 1));
    else if (!status)
        print_said("imported: %s/%s\n", i->directory, i->final);
    if (!status)
        warn_of_shared(i);
    session_reply_fini(&reply);
    return fflush(stdout) ? EXIT_FAILURE : status;
}

/* ---- options ---- */

static const struct cli_option options[] = {
    {"key", 'k', "FILE", "the private key (PEM)", OPTION_NEEDED},
    {"chain", 'c', "FILE", "the certificate and those above it (PEM)", OPTION_NEEDED},
    {"x5u", 'x', "URL", "where verifiers fetch the chain: https, port 443 or 8443", OPTION_NEEDED},
    {"name", 'n', "NAME", "of the unit; else made of the certificate", 0},
    {0}};

/*
 * Somebody else may import one at the same time: then it is the same unit, or this one gets another
 * name.
 */
static int put_in(const struct cli *cli, struct import *i)
{
    int r = -EEXIST;
    for (unsigned n = 0; r == -EEXIST && n < NAMES_TRIED_MAX; n++) {
        char *same = find_same(i);
        bool chosen = same || choose_names(i);
        if (!same && chosen) /* it came since we looked, and has another name than ours */
            same = find_same(i);
        int status = same ? say_same(cli, i, same) : EXIT_FAILURE;
        bool over = same || !chosen;
        free(same);
        if (over)
            return status;
        r = write_unit(i);
    }
    if (r == -EEXIST)
        warn_said("stirctl: %s/%s: %s\n", i->directory, i->final, strerror(EEXIST));
    return r == 0 ? reload(cli, i) : EXIT_FAILURE;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct import i = {.id = words->word[0],
                       .key = words_value(words, 'k'),
                       .chain = words_value(words, 'c'),
                       .x5u = words_value(words, 'x'),
                       .name = words_value(words, 'n'),
                       .key_fd = -1,
                       .units = FOLDER_INIT};
    int status = EXIT_FAILURE;
    if (check_chain(&i) && open_key(&i) && check_key(&i) && find_directory(&i, cli) &&
        open_units(&i))
        status = put_in(cli, &i);
    if (status) /* empty, or another import's by now */
        made_take_back(&i.made);
    made_keep(&i.made);
    certificate_fini(&i.certificate);
    arena_free(i.arena);
    buf_fini(&i.chain_text);
    buf_fini(&i.x5u_text);
    folder_close(&i.units);
    if (i.key_fd >= 0)
        close(i.key_fd);
    free(i.directory);
    free(i.aside);
    free(i.socket);
    free(i.final);
    return status;
}

const struct command command_cert_import = {"cert import",
                                            "--key FILE --chain FILE --x5u URL [--name NAME] ID",
                                            "put a new unit of a certificate in, and reload",
                                            run,
                                            options,
                                            "ID"};
