#include <stird/io/overlay.h>

#include <stird/base/write_all.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/numbers.h>
#include <stird/core/tn.h>
#include <stird/io/folder.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASIDE         OVERLAY_FILE ".new"
#define HEAD          "# stird number overlay, version 1\n"
#define CHECK_LENGTH  16
#define FIELD_MAX     256
#define JOURNAL_BYTES (64 * 1024 * 1024)
#define LINE_FIELDS   (1 + OVERLAY_FIELDS + 3) /* set or unset, the row, time, user, check */
/* The journal is written anew when it has this many more lines than entries. */
#define DEAD_LINES_MAX 20000

struct entry {
    struct tn number;
    char *text; /* the fields, NUL behind each */
    struct str field[OVERLAY_FIELDS];
    int64_t changed_s;
    uint32_t uid;
    uint32_t line;
    uint32_t ended; /* number of the line that ended it; 0: it is in force */
};

struct overlay {
    char *path;
    struct buf entries; /* struct entry */
    struct buf pending; /* lines that are not on the disk yet */
    uint32_t lines, written_lines;
    size_t n_in_force;
    off_t bytes; /* of the journal's whole lines */
};

static struct entry *entry_at(const struct overlay *o, size_t i)
{
    return (struct entry *)(void *)o->entries.p + i;
}

static size_t n_entries(const struct overlay *o)
{
    return o->entries.n / sizeof(struct entry);
}

void overlay_free(struct overlay *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < n_entries(o); i++)
        free(entry_at(o, i)->text);
    buf_fini(&o->entries);
    buf_fini(&o->pending);
    free(o->path);
    free(o);
}

uint32_t overlay_lines(const struct overlay *o)
{
    return o->lines;
}

struct str overlay_path(const struct overlay *o)
{
    return str_of(o->path);
}

/* ---- one line ---- */

static bool add_check(struct buf *line, struct str of)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(of.p, of.n, hash, &n, EVP_sha256(), NULL) != 1)
        return false;
    for (unsigned i = 0; i < CHECK_LENGTH / 2; i++)
        buf_addf(line, "%02x", hash[i]);
    return true;
}

static bool check_fits(struct str of, struct str check)
{
    struct buf wanted = BUF_INIT;
    bool fits = add_check(&wanted, of) && str_eq(buf_str(&wanted), check);
    buf_fini(&wanted);
    return fits;
}

/* Adds "VERB TAB fields TAB time TAB user TAB check LF" to what will be written. */
static bool add_line(struct overlay *o, const char *verb, const struct str *field, int64_t now_s,
                     uint32_t uid)
{
    size_t begin = o->pending.n;
    buf_add_text(&o->pending, verb);
    for (int i = 0; i < OVERLAY_FIELDS; i++) {
        buf_add_char(&o->pending, '\t');
        buf_add_str(&o->pending, field[i]);
    }
    buf_addf(&o->pending, "\t%lld\t%u\t", (long long)now_s, uid);
    if (buf_failed(&o->pending))
        return false;
    struct buf check = BUF_INIT;
    bool good = add_check(&check, str_slice(buf_str(&o->pending), begin, o->pending.n));
    buf_add_str(&o->pending, buf_str(&check));
    buf_add_char(&o->pending, '\n');
    buf_fini(&check);
    return good && !buf_failed(&o->pending);
}

/* ---- what is in force ---- */

size_t overlay_count(const struct overlay *o)
{
    return o->n_in_force;
}

void overlay_each(const struct overlay *o,
                  void (*visit)(void *user, uint32_t line, const struct str *field,
                                int64_t changed_s, uint32_t uid),
                  void *user)
{
    for (size_t i = 0; i < n_entries(o); i++) {
        const struct entry *e = entry_at(o, i);
        if (e->ended == 0)
            visit(user, e->line, e->field, e->changed_s, e->uid);
    }
}

static void add_csv_field(struct buf *csv, struct str field)
{
    buf_add_char(csv, '"');
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"')
            buf_add_char(csv, '"');
        buf_add_char(csv, field.p[i]);
    }
    buf_add_char(csv, '"');
}

