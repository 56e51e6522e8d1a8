#include "outside.h"

#include "privileges.h"
#include "service_user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/settings_file.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNIT_BYTES_MAX 65536
#define UNIT_FOLDER    "/etc/systemd/system/stird.service.d"

/* ---- files ---- */

/* What the service writes, and which directive of the unit makes the directory. */
static const struct written {
    const char *key;
    size_t offset; /* of the path in the settings */
    bool directory;
    bool made_here;      /* the directory is made, if need be */
    bool can_do_without; /* to write there, once it is there: what lies in it is read */
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

/* EPERM is a sandbox that forbids to ask: nobody knows. */
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

/* As supervisor_open_records() opens it. */
static int file_fault(struct str path)
{
    struct stat st;
    char *z = strndup(path.p, path.n);
    int error = !z ? ENOMEM : lstat(z, &st) ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
    if (error == 0)
        error = may(z, R_OK | W_OK);
    free(z);
    return error == ENOENT ? folder_fault(parent_of(path)) : error;
}

/* 0, or the error of what the service will do with it. */
static int fault_of(const struct settings *s, const struct written *w)
{
    struct str path = path_of(s, w);
    if (path.n == 0)
        return 0;
    int error = w->directory ? folder_fault(path) : file_fault(path);
    return error == ENOENT && w->made_here ? folder_fault(parent_of(path)) : error;
}

static const char *fault_text(int error)
{
    return error == EINVAL   ? "it is no regular file"
           : error == ENOENT ? "its directory does not exist"
                             : strerror(error);
}

static bool unit_makes(const struct settings *s, const struct written *w)
{
    struct str path = path_of(s, w), wanted = str_of(w->made_by_unit);
    return str_eq(w->directory ? path : parent_of(path), wanted);
}

static void warn_of(struct settings *s, const char *key, struct str text)
{
    struct str file;
    unsigned line;
    settings_place(s, key, &file, &line);
    settings_warn(s, file, line, text);
}

/* Whether the service starts or goes on all the same. */
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
                 STR_ARG(path_of(s, w)), fault_text(error));
}

static void check_file(struct settings *s, const struct settings *present, const struct written *w,
                       struct problems *problems)
{
    int error = fault_of(s, w);
    struct buf text = BUF_INIT;
    struct str file;
    unsigned line;
    if (error == 0)
        return;
    settings_place(s, w->key, &file, &line);
    add_fault(&text, s, w, error);
    if (goes_on(s, present, w, error))
        settings_warn(s, file, line, buf_str(&text));
    else
        problems_add(problems, file, line, "%.*s", (int)text.n, text.p ? text.p : "");
    buf_fini(&text);
}

void outside_check_files(struct settings *s, const struct settings *present,
                         struct problems *problems)
{
    for (size_t i = 0; i < N_WRITTEN; i++)
        check_file(s, present, &written[i], problems);
}

/* ---- the same as another user ---- */

/* In a process of its own, which does nothing else. A bit for each of them. */
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

static void warn_as_service(struct settings *s)
{
    int faults = faults_as_service(s);
    for (size_t i = 0; i < N_WRITTEN; i++) {
        struct buf text = BUF_INIT;
        buf_addf(&text,
                 "%s: user \"%.*s\", whom the unit runs stird as, cannot write \"%.*s\": make it "
                 "his (chown), unless stird is started as root",
                 written[i].key, STR_ARG(s->user), STR_ARG(path_of(s, &written[i])));
        if (faults & 1 << i && !unit_makes(s, &written[i]))
            warn_of(s, written[i].key, buf_str(&text));
        buf_fini(&text);
    }
}

/* ---- capabilities ---- */

bool outside_unit_grants(struct str text, struct str capability)
{
    bool granted = false;
    while (text.n > 0) {
        struct str line = str_trim(str_cut(&text, '\n'));
        if (!str_starts(line, STR("AmbientCapabilities=")))
            continue;
        line = str_slice(line, sizeof("AmbientCapabilities=") - 1, line.n);
        if (str_trim(line).n == 0) /* what was said before is taken back */
            granted = false;
        while (line.n > 0)
            granted |= str_eq(str_trim(str_cut(&line, ' ')), capability);
    }
    return granted;
}

static bool drop_in_grants(int folder, const char *name, struct str capability)
{
    static char text[UNIT_BYTES_MAX];
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    if (fd >= 0)
        close(fd);
    return n > 0 && outside_unit_grants((struct str){text, (size_t)n}, capability);
}

static bool unit_has(struct str capability)
{
    DIR *d = opendir(UNIT_FOLDER);
    bool has = false;
    for (const struct dirent *e; d && (e = readdir(d));) {
        struct str name = str_of(e->d_name);
        if (name.n > 5 && str_eq(str_slice(name, name.n - 5, name.n), STR(".conf")))
            has |= drop_in_grants(dirfd(d), e->d_name, capability);
    }
    if (d)
        closedir(d);
    return has;
}

/* Of who asks; where the service will be another user, of that, by its unit. */
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
    if (service_user_is_waiting())
        warn_as_service(s);
    warn_of_ports(s);
    warn_of_program(s);
}
