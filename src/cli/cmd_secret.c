/*
 * The secret behind Via and Record-Route, for nodes that are to know each other's calls: compared
 * by its fingerprint, carried by a file. It is never an argument, and never shown.
 */
#include "json_text.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/io/secret_file.h>
#include <string.h>
#include <unistd.h>

struct secret {
    uint8_t bytes[SNAPSHOT_SECRET_BYTES];
    char fingerprint[SECRET_FINGERPRINT_LENGTH + 1];
};

static const char *fault(int r)
{
    switch (r) {
    case -EPERM:
        return "it must be its owner's alone: chmod 600";
    case -EINVAL:
    case -ELOOP:
        return "it is no regular file, or a symbolic link leads there";
    case -EBADMSG:
        return "it holds no secret of a stird: stirctl secret export makes such a file";
    case -ENOTTY:
        return "a terminal is no place for a secret: name a file, or lead it into a pipe";
    case -EEXIST:
        return "it is there already: name a new file";
    case -EACCES:
        return "permission denied: be root, or the user that stird runs as; its group may not read "
               "the secret";
    case -ESTALE:
        return "somebody exchanged it while it was written: look who writes there";
    default:
        return strerror(-r);
    }
}

static int complain(const char *path, int r)
{
    warn_said("stirctl: %s: %s\n", path, fault(r));
    return EXIT_FAILURE;
}

/* NULL: complained. To be freed. */
static char *state_directory(const struct cli *cli)
{
    struct settings *s = session_paths(cli);
    char *path = s ? strndup(s->state_directory.p, s->state_directory.n) : NULL;
    settings_free(s);
    return path;
}

/* The owner of the state directory is stird's user. */
static uid_t owner;

static bool is_owner(uid_t uid)
{
    return uid == owner;
}

/* Any owner will do: whoever carried the file here has the secret anyway. */
static bool is_anybody(uid_t uid)
{
    (void)uid;
    return true;
}

static int read_at(const char *directory, const char *name, bool (*is_ours)(uid_t uid),
                   struct secret *secret)
{
    struct folder d;
    int r = folder_open(&d, directory);
    owner = d.uid;
    if (r == 0)
        r = secret_file_read(d.fd, name, is_ours, secret->bytes);
    if (r == 0 && !secret_fingerprint(secret->bytes, secret->fingerprint))
        r = -ENOMEM;
    folder_close(&d);
    return r;
}

/* Reads the secret of this node; 0 when there was one. */
static int read_own(const char *directory, struct secret *secret)
{
    return read_at(directory, SNAPSHOT_SECRET_FILE, is_owner, secret);
}

