#include "configuration.h"

#include "landlock.h"
#include "means.h"
#include "outside.h"
#include "pages_check.h"
#include "roles.h"
#include "service_reads.h"
#include "service_user.h"
#include "tables_process.h"
#include "tls_files.h"
#include "unknown_names.h"
#include "web_check.h"

#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/conf/settings_file.h>
#include <stird/core/masked.h>
#include <stird/core/certificate_rows.h>
#include <stird/core/trunk_customers.h>
#include <stird/io/numbers_files.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void configuration_fini(struct configuration *c)
{
    settings_free(c->settings);
    close_if_open(c->files_fd);
    close_if_open(c->public_files_fd);
    close_if_open(c->numbers_fd);
    *c = CONFIGURATION_INIT;
}

#define TLS_BYTES_MAX (1024 * 1024) /* they were read with a narrower limit */

static bool keep_files(struct configuration *c, const struct files *files, struct str path,
                       struct problems *problems)
{
    c->files_fd = files_to_fd(files);
    c->public_files_fd = files_to_public_fd(files);
    int r = c->files_fd < 0 ? c->files_fd : c->public_files_fd < 0 ? c->public_files_fd : 0;
    if (r == 0)
        return true;
    problems_add(problems, path, 0, "cannot keep the configuration in memory: %s", strerror(-r));
    problems_may_pass(problems, -r);
    return false;
}

static bool table_or_customers_have(const struct settings *s, const struct numbers *table,
                                    struct str column)
{
    for (unsigned i = 0; i < s->n_customers; i++)
        for (unsigned a = 0; a < s->customers[i].n_attributes; a++)
            if (str_eq_nocase(s->customers[i].attributes[a].column, column))
                return true;
    return numbers_column(table, column) != NUMBERS_NO_COLUMN;
}

/* A rule that asks for a column which no table has would never hold, without a word. */
static void check_rule(const struct settings *s, const struct rule *r, const struct numbers *table,
                       struct problems *problems)
{
    for (unsigned i = 0; i < r->n_customer_is && !s->open.columns; i++)
        if (!table_or_customers_have(s, table, r->customer_is[i].column))
            problems_add(problems, r->file, r->line,
                         "rule \"%.*s\": customer_is: neither a customer nor a table of customers "
                         "has \"%.*s\"",
                         STR_ARG(r->name), STR_ARG(r->customer_is[i].column));
    for (unsigned i = 0; i < r->n_called_customer_is && !s->open.columns; i++)
        if (!table_or_customers_have(s, table, r->called_customer_is[i].column))
            problems_add(problems, r->file, r->line,
                         "rule \"%.*s\": called_customer_is: neither a customer nor a table of "
                         "customers has \"%.*s\"",
                         STR_ARG(r->name), STR_ARG(r->called_customer_is[i].column));
    for (unsigned i = 0; i < r->n_number_is; i++)
        if (numbers_column(table, r->number_is[i].column) == NUMBERS_NO_COLUMN)
            problems_add(problems, r->file, r->line,
                         "rule \"%.*s\": number_is: no number table has a column \"%.*s\"",
                         STR_ARG(r->name), STR_ARG(r->number_is[i].column));
}

static void check_declared_once(const struct numbers *table, struct str customer,
                                struct problems *problems)
{
    struct str file;
    uint32_t line;
    if (numbers_customer_place(table, numbers_customer(table, customer), &file, &line))
        problems_add(problems, file, line,
                     "customer \"%.*s\" is in the configuration as well: keep one of the two",
                     STR_ARG(customer));
}

#define OWNERS_LOGGED 5

struct owners_check {
    bool refuse;
    size_t n;
    struct problems *problems;
};

