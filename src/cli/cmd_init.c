/*
 * The first configuration of a node, with all that it names: directories, a sample table, a lab's
 * certificate when that is asked for. What can be found out is not asked for, and a file that is
 * there is never replaced.
 */
#include "json_text.h"
#include "made.h"
#include "session.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/address.h>
#include <stird/base/clock.h>
#include <stird/base/regular_file.h>
#include <stird/conf/settings_file.h>
#include <stird/io/folder.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIP_PORT 5060

struct node {
    const char *listen, *sbc, *carrier, *customer, *spc, *directory, *user;
    bool lab;
    struct made made;
    struct address own; /* where it listens */
    uid_t uid;          /* of the service */
    gid_t gid;
    char *configuration, *numbers, *table, *lab_directory, *state, *certs, *unit; /* paths */
};

static bool complain(const char *path, int error)
{
    warn_said("stirctl: %s: %s\n", path, strerror(error));
    return false;
}

/* ---- what can be found out ---- */

static socklen_t to_sockaddr(struct sockaddr_storage *out, const struct address *a)
{
    *out = (struct sockaddr_storage){0};
    if (a->family == ADDRESS_IPV6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(SIP_PORT)};
        memcpy(&in6.sin6_addr, a->bytes, sizeof(in6.sin6_addr));
        memcpy(out, &in6, sizeof(in6));
        return sizeof(in6);
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(SIP_PORT)};
    memcpy(&in.sin_addr, a->bytes, sizeof(in.sin_addr));
    memcpy(out, &in, sizeof(in));
    return sizeof(in);
}

/* Which of our addresses packets to PEER leave from; the kernel is asked, nothing is sent. */
static bool find_own_address(struct address *own, const struct address *peer)
{
    char host[64];
    struct sockaddr_storage name;
    socklen_t n = to_sockaddr(&name, peer), room = sizeof(name);
    int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool found = fd >= 0 && connect(fd, (struct sockaddr *)&name, n) == 0 &&
                 getsockname(fd, (struct sockaddr *)&name, &room) == 0 &&
                 getnameinfo((struct sockaddr *)&name, room, host, sizeof(host), NULL, 0,
                             NI_NUMERICHOST) == 0 &&
                 address_parse(str_of(host), own);
    if (fd >= 0)
        close(fd);
    return found;
}

/* ADDRESS, or ADDRESS:PORT with brackets around an IPv6 address. */
static bool read_address(struct str text, struct address *a)
{
    uint64_t port = 0;
    size_t colon = text.n;
    if (address_parse(text, a))
        return true;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    bool good = colon > 1 && address_parse(str_slice(text, 0, colon - 1), a) &&
                str_to_u64(str_slice(text, colon, text.n), 65535, &port) && port > 0;
    a->port = (uint16_t)port;
    return good;
}

static bool find_listener(struct node *n, const struct address *sbc)
{
    bool given = n->listen != NULL;
    bool good = given ? read_address(str_of(n->listen), &n->own) : find_own_address(&n->own, sbc);
    if (!good && given)
        fprintf(stderr, "stirctl: --listen %s: no ADDRESS or ADDRESS:PORT\n", n->listen);
    else if (!good)
        fprintf(stderr,
                "stirctl: there is no way to %s from here: say where to listen with --listen\n",
                n->sbc);
    if (good && n->own.port == 0)
        n->own.port = SIP_PORT;
    return good;
}

#define DEFAULT_USER "stird"

/* For the unit: stird.service starts it as root, but without the rights that root would have to
   give up. */
static bool is_for_unit(const struct node *n, uid_t uid)
{
    if (n->directory || uid != 0)
        return true;
    fprintf(stderr, "stirctl: --user %s: the service is not to be root: name a user of its own\n",
            n->user);
    return false;
}

/* In a directory to try things in everything is ours, unless somebody is named. */
static bool find_user(struct node *n)
{
    bool ours = n->directory || geteuid() != 0;
    n->uid = geteuid();
    n->gid = getegid();
    if (ours && strcmp(n->user, DEFAULT_USER) == 0)
        return true;
    const struct passwd *entry = getpwnam(n->user);
    if (entry && !is_for_unit(n, entry->pw_uid))
        return false;
    if (entry && geteuid() != 0)
        return true;
    if (entry) {
        n->uid = entry->pw_uid;
        n->gid = entry->pw_gid;
        return true;
    }
    warn_said(
        "stirctl: there is no user %s: make it (systemd-sysusers, where stird is installed, or "
        "useradd --system), or name another with --user\n",
        n->user);
    return false;
}

