#include "counter_book.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <stird/base/container_of.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is counted by name. */
enum kind { TRUNKS, UPSTREAMS, KINDS };

static const struct counter_table *const tables[KINDS] = {
    [TRUNKS] = &counters_of_trunk,
    [UPSTREAMS] = &counters_of_upstream,
};

/* A trunk, or an upstream. */
struct account {
    struct str name;
    enum kind kind;
    unsigned places; /* on pages */
    bool listed;     /* the configuration in force has it */
    bool closed;     /* it was taken out: nobody finds it any more */
    uint64_t *now;   /* the sums, when they were last added up */
    uint64_t gone[]; /* the sums of pages that are gone */
};

/* Of one worker and one snapshot. */
struct parts {
    struct parts *next; /* an older one */
    uint64_t number;    /* among those of its worker; a later one has a higher number */
    struct part_counters counters;
    struct account **accounts[KINDS];
    unsigned n[KINDS];
};

struct counter_book {
    unsigned n_workers;
    struct proxy_counters gone;
    void *by_name[KINDS]; /* tsearch(3), of accounts */
    struct worker {
        struct proxy_counters *page; /* NULL: there is none */
        struct parts *parts;         /* the newest first */
        uint64_t last_number;
    } workers[];
};

/* ---- accounts ---- */

static int compare(const void *a, const void *b)
{
    return str_compare(((const struct account *)a)->name, ((const struct account *)b)->name);
}

static struct account *find(const struct counter_book *b, enum kind kind, struct str name)
{
    const struct account wanted = {.name = name};
    void *found = tfind(&wanted, &b->by_name[kind], compare);
    return found ? *(struct account **)found : NULL;
}

static struct account *account_new(enum kind kind, struct str name)
{
    size_t numbers = tables[kind]->n * sizeof(uint64_t);
    struct account *a = calloc(1, sizeof(*a) + 2 * numbers + name.n);
    if (!a)
        return NULL;
    char *text = (char *)a->gone + 2 * numbers;
    if (name.n > 0)
        memcpy(text, name.p, name.n);
    a->name = (struct str){text, name.n};
    a->kind = kind;
    a->now = a->gone + tables[kind]->n;
    return a;
}

/* NULL: no memory. */
static struct account *open_account(struct counter_book *b, enum kind kind, struct str name)
{
    struct account *a = find(b, kind, name);
    if (a || !(a = account_new(kind, name)))
        return a;
    if (tsearch(a, &b->by_name[kind], compare))
        return a;
    free(a);
    return NULL;
}

static void close_account(struct counter_book *b, struct account *a)
{
    if (!a->closed)
        tdelete(a, &b->by_name[a->kind], compare);
    a->closed = true;
    if (a->places == 0)
        free(a);
}

static void leave_account(struct counter_book *b, struct account *a)
{
    a->places--;
    if (a->places == 0 && !a->listed)
        close_account(b, a);
}

/* ---- pages of trunks and upstreams ---- */

static const uint64_t *numbers_of(const struct parts *p, enum kind kind, unsigned i)
{
    const struct part_counters *c = &p->counters;
    return kind == TRUNKS ? (const uint64_t *)(const void *)&c->trunks[i]
                          : (const uint64_t *)(const void *)&c->upstreams[i];
}

static void each_place(struct counter_book *b, struct parts *p,
                       void (*visit)(struct counter_book *b, struct account *a,
                                     const uint64_t *numbers))
{
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned i = 0; i < p->n[kind]; i++)
            visit(b, p->accounts[kind][i], numbers_of(p, kind, i));
}

static void add_gone(struct counter_book *b, struct account *a, const uint64_t *numbers)
{
    (void)b;
    counters_add_gone(tables[a->kind], a->gone, numbers);
}

/* Calls that a trunk still has, though it was taken out, count for the trunk that has its name now,
   as they do for limits. */
static void add_now(struct counter_book *b, struct account *a, const uint64_t *numbers)
{
    struct account *heir = a->closed ? find(b, a->kind, a->name) : NULL;
    if (heir)
        counters_add_levels(tables[a->kind], heir->now, numbers);
    else
        counters_add(tables[a->kind], a->now, numbers);
}