static void take_owners(void *user, const struct numbers_owners *o)
{
    struct owners_check *check = user;
    struct buf other = BUF_INIT;
    check->n++;
    if (check->refuse)
        problems_add(check->problems, o->file[1], o->line[1],
                     "customer \"%.*s\" owns what customer \"%.*s\" owns in %.*s:%u, on the same "
                     "days: take one row out, or end it, and compile the table again",
                     STR_ARG(o->customer[1]), STR_ARG(o->customer[0]), STR_ARG(o->file[0]),
                     o->line[0]);
    if (check->refuse || check->n > OWNERS_LOGGED)
        return;
    buf_addf(&other, "%.*s:%u", STR_ARG(o->file[0]), o->line[0]);
    log_warning("two customers own one number and both get an A",
                LOG_TEXT("customer", o->customer[0]), LOG_TEXT("row", buf_str(&other)),
                LOG_TEXT("other_customer", o->customer[1]), LOG_TEXT("other_file", o->file[1]),
                LOG_NUMBER("other_line", o->line[1]));
    buf_fini(&other);
}

/* Tables that were just compiled have been refused for this already, with all their other
   mistakes. */
static void check_owners(const struct settings *s, const struct numbers *table,
                         struct problems *problems)
{
    bool refuse = s->numbers_two_owners == NUMBERS_TWO_OWNERS_REFUSE;
    struct owners_check check = {refuse, 0, problems};
    if (refuse && s->numbers_compiled.n == 0)
        return;
    if (!numbers_find_two_owners(table, take_owners, &check))
        problems->out_of_memory = true;
    if (!check.refuse && check.n > OWNERS_LOGGED)
        log_warning("there are more numbers of two owners: stirctl numbers lint lists all",
                    LOG_NUMBER("rows", (int64_t)check.n));
}

#define ROWS_LOGGED 10

static void warn_of_row(void *user, const struct numbers_row *row, struct str certificate)
{
    (void)user;
    log_warning("a row has numbers that its certificate is not for: such calls leave unsigned, "
                "unless another certificate of the provider is for them",
                LOG_TEXT("file", row->file), LOG_NUMBER("line", row->line),
                LOG_TEXT("customer", row->customer),
                LOG_TEXT("certificate", certificate.n > 0 ? certificate : STR("the provider's")));
}

/* Warns where a certificate is only for some telephone numbers: verifiers refuse any other
   (437). */
static void warn_of_numbers(const struct settings *s, const struct numbers *table)
{
    uint64_t n = certificate_rows_outside(s, table, ROWS_LOGGED, warn_of_row, NULL);
    if (n > ROWS_LOGGED)
        log_warning("more rows have numbers that their certificates are not for",
                    LOG_NUMBER("rows", (int64_t)(n - ROWS_LOGGED)));
    for (unsigned i = 0; i < s->n_certificates; i++)
        if (sti_scope_is_limited(&s->certificates[i].scope))
            log_info("a certificate is for telephone numbers alone",
                     LOG_TEXT("id", s->certificates[i].id),
                     s->certificates[i].unit.n > 0 ? LOG_TEXT("unit", s->certificates[i].unit)
                                                   : LOG_NOTHING);
}

static void warn_of_trunks(struct settings *s, const struct numbers *table)
{
    struct problems found = PROBLEMS_INIT;
    trunk_customers_check(s, table, &found);
    for (size_t i = 0; i < found.n; i++)
        settings_warn(s, str_of(found.list[i].file), found.list[i].line,
                      str_of(found.list[i].text));
    problems_fini(&found);
}

static void warn_of_names(struct settings *s, const struct numbers *table)
{
    warn_of_trunks(s, table);
    unknown_names_warn(s, table);
}

/* What is known of the number tables, which may have mistakes. */
struct tables {
    int fd;            /* their good rows; -1: nothing */
    bool whole;        /* no mistakes */
    bool columns_open; /* there may be more columns than in FD */
};

static void check_rules(const struct settings *s, const struct tables *t,
                        const struct numbers *table, struct problems *problems)
{
    for (unsigned i = 0; i < s->n_rules && !t->columns_open && !s->open.tables; i++)
        check_rule(s, &s->rules[i], table, problems);
}