static bool join(char **path, const char *directory, const char *name)
{
    return asprintf(path, "%s/%s", directory, name) > 0;
}

static bool find_paths(struct node *n)
{
    const char *own = n->directory ? n->directory : "/etc/stird";
    bool good = join(&n->configuration, own, "stird.conf") && join(&n->numbers, own, "numbers.d") &&
                join(&n->table, n->numbers, "numbers.csv") && join(&n->lab_directory, own, "lab") &&
                (n->directory ? join(&n->state, own, "state")
                              : (n->state = strdup("/var/lib/stird")) != NULL) &&
                join(&n->certs, n->state, "certs") && join(&n->unit, n->certs, n->spc);
    if (!good)
        fputs("stirctl: out of memory\n", stderr);
    return good;
}

/* ---- what is written ---- */

static void put_configuration(struct buf *out, const struct node *n)
{
    bool all_here = n->directory != NULL;
    buf_add_text(out, "# Made by stirctl init; stird.conf(5) names every setting. After a change:\n"
                      "#   stird -t && systemctl reload stird\n\n");
    buf_add_text(out, "listen = ( { name = \"core\"; address = \"");
    address_add_host(out, &n->own);
    buf_addf(out, "\"; port = %u; transports = [ \"udp\", \"tcp\" ]; } );\n\n", n->own.port);
    buf_addf(out,
             "# The SBC, which knows its callers. Whose numbers they have is in numbers.d.\n"
             "trunks = (\n"
             "  { name = \"sbc\"; sources = [ \"%s\" ]; customer = \"%s\"; identity = "
             "\"authenticated\";\n"
             "    trusted = true; upstreams = [ \"carrier\" ]; }\n"
             ");\n\n"
             "upstreams = ( { name = \"carrier\"; uri = \"sip:%s;transport=udp\"; } );\n\n"
             "# What calls are signed with: stirctl cert import puts a certificate there.\n"
             "certificates = ( { id = \"%s\"; directory = \"%s\"; } );\n"
             "provider = { spc = [ \"%s\" ]; };\n\n"
             "numbers = { files = [ \"numbers.d\" ]; };\n\n"
             "records = { file = \"%s\"; };\n",
             n->sbc, n->customer, n->carrier, n->spc,
             n->directory ? n->unit + strlen(n->directory) + 1 : n->unit, n->spc,
             all_here ? "records.jsonl" : "/var/log/stird/records.jsonl");
    if (n->lab)
        buf_add_text(out, "\n# The lab's certificate is published nowhere: nobody looks whether it "
                          "is. Take this\n# away with the first real one.\n"
                          "check = { interval = \"0ms\"; };\n");
    if (all_here)
        buf_add_text(out, "\ndirectories = { state = \"state\"; runtime = \"run\"; };\n");
    if (strcmp(n->user, DEFAULT_USER) != 0)
        buf_addf(out, "\nsecurity = { user = \"%s\"; };\n", n->user);
    else if (all_here)
        buf_add_text(
            out, "\n# This belongs to whoever tries it, root too; a user stird has no part in it.\n"
                 "security = { user = \"\"; };\n");
}

static void put_numbers(struct buf *out, const struct node *n)
{
    buf_addf(out,
             "number,customer,state\n"
             "+12155550100,%s,owned\n"
             "+12155550101-+12155550199,%s,owned\n",
             n->customer, n->customer);
}

/* Owned by root and readable for the service, which must not write there. */
static bool hand_over(const struct node *n, const char *path, int fd, mode_t mode)
{
    if (fchmod(fd, mode) || (geteuid() == 0 && fchown(fd, 0, n->gid)))
        return complain(path, errno);
    return true;
}

