#include "fetched.h"

#include "fetched_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stird/base/container_of.h>
#include <string.h>
#include <unistd.h>

#define EASED_EVERY_MS 100
#define CLOCK_STEP_S   30

struct fetched {
    struct fetched_limits limits;
    int directory;
    struct lru proven, probation, failures;
    struct fetched_counts counts;
    bool has_clock;        /* it was looked at */
    int64_t clock_ahead_s; /* real time less monotonic, when it was */
};

static struct fetched_body *body_of(struct lru_link *link)
{
    return container_of(link, struct fetched_body, link);
}

static struct fetched_failure *failure_of(struct lru_link *link)
{
    return container_of(link, struct fetched_failure, link);
}

/* ---- bodies in memory ---- */

static struct lru *list_of(struct fetched *f, const struct fetched_body *b)
{
    return b->proven ? &f->proven : &f->probation;
}

static struct fetched_body *find_in(const struct lru *list, struct str url)
{
    struct lru_link *link = lru_find(list, url);
    return link ? body_of(link) : NULL;
}

/* What is on probation came later than what is proven. */
static struct fetched_body *find(struct fetched *f, struct str url)
{
    struct fetched_body *b = find_in(&f->probation, url);
    return b ? b : find_in(&f->proven, url);
}

static void add(struct fetched *f, struct fetched_body *b, struct str url)
{
    lru_add(list_of(f, b), &b->link, url);
    f->counts.bodies++;
    f->counts.proven += b->proven;
    f->counts.octets += b->body.n;
}

static void take_out(struct fetched *f, struct fetched_body *b)
{
    lru_remove(list_of(f, b), &b->link);
    f->counts.bodies--;
    f->counts.proven -= b->proven;
    f->counts.octets -= b->body.n;
}

static void drop(struct fetched *f, struct fetched_body *b)
{
    take_out(f, b);
    if (b->proven && f->directory >= 0)
        fetched_file_remove(f->directory, b->link.name);
    free(b);
}

static void make_room(struct fetched *f, size_t octets)
{
    while (f->counts.bodies >= f->limits.bodies || f->counts.octets + octets > f->limits.octets) {
        struct lru_link *link = f->probation.oldest ? f->probation.oldest : f->proven.oldest;
        drop(f, body_of(link));
        f->counts.pushed_out++;
    }
}

/* In one piece of memory, with the texts behind the struct. */
static struct fetched_body *body_new(struct str url, struct str body, struct str *name)
{
    struct fetched_body *b = malloc(sizeof(*b) + url.n + body.n);
    if (!b)
        return NULL;
    char *text = (char *)(b + 1);
    memcpy(text, url.p, url.n);
    if (body.n > 0)
        memcpy(text + url.n, body.p, body.n);
    *name = (struct str){text, url.n};
    *b = (struct fetched_body){.body = {text + url.n, body.n}};
    return b;
}

/* ---- bodies on disk ---- */

static void write_file(struct fetched *f, const struct fetched_body *b)
{
    struct fetched_file file = {b->link.name, b->body, b->is_of_the_future ? b->written : b->kept};
    file.kept.ends_s = b->kept.ends_s;
    if (b->proven && f->directory >= 0 && fetched_file_write(f->directory, &file) < 0)
        f->counts.files_failed++;
}

static void take_file(struct fetched *f, const struct fetched_file *file)
{
    struct str name;
    if (file->body.n > f->limits.octets)
        return;
    make_room(f, file->body.n);
    struct fetched_body *b = body_new(file->url, file->body, &name);
    if (!b)
        return;
    b->kept = file->kept;
    b->proven = true;
    add(f, b, name);
}