static bool check_table(struct settings *s, const struct tables *t, struct str path,
                        struct problems *problems)
{
    struct mapped_numbers mapped;
    const char *why;
    size_t before = problems->n;
    if (!numbers_map(&mapped, t->fd, &why)) {
        problems_add(problems, path, 0, "the number table: %s", why);
        return false;
    }
    check_rules(s, t, mapped.table, problems);
    for (unsigned i = 0; i < s->n_customers; i++)
        check_declared_once(mapped.table, s->customers[i].name, problems);
    check_owners(s, mapped.table, problems);
    certificate_rows_check(s, mapped.table, path, problems);
    if (t->whole && !s->open.columns &&
        !s->open.tables) /* else a customer may be declared in a part that could not be read */
        warn_of_names(s, mapped.table);
    if (problems->n == before)
        warn_of_numbers(s, mapped.table);
    numbers_unmap(&mapped);
    return problems->n == before;
}

static void take_contradiction(void *user, const char *key, struct str text)
{
    struct settings *s = user;
    struct str file;
    unsigned line;
    settings_place(s, key, &file, &line);
    settings_warn(s, file, line, text);
}

static void check_means(const struct configuration *c, const struct means *means)
{
    struct stat st;
    struct budget_table table = {.rows = c->numbers.rows};
    if (c->numbers_fd >= 0 && fstat(c->numbers_fd, &st) == 0)
        table.octets = (uint64_t)st.st_size;
    budget_check_means(c->settings, &table, means, take_contradiction, c->settings);
}

struct urgent_check {
    struct settings *settings;
    const struct numbers *table;
    uint64_t unknown;
    uint32_t line; /* of the row that was told last */
};

/* Whether the row's customer is unknown; a row that blocks does so for everybody. */
static bool names_nobody(void *user, const struct numbers_row *row)
{
    const struct urgent_check *c = user;
    return row->state != NUMBER_BLOCKED && !customer_is_known(c->settings, c->table, row->customer);
}

static void tell_nobody(void *user, const struct numbers_row *row, const struct tn *first,
                        const struct tn *last)
{
    struct urgent_check *c = user;
    (void)first, (void)last;
    if (row->line == c->line)
        return;
    c->line = row->line;
    c->unknown++;
    struct buf text = BUF_INIT;
    buf_add_text(&text, "an urgent change is of customer \"");
    buf_add_escaped(&text, row->customer);
    buf_add_text(&text, "\", whom neither the configuration nor a table names any more: stirctl "
                        "numbers unset takes it back");
    settings_warn(c->settings, row->file, row->line, buf_str(&text));
    buf_fini(&text);
}

/* Urgent changes may outlive what they name, customers too. */
static uint64_t check_urgent_customers(struct settings *s, const struct numbers *urgent,
                                       int numbers_fd)
{
    struct mapped_numbers mapped;
    const char *why;
    if (numbers_fd < 0 || !numbers_map(&mapped, numbers_fd, &why))
        return 0;
    struct urgent_check check = {.settings = s, .table = mapped.table};
    const struct numbers_selector unknown = {names_nobody, tell_nobody, &check};
    numbers_select(urgent, &unknown);
    numbers_unmap(&mapped);
    return check.unknown;
}

/* A wrong urgent change stops neither a start nor a reload: its calls leave unsigned. */
static uint64_t check_urgent(struct settings *s, int overlay_fd, int numbers_fd, uint64_t *unknown)
{
    struct problems found = PROBLEMS_INIT;
    struct mapped_numbers mapped;
    const char *why;
    *unknown = 0;
    if (overlay_fd < 0 || !numbers_map(&mapped, overlay_fd, &why))
        return 0;
    *unknown = check_urgent_customers(s, mapped.table, numbers_fd);
    certificate_rows_check(s, mapped.table, STR(""), &found);
    for (size_t i = 0; i < found.n; i++)
        log_error("an urgent change names a certificate that cannot sign: its calls leave unsigned",
                  LOG_CSTR("file", found.list[i].file), LOG_NUMBER("line", found.list[i].line),
                  LOG_CSTR("why", found.list[i].text));
    uint64_t n = found.n;
    problems_fini(&found);
    numbers_unmap(&mapped);
    return n;
}

