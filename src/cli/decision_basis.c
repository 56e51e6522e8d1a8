/* Gets what a decision is based on: the tables of the stird that runs, or the files when none
   does. */
#include "decision.h"
#include "progress.h"
#include "trust_from_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/conf/settings_file.h>
#include <stird/io/known_names.h>
#include <stird/io/switches_file.h>
#include <string.h>
#include <unistd.h>

static bool map(struct mapped_numbers *numbers, int fd)
{
    const char *why;
    if (numbers_map(numbers, fd, &why))
        return true;
    fprintf(stderr, "stirctl: the number table: %s\n", why);
    return false;
}

static bool is_hidden(struct str directory)
{
    char *path = strndup(directory.p, directory.n);
    bool hidden = path && access(path, R_OK | X_OK) != 0 && errno == EACCES;
    free(path);
    return hidden;
}

/* The complaint before named the file; the operator may not know who may read it. */
void decision_explain_hidden(const struct cli *cli, enum decision_need need)
{
    struct problems unsaid = PROBLEMS_INIT;
    struct files *files = files_new();
    bool usable = false;
    struct settings *s =
        files ? settings_read_paths(files, str_of(cli->configuration), &unsaid, &usable) : NULL;
    bool hidden = s && is_hidden(s->state_directory);
    for (unsigned i = 0; s && need == NEED_CALLS && i < s->n_certificates; i++)
        hidden = hidden || is_hidden(s->certificates[i].directory);
    if (hidden)
        warn_said(
            "stirctl: you may not read %s: be root, or the user that stird runs as, or ask the "
            "stird that runs\n",
            need == NEED_CALLS ? "certificates and urgent changes, which decide a call"
                               : "the urgent changes");
    settings_free(s);
    files_free(files);
    problems_fini(&unsaid);
}

static bool read_files(struct decision_basis *basis, const struct cli *cli, enum decision_need need)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    int fd = -1, urgent_fd = -1;
    basis->settings = need == NEED_CALLS ? session_settings(cli) : session_tables(cli);
    if (!basis->settings)
        return false;
    const struct numbers_paths paths = numbers_paths_of(basis->settings);
    progress_begin(cli, "stirctl: reading tables");
    bool good = numbers_files_compile(&paths, &fd, &summary, &problems);
    progress_end();
    if (need != NEED_TABLES)
        good = numbers_overlay_read(basis->settings->state_directory, &urgent_fd, &problems) &&
               good;
    if (!good) {
        print_problems(stderr, &problems);
        session_complain_of_files(&problems);
    }
    good = good && map(&basis->numbers, fd) && (urgent_fd < 0 || map(&basis->overlay, urgent_fd));
    if (fd >= 0)
        close(fd);
    if (urgent_fd >= 0)
        close(urgent_fd);
    problems_fini(&problems);
    return good;
}

static bool from_files(struct decision_basis *basis, const struct cli *cli, enum decision_need need)
{
    bool good = read_files(basis, cli, need);
    if (!good && need != NEED_TABLES)
        decision_explain_hidden(cli, need);
    if (good && need == NEED_CALLS && basis->settings->n_trusts > 0)
        trust_from_files(basis->settings, &basis->trust);
    return good;
}

static bool map_trust(struct decision_basis *basis, int fd, int64_t generation)
{
    const char *why;
    if (trust_file_map(&basis->trust, fd, (uint64_t)generation, &why))
        return true;
    fprintf(stderr, "stirctl: the domains of trust: %s\n", why);
    return false;
}

/* What there is beside what there always is: urgent changes, then domains of trust, then what an
   operator has switched. */
static bool map_more(struct decision_basis *basis, const struct session_reply *reply, int64_t trust,
                     bool switched)
{
    const unsigned n = reply->n_fds - switched - (trust > 0);
    if (switched && !(basis->switches = switches_file_take(reply->fds[reply->n_fds - 1]))) {
        fputs("stirctl: what is switched by hand cannot be read\n", stderr);
        return false;
    }
    return (n < 4 || map(&basis->overlay, reply->fds[3])) &&
           (trust == 0 || map_trust(basis, reply->fds[n], trust));
}