/* Closes pages; what was counted on them stays. */
static void close_parts(struct counter_book *b, struct parts *p)
{
    if (p->counters.trunks)
        each_place(b, p, add_gone);
    part_counters_unmap(&p->counters);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned i = 0; i < p->n[kind]; i++)
            leave_account(b, p->accounts[kind][i]);
        free(p->accounts[kind]);
    }
    free(p);
}

static struct str name_of(const struct settings *s, enum kind kind, unsigned i)
{
    return kind == TRUNKS ? s->trunks[i].name : s->upstreams[i].name;
}

static unsigned count_of(const struct settings *s, enum kind kind)
{
    return kind == TRUNKS ? s->n_trunks : s->n_upstreams;
}

static bool take_accounts(struct counter_book *b, struct parts *p, const struct settings *s)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        p->accounts[kind] = calloc(count_of(s, kind) + 1u, sizeof(*p->accounts[kind]));
        for (unsigned i = 0; p->accounts[kind] && i < count_of(s, kind); i++) {
            struct account *a = open_account(b, kind, name_of(s, kind, i));
            if (!a)
                return false;
            a->places++;
            p->accounts[kind][p->n[kind]++] = a;
        }
        if (!p->accounts[kind])
            return false;
    }
    return true;
}

/* Keeps the memory out of children: none is to have what another one counts. */
static bool is_alone(void *memory, size_t bytes)
{
    return memory && madvise(memory, bytes, MADV_DONTFORK) == 0;
}

static bool map_parts(struct parts *p, int fd, const struct settings *s)
{
    return fd >= 0 && part_counters_map(&p->counters, fd, s->n_trunks, s->n_upstreams, false) &&
           is_alone(p->counters.trunks, p->counters.bytes);
}

/* Closes the pages of W but for its first KEEP. */
static void close_after(struct counter_book *b, struct worker *w, unsigned keep)
{
    struct parts **link = &w->parts;
    for (unsigned i = 0; *link && i < keep; i++)
        link = &(*link)->next;
    while (*link) {
        struct parts *p = *link;
        *link = p->next;
        close_parts(b, p);
    }
}

int counter_book_open_parts(struct counter_book *b, unsigned w, const struct settings *settings,
                            uint64_t *number)
{
    int fd = part_counters_memory(settings->n_trunks, settings->n_upstreams);
    struct parts *p = fd < 0 ? NULL : calloc(1, sizeof(*p));
    if (!p)
        return fd < 0 ? fd : (close(fd), -ENOMEM);
    if (!map_parts(p, fd, settings) || !take_accounts(b, p, settings)) {
        close_parts(b, p);
        close(fd);
        return -ENOMEM;
    }
    *number = p->number = ++b->workers[w].last_number;
    p->next = b->workers[w].parts;
    b->workers[w].parts = p;
    close_after(b, &b->workers[w], COUNTER_BOOK_PARTS);
    return fd;
}

void counter_book_take_back(struct counter_book *b, unsigned w)
{
    struct parts *p = b->workers[w].parts;
    b->workers[w].parts = p->next;
    close_parts(b, p);
}

static bool is_held(uint64_t number, const uint64_t *held, unsigned n)
{
    uint64_t newest = 0;
    for (unsigned i = 0; i < n; i++) {
        if (held[i] == number)
            return true;
        newest = held[i] > newest ? held[i] : newest;
    }
    return number > newest; /* W was just given it */
}

/* The newest page stays, whatever W says: its calls are still to come. */
void counter_book_holds(struct counter_book *b, unsigned w, const uint64_t *held, unsigned n)
{
    struct parts *newest = b->workers[w].parts;
    struct parts **link = newest ? &newest->next : NULL;
    while (link && *link) {
        struct parts *p = *link;
        if (is_held(p->number, held, n)) {
            link = &p->next;
            continue;
        }
        *link = p->next;
        close_parts(b, p);
    }
}

/* ---- pages of workers ---- */

void counter_book_gone(struct counter_book *b, unsigned w)
{
    struct worker *worker = &b->workers[w];
    if (worker->page)
        counters_add_gone(&counters_of_all, (uint64_t *)(void *)&b->gone,
                          (const uint64_t *)(const void *)worker->page);
    counter_page_unmap(worker->page);
    worker->page = NULL;
    close_after(b, worker, 0);
}