void configuration_log_warnings(const struct configuration *c)
{
    for (const struct setting_warning *w = c->settings->warnings; w; w = w->next) {
        struct buf why = BUF_INIT;
        masked_text(&why, w->text, c->settings->mask_numbers);
        log_warning("the configuration says what is probably not meant", LOG_TEXT("file", w->file),
                    LOG_NUMBER("line", w->line), LOG_TEXT("why", buf_str(&why)));
        buf_fini(&why);
    }
}

void configuration_print_warnings(const struct configuration *c, struct buf *out)
{
    for (const struct setting_warning *w = c->settings->warnings; w; w = w->next) {
        buf_add_shown(out, w->file);
        buf_add_char(out, ':');
        if (w->line > 0) /* otherwise it is about something that is not written in the file */
            buf_addf(out, "%u:", w->line);
        buf_add_text(out, " warning: ");
        buf_add_shown(out, w->text);
        buf_add_char(out, '\n');
    }
}

static bool read_summary(int numbers_fd, struct numbers_summary *summary, const char **why)
{
    struct mapped_numbers mapped;
    if (!numbers_map_checked(&mapped, numbers_fd, why))
        return false;
    *summary = *numbers_get_summary(mapped.table);
    numbers_unmap(&mapped);
    return true;
}

/* Reads the tables in a process of their own; a process that is narrowed already (a reload's) reads
   them itself. */
static struct tables read_tables(const struct settings *s, bool is_narrowed, struct str path,
                                 struct numbers_summary *summary, struct problems *problems)
{
    const struct numbers_judge judge = certificate_rows_judge(s);
    struct numbers_paths paths = numbers_paths_of(s);
    struct tables t = {.fd = -1};
    const char *why;
    paths.judge = &judge;
    t.whole = is_narrowed ? numbers_files_look(&paths, &t.fd, summary, problems)
                          : tables_look_aside(s, &t.fd, &t.columns_open, problems);
    if (is_narrowed)
        t.columns_open = summary->columns_open;
    if (t.fd < 0 || read_summary(t.fd, summary, &why))
        return t;
    if (t.whole)
        problems_add(problems, path, 0, "the number table: %s", why);
    close(t.fd);
    return (struct tables){.fd = -1};
}

/* Checks what tables, certificates, rules and trunks say of each other, as far as they could be
   read. */
static bool check_tables(struct settings *s, const struct tables *t, struct str path,
                         struct problems *problems)
{
    if (t->fd >= 0)
        return check_table(s, t, path, problems) && t->whole;
    certificate_rows_check(s, NULL, path, problems);
    if (!t->whole) {
        problems_add(problems, path, 0,
                     "what number tables, rules and trunks say of each other was not checked: mend "
                     "the tables first");
        problems_stands_last(problems);
    }
    return false;
}

/* The journal is read only when stird starts, which is too late to learn that it was damaged. */
static bool check_overlay(struct settings *s, int numbers_fd, uint64_t *faults, uint64_t *unknown,
                          struct problems *problems)
{
    int fd;
    bool good = numbers_overlay_read(s->state_directory, &fd, problems);
    *faults = check_urgent(s, fd, numbers_fd, unknown);
    close_if_open(fd);
    return good;
}

static bool is_read(struct files *files, struct str path)
{
    struct str text;
    return path.n > 0 && files_read(files, path, TLS_BYTES_MAX, &text) == 0;
}