static void load(struct fetched *f)
{
    struct buf text = BUF_INIT;
    struct fetched_file file;
    struct dirent *entry;
    int fd = openat(f->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    while (list && (entry = readdir(list))) {
        if (!fetched_file_is_ours(f->directory, entry->d_name))
            continue;
        const int r = fetched_file_read(f->directory, entry->d_name, &text, &file);
        if (r == 0)
            take_file(f, &file);
        else if (r == -EBADMSG)
            f->counts.files_broken++;
    }
    if (list)
        closedir(list);
    else if (fd >= 0)
        close(fd);
    buf_fini(&text);
}

/* ---- bodies ---- */

struct fetched *fetched_new(const struct fetched_limits *limits, int directory)
{
    struct fetched *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->limits = *limits;
    f->directory = directory;
    if (!lru_init(&f->proven, limits->bodies) || !lru_init(&f->probation, limits->bodies) ||
        !lru_init(&f->failures, limits->failures)) {
        fetched_free(f);
        return NULL;
    }
    if (directory >= 0)
        load(f);
    return f;
}

static void free_all(struct lru *l, void (*release)(struct lru_link *link))
{
    struct lru_link *link = l->oldest;
    while (link) {
        struct lru_link *next = link->newer;
        release(link);
        link = next;
    }
    lru_fini(l);
}

static void free_body(struct lru_link *link)
{
    free(body_of(link));
}

static void free_failure(struct lru_link *link)
{
    free(failure_of(link));
}

void fetched_free(struct fetched *f)
{
    if (!f)
        return;
    free_all(&f->proven, free_body);
    free_all(&f->probation, free_body);
    free_all(&f->failures, free_failure);
    free(f);
}

const struct fetched_counts *fetched_counts(const struct fetched *f)
{
    return &f->counts;
}

static const struct fetched_body *used(struct fetched *f, struct fetched_body *b)
{
    if (b)
        lru_touch(list_of(f, b), &b->link);
    return b;
}

const struct fetched_body *fetched_find(struct fetched *f, struct str url)
{
    return used(f, find(f, url));
}

const struct fetched_body *fetched_proven(struct fetched *f, struct str url)
{
    return used(f, find_in(&f->proven, url));
}

bool fetched_has_proven(const struct fetched *f, struct str url)
{
    return lru_find(&f->proven, url) != NULL;
}

struct str fetched_first_proven(const struct fetched *f)
{
    return f->proven.oldest ? f->proven.oldest->name : STR("");
}

struct str fetched_next_proven(const struct fetched *f, struct str url)
{
    const struct lru_link *link = lru_find(&f->proven, url);
    return link && link->newer ? link->newer->name : STR("");
}

/* Forgets that the URL failed. */
static void forgive(struct fetched *f, struct str url)
{
    struct lru_link *link = lru_find(&f->failures, url);
    if (!link)
        return;
    lru_remove(&f->failures, link);
    free_failure(link);
    f->counts.failures--;
}

/* Its file is written over. */
static void replaced(struct fetched *f, struct fetched_body *b)
{
    take_out(f, b);
    free(b);
}

const struct fetched_body *fetched_put(struct fetched *f, struct str url, struct str body,
                                       int64_t fetched_s, int64_t served_s)
{
    struct str name;
    struct fetched_body *b = body.n <= f->limits.octets ? body_new(url, body, &name) : NULL;
    if (!b)
        return NULL;
    b->kept = (struct kept){fetched_s, served_s, KEEP_NO_END};
    struct fetched_body *before = find_in(&f->probation, url);
    struct fetched_body *good = find_in(&f->proven, url);
    if (before)
        drop(f, before);
    if (good && str_eq(good->body, body) && good->kept.ends_s > fetched_s) {
        b->proven = true;
        b->kept.ends_s = good->kept.ends_s;
        replaced(f, good);
    }
    forgive(f, name);
    make_room(f, body.n);
    add(f, b, name);
    write_file(f, b);
    return b;
}

void fetched_prove(struct fetched *f, struct str url, int64_t ends_s)
{
    struct fetched_body *b = find(f, url);
    if (!b || (b->proven && b->kept.ends_s <= ends_s))
        return;
    struct fetched_body *before = b->proven ? NULL : find_in(&f->proven, url);
    if (before)
        replaced(f, before);
    take_out(f, b);
    b->proven = true;
    b->kept.ends_s = ends_s;
    add(f, b, b->link.name);
    write_file(f, b);
}

void fetched_bound(struct fetched *f, struct str url, int64_t ends_s)
{
    struct fetched_body *b = find_in(&f->probation, url);
    if (b && ends_s < b->kept.ends_s)
        b->kept.ends_s = ends_s;
}

static void mend_times(struct fetched_body *b, const struct keep_rules *rules, int64_t now_s)
{
    if (!b)
        return;
    if (b->is_of_the_future && !keep_is_of_the_future(&b->written, now_s)) {
        b->kept.fetched_s = b->written.fetched_s;
        b->is_of_the_future = false;
    }
    if (!keep_is_of_the_future(&b->kept, now_s))
        return;
    if (!b->is_of_the_future)
        b->written = b->kept;
    b->is_of_the_future = true;
    keep_as_due(rules, &b->kept, now_s);
}

void fetched_mend_times(struct fetched *f, struct str url, const struct keep_rules *rules,
                        int64_t now_s)
{
    mend_times(find_in(&f->probation, url), rules, now_s);
    mend_times(find_in(&f->proven, url), rules, now_s);
}

void fetched_drop(struct fetched *f, struct str url)
{
    struct fetched_body *b = find(f, url);
    if (b)
        drop(f, b);
}

void fetched_forget(struct fetched *f, struct str url)
{
    for (struct fetched_body *b = find(f, url); b; b = find(f, url))
        drop(f, b);
    forgive(f, url);
}

/* ---- failures ---- */

void fetched_ease(struct fetched *f, bool (*which)(enum fetch_outcome outcome), int64_t since_ms,
                  int64_t now_ms)
{
    int64_t at_ms = now_ms;
    for (struct lru_link *link = f->failures.oldest; link; link = link->newer) {
        struct fetched_failure *x = failure_of(link);
        if (!which(x->outcome) || x->failed_ms < since_ms || x->until_ms <= at_ms)
            continue;
        x->until_ms = at_ms;
        at_ms += EASED_EVERY_MS;
    }
}

static bool is_any(enum fetch_outcome outcome)
{
    (void)outcome;
    return true;
}

void fetched_watch_clock(struct fetched *f, int64_t now_s, int64_t now_ms)
{
    const int64_t ahead_s = now_s - now_ms / 1000, step_s = ahead_s - f->clock_ahead_s;
    const bool is_first = !f->has_clock;
    if (!is_first && step_s > -CLOCK_STEP_S && step_s < CLOCK_STEP_S)
        return;
    f->clock_ahead_s = ahead_s;
    f->has_clock = true;
    if (!is_first)
        fetched_ease(f, is_any, INT64_MIN, now_ms);
}

static struct fetched_failure *failure_add(struct fetched *f, struct str url)
{
    struct fetched_failure *x = malloc(sizeof(*x) + url.n);
    if (!x)
        return NULL;
    if (f->counts.failures >= f->limits.failures)
        forgive(f, f->failures.oldest->name);
    *x = (struct fetched_failure){.outcome = FETCH_OK};
    memcpy((char *)(x + 1), url.p, url.n);
    lru_add(&f->failures, &x->link, (struct str){(char *)(x + 1), url.n});
    f->counts.failures++;
    return x;
}

const struct fetched_failure *fetched_failing(struct fetched *f, struct str url, int64_t now_ms)
{
    struct lru_link *link = lru_find(&f->failures, url);
    if (!link || now_ms >= failure_of(link)->until_ms)
        return NULL;
    lru_touch(&f->failures, link);
    return failure_of(link);
}

void fetched_fail(struct fetched *f, struct str url, enum fetch_outcome outcome, unsigned status,
                  int64_t now_ms)
{
    if (keep_failure_ms(outcome, 1) == 0)
        return;
    struct lru_link *link = lru_find(&f->failures, url);
    struct fetched_failure *x = link ? failure_of(link) : failure_add(f, url);
    if (!x)
        return;
    lru_touch(&f->failures, &x->link);
    x->outcome = outcome;
    x->status = status;
    x->in_a_row++;
    x->failed_ms = now_ms;
    x->until_ms = now_ms + keep_failure_ms(outcome, x->in_a_row);
}
