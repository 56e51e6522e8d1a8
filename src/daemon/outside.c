#include "outside.h"

#include "pages_check.h"
#include "privileges.h"
#include "service_reads.h"
#include "service_user.h"
#include "state.h"
#include "records_place.h"
#include "unit.h"
#include "unit_user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/conf/settings_file.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- files ---- */

/* What the service writes, and which directive of the unit makes the directory. */
static const struct written {
    const char *key;
    size_t offset; /* of the path in the settings */
    bool directory;
    bool made_here;      /* the directory is made, if need be */
    bool can_do_without; /* goes on when it cannot write there, as long as the directory exists:
                            what lies in it is read */
    const char *made_by_unit, *directive;
} written[] = {
    {"records.file", offsetof(struct settings, records_file), false, false, false, "/var/log/stird",
     "LogsDirectory"},
    {"directories.state", offsetof(struct settings, state_directory), true, true, true,
     "/var/lib/stird", "StateDirectory"},
    {"directories.runtime", offsetof(struct settings, runtime_directory), true, true, false,
     "/run/stird", "RuntimeDirectory"},
};
#define N_WRITTEN (sizeof(written) / sizeof(written[0]))

static struct str path_of(const struct settings *s, const struct written *w)
{
    return *(const struct str *)(const void *)((const char *)s + w->offset);
}

/* EPERM comes from a sandbox that forbids asking, and tells nothing. */
static int may(const char *path, int how)
{
    return faccessat(AT_FDCWD, path, how, AT_EACCESS) && errno != EPERM ? errno : 0;
}

static struct str parent_of(struct str path)
{
    size_t end = path.n;
    while (end > 0 && path.p[end - 1] != '/')
        end--;
    return end > 1 ? str_slice(path, 0, end - 1) : end == 1 ? STR("/") : STR(".");
}

/* Whether an entry can be made there. ENOENT: it is not there. */
static int folder_fault(struct str path)
{
    struct stat st;
    char *z = strndup(path.p, path.n);
    int error = !z ? ENOMEM : stat(z, &st) ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (error == 0)
        error = may(z, W_OK | X_OK);
    free(z);
    return error;
}

/* Whether the owners of the file and of its directory forbid it to root too. */
static int owner_fault(struct str path, const struct stat *st)
{
    struct stat above = {0};
    struct folder d = FOLDER_INIT;
    struct str parent = parent_of(path);
    char *z = strndup(parent.p, parent.n);
    int error = !z || stat(z, &above) ? errno : 0;
    if (error == 0)
        d.uid = above.st_uid;
    free(z);
    return error || records_place_is_good(&d, st) ? error : EPERM;
}

/* Whether the supervisor can open it as it opens the record file. */
static int file_fault(struct str path)
{
    struct stat st;
    char *z = strndup(path.p, path.n);
    int error = !z ? ENOMEM : lstat(z, &st) ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
    if (error == 0)
        error = may(z, R_OK | W_OK);
    if (error == 0)
        error = owner_fault(path, &st);
    free(z);
    return error == ENOENT ? folder_fault(parent_of(path)) : error;
}

static bool unit_makes(const struct settings *s, const struct written *w)
{
    struct str path = path_of(s, w), wanted = str_of(w->made_by_unit);
    return str_eq(w->directory ? path : parent_of(path), wanted);
}

/* 0, or the error that the service will get. */
static int fault_of(const struct settings *s, const struct written *w)
{
    struct str path = path_of(s, w);
    if (path.n == 0)
        return 0;
    int error = w->directory ? folder_fault(path) : file_fault(path);
    if (error != ENOENT || !w->made_here)
        return error;
    error = folder_fault(parent_of(path));
    return error && unit_makes(s, w) ? ENOENT : error; /* the unit makes it without asking us */
}

static void warn_of(struct settings *s, const char *key, struct str text)
{
    struct str file;
    unsigned line;
    settings_place(s, key, &file, &line);
    settings_warn(s, file, line, text);
}

static void tell_of(const struct settings *s, const char *key, struct str text, int error,
                    struct problems *problems)
{
    struct str file;
    unsigned line;
    settings_place(s, key, &file, &line);
    problems_add(problems, file, line, "%.*s", STR_ARG(text));
    problems_may_pass(problems, error);
}

/* Whether the service starts, or goes on, in spite of it. */
static bool goes_on(const struct settings *s, const struct settings *present,
                    const struct written *w, int error)
{
    return (present && str_eq(path_of(s, w), path_of(present, w))) ||
           (w->can_do_without && (error == EACCES || error == EROFS)) ||
           (error == ENOENT && unit_makes(s, w));
}

