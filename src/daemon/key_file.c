#include "key_file.h"

#include "key_token.h"
#include "roles.h"
#include "service_user.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/certificate_text.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_MAX_BYTES 16384

struct key_file {
    char *path;      /* of key.pem, for problems */
    struct str text; /* in OpenSSL's secure heap when there is one */
};

/* Cleanses. */
static void fini(struct key_file *file)
{
    free(file->path);
    if (file->text.p)
        OPENSSL_secure_clear_free((void *)file->text.p, KEY_FILE_MAX_BYTES);
    *file = (struct key_file){0};
}

static void cannot_open(const char *path, int error, struct problems *problems)
{
    struct str name = str_of(path);
    if (error == ENOENT)
        problems_add(problems, name, 0, "no such file: put the certificate's private key here");
    else if (error == ELOOP)
        problems_add(problems, name, 0, "is a symbolic link: put the key itself here");
    else if (error == EACCES)
        problems_add(problems, name, 0,
                     "this process (user id %u) may not read it: chown it to that user",
                     (unsigned)geteuid());
    else
        problems_add(problems, name, 0, "cannot be opened: %s", strerror(error));
    problems_may_pass(problems, error);
}

static bool is_acceptable(const char *path, const struct stat *st, struct problems *problems)
{
    size_t known = problems->n;
    struct str name = str_of(path);
    if (!S_ISREG(st->st_mode)) {
        problems_add(problems, name, 0, "is no regular file: put the private key here");
        return false;
    }
    if (st->st_uid != 0 && st->st_uid != geteuid() && !service_user_is(st->st_uid))
        problems_add(problems, name, 0, "belongs to user id %u, who could replace it: chown %s %s",
                     (unsigned)st->st_uid, service_user_uid() ? service_user_name() : "root", path);
    if (st->st_mode & S_IRWXO)
        problems_add(problems, name, 0, "%s by others: chmod 600 %s",
                     st->st_mode & S_IROTH ? "readable" : "accessible", path);
    if (st->st_mode & S_IWGRP)
        problems_add(problems, name, 0, "writable by its group: chmod 600 %s", path);
    if (st->st_size > KEY_FILE_MAX_BYTES)
        problems_add(problems, name, 0, "is larger than 16 KB, so it is no private key");
    return problems->n == known && !problems->out_of_memory;
}

static bool read_all(struct key_file *file, int fd, struct problems *problems)
{
    size_t n = 0;
    ssize_t got = -1;
    char *text = OPENSSL_secure_zalloc(KEY_FILE_MAX_BYTES);
    if (!text) {
        problems->out_of_memory = true;
        return false;
    }
    file->text = (struct str){text, 0};
    while (n < KEY_FILE_MAX_BYTES && (got = read(fd, text + n, KEY_FILE_MAX_BYTES - n)) > 0)
        n += (size_t)got;
    file->text.n = n;
    if (got >= 0)
        return true;
    int error = errno;
    problems_add(problems, str_of(file->path), 0, "cannot be read: %s", strerror(error));
    problems_may_pass(problems, error);
    return false;
}

/* Sets FILE->path. -1: it may not be read, or not be used. */
static int open_acceptable(struct key_file *file, struct str directory, const char *name,
                           struct problems *problems)
{
    struct stat st;
    *file = (struct key_file){0};
    if (asprintf(&file->path, "%.*s/%s", STR_ARG(directory), name) < 0) {
        file->path = NULL;
        problems->out_of_memory = true;
        return -1;
    }
    /* Non-blocking: a FIFO of this name must not hold up the start. */
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0)
        cannot_open(file->path, errno, problems);
    else if (is_acceptable(file->path, &st, problems))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/*
 * Reads DIRECTORY/NAME: a regular file, no symbolic link, owned by root or the effective user,
 * not accessible for others, not writable for the group. On false there is a problem for it;
 * fini() in either case.
 */
static bool read_key_file(struct key_file *file, struct str directory, const char *name,
                          struct problems *problems)
{
    int fd = open_acceptable(file, directory, name, problems);
    bool good = fd >= 0 && read_all(file, fd, problems);
    if (fd >= 0)
        close(fd);
    return good;
}

/* ---- kinds of keys ---- */

static struct credential *load_pem(const struct key_file *file, const struct certificate *c,
                                   struct str module, struct problems *problems)
{
    (void)module;
    return credential_new(c, str_of(file->path), file->text, problems);
}