void overlay_table(const struct overlay *o, struct buf *csv)
{
    uint32_t line = 2;
    buf_add_text(csv, "number,customer,state,not_before,not_after,cert,note\n");
    for (size_t i = 0; i < n_entries(o); i++) {
        const struct entry *e = entry_at(o, i);
        if (e->ended)
            continue;
        for (; line < e->line; line++)
            buf_add_char(csv, '\n');
        for (int f = 0; f < OVERLAY_FIELDS; f++) {
            if (f > 0)
                buf_add_char(csv, ',');
            add_csv_field(csv, e->field[f]);
        }
        buf_add_char(csv, '\n');
        line++;
    }
}

/* Ends what the number has of CUSTOMER, or of all. Returns how many. */
static size_t end_entries(struct overlay *o, const struct tn *number, struct str customer, bool all,
                          uint32_t by_line)
{
    size_t ended = 0;
    for (size_t i = 0; i < n_entries(o); i++) {
        struct entry *e = entry_at(o, i);
        if (e->ended || !tn_equal(&e->number, number) ||
            !(all || str_eq(e->field[OVERLAY_CUSTOMER], customer)))
            continue;
        e->ended = by_line;
        o->n_in_force--;
        ended++;
    }
    return ended;
}

static bool add_entry(struct overlay *o, const struct tn *number, const struct str *field,
                      uint32_t line, int64_t changed_s, uint32_t uid)
{
    struct entry e = {.number = *number, .line = line, .changed_s = changed_s, .uid = uid};
    size_t bytes = 0;
    for (int i = 0; i < OVERLAY_FIELDS; i++)
        bytes += field[i].n + 1;
    char *at = e.text = malloc(bytes);
    for (int i = 0; at && i < OVERLAY_FIELDS; i++) {
        if (field[i].n > 0)
            memcpy(at, field[i].p, field[i].n);
        at[field[i].n] = '\0';
        e.field[i] = (struct str){at, field[i].n};
        at += field[i].n + 1;
    }
    char *room = e.text ? buf_room(&o->entries, sizeof(e)) : NULL;
    if (!room) { /* the entries before are still there, although buf counts itself as failed */
        o->entries.failed = false;
        free(e.text);
        return false;
    }
    memcpy(room, &e, sizeof(e));
    buf_grew(&o->entries, sizeof(e));
    o->n_in_force++;
    return true;
}

/* ---- changes ---- */

/* Control characters would break the line; the small table that is made of it is UTF-8. */
static const char *check_fields(const struct str field[OVERLAY_FIELDS], struct tn *number)
{
    for (int f = 0; f < OVERLAY_FIELDS; f++) {
        if (!str_is_utf8(field[f]))
            return f == OVERLAY_NOTE ? "the note is not UTF-8: write it in a terminal that is "
                                       "(locale charmap), or without accents"
                                     : "a field is not UTF-8: write it as the tables have it, in a "
                                       "terminal that is (locale charmap)";
        if (field[f].n > FIELD_MAX)
            return "a field is longer than 256 octets";
        for (size_t i = 0; i < field[f].n; i++) {
            unsigned char c = (unsigned char)field[f].p[i];
            if (c < 0x20 || c == 0x7f)
                return f == OVERLAY_NOTE ? "the note holds a control character (a tab or a line "
                                           "end is one): write it in one line"
                                         : "a field holds a control character";
        }
    }
    if (!tn_from_digits(number, field[OVERLAY_NUMBER]))
        return "this is not one telephone number: write it as +12155550100; ranges and prefixes "
               "belong into a table";
    return NULL;
}

/* Written as in the rows of tables; older journals may lack the plus sign. */
static const char *check_change(const struct str field[OVERLAY_FIELDS], struct tn *number)
{
    const char *why;
    return numbers_number(field[OVERLAY_NUMBER], number, &why) ? check_fields(field, number) : why;
}