int counter_book_open(struct counter_book *b, unsigned w)
{
    counter_book_gone(b, w);
    int fd = counter_page_memory();
    if (fd < 0)
        return fd;
    b->workers[w].page = counter_page_map(fd, false);
    if (is_alone(b->workers[w].page, sizeof(struct proxy_counters)))
        return fd;
    counter_book_gone(b, w);
    close(fd);
    return -ENOMEM;
}

struct counter_book *counter_book_new(unsigned n_workers)
{
    struct counter_book *b = calloc(1, sizeof(*b) + n_workers * sizeof(b->workers[0]));
    if (b)
        b->n_workers = n_workers;
    return b;
}

static void free_account(void *account)
{
    free(account);
}

void counter_book_free(struct counter_book *b)
{
    if (!b)
        return;
    for (unsigned w = 0; w < b->n_workers; w++)
        counter_book_gone(b, w);
    for (unsigned kind = 0; kind < KINDS; kind++)
        tdestroy(b->by_name[kind], free_account);
    free(b);
}

/* ---- a reload ---- */

struct accounts {
    struct account **list;
    unsigned n;
};

static void note_unlisted(const void *node, VISIT order, void *user)
{
    struct account *a = *(struct account *const *)node;
    struct accounts *unlisted = user;
    if ((order == postorder || order == leaf) && !a->listed)
        unlisted->list[unlisted->n++] = a;
}

static void count_and_unlist(const void *node, VISIT order, void *user)
{
    struct account *a = *(struct account *const *)node;
    if (order != postorder && order != leaf)
        return;
    a->listed = false;
    ++*(unsigned *)user;
}

void counter_book_in_force(struct counter_book *b, const struct settings *settings)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct accounts unlisted = {0};
        unsigned n = 0;
        twalk_r(b->by_name[kind], count_and_unlist, &n);
        for (unsigned i = 0; i < count_of(settings, kind); i++) {
            struct account *a = open_account(b, kind, name_of(settings, kind, i));
            if (a)
                a->listed = true;
        }
        unlisted.list = calloc(n + 1u, sizeof(struct account *));
        if (unlisted.list) /* the others go with their pages */
            twalk_r(b->by_name[kind], note_unlisted, &unlisted);
        for (unsigned i = 0; i < unlisted.n; i++)
            close_account(b, unlisted.list[i]);
        free(unlisted.list);
    }
}

/* ---- sums ---- */

struct proxy_counters counter_book_sum(const struct counter_book *b)
{
    struct proxy_counters sum = b->gone;
    for (unsigned w = 0; w < b->n_workers; w++)
        if (b->workers[w].page)
            counters_add(&counters_of_all, (uint64_t *)(void *)&sum,
                         (const uint64_t *)(const void *)b->workers[w].page);
    return sum;
}

const struct proxy_counters *counter_book_worker(const struct counter_book *b, unsigned w)
{
    return b->workers[w].page;
}

static void begin_sum(const void *node, VISIT order, void *user)
{
    struct account *a = *(struct account *const *)node;
    (void)user;
    if (order == postorder || order == leaf)
        memcpy(a->now, a->gone, tables[a->kind]->n * sizeof(uint64_t));
}

void counter_book_add_up(struct counter_book *b)
{
    for (unsigned kind = 0; kind < KINDS; kind++)
        twalk_r(b->by_name[kind], begin_sum, NULL);
    for (unsigned w = 0; w < b->n_workers; w++)
        for (struct parts *p = b->workers[w].parts; p; p = p->next)
            each_place(b, p, add_now);
}

const struct trunk_counters *counter_book_trunk(const struct counter_book *b, struct str name)
{
    const struct account *a = find(b, TRUNKS, name);
    return a ? (const struct trunk_counters *)(const void *)a->now : NULL;
}

const struct upstream_counters *counter_book_upstream(const struct counter_book *b, struct str name)
{
    const struct account *a = find(b, UPSTREAMS, name);
    return a ? (const struct upstream_counters *)(const void *)a->now : NULL;
}