static void add_fault(struct buf *text, const struct settings *s, const struct written *w,
                      int error)
{
    if (error == ENOENT && unit_makes(s, w))
        buf_addf(text, "%s: %s does not exist yet: the unit makes it (%s); without it, make it",
                 w->key, w->made_by_unit, w->directive);
    else
        buf_addf(text, "%s: \"%.*s\" cannot be written: %s: mend that, or name another", w->key,
                 STR_ARG(path_of(s, w)), records_place_fault(error));
}

static void check_file(struct settings *s, const struct settings *present, const struct written *w,
                       struct problems *problems)
{
    int error = fault_of(s, w);
    struct buf text = BUF_INIT;
    if (error == 0)
        return;
    add_fault(&text, s, w, error);
    if (goes_on(s, present, w, error))
        warn_of(s, w->key, buf_str(&text));
    else
        tell_of(s, w->key, buf_str(&text), error, problems);
    buf_fini(&text);
}

void outside_check_files(struct settings *s, const struct settings *present,
                         struct problems *problems)
{
    for (size_t i = 0; i < N_WRITTEN; i++)
        check_file(s, present, &written[i], problems);
}

/* ---- the same as another user ---- */

/* Asks in a process of its own, which does nothing else. Returns a bit for each path with a
   fault. */
static int faults_as_service(const struct settings *s)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        int faults = 0;
        if (service_user_become())
            _exit(0);
        for (size_t i = 0; i < N_WRITTEN; i++) {
            int error = fault_of(s, &written[i]);
            faults |= (error && error != ENOENT) << i;
        }
        _exit(faults);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 0;
    return WEXITSTATUS(status);
}

static bool is_service_s(struct str path)
{
    struct stat st;
    char *z = strndup(path.p, path.n);
    bool its = z && stat(z, &st) == 0 && st.st_uid == service_user_uid();
    free(z);
    return its;
}

/* Whether the unit mends it: it gives a directory of somebody else's to the user, with all that is
   in it. */
static bool unit_mends(const struct settings *s, const struct written *w)
{
    return unit_makes(s, w) && (w->directory || !is_service_s(parent_of(path_of(s, w))));
}

/* A fault is only a warning where stird begins as root and becomes that user later: it can write
   all the same. */
static void check_as_service(struct settings *s, bool by_unit, struct problems *problems)
{
    int faults = faults_as_service(s);
    for (size_t i = 0; i < N_WRITTEN; i++) {
        const struct written *w = &written[i];
        struct buf text = BUF_INIT;
        buf_addf(&text,
                 "%s: user \"%s\", whom the unit runs stird as, cannot write \"%.*s\": make it "
                 "his (chown)%s",
                 w->key, service_user_name(), STR_ARG(path_of(s, w)),
                 by_unit ? "" : ", unless stird is started as root");
        if (!(faults & 1 << i) || unit_mends(s, w))
            ;
        else if (by_unit && !w->can_do_without)
            tell_of(s, w->key, buf_str(&text), EACCES, problems);
        else
            warn_of(s, w->key, buf_str(&text));
        buf_fini(&text);
    }
}

/* ---- what the unit hides or forbids ---- */

struct sandbox {
    struct str unit;
    struct settings *settings;
    struct problems *problems;
};

/* systemd.exec(5): what ProtectSystem=strict leaves. */
static bool unit_lets_write(struct str unit, struct str path)
{
    static const struct {
        const char *key, *prefix;
    } ways[] = {{"ReadWritePaths", ""},          {"BindPaths", ""},
                {"StateDirectory", "/var/lib/"}, {"LogsDirectory", "/var/log/"},
                {"RuntimeDirectory", "/run/"},   {"CacheDirectory", "/var/cache/"}};
    bool may_write = !str_eq(unit_value(unit, "ProtectSystem"), STR("strict")) ||
                     str_starts(path, STR("/dev/")) || str_starts(path, STR("/tmp/")) ||
                     str_starts(path, STR("/var/tmp/"));
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        may_write |= unit_covers(unit, ways[i].key, ways[i].prefix, path);
    return may_write;
}

static bool is_yes(struct str value)
{
    return str_eq(value, STR("yes")) || str_eq(value, STR("true")) || str_eq(value, STR("on")) ||
           str_eq(value, STR("1"));
}

static bool is_in_a_home(struct str path)
{
    static const char *const homes[] = {"/home/", "/root/", "/run/user/"};
    bool home = false;
    for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
        home |= str_starts(path, str_of(homes[i]));
    return home;
}

static bool unit_hides(struct str unit, struct str path)
{
    struct str how = unit_value(unit, "ProtectHome");
    return (is_yes(how) || str_eq(how, STR("tmpfs"))) && is_in_a_home(path) &&
           !unit_covers(unit, "BindPaths", "", path) &&
           !unit_covers(unit, "BindReadOnlyPaths", "", path);
}