/* Replacing an entry does not add one, and blocking must always be possible. */
static bool is_full(const struct overlay *o, const struct tn *number,
                    const struct str field[OVERLAY_FIELDS])
{
    bool blocks = str_eq_nocase(field[OVERLAY_STATE], STR("blocked"));
    if (o->n_in_force < (blocks ? 2 * OVERLAY_ENTRIES_MAX : OVERLAY_ENTRIES_MAX))
        return false;
    for (size_t i = 0; i < n_entries(o); i++) {
        const struct entry *e = entry_at(o, i);
        if (e->ended == 0 && tn_equal(&e->number, number) &&
            str_eq(e->field[OVERLAY_CUSTOMER], field[OVERLAY_CUSTOMER]))
            return false;
    }
    return true;
}

const char *overlay_set(struct overlay *o, const struct str field[OVERLAY_FIELDS], int64_t now_s,
                        uint32_t uid)
{
    struct tn number;
    const char *why = check_change(field, &number);
    if (why)
        return why;
    if (is_full(o, &number, field))
        return "10000 urgent changes are in force: put them into a table, then unset them";
    o->lines++;
    end_entries(o, &number, field[OVERLAY_CUSTOMER], false, o->lines);
    if (add_line(o, "set", field, now_s, uid) && add_entry(o, &number, field, o->lines, now_s, uid))
        return NULL;
    overlay_revert(o);
    return "out of memory";
}

const char *overlay_unset(struct overlay *o, struct str number_text, struct str customer,
                          int64_t now_s, uint32_t uid)
{
    struct tn number;
    struct str field[OVERLAY_FIELDS] = {
        [OVERLAY_NUMBER] = number_text, [OVERLAY_CUSTOMER] = customer};
    const char *why = check_change(field, &number);
    if (why)
        return why;
    if (end_entries(o, &number, customer, customer.n == 0, o->lines + 1) == 0)
        return "it has no urgent change in force (stirctl numbers list)";
    o->lines++;
    if (add_line(o, "unset", field, now_s, uid))
        return NULL;
    overlay_revert(o);
    return "out of memory";
}

void overlay_revert(struct overlay *o)
{
    while (n_entries(o) > 0 && entry_at(o, n_entries(o) - 1)->line > o->written_lines) {
        struct entry *last = entry_at(o, n_entries(o) - 1);
        o->n_in_force -= last->ended == 0;
        free(last->text);
        o->entries.n -= sizeof(*last);
    }
    for (size_t i = 0; i < n_entries(o); i++) {
        struct entry *e = entry_at(o, i);
        if (e->ended > o->written_lines) {
            e->ended = 0;
            o->n_in_force++;
        }
    }
    buf_fini(&o->pending);
    o->lines = o->written_lines;
}

/* ---- disk ---- */

/* The new file's name is on the disk only when its directory is. */
static int sync_directory(const char *path)
{
    char *directory = strdup(path);
    char *slash = directory ? strrchr(directory, '/') : NULL;
    if (!slash) {
        free(directory);
        return -ENOMEM;
    }
    *slash = '\0';
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || fsync(fd) ? -errno : 0;
    if (fd >= 0)
        close(fd);
    free(directory);
    return r;
}

/* Seeks to the end of the whole lines, and cuts away what a crash left behind them. */
static int seek_end(const struct overlay *o, int fd)
{
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    if (st.st_size < o->bytes)
        return -ESTALE;
    return ftruncate(fd, o->bytes) || lseek(fd, o->bytes, SEEK_SET) != o->bytes ? -errno : 0;
}

/* Opens the journal, or makes it. One that is not its own regular file is not written to
   (folder.h). */