/* 1: it was there before; 0: made; -errno. By descriptors: the one above may be anybody's. */
static int open_or_make(struct node *n, const char *path, struct folder *directory)
{
    struct folder above = FOLDER_INIT;
    const char *name;
    int r = folder_open_parent(&above, path, &name);
    if (r == 0)
        r = folder_make(&above, name, directory);
    if (r == 0)
        made_note_at(&n->made, above.fd, name);
    folder_close(&above);
    if (r != -EEXIST)
        return r;
    r = folder_open(directory, path);
    return r ? r : 1;
}

static bool make_directory(struct node *n, const char *path)
{
    struct folder directory = FOLDER_INIT;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *plain = strndup(path, length);
    int r = plain ? open_or_make(n, plain, &directory) : -ENOMEM;
    bool good = r >= 0 ? r == 1 || hand_over(n, path, directory.fd, 0750) : complain(path, -r);
    folder_close(&directory);
    free(plain);
    return good;
}

static bool write_file(struct node *n, const char *path,
                       void (*put)(struct buf *out, const struct node *n))
{
    struct buf text = BUF_INIT;
    struct folder above = FOLDER_INIT;
    const char *name;
    put(&text, n);
    int r = folder_open_parent(&above, path, &name);
    int fd = r == 0 ? folder_create(&above, name) : r;
    if (fd >= 0)
        made_note_at(&n->made, above.fd, name);
    errno = fd >= 0 ? ENOSPC : -fd;
    bool good = !buf_failed(&text) && fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;
    if (!good)
        complain(path, errno);
    good = good && hand_over(n, path, fd, 0640);
    if (fd >= 0)
        close(fd);
    folder_close(&above);
    buf_fini(&text);
    return good;
}

/* It belongs to the service, so root writes there as into any directory that belongs to somebody
   else (folder.h). */
static bool make_own(struct node *n, const char *path)
{
    struct folder above = FOLDER_INIT, made = FOLDER_INIT;
    const char *name;
    int r = folder_open_parent(&above, path, &name);
    if (r == 0)
        r = folder_make(&above, name, &made);
    if (r == 0)
        made_note_at(&n->made, above.fd, name);
    /* It belongs to root where somebody made it by hand, but the service has to write there. */
    if (r == -EEXIST)
        r = folder_open(&made, path) == 0 && made.uid == geteuid() ? 0 : -EEXIST;
    made.uid = n->uid;
    made.gid = n->gid;
    if (r == 0)
        r = folder_give(&made, made.fd, 0700);
    folder_close(&made);
    folder_close(&above);
    return r == 0 || r == -EEXIST || complain(path, -r);
}

static bool make_node(struct node *n)
{
    bool good = (!n->directory || make_directory(n, n->directory)) &&
                (n->directory || make_directory(n, "/etc/stird")) &&
                make_directory(n, n->numbers) && make_own(n, n->state) && make_own(n, n->certs) &&
                make_own(n, n->unit);
    return good && write_file(n, n->table, put_numbers) &&
           write_file(n, n->configuration, put_configuration);
}

/* Read by the reader of stird itself. Certificates, which are still to come, are in files of their
   own. */
static bool check_configuration(const struct node *n)
{
    struct problems found = PROBLEMS_INIT;
    struct files *files = files_new();
    bool usable, good = files != NULL;
    if (files)
        settings_free(
            settings_read_all(files, str_of(n->configuration), clock_real_s(), &found, &usable));
    for (size_t i = 0; i < found.n; i++) {
        const struct problem *p = &found.list[i];
        if (strcmp(p->file, n->configuration) != 0 || strstr(p->text, n->unit))
            continue;
        warn_said("stirctl: %s\n", p->text);
        good = false;
    }
    good = good && !found.out_of_memory;
    if (!good)
        fputs("stirctl: stird would refuse this configuration: it is not kept\n", stderr);
    problems_fini(&found);
    files_free(files);
    return good;
}

/* ---- a lab's certificate: what an operator would do by hand ---- */

static bool read_line(const char *path, char *line, size_t bytes)
{
    int fd = regular_file_open(AT_FDCWD, path, O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, line, bytes - 1) : -1;
    if (fd >= 0)
        close(fd);
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return n > 0;
}