/* The module's path goes before the URI: key_token.h. */
static struct credential *load_token(const struct key_file *file, const struct certificate *c,
                                     struct str module, struct problems *problems)
{
    struct buf text = BUF_INIT;
    struct credential *made = NULL;
    struct str uri = str_trim(file->text);
    if (module.n == 0) {
        problems_add(problems, str_of(file->path), 0,
                     "names a key in a token: name the token's library in signing.pkcs11_module");
    } else if (!str_starts(uri, STR("pkcs11:")) || str_find(uri, '\n', 0) < uri.n) {
        problems_add(problems, str_of(file->path), 0,
                     "is no PKCS#11 URI (RFC 7512): pkcs11:token=...;object=...;type=private");
    } else if (memmem(uri.p, uri.n, "pin-value", 9)) {
        /* The engine says the URI on standard error when it finds no key. */
        problems_add(
            problems, str_of(file->path), 0,
            "holds the PIN: write it into a file of its own, mode 0600, and name that with "
            "pin-source=file:PATH");
    } else {
        buf_addf(&text, "%.*s\n%.*s", STR_ARG(module), STR_ARG(uri));
        made = credential_new_with(&key_backend_token, c, str_of(file->path), buf_str(&text),
                                   problems);
    }
    if (text.p)
        OPENSSL_cleanse(text.p, text.n);
    buf_fini(&text);
    return made;
}

/* How a key is loaded, by the file that the unit has; when it has none, the first of these is asked
   for. */
static const struct {
    const char *name;
    struct credential *(*load)(const struct key_file *file, const struct certificate *c,
                               struct str module, struct problems *problems);
} kinds[] = {
    {"key.pem", load_pem},
    {"key.uri", load_token},
};

static bool has_file(struct str directory, const char *name)
{
    char path[4200];
    snprintf(path, sizeof(path), "%.*s/%s", STR_ARG(directory), name);
    return access(path, F_OK) == 0;
}

/* Whether the key of the unit in DIRECTORY is in a token. */
static bool is_token(struct str directory)
{
    return !has_file(directory, "key.pem") && has_file(directory, "key.uri");
}

bool key_file_is_there(struct str directory, struct problems *problems)
{
    struct key_file file;
    int fd = open_acceptable(&file, directory, kinds[is_token(directory)].name, problems);
    if (fd >= 0)
        close(fd);
    fini(&file);
    return fd >= 0;
}

void key_file_check_alone(struct str directory, struct problems *problems)
{
    struct text_fault fault = {0};
    struct key_file file;
    bool token = is_token(directory);
    if (read_key_file(&file, directory, kinds[token].name, problems) && !token) {
        EVP_PKEY *key = text_private_key(file.text, &fault);
        if (!key)
            text_fault_add(&fault, str_of(file.path), problems);
        EVP_PKEY_free(key);
    }
    fini(&file);
}

bool key_file_is_any_token(const struct settings *settings)
{
    for (unsigned i = 0; i < settings->n_certificates; i++)
        if (is_token(settings->certificates[i].directory))
            return true;
    return false;
}

/*
 * The credential of a certificate, out of its key.pem, or of the token that its key.uri names with
 * the library MODULE; NULL with a problem.
 */
static struct credential *load(const struct certificate *certificate, struct str module,
                               struct problems *problems)
{
    struct credential *c = NULL;
    struct key_file file;
    unsigned kind = is_token(certificate->directory);
    if (read_key_file(&file, certificate->directory, kinds[kind].name, problems))
        c = kinds[kind].load(&file, certificate, module, problems);
    fini(&file);
    return c;
}

static void load_kind(const struct settings *settings, bool token,
                      void (*take)(void *user, unsigned index, struct credential *credential),
                      void *user, struct problems *problems)
{
    for (unsigned i = 0; i < settings->n_certificates; i++) {
        const struct certificate *certificate = &settings->certificates[i];
        struct credential *c = is_token(certificate->directory) == token
                                   ? load(certificate, settings->pkcs11_module, problems)
                                   : NULL;
        if (c)
            take(user, i, c);
    }
}

void key_file_load_all(const struct settings *settings, bool with_tokens,
                       void (*take)(void *user, unsigned index, struct credential *credential),
                       void *user, struct problems *problems)
{
    load_kind(settings, false, take, user, problems);
    if (!with_tokens || !key_file_is_any_token(settings))
        return;
    /* Before the token's library is loaded: the process that checks keys has no other moment for
       it. */
    int r = roles_narrow_beside_token();
    if (r)
        problems_add(problems, settings->pkcs11_module, 0, "cannot give up rights: %s",
                     strerror(-r));
    else
        load_kind(settings, true, take, user, problems);
}