static int open_to_append(const struct overlay *o, bool fresh)
{
    struct folder d;
    struct stat st;
    const char *name;
    int r = folder_open_parent(&d, o->path, &name);
    if (r)
        return r;
    int fd = openat(d.fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        r = -errno;
    if (r == -ENOENT && fresh) {
        fd = folder_create(&d, name);
        r = fd < 0 ? fd : folder_give(&d, fd, 0600);
    }
    if (r == -ENOENT)
        r = -ESTALE;
    if (r == 0 && fstat(fd, &st))
        r = -errno;
    if (r == 0 && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
        r = -EINVAL;
    if (r && fd >= 0)
        close(fd);
    folder_close(&d);
    return r ? r : fd;
}

static int append(struct overlay *o)
{
    bool fresh = o->bytes == 0;
    int fd = open_to_append(o, fresh);
    if (fd < 0)
        return fd;
    int r = seek_end(o, fd);
    bool begun = r == 0;
    if (r == 0 && fresh)
        r = write_all(fd, STR(HEAD));
    if (r == 0)
        r = write_all(fd, buf_str(&o->pending));
    if (r == 0 && fsync(fd))
        r = -errno;
    if (r == 0 && fresh)
        r = sync_directory(o->path);
    off_t end = lseek(fd, 0, SEEK_CUR);
    if (r != 0 && begun && ftruncate(fd, o->bytes))
        r = -EIO; /* the line that is there is a torn one, or none */
    close(fd);
    if (r == 0)
        o->bytes = end;
    return r;
}

int overlay_write(struct overlay *o)
{
    int r = buf_failed(&o->pending) ? -ENOMEM : append(o);
    if (r != 0) {
        overlay_revert(o);
        return r;
    }
    buf_fini(&o->pending);
    o->written_lines = o->lines;
    return 0;
}

/* ---- replay ---- */

static int read_file(const char *path, struct buf *text)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    int r = fstat(fd, &st) ? -errno : 0;
    if (r == 0 && !S_ISREG(st.st_mode))
        r = -EINVAL;
    else if (r == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        r = -EPERM; /* whoever can write here could give away an A */
    else if (r == 0 && st.st_size > JOURNAL_BYTES)
        r = -EFBIG;
    while (r == 0) {
        char *room = buf_room(text, 65536);
        ssize_t n = room ? read(fd, room, 65536) : -1;
        if (!room)
            r = -ENOMEM;
        else if (n < 0 && errno != EINTR)
            r = -errno;
        else if (n == 0)
            break;
        else if (n > 0)
            buf_grew(text, (size_t)n);
    }
    close(fd);
    return r;
}

static bool split(struct str line, struct str part[LINE_FIELDS])
{
    for (int i = 0; i < LINE_FIELDS; i++) {
        if (!line.p)
            return false;
        part[i] = str_cut(&line, '\t');
    }
    return !line.p;
}

static const char *replay_line(struct overlay *o, struct str line)
{
    struct str part[LINE_FIELDS];
    struct tn number;
    uint64_t changed_s, uid;
    if (!split(line, part))
        return "is no line of this journal";
    struct str check = part[LINE_FIELDS - 1];
    if (!check_fits(str_slice(line, 0, line.n - check.n), check))
        return "was changed or damaged";
    if (!str_to_u64(part[LINE_FIELDS - 3], INT64_MAX, &changed_s) ||
        !str_to_u64(part[LINE_FIELDS - 2], UINT32_MAX, &uid))
        return "has no time or no user";
    const char *why = check_fields(&part[1], &number);
    if (why)
        return why;
    struct str customer = part[1 + OVERLAY_CUSTOMER];
    bool set = str_eq(part[0], STR("set"));
    if (!set && !str_eq(part[0], STR("unset")))
        return "says neither set nor unset";
    end_entries(o, &number, customer, !set && customer.n == 0, o->lines);
    if (set && !add_entry(o, &number, &part[1], o->lines, (int64_t)changed_s, (uint32_t)uid))
        return "out of memory";
    return NULL;
}

static void replay(struct overlay *o, struct str text, struct problems *problems)
{
    struct str rest = text;
    o->lines = 1;
    if (text.n == 0 || str_find(text, '\n', 0) == text.n)
        return; /* nothing, or a head that a crash cut off */
    struct str head = str_cut(&rest, '\n');
    if (!str_eq(head, str_slice(STR(HEAD), 0, sizeof(HEAD) - 2))) {
        problems_add(problems, str_of(o->path), 1,
                     "is no number overlay of this version: move the file away");
        return;
    }
    while (str_find(rest, '\n', 0) < rest.n) {
        struct str line = str_cut(&rest, '\n');
        o->lines++;
        const char *why = replay_line(o, line);
        if (why)
            problems_add(problems, str_of(o->path), o->lines,
                         "%s: see what it was to change, remove the line, and set it again", why);
    }
    o->bytes = (off_t)(text.n - rest.n);
}

struct overlay *overlay_from_text(struct str directory, struct str text, struct problems *problems)
{
    struct overlay *o = calloc(1, sizeof(*o));
    size_t before = problems->n;
    if (!o || asprintf(&o->path, "%.*s/" OVERLAY_FILE, STR_ARG(directory)) < 0) {
        problems->out_of_memory = true;
        free(o);
        return NULL;
    }
    replay(o, text, problems);
    if (problems->n > before || problems->out_of_memory) {
        overlay_free(o);
        return NULL;
    }
    o->written_lines = o->lines;
    return o;
}

struct overlay *overlay_read(struct str directory, struct problems *problems)
{
    struct overlay *o = NULL;
    struct buf text = BUF_INIT;
    char *path = NULL;
    int r = asprintf(&path, "%.*s/" OVERLAY_FILE, STR_ARG(directory)) < 0 ? -ENOMEM : 0;
    if (r == 0)
        r = read_file(path, &text);
    if (r == 0) {
        o = overlay_from_text(directory, buf_str(&text), problems);
    } else {
        problems_add(problems, directory, 0, OVERLAY_FILE ": %s",
                     r == -EPERM ? "is writable by others: chmod go-w" : strerror(-r));
        problems_may_pass(problems, -r);
    }
    buf_fini(&text);
    if (r != -ENOMEM)
        free(path);
    return o;
}

/* ---- compaction ---- */

static int write_aside(const struct overlay *o)
{
    struct folder d;
    const char *name;
    int r = folder_open_parent(&d, o->path, &name);
    if (r)
        return r;
    unlinkat(d.fd, ASIDE, 0); /* of one that was cut short */
    int fd = folder_create(&d, ASIDE);
    r = fd < 0 ? fd : write_all(fd, STR(HEAD));
    if (r == 0)
        r = write_all(fd, buf_str(&o->pending));
    if (r == 0)
        r = folder_give(&d, fd, 0600);
    if (r == 0)
        r = folder_rename(&d, ASIDE, name, fd);
    if (r && fd >= 0)
        unlinkat(d.fd, ASIDE, 0);
    if (fd >= 0)
        close(fd);
    folder_close(&d);
    return r;
}

static void forget_ended(struct overlay *o)
{
    size_t kept = 0;
    for (size_t i = 0; i < n_entries(o); i++) {
        struct entry *e = entry_at(o, i);
        if (e->ended) {
            free(e->text);
            continue;
        }
        e->line = (uint32_t)kept + 2;
        *entry_at(o, kept++) = *e;
    }
    o->entries.n = kept * sizeof(struct entry);
    o->lines = o->written_lines = (uint32_t)kept + 1;
}

/* Somebody has taken the journal away, or emptied it. */
static bool is_cut(const struct overlay *o)
{
    struct stat st;
    return o->bytes > 0 && (lstat(o->path, &st) ? errno == ENOENT : st.st_size < o->bytes);
}

int overlay_compact(struct overlay *o)
{
    bool is_long = o->lines >= DEAD_LINES_MAX && o->n_in_force <= o->lines / 2;
    if (!is_long && !is_cut(o))
        return 0;
    for (size_t i = 0; i < n_entries(o); i++) {
        const struct entry *e = entry_at(o, i);
        if (e->ended == 0)
            add_line(o, "set", e->field, e->changed_s, e->uid);
    }
    int r = buf_failed(&o->pending) ? -ENOMEM : write_aside(o);
    if (r == 0) {
        forget_ended(o);
        o->bytes = (off_t)(sizeof(HEAD) - 1 + o->pending.n);
    }
    buf_fini(&o->pending);
    return r;
}