static bool import_unit(const struct node *n, const struct cli *cli, const char *unit)
{
    char x5u[256], *key = NULL, *chain = NULL, *url = NULL;
    bool good = join(&key, unit, "key.pem") && join(&chain, unit, "chain.pem") &&
                join(&url, unit, "x5u") && read_line(url, x5u, sizeof(x5u));
    const char *const words[] = {"--key", key, "--chain", chain, "--x5u", x5u, "--", n->spc};
    good = good && command_call(&command_cert_import, cli, 8, words) == 0;
    free(key);
    free(chain);
    free(url);
    return good;
}

static bool make_lab(struct node *n, const struct cli *outer)
{
    struct cli cli = {.configuration = n->configuration, .json = outer->json};
    char *unit = NULL;
    const char *const words[] = {"--spc", n->spc, "--", n->lab_directory};
    bool good = command_call(&command_lab_ca, &cli, 4, words) == 0;
    if (good) /* that one had to make it: nothing stood there (is_free()) */
        made_note_whole(&n->made, n->lab_directory);
    good = good && join(&unit, n->lab_directory, n->spc) && import_unit(n, &cli, unit);
    free(unit);
    return good;
}

/* What they print is not the answer to what we were asked. */
static bool make_lab_quietly(struct node *n, const struct cli *cli)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bool good = kept >= 0 && nothing >= 0 && dup2(nothing, STDOUT_FILENO) >= 0 && make_lab(n, cli);
    fflush(stdout);
    if (kept >= 0) {
        dup2(kept, STDOUT_FILENO);
        close(kept);
    }
    if (nothing >= 0)
        close(nothing);
    return good;
}

/* ---- options ---- */

static const struct cli_option options[] = {
    {"sbc", 's', "ADDRESS", "who sends the calls", OPTION_NEEDED},
    {"carrier", 'c', "HOST[:PORT]", "where they go", OPTION_NEEDED},
    {"spc", 'p', "CODE", "the provider's code; or", 0},
    {"lab", 'L', NULL, "an authority of its own in DIR/lab, and a certificate of it", 0},
    {"listen", 'l', "ADDRESS[:PORT]", "else the address that leads to the SBC", 0},
    {"customer", 'm', "NAME", "whose numbers the sample table has", 0},
    {"user", 'u', "USER", "of the service (stird)", 0},
    {"directory", 'd', "DIR", "put everything there, for a trial by any user", 0},
    {0}};

static const char **field_of(struct node *n, int letter)
{
    switch (letter) {
    case 'l':
        return &n->listen;
    case 's':
        return &n->sbc;
    case 'c':
        return &n->carrier;
    case 'm':
        return &n->customer;
    case 'p':
        return &n->spc;
    case 'd':
        return &n->directory;
    case 'u':
        return &n->user;
    default:
        return NULL;
    }
}

static bool read_options(struct node *n, const struct words *words)
{
    for (size_t i = 0; i < words->n_given; i++) {
        const char **field = field_of(n, words->given[i].letter);
        if (field)
            *field = words->given[i].value[0];
    }
    n->lab = words_have(words, 'L');
    if (n->lab && !n->spc)
        n->spc = "709J";
    return n->spc != NULL;
}

static bool is_only(const char *option, const char *text, const char *characters, size_t most)
{
    size_t n = strspn(text, characters);
    bool good = n > 0 && !text[n] && n <= most;
    if (!good)
        warn_said("stirctl: %s %s: 1 to %zu of %s\n", option, text, most, characters);
    return good;
}

#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LETTERS "abcdefghijklmnopqrstuvwxyz" UPPER
#define DIGITS  "0123456789"

/* They are written into the configuration between quotes; `stird -t` judges what they mean. */
static bool check_words(const struct node *n, struct address *sbc)
{
    struct address_prefix prefix;
    assert(n->spc && n->sbc && n->carrier); /* options that the table requires */
    bool good = is_only("--spc", n->spc, UPPER DIGITS, 16) &&
                is_only("--customer", n->customer, LETTERS DIGITS "_.-", 64) &&
                is_only("--carrier", n->carrier, LETTERS DIGITS "-.:[]", 255) &&
                is_only("--user", n->user, LETTERS DIGITS "_-", 32);
    if (good && !address_prefix_parse(str_of(n->sbc), &prefix)) {
        fprintf(stderr, "stirctl: --sbc %s: an address, or a prefix such as 192.0.2.0/28\n",
                n->sbc);
        return false;
    }
    *sbc = prefix.address;
    return good;
}