/* The bytes that the workers use; their settings are made from them as a worker does. */
static bool from_reply(struct decision_basis *basis, const struct session_reply *reply)
{
    struct problems problems = PROBLEMS_INIT;
    struct str text = buf_str(&reply->text);
    json_t *json = json_loadb(text.p, text.n, 0, NULL);
    const char *path = json_string_value(json_object_get(json, "path"));
    struct files *files = reply->n_fds >= 3 && path ? files_from_fd(reply->fds[0]) : NULL;
    const int64_t trust = json_integer_value(json_object_get(json, "trust"));
    basis->generation = json_integer_value(json_object_get(json, "generation"));
    const bool switched = json_is_true(json_object_get(json, "switches")) && reply->n_fds > 3;
    basis->is_cut_off = json_is_true(json_object_get(json, "cut_off"));
    if (files)
        basis->settings = settings_read(
            files, str_of(path), json_integer_value(json_object_get(json, "read_at")), &problems);
    if (!basis->settings) {
        fputs("stirctl: stird's configuration is not readable for this stirctl: are they of the "
              "same version?\n",
              stderr);
        print_problems(stderr, &problems);
    }
    files_free(files);
    json_decref(json);
    problems_fini(&problems);
    if (basis->settings) {
        basis->names = known_names_from_fd(reply->fds[2], &basis->n_names);
        basis->names_told = true;
    }
    return basis->settings && map(&basis->numbers, reply->fds[1]) &&
           map_more(basis, reply, trust, switched);
}

/* The secret is only needed to recognise what was made with it; stirctl goes on without where it
   may not read it. */
static void read_secret(struct decision_basis *basis)
{
    char *path = NULL;
    int fd = -1;
    if (asprintf(&path, "%.*s/%s", STR_ARG(basis->settings->state_directory),
                 SNAPSHOT_SECRET_FILE) > 0)
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        basis->has_secret = read(fd, basis->secret, sizeof(basis->secret)) ==
                            (ssize_t)sizeof(basis->secret);
        close(fd);
    }
    free(path);
}

/* *NONE says that no stird runs, and that this is allowed. */
static bool from_running(struct decision_basis *basis, const struct cli *cli,
                         enum decision_source source, bool *none)
{
    struct session_reply reply;
    const bool may_be_none = source != SOURCE_RUNNING;
    int r = session_ask(cli, ADMIN_SNAPSHOT, false, STR(""), SESSION_TIMEOUT_MS, may_be_none,
                        &reply);
    *none = may_be_none && session_none_runs(r);
    bool granted = r == 0 && session_granted(&reply);
    if (!granted && !*none && source == SOURCE_ANY && access(cli->configuration, R_OK) == 0)
        fputs("stirctl: --offline asks the configuration's files instead\n", stderr);
    bool good = granted && from_reply(basis, &reply);
    session_reply_fini(&reply);
    return good;
}

bool decision_basis_get(struct decision_basis *basis, const struct cli *cli,
                        enum decision_source source, enum decision_need need)
{
    bool none = source == SOURCE_FILES;
    *basis = (struct decision_basis){0};
    bool good = !none && from_running(basis, cli, source, &none);
    if (none)
        good = from_files(basis, cli, need);
    if (good)
        read_secret(basis);
    else
        decision_basis_fini(basis);
    return good;
}

void decision_basis_fini(struct decision_basis *basis)
{
    if (basis->numbers.table)
        numbers_unmap(&basis->numbers);
    if (basis->overlay.table)
        numbers_unmap(&basis->overlay);
    trust_file_unmap(&basis->trust);
    settings_free(basis->settings);
    free(basis->names);
    free(basis->switches);
    explicit_bzero(basis, sizeof(*basis));
}