/* If the key is there: other files that cannot be read have been told of. */
static bool check_tls(struct files *files, const struct settings *s, struct problems *problems)
{
    return !is_read(files, s->tls_certificate) || !is_read(files, s->tls_ca) || s->tls_key.n == 0 ||
           tls_files_check(files, s, problems);
}

/* How it is loaded. */
struct load {
    const struct configuration *present;             /* configuration.h */
    bool (*narrow)(const struct settings *settings); /* configuration.h */
    bool (*find_user)(const struct settings *settings, struct str path, struct problems *problems);
    bool for_service; /* root checks for another user: what root may read proves nothing */
};

/* Told here, before a worker is started in vain. */
static void check_kernel(const struct settings *s, struct problems *problems)
{
    struct str file;
    unsigned line;
    if (!s->landlock_required || landlock_is_here())
        return;
    settings_place(s, "security.landlock_required", &file, &line);
    problems_add(problems, file, line,
                 "this kernel has no Landlock (CONFIG_SECURITY_LANDLOCK and `landlock` in the lsm= "
                 "list), by which workers give up files: boot one that has, or set "
                 "security.landlock_required = false");
}

/* A reload's process that is root has given up the rights by which root writes, so the supervisor
   looks (supervisor_reload.c). */
static void check_outside(struct settings *s, const struct load *load, struct problems *problems)
{
    if (!load->narrow)
        check_kernel(s, problems);
    if (!load->narrow || geteuid() != 0)
        outside_check_files(s, load->present ? load->present->settings : NULL, problems);
}

/* What a start would find out only later, when it has read its configuration. */
static void check_for_service(const struct files *files, struct settings *s,
                              const struct control_groups *groups, struct str path,
                              const struct load *load, struct problems *problems)
{
    if (!load->for_service)
        return;
    service_reads_all(files, s, problems);
    outside_check_service(s, files, groups, path, problems);
}

/* A reload's process cannot look users up: the user has to be that of the start, else the reload is
   refused, and the supervisor looks the groups up. */
static void find_who(struct control_groups *groups, const struct settings *s, struct str path,
                     const struct load *load, struct problems *problems)
{
    if (!load->narrow) {
        load->find_user(s, path, problems);
        control_groups_find(groups, s, path, problems);
    }
}

/* With its numbers and keys, where they can be read. */
static void check_named(struct files *files, struct settings *s, struct str path,
                        const struct load *load, struct problems *problems)
{
    struct control_groups groups;
    struct numbers_summary summary;
    uint64_t urgent_faults, urgent_unknown;
    find_who(&groups, s, path, load, problems);
    check_outside(s, load, problems);
    bool secrets_good = settings_read_secrets(files, s, service_user_uid(), problems);
    signer_check_keys(s, load->narrow != NULL, problems);
    if (load->narrow && !load->narrow(s))
        return;
    const struct tables tables = read_tables(s, load->narrow != NULL, path, &summary, problems);
    check_tables(s, &tables, path, problems);
    check_overlay(s, tables.fd, &urgent_faults, &urgent_unknown, problems);
    close_if_open(tables.fd);
    if (secrets_good)
        check_tls(files, s, problems);
    pages_check_files(files, s, problems);
    check_for_service(files, s, &groups, path, load, problems);
}

/* What stands before a syntax error may name files, which are looked at. When a configuration
   cannot be read at all, nothing is known of it; its defaults name no files. */
static void check_beginnings(struct files *files, struct str path, const struct load *load,
                             struct problems *problems)
{
    struct str text;
    if (files_read(files, path, CONFIGURATION_BYTES_MAX, &text))
        return;
    struct settings *s = settings_read_beginnings(files, path, clock_real_s(), problems);
    if (s)
        check_named(files, s, path, load, problems);
    settings_free(s);
    problems_add(problems, path, 0,
                 "what stands behind a syntax error or in a file that cannot be read, what that "
                 "names, and what the parts say of each other, was not checked: mend this mistake "
                 "first");
    problems_stands_last(problems);
}