static void check_hidden(void *user, struct str path)
{
    const struct sandbox *b = user;
    struct problems found = PROBLEMS_INIT;
    if (!unit_hides(b->unit, path))
        return;
    problems_add(&found, path, 0,
                 "the unit hides it from stird, whoever owns it (ProtectHome=): keep it below "
                 "/etc/stird or /var/lib/stird, or let a drop-in name it in BindReadOnlyPaths=");
    if (found.n > 0 && pages_check_is_theirs(b->settings, path))
        pages_check_warn_of_file(b->settings, &found.list[0]);
    else
        problems_move(b->problems, &found);
    problems_fini(&found);
}

static void check_written(const struct sandbox *b, const struct written *w)
{
    const struct settings *s = b->settings;
    struct str path = path_of(s, w);
    struct buf text = BUF_INIT;
    bool hidden = unit_hides(b->unit, path);
    if (path.n == 0 || w->can_do_without || (!hidden && unit_lets_write(b->unit, path)))
        return;
    buf_addf(&text, "%s: \"%.*s\" cannot be written under the unit (%s): %s", w->key, STR_ARG(path),
             hidden ? "ProtectHome=" : "ProtectSystem=strict",
             hidden ? "choose another place"
                    : "choose a place in its directories, such as /var/log/stird, or let a drop-in "
                      "name this one in ReadWritePaths=");
    tell_of(s, w->key, buf_str(&text), EROFS, b->problems);
    buf_fini(&text);
}

void outside_check_service(struct settings *s, const struct files *files,
                           const struct control_groups *groups, struct str path,
                           struct problems *problems)
{
    struct buf unit = BUF_INIT;
    unit_read(&unit);
    bool by_unit = unit_starts(buf_str(&unit), path);
    struct sandbox b = {buf_str(&unit), s, problems};
    if (service_user_is_waiting())
        check_as_service(s, by_unit, problems);
    state_check_secret(s->state_directory, service_user_is_waiting() && !by_unit, problems);
    state_check_switches(s->state_directory, problems);
    if (by_unit) {
        unit_user_check(b.unit, problems);
        service_reads_each(files, s, check_hidden, &b);
        for (size_t i = 0; i < N_WRITTEN; i++)
            check_written(&b, &written[i]);
        if (is_yes(unit_value(b.unit, "PrivateUsers")))
            control_groups_check_private(groups, s, path, problems);
    }
    buf_fini(&unit);
}

/* ---- capabilities ---- */

static bool unit_has(struct str capability)
{
    struct buf text = BUF_INIT;
    unit_read(&text);
    bool has = unit_has_word(buf_str(&text), "AmbientCapabilities", capability);
    buf_fini(&text);
    return has;
}

/* Whether this process has it; where the service will run as another user, whether its unit gives
   it to that user. */
static bool service_has(unsigned capability, const char *name)
{
    return (privileges_has_capability(capability) && !service_user_is_waiting()) ||
           unit_has(str_of(name));
}

static unsigned first_free_port(void)
{
    char text[16] = "";
    uint64_t port = 1024;
    int fd = open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    if (fd >= 0)
        close(fd);
    if (n > 0)
        str_to_u64(str_trim((struct str){text, (size_t)n}), UINT16_MAX, &port);
    return (unsigned)port;
}

static void warn_of_ports(struct settings *s)
{
    unsigned first = first_free_port();
    for (unsigned i = 0; i < s->n_listeners; i++) {
        const struct listener *l = &s->listeners[i];
        struct buf text = BUF_INIT;
        if (l->address.port >= first || service_has(CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE"))
            continue;
        buf_addf(&text,
                 "listen \"%.*s\": port %u is below %u and takes CAP_NET_BIND_SERVICE: let a "
                 "drop-in of the unit grant it (CapabilityBoundingSet=, AmbientCapabilities=, "
                 "PrivateUsers=no), or choose another port",
                 STR_ARG(l->name), l->address.port, first);
        warn_of(s, "listen", buf_str(&text));
        buf_fini(&text);
    }
}

static void warn_of_program(struct settings *s)
{
    bool needed = false;
    for (unsigned i = 0; i < s->n_listeners; i++)
        needed |= s->listeners[i].transports[TRANSPORT_UDP];
    if (!needed || s->workers == 1 || service_has(CAP_BPF, "CAP_BPF"))
        return;
    warn_of(s, "workers",
            STR("workers: several share a UDP port by an eBPF program, which takes CAP_BPF at the "
                "start: copy systemd/stird.service.d/workers.conf to "
                "/etc/systemd/system/stird.service.d/"));
}

void outside_warn(struct settings *s)
{
    warn_of_ports(s);
    warn_of_program(s);
}