static int say(const struct cli *cli, const char *what, const struct secret *secret)
{
    if (cli->json)
        json_print(json_pack("{s:s}", "fingerprint", secret->fingerprint));
    else
        print_said("%s: %s\n", what, secret->fingerprint);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int show(const struct cli *cli, const char *directory, const char *unused)
{
    struct secret secret;
    int r = read_own(directory, &secret);
    (void)unused;
    if (r == -ENOENT)
        warn_said("stirctl: %s has no secret yet: stird makes one at its first start\n", directory);
    else if (r)
        complain(directory, r);
    int status = r ? EXIT_FAILURE : say(cli, "fingerprint", &secret);
    OPENSSL_cleanse(&secret, sizeof(secret));
    return status;
}

static int write_new(const char *path, const struct secret *secret)
{
    struct folder d;
    const char *name;
    int r = folder_open_parent(&d, path, &name);
    int fd = r == 0 ? folder_create(&d, name) : r;
    if (fd >= 0 && write(fd, secret->bytes, sizeof(secret->bytes)) != sizeof(secret->bytes))
        r = -EIO;
    if (fd >= 0 && r == 0 && fsync(fd))
        r = -errno;
    if (fd >= 0 && r)
        unlinkat(d.fd, name, 0);
    if (fd >= 0)
        close(fd);
    folder_close(&d);
    return fd < 0 ? fd : r;
}

/* The secret may go to a pipe, but not to a screen and to what remembers that: it opens calls. */
static int write_out(const struct secret *secret)
{
    if (isatty(STDOUT_FILENO))
        return -ENOTTY;
    fwrite(secret->bytes, 1, sizeof(secret->bytes), stdout);
    return fflush(stdout) ? -EIO : 0;
}

/* "-" is standard output, which then holds nothing else. */
static int export_out(const char *directory)
{
    struct secret secret;
    int r = read_own(directory, &secret);
    int status = r ? complain(directory, r) : EXIT_SUCCESS;
    r = r ? 0 : write_out(&secret);
    if (r)
        status = complain("standard output", r);
    OPENSSL_cleanse(&secret, sizeof(secret));
    return status;
}

static int export(const struct cli *cli, const char *directory, const char *path)
{
    struct secret secret;
    const char *where = directory;
    if (strcmp(path, "-") == 0)
        return export_out(directory);
    int r = read_own(directory, &secret);
    if (r == 0) {
        where = path;
        r = write_new(path, &secret);
    }
    int status = r ? complain(where, r) : say(cli, "exported", &secret);
    OPENSSL_cleanse(&secret, sizeof(secret));
    return status;
}

/* False: all octets are alike, in a file that was made by dd, or by accident. */
static bool is_random(const struct secret *secret)
{
    for (size_t i = 1; i < sizeof(secret->bytes); i++)
        if (secret->bytes[i] != secret->bytes[0])
            return true;
    return false;
}

static int read_given(const char *path, struct secret *secret)
{
    const char *slash = strrchr(path, '/');
    char *above = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int r = above ? read_at(above, slash ? slash + 1 : path, is_anybody, secret) : -ENOMEM;
    free(above);
    return r == 0 && !is_random(secret) ? -EBADMSG : r;
}

static int put(const char *directory, const struct secret *secret)
{
    struct folder d;
    int r = folder_open(&d, directory);
    if (r == 0)
        r = secret_file_write(&d, secret->bytes);
    folder_close(&d);
    return r;
}

static int import(const struct cli *cli, const char *directory, const char *path)
{
    struct secret secret, own;
    const char *where = path;
    int r = read_given(path, &secret);
    bool same = r == 0 && read_own(directory, &own) == 0 &&
                CRYPTO_memcmp(own.bytes, secret.bytes, sizeof(own.bytes)) == 0;
    if (r == 0 && !same) {
        where = directory;
        r = put(directory, &secret);
    }
    int status = r ? complain(where, r) : say(cli, "imported", &secret);
    if (status == EXIT_SUCCESS && !cli->json)
        puts(same ? "It was this node's already."
                  : "stird takes it when it starts (systemctl restart stird). Calls that this node "
                    "began\nwith the one before are not known to it any more: their later requests "
                    "get 481.");
    OPENSSL_cleanse(&secret, sizeof(secret));
    OPENSSL_cleanse(&own, sizeof(own));
    return status;
}

static int with_directory(const struct cli *cli, const char *path,
                          int (*run)(const struct cli *cli, const char *directory,
                                     const char *path))
{
    char *directory = state_directory(cli);
    int status = directory ? run(cli, directory, path) : EXIT_FAILURE;
    free(directory);
    return status;
}

static int run_show(const struct cli *cli, const struct words *words)
{
    (void)words;
    return with_directory(cli, NULL, show);
}

static int run_export(const struct cli *cli, const struct words *words)
{
    return with_directory(cli, words->word[0], export);
}

static int run_import(const struct cli *cli, const struct words *words)
{
    return with_directory(cli, words->word[0], import);
}

const struct command command_secret_show_fingerprint = {
    .name = "secret show-fingerprint",
    .usage = "",
    .summary = "what nodes compare: equal where they share the secret",
    .run = run_show};
const struct command command_secret_export = {
    .name = "secret export",
    .usage = "FILE",
    .summary = "the Record-Route secret into a new file, for another node",
    .run = run_export,
    .words = "FILE"};
const struct command command_secret_import = {
    .name = "secret import",
    .usage = "FILE",
    .summary = "another node's secret for this one, from its next start on",
    .run = run_import,
    .words = "FILE"};