/*
 * All mistakes at once: what a configuration with mistakes names is looked at too, as far as it is
 * known.
 */
static void check_what_it_names(struct files *files, struct settings *s, struct str path,
                                const struct load *load, struct problems *problems)
{
    if (!s) {
        check_beginnings(files, path, load, problems);
        return;
    }
    check_named(files, s, path, load, problems);
    if (s->n_mistaken_units > 0) {
        problems_add(problems, path, 0,
                     "whether keys are those of certificates with mistakes was not checked: mend "
                     "these mistakes first");
        problems_stands_last(problems);
    }
}

static bool load_configuration(struct configuration *c, struct str path, const struct load *load,
                               struct problems *problems)
{
    bool (*const narrow)(const struct settings *settings) = load->narrow;
    struct configuration loaded = CONFIGURATION_INIT;
    bool good = false;
    loaded.read_at_s = clock_real_s();

    struct files *files = files_new();
    if (!files) {
        problems->out_of_memory = true;
        goto out;
    }
    bool usable;
    loaded.settings = settings_read_all(files, path, loaded.read_at_s, problems, &usable);
    if (!usable) {
        check_what_it_names(files, loaded.settings, path, load, problems);
        goto out;
    }
    find_who(&loaded.groups, loaded.settings, path, load, problems);
    web_check_named(loaded.settings);
    const struct means means = means_find();
    check_outside(loaded.settings, load, problems);
    bool secrets_good = settings_read_secrets(files, loaded.settings, service_user_uid(), problems);
    /* All checks are made even if the first finds something, so that all mistakes are told at
       once. */
    bool keys_good = signer_check_keys(loaded.settings, narrow != NULL, problems);
    if (narrow && !narrow(loaded.settings)) {
        problems_add(problems, path, 0, "the process that reads it could not give up its rights");
        goto out;
    }
    const struct tables tables = read_tables(loaded.settings, narrow != NULL, path, &loaded.numbers,
                                             problems);
    bool numbers_good = check_tables(loaded.settings, &tables, path, problems);
    loaded.numbers_fd = tables.fd;
    check_means(&loaded, &means);
    bool overlay_good = check_overlay(loaded.settings, tables.fd, &loaded.urgent_faults,
                                      &loaded.urgent_unknown, problems);
    bool tls_good = secrets_good && check_tls(files, loaded.settings, problems);
    pages_check_files(files, loaded.settings, problems);
    check_for_service(files, loaded.settings, &loaded.groups, path, load, problems);
    if (!keys_good || !numbers_good || !overlay_good || !tls_good || problems_any(problems))
        goto out;
    if (!keep_files(&loaded, files, path, problems))
        goto out;
    *c = loaded;
    loaded = CONFIGURATION_INIT;
    good = true;
out:
    if (!good && load->for_service) {
        c->settings = loaded.settings;
        loaded.settings = NULL;
    }
    configuration_fini(&loaded);
    files_free(files);
    return good;
}

bool configuration_load(struct configuration *c, struct str path,
                        const struct configuration *present,
                        bool (*narrow)(const struct settings *settings), struct problems *problems)
{
    return load_configuration(
        c, path,
        &(struct load){.present = present, .narrow = narrow, .find_user = service_user_find},
        problems);
}

bool configuration_check(struct configuration *c, struct str path, struct problems *problems)
{
    return load_configuration(
        c, path, &(struct load){.find_user = service_user_presume, .for_service = true}, problems);
}

