#include "dry_run.h"

#include "configuration.h"
#include "outside.h"
#include "pages_check.h"
#include "web_check.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/conf/settings_file.h>
#include <stird/core/budget.h>
#include <stird/net/listen.h>
#include <unistd.h>

static void print_problems(struct problems *problems)
{
    struct buf text = BUF_INIT;
    problems_print(problems, &text);
    fwrite(text.p, 1, text.n, stderr);
    buf_fini(&text);
}

static void print_count(uint64_t n, const char *one, const char *many)
{
    printf(", %llu %s", (unsigned long long)n, n == 1 ? one : many);
}

/* There may be several units with one id: the old one beside the new one. */
static unsigned count_certificates(const struct settings *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < s->n_certificates; i++) {
        unsigned j = 0;
        while (!str_eq(s->certificates[j].id, s->certificates[i].id))
            j++;
        n += i == j;
    }
    return n;
}

static void print_summary(const struct configuration *c)
{
    const struct settings *s = c->settings;
    assert(s);
    printf("configuration is good: %u %s", s->n_listeners,
           s->n_listeners == 1 ? "listener" : "listeners");
    print_count(s->n_trunks, "trunk", "trunks");
    print_count(s->n_upstreams, "upstream", "upstreams");
    print_count(count_certificates(s), "certificate", "certificates");
    print_count(c->numbers.rows, "number row", "number rows");
    print_count(c->numbers.customers, "customer", "customers");
    if (s->signers_file.n > 0)
        print_count(s->n_signers, "row of signers", "rows of signers");
    putchar('\n');
}

static void print_warnings(const struct configuration *c)
{
    struct buf text = BUF_INIT;
    configuration_print_warnings(c, &text);
    fprintf(stderr, "%.*s", STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

/* An address may come later (a standby's), so a missing one is only a warning. */
static void warn_of_addresses(const struct settings *s, struct str path)
{
    for (unsigned i = 0; i < s->n_listeners; i++) {
        const struct listener *l = &s->listeners[i];
        struct buf host = BUF_INIT;
        address_add_host(&host, &l->address);
        if (!listener_address_is_here(l))
            fprintf(stderr,
                    "%.*s: warning: listener \"%.*s\": this machine has no address %.*s: stird "
                    "does not start here until it has\n",
                    STR_ARG(path), STR_ARG(l->name), STR_ARG(buf_str(&host)));
        buf_fini(&host);
    }
}

int dry_run_check(struct str path)
{
    struct configuration c = CONFIGURATION_INIT;
    struct problems problems = PROBLEMS_INIT;
    bool good = configuration_check(&c, path, &problems);
    if (good) {
        outside_warn(c.settings);
        web_check_system(c.settings);
    }
    if (c.settings)
        pages_check_addresses(c.settings);
    if (c.settings) {
        print_warnings(&c);
        warn_of_addresses(c.settings, path);
    }
    if (good)
        print_summary(&c);
    else
        print_problems(&problems);
    good = !fflush(stdout) && good;
    configuration_fini(&c);
    problems_fini(&problems);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What is printed may be read in any directory, so its paths begin at the root. */
static struct str absolute(struct str path, struct buf *room)
{
    char directory[PATH_MAX];
    if (path.n == 0 || path.p[0] == '/' || !getcwd(directory, sizeof(directory)))
        return path;
    buf_addf(room, "%s/%.*s", directory, STR_ARG(path));
    return buf_failed(room) ? path : buf_str(room);
}

static void print_budget(const struct settings *s, struct buf *out)
{
    const struct budget budget = budget_of(s, &(struct budget_table){0});
    budget_print(&budget, out);
}

/* Keys and numbers are not looked at: this is about what the files mean. */
static int print_of_settings(struct str path,
                             void (*print)(const struct settings *s, struct buf *out))
{
    struct buf whole = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    int status = EXIT_FAILURE;
    struct files *files = files_new();
    struct settings *settings =
        files ? settings_read(files, absolute(path, &whole), clock_real_s(), &problems) : NULL;
    if (settings) {
        print(settings, &text);
        if (!buf_failed(&text) && fwrite(text.p, 1, text.n, stdout) == text.n && !fflush(stdout))
            status = EXIT_SUCCESS;
    } else {
        print_problems(&problems);
    }
    settings_free(settings);
    files_free(files);
    buf_fini(&text);
    buf_fini(&whole);
    problems_fini(&problems);
    return status;
}

int dry_run_print_configuration(struct str path)
{
    return print_of_settings(path, settings_print);
}

int dry_run_print_memory(struct str path)
{
    return print_of_settings(path, print_budget);
}
