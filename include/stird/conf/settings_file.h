/*
 * settings_file - configuration files to settings, every mistake with file:line.
 *
 * The supervisor reads files once and keeps what it read (struct files); a worker or signer parses
 * the same bytes again and so gets the same settings without opening anything. Only src/conf
 * includes libconfig.
 */
#ifndef STIRD_SETTINGS_FILE_H
#define STIRD_SETTINGS_FILE_H

#include <stird/base/problems.h>
#include <stird/core/settings.h>
#include <sys/types.h>

#define CONFIGURATION_BYTES_MAX (4 * 1024 * 1024) /* of one file */

/* The texts that settings were made from: configuration files, chain.pem and x5u files. */
struct files;

/* Reads from the disk and remembers. NULL when there is no memory. */
struct files *files_new(void);
void files_free(struct files *files);
/* What was remembered, secrets too, as a sealed memfd to hand to a child; -errno. */
int files_to_fd(const struct files *files);
/* The same without the secrets: enough for settings_read(), fit for an operator's tool. */
int files_to_public_fd(const struct files *files);
/* Takes the texts out of such a descriptor, which is not closed; never opens a file. */
struct files *files_from_fd(int fd);

/*
 * The contents of PATH, borrowed from FILES: from the disk the first time (regular files of at
 * most MAX_BYTES, no symlink at the last step), as remembered afterwards. 0 or -errno.
 */
int files_read(struct files *files, struct str path, size_t max_bytes, struct str *text);
/* The same for a file that is not text. */
int files_read_bytes(struct files *files, struct str path, size_t max_bytes, struct str *bytes);
/* The same for authorities and lists that are public: symbolic links are followed, and it is read
   as by the process that uses it (regular_file_read_public()). */
int files_read_public(struct files *files, struct str path, size_t max_bytes, struct str *bytes);
/*
 * The same for a private key: refused with -EKEYREJECTED when its owner is neither root nor OWNER
 * nor ourselves, and with -EPERM when others may read it or its group may write it. What is
 * remembered is cleansed when FILES ends.
 */
int files_read_secret(struct files *files, struct str path, uid_t owner, size_t max_bytes,
                      struct str *text);
/* Forgets the text of a secret that nobody is to get; who reads it gets -ENOKEY. */
void files_forget_secret(struct files *files, struct str path);
/* What an error of the functions around this one means to the operator. */
const char *files_secret_fault(int error);
/*
 * Whether files_read_secret() could read it, for a secret that another process reads itself, when
 * it needs it: its text is kept nowhere, and no child gets it. -EBADMSG when IS_WHOLE says that its
 * text cannot be used. 0 or -errno.
 */
int files_look_at_secret(struct files *files, struct str path, uid_t owner, size_t max_bytes,
                         bool (*is_whole)(struct str text));
/* Whether both remember the same of PATH: a text, a secret, an error, or nothing. */
bool files_agree(const struct files *a, const struct files *b, struct str path);
/* Calls VISIT with the path of each file that could be read, and of each directory listed. */
void files_each(const struct files *files, void (*visit)(void *user, struct str path), void *user);
/* The names in a directory that end in SUFFIX, sorted and joined by NUL; remembered in the same
   way. */
int files_list(struct files *files, struct str directory, struct str suffix, struct str *names);

/*
 * Settings from the file at PATH and conf.d/<*.conf> beside it, with the public half of each
 * certificate. NOW_S is for their dates. NULL when there were problems (all of them are in
 * PROBLEMS: all mistakes of meaning over all files, and the first syntax error of each file).
 */
struct settings *settings_read(struct files *files, struct str path, int64_t now_s,
                               struct problems *problems);

/*
 * The same for checks alone, which go on to look at what bad settings name. With mistakes *USABLE
 * is false and the settings hold what could be read; `open` in them says what is not known. NULL
 * when a file could not be read to its end, or there is no memory.
 */
struct settings *settings_read_all(struct files *files, struct str path, int64_t now_s,
                                   struct problems *problems, bool *usable);

/*
 * The same where a file cannot be read to its end: what it says before its syntax error, which
 * settings_read_all() has already reported. Only the names in these settings may be used; what is
 * wrong with the certificates that they name goes to OF_CERTIFICATES. NULL when there is no memory.
 */
struct settings *settings_read_beginnings(struct files *files, struct str path, int64_t now_s,
                                          struct problems *of_certificates);

/*
 * Reads what is secret and the settings themselves name (tls.key, web.tls_key, repository.tls_key)
 * into FILES, for the processes that serve. Nothing else reads it: stirctl does not need it. What
 * is wrong with the key of a server of pages is a warning of SETTINGS, for calls do without it. At
 * what the courier alone reads (list_token_file, list_login_file) it only looks, and warns alike.
 * OWNER as in files_read_secret(). False with problems.
 */
bool settings_read_secrets(struct files *files, struct settings *settings, uid_t owner,
                           struct problems *problems);

/*
 * What the configuration's own files say about where things are: directories, the record file, id
 * and directory of each certificate, groups at the control socket. Opens no other file and judges
 * nothing that would need one, so that an operator can find a stird whose certificates he may not
 * read, or whose certificates are wrong. With mistakes in those files *USABLE is false. NULL as
 * above.
 */
struct settings *settings_read_paths(struct files *files, struct str path,
                                     struct problems *problems, bool *usable);

/*
 * settings_read() for tools that look at number tables alone: customers, trunks, countries, zones,
 * and of each certificate its id, directory and provider. No certificate and no file for TLS is
 * opened, and what is wrong with those is not reported: the operator need not be allowed to read
 * them. No call can be decided by such settings.
 */
struct settings *settings_read_for_tables(struct files *files, struct str path, int64_t now_s,
                                          struct problems *problems);

/* How each warning begins that says that the repository does not serve a unit: by certificate and
   unit. stirctl cert import shows those of its own. */
#define REPOSITORY_UNSERVED "repository: the chain of certificate \"%.*s\", unit \"%.*s\", "

/* Where the main part of the settings, read by settings_read(), says KEY; LINE is 0 where it does
   not. */
void settings_place(const struct settings *settings, const char *key, struct str *file,
                    unsigned *line);

/* A setting that a reload cannot bring into force. */
struct setting_change {
    struct str key, values; /* "records.backlog", "records.backlog: 16m instead of 8m" */
    struct str file;
    unsigned line; /* 0 when it is no longer written */
    bool refused;  /* true: the reload is refused, because the new one would not fit what runs;
                      false: the old one stays in force */
};
typedef void settings_change_taker(void *user, const struct setting_change *change);

/* Whether all settings of the main part whose keys begin with PREFIX ("web.") are the same in both,
   which were read by settings_read(). */
bool settings_agree(const struct settings *a, const struct settings *b, const char *prefix);

/* Calls TAKE for each of them in which NEXT differs from PRESENT; both were read by
   settings_read(). */
void settings_need_restart(const struct settings *next, const struct settings *present,
                           settings_change_taker *take, void *user);

/* The effective settings as text for people (stird -T); nothing secret is in settings. */
void settings_print(const struct settings *settings, struct buf *out);

#endif