static bool is_there(const char *path)
{
    struct stat st;
    bool there = lstat(path, &st) == 0;
    if (there)
        fprintf(
            stderr,
            "stirctl: %s is there already: nothing is changed. Take it away first, or edit it\n",
            path);
    return there;
}

static bool is_free(const struct node *n)
{
    return !is_there(n->configuration) && !is_there(n->table) &&
           (!n->lab || !is_there(n->lab_directory));
}

#define DROP_INS "/etc/systemd/system/stird.service.d"

/* The unit has a user of its own, whom another in the configuration does not change: `stird -t`
   judges for the unit's. Returns what a shell can do about it; empty when nothing has to be
   done. */
static void put_drop_in(struct buf *out, const struct node *n)
{
    const struct group *group = getgrgid(n->gid);
    if (n->directory || strcmp(n->user, DEFAULT_USER) == 0)
        return;
    buf_addf(out, "mkdir -p " DROP_INS " && printf '[Service]\\nUser=%s\\nGroup=", n->user);
    if (group && !group->gr_name[strspn(group->gr_name, LETTERS DIGITS "_-")])
        buf_add_text(out, group->gr_name);
    else
        buf_addf(out, "%u", (unsigned)n->gid);
    buf_add_text(out, "\\n' >" DROP_INS "/user.conf && systemctl daemon-reload");
}

static void say_to_people(const struct node *n, struct str own, struct str drop_in)
{
    const char *flag = n->directory ? " -c " : "";
    const char *file = n->directory ? n->configuration : "";
    print_said("%s: stird listens at %.*s, takes calls from %s and sends them to %s\n"
               "%s: its numbers, with an example to be replaced\n%s: its certificate%s\n",
               n->configuration, STR_ARG(own), n->sbc, n->carrier, n->numbers, n->unit,
               n->lab ? ", a lab's, which nobody trusts" : "");
    if (!n->lab)
        print_said("next: stirctl%s%s cert import --key FILE --chain FILE --x5u URL %s\n", flag,
                   file, n->spc);
    if (drop_in.n > 0)
        print_said("next: %.*s\n", STR_ARG(drop_in));
    print_said("next: stird -t%s%s\n", flag, file);
}

static int say(const struct cli *cli, const struct node *n)
{
    struct buf own = BUF_INIT, drop_in = BUF_INIT;
    address_add(&own, &n->own);
    put_drop_in(&drop_in, n);
    if (cli->json)
        json_print(json_pack("{s:o,s:o,s:o,s:o,s:b,s:o}", "configuration",
                             json_of_text(n->configuration), "listen", json_of(buf_str(&own)),
                             "numbers", json_of_text(n->numbers), "certificate",
                             json_of_text(n->unit), "lab", (int)n->lab, "drop_in",
                             drop_in.n > 0 ? json_of(buf_str(&drop_in)) : json_null()));
    else
        say_to_people(n, buf_str(&own), buf_str(&drop_in));
    buf_fini(&own);
    buf_fini(&drop_in);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct node n = {.customer = "acme", .user = DEFAULT_USER};
    struct address sbc;
    int status = EXIT_FAILURE;
    if (!read_options(&n, words))
        return command_fault(&command_init, "--spc CODE or --lab is missing");
    if (n.directory && !n.directory[0])
        return command_fault(&command_init, "--directory: its name is empty");
    if (check_words(&n, &sbc) && find_listener(&n, &sbc) && find_user(&n) && find_paths(&n) &&
        is_free(&n)) {
        if (make_node(&n) && check_configuration(&n) && (!n.lab || make_lab_quietly(&n, cli)))
            status = say(cli, &n);
        else
            made_take_back(&n.made);
    }
    made_keep(&n.made);
    free(n.configuration);
    free(n.numbers);
    free(n.table);
    free(n.lab_directory);
    free(n.state);
    free(n.certs);
    free(n.unit);
    return status;
}

const struct command command_init = {
    "init",
    "--sbc ADDRESS --carrier HOST[:PORT] (--spc CODE | --lab) [--listen ADDRESS[:PORT]] "
    "[--customer NAME] [--user USER] [--directory DIR]",
    "make the first configuration of a node, and all that it names",
    run,
    options,
    NULL};