bool configuration_from_fds(struct configuration *c, struct str path, int files_fd, int numbers_fd,
                            int64_t read_at_s, const char **why)
{
    struct configuration loaded = CONFIGURATION_INIT;
    struct problems problems = PROBLEMS_INIT;
    bool good = false;

    loaded.files_fd = files_fd;
    loaded.numbers_fd = numbers_fd;
    loaded.read_at_s = read_at_s;
    struct files *files = files_from_fd(files_fd);
    *why = "the loaded files cannot be read";
    if (!files)
        goto out;
    loaded.settings = settings_read(files, path, read_at_s, &problems);
    *why = "the loaded files are not the checked ones";
    if (!loaded.settings || !read_summary(numbers_fd, &loaded.numbers, why))
        goto out;
    loaded.public_files_fd = files_to_public_fd(files);
    *why = "the loaded files cannot be kept";
    if (loaded.public_files_fd < 0)
        goto out;
    *c = loaded;
    loaded = CONFIGURATION_INIT;
    good = true;
out:
    configuration_fini(&loaded);
    problems_fini(&problems);
    files_free(files);
    return good;
}

static bool shrank_too_much(const struct configuration *next, const struct configuration *present)
{
    uint64_t percent = next->settings->numbers_max_shrink_percent;
    uint64_t kept_percent = percent < 100 ? 100 - percent : 0;
    return next->numbers.rows * 100 < present->numbers.rows * kept_percent;
}

struct restart_check {
    struct settings *next;
    struct problems *problems;
};

static void take_change(void *user, const struct setting_change *c)
{
    const struct restart_check *check = user;
    struct buf text = BUF_INIT;
    if (c->refused)
        problems_add(check->problems, c->file, c->line, "%.*s needs a restart", STR_ARG(c->values));
    buf_addf(&text, "%.*s needs a restart: until then the old one goes on", STR_ARG(c->values));
    if (!c->refused && !settings_warn(check->next, c->file, c->line, buf_str(&text)))
        check->problems->out_of_memory = true;
    buf_fini(&text);
}

/* A URL that served one chain serves another from now on: verifiers find that out when their caches
   end. */
static void warn_of_exchanged(struct settings *new, const struct settings *old)
{
    for (unsigned i = 0; i < new->n_certificates; i++) {
        const struct certificate *c = &new->certificates[i];
        bool had = false, same = false, shared = false; /* of which its reader has warned */
        for (unsigned k = 0; k < new->n_certificates; k++)
            shared = shared || (k != i && str_eq(new->certificates[k].x5u, c->x5u));
        for (unsigned k = 0; k < old->n_certificates; k++) {
            const bool here = str_eq(old->certificates[k].x5u, c->x5u);
            had = had || here;
            same = same || (here && str_eq(old->certificates[k].chain, c->chain));
        }
        if (!had || same || shared)
            continue;
        struct buf text = BUF_INIT;
        buf_addf(&text,
                 "a new certificate has the x5u of the one before, %.*s. Verifiers that keep the "
                 "old chain, a day or as long as max-age says, refuse what the new one signs: give "
                 "each certificate a URL of its own",
                 STR_ARG(c->x5u));
        settings_warn(new, c->directory, 0, buf_str(&text));
        buf_fini(&text);
    }
}

bool configuration_may_follow(struct configuration *next, const struct configuration *present,
                              const struct settings *started_with, bool force, struct str path,
                              struct problems *problems)
{
    const struct settings *new = next->settings, *old = present->settings;
    size_t before = problems->n;
    settings_need_restart(new, started_with, take_change,
                          &(struct restart_check){next->settings, problems});
    if ((new->records_file.n > 0) != (old->records_file.n > 0))
        problems_add(problems, path, 0, "records.file: turning records on or off needs a restart");
    warn_of_exchanged(next->settings, old);
    next->is_forced = force && shrank_too_much(next, present);
    if (!force && shrank_too_much(next, present))
        problems_add(problems, path, 0,
                     "numbers: %llu rows instead of %llu, less by more than max_shrink_percent = "
                     "%u: if that is right, stirctl reload --wait --force",
                     (unsigned long long)next->numbers.rows,
                     (unsigned long long)present->numbers.rows, new->numbers_max_shrink_percent);
    return problems->n == before && !problems->out_of_memory;
}
