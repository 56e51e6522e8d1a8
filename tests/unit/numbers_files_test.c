#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/numbers/numbers_image.h"
#include <stird/base/memory_file.h>
#include <stird/io/numbers_files.h>

#define HEADER "number,customer,state\n"

static char directory[64];

/* "directory/NAME", in one of a few rotating buffers. */
static const char *in(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) < 0, 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(in(name), 0644), 0);
}

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/numbers_files_test.XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int remove_directory(void **state)
{
    (void)state;
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Compiles one path; it must be good. */
static int compile(const char *path)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    struct str paths[] = {str_of(path)};
    int fd;
    if (!numbers_files_compile(&(struct numbers_paths){.tables = paths, .n_tables = 1}, &fd,
                               &summary, &problems))
        fail_msg("%s: %s", problems.list[0].file, problems.list[0].text);
    assert_false(problems_any(&problems));
    assert_true(fd >= 0);
    return fd;
}

static struct numbers_answer ask(const struct mapped_numbers *m, const char *number)
{
    struct tn tn;
    struct numbers_answer answer;
    assert_true(tn_from_digits(&tn, str_of(number)));
    numbers_lookup(m->table, &tn, numbers_customer(m->table, STR("acme")), 20000, &answer);
    return answer;
}

static void a_file_is_compiled_and_mapped(void **state)
{
    (void)state;
    struct mapped_numbers m;
    const char *why;
    write_file("t.csv", HEADER "+12155550100,acme,owned\n");
    int fd = compile(in("t.csv"));
    assert_true(numbers_map(&m, fd, &why));
    close(fd); /* the mapping stays */
    struct numbers_answer a = ask(&m, "12155550100");
    assert_int_equal(a.state, NUMBER_OWNED);
    assert_true(str_eq(a.file, str_of(in("t.csv"))));
    assert_int_equal(a.line, 2);
    assert_int_equal(numbers_get_summary(m.table)->rows, 1);
    numbers_unmap(&m);
    assert_null(m.table);
}

static void a_directory_is_its_csv_files_in_order(void **state)
{
    (void)state;
    struct mapped_numbers m;
    const char *why;
    assert_int_equal(mkdir(in("d"), 0755), 0);
    write_file("d/20.csv", HEADER "+12155550101,acme,delegated\n");
    write_file("d/10.csv", HEADER "+12155550100,acme,owned\n+12155550101,acme,delegated\n");
    write_file("d/note.txt", "no table\n");
    write_file("d/.30.csv", "no table\n");
    write_file("d/40.csv~", "no table\n");
    for (int slash = 0; slash < 2; slash++) {
        int fd = compile(in(slash ? "d/" : "d"));
        assert_true(numbers_map(&m, fd, &why));
        close(fd);
        assert_int_equal(numbers_get_summary(m.table)->rows, 3);
        struct numbers_answer a = ask(&m, "12155550101");
        assert_int_equal(a.state, NUMBER_DELEGATED);
        assert_true(str_eq(a.file, str_of(in("d/10.csv")))); /* the first file decides */
        assert_int_equal(a.line, 3);
        numbers_unmap(&m);
    }
}

static void no_paths_are_an_empty_table(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    struct mapped_numbers m;
    const char *why;
    int fd;
    assert_true(
        numbers_files_compile(&(struct numbers_paths){.n_tables = 0}, &fd, &summary, &problems));
    assert_int_equal(summary.rows, 0);
    assert_true(numbers_map(&m, fd, &why));
    assert_int_equal(ask(&m, "12155550100").state, NUMBER_UNKNOWN);
    numbers_unmap(&m);
    close(fd);
}

static void the_image_can_never_change(void **state)
{
    (void)state;
    write_file("sealed.csv", HEADER);
    int fd = compile(in("sealed.csv"));
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
    assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

/* Expects exactly one problem, with this text, for the path. */
static void refused(const char *name, const char *text)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    struct str paths[] = {str_of(in(name))};
    int fd = 77;
    assert_false(numbers_files_compile(&(struct numbers_paths){.tables = paths, .n_tables = 1}, &fd,
                                       &summary, &problems));
    assert_int_equal(fd, -1);
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.list[0].text, text);
    assert_non_null(strstr(problems.list[0].file, in(name)));
    problems_fini(&problems);
}

static void what_is_no_safe_file_is_refused(void **state)
{
    (void)state;
    write_file("good.csv", HEADER);
    refused("none.csv", "cannot be opened: No such file or directory");

    assert_int_equal(symlink(in("good.csv"), in("link.csv")), 0);
    refused("link.csv", "is a symbolic link: name the file itself");

    write_file("group.csv", HEADER);
    assert_int_equal(chmod(in("group.csv"), 0664), 0);
    refused("group.csv", "is writable by its group or by everybody: run chmod go-w on it");
    assert_int_equal(chmod(in("group.csv"), 0646), 0);
    refused("group.csv", "is writable by its group or by everybody: run chmod go-w on it");

    assert_int_equal(mkfifo(in("fifo.csv"), 0600), 0);
    refused("fifo.csv", "is neither a file nor a directory of files");
}

static void what_is_no_safe_directory_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in("none"), 0755), 0);
    refused("none", "has no table in it: a table's name ends with .csv");
    assert_int_equal(mkdir(in("open"), 0755), 0);
    write_file("open/t.csv", HEADER);
    assert_int_equal(chmod(in("open"), 0777), 0);
    refused("open", "is writable by its group or by everybody: run chmod go-w on it");
    assert_int_equal(mkdir(in("deep"), 0755), 0);
    assert_int_equal(mkdir(in("deep/t.csv"), 0755), 0);
    refused("deep", "is a directory inside a directory of tables: name it on its own");
    assert_int_equal(mkdir(in("links"), 0755), 0);
    assert_int_equal(symlink("/etc/passwd", in("links/t.csv")), 0);
    refused("links", "is a symbolic link: name the file itself");
}

/* A mistake in one file does not hide those of the others. */
static void problems_of_all_files_are_told(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    int fd;
    write_file("bad1.csv", HEADER "+12155550100,acme,own\n");
    write_file("bad2.csv", HEADER "+12155550100,,owned\n");
    struct str paths[] = {str_of(in("bad1.csv")), str_of(in("missing.csv")),
                          str_of(in("bad2.csv"))};
    assert_false(numbers_files_compile(&(struct numbers_paths){.tables = paths, .n_tables = 3}, &fd,
                                       &summary, &problems));
    assert_int_equal(fd, -1);
    assert_int_equal(problems.n, 3);
    struct buf text = BUF_INIT;
    problems_print(&problems, &text);
    buf_add_char(&text, '\0');
    assert_non_null(strstr(text.p, "bad1.csv:2: state \"own\""));
    assert_non_null(strstr(text.p, "bad2.csv:2: the customer is missing"));
    assert_non_null(strstr(text.p, "missing.csv: cannot be opened"));
    buf_fini(&text);
    problems_fini(&problems);
}

/* Rows that are good beside those that are not; whether all columns are known. */
static void a_look_goes_on_behind_mistakes(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    struct mapped_numbers mapped;
    const char *why;
    int fd;
    write_file("half.csv", HEADER "+12155550100,acme,own\n+12155550101,other,owned\n");
    write_file("head.csv", "number,customer,status\n+12155550102,third,owned\n");
    struct str paths[] = {str_of(in("half.csv")), str_of(in("head.csv"))};
    for (unsigned n = 1; n <= 2; n++) {
        assert_false(numbers_files_look(&(struct numbers_paths){.tables = paths, .n_tables = n},
                                        &fd, &summary, &problems));
        assert_int_equal(summary.columns_open, n == 2);
        assert_true(numbers_map_checked(&mapped, fd, &why));
        assert_int_not_equal(numbers_customer(mapped.table, STR("other")), NUMBERS_NO_CUSTOMER);
        assert_int_equal(numbers_customer(mapped.table, STR("acme")), NUMBERS_NO_CUSTOMER);
        numbers_unmap(&mapped);
        close(fd);
    }
    problems_fini(&problems);
}

/* Longer than what is read at a time: lines lie across the borders, the last one has no end. */
static void a_long_file_is_read_in_pieces(void **state)
{
    (void)state;
    enum { ROWS = 150000 };
    struct mapped_numbers m;
    const char *why;
    FILE *f = fopen(in("long.csv"), "w");
    assert_non_null(f);
    fputs("\xef\xbb\xbf" HEADER, f);
    for (unsigned i = 0; i < ROWS; i++)
        fprintf(f, "%s+1215%07u,acme,%s", i > 0 ? "\n" : "", 2000000 + i * 7,
                i % 2 ? "owned" : "delegated");
    assert_true(ftell(f) > 3 << 20);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(in("long.csv"), 0644), 0);
    int fd = compile(in("long.csv"));
    assert_true(numbers_map(&m, fd, &why));
    close(fd);
    assert_int_equal(numbers_get_summary(m.table)->rows, ROWS);
    for (unsigned i = 0; i < ROWS; i++) {
        char number[16];
        snprintf(number, sizeof(number), "1215%07u", 2000000 + i * 7);
        struct numbers_answer a = ask(&m, number);
        assert_int_equal(a.line, i + 2);
        assert_int_equal(a.state, i % 2 ? NUMBER_OWNED : NUMBER_DELEGATED);
    }
    numbers_unmap(&m);
}

static void a_file_that_changes_while_it_is_read_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"+12155550101,acme,owned\n", "+12155550101,acme,owned"};
    for (unsigned i = 0; i < 2; i++) {
        struct problems problems = PROBLEMS_INIT;
        struct numbers_texts texts_read;
        struct str rest = {NULL, 0}, paths[] = {str_of(in("moving.csv"))};
        size_t n;
        write_file("moving.csv", texts[i]);
        numbers_texts_init(&texts_read, &(struct numbers_paths){.tables = paths, .n_tables = 1},
                           &problems);
        const struct numbers_source *source = numbers_texts_sources(&texts_read, &n);
        assert_int_equal(n, 1);
        assert_int_equal(source->more(source->user, &rest), 1);
        assert_int_equal(rest.n, strlen(texts[i]));
        write_file("moving.csv", HEADER);
        assert_int_equal(source->more(source->user, &rest), -1);
        assert_false(texts_read.good);
        assert_string_equal(problems.list[0].text,
                            "changed while it was read: write the file beside, then rename it");
        numbers_texts_fini(&texts_read);
        problems_fini(&problems);
    }
}

static void a_compiled_table_is_written_and_read(void **state)
{
    (void)state;
    struct mapped_numbers m;
    struct numbers_summary summary;
    struct problems problems = PROBLEMS_INIT;
    struct stat st;
    const char *why;
    write_file("t.csv", HEADER "+12155550100,acme,owned\n");
    int fd = compile(in("t.csv"));
    assert_int_equal(numbers_image_write(in("t.image"), fd), 0);
    assert_int_equal(numbers_image_write(in("t.image"), fd), 0); /* over the one before */
    assert_int_equal(numbers_image_write(in("nowhere/t.image"), fd), -ENOENT);
    close(fd);
    assert_int_equal(stat(in("t.image.new"), &st), -1);
    struct numbers_paths paths = {.compiled = str_of(in("t.image"))};
    assert_true(numbers_files_compile(&paths, &fd, &summary, &problems));
    assert_int_equal(summary.rows, 1);
    assert_true(numbers_map(&m, fd, &why));
    close(fd);
    assert_int_equal(ask(&m, "12155550100").state, NUMBER_OWNED);
    numbers_unmap(&m);
}

/* Ten gigabytes that cost whoever put them there nothing, and would cost us the memory. */
static void a_huge_hole_is_refused_at_its_begin(void **state)
{
    (void)state;
    for (int compiled = 0; compiled < 2; compiled++) {
        struct problems problems = PROBLEMS_INIT;
        struct str path = str_of(in(compiled ? "hole.stird" : "hole.csv"));
        struct numbers_paths paths = {.tables = &path, .n_tables = 1};
        int fd;
        if (compiled)
            paths = (struct numbers_paths){.compiled = path};
        write_file(compiled ? "hole.stird" : "hole.csv", compiled ? "" : HEADER);
        assert_int_equal(truncate(path.p, (off_t)10 << 30), 0);
        assert_false(numbers_files_compile(&paths, &fd, NULL, &problems));
        assert_int_equal(problems.n, 1);
        assert_non_null(
            strstr(problems.list[0].text, compiled ? "no compiled number table"
                                                   : "is longer than 1 MiB: is this a table"));
        assert_int_equal(problems.list[0].line, compiled ? 0 : 2);
        problems_fini(&problems);
    }
}

/* Who looks at a hole has to find the memory for it: the supervisor would, for what a loader made.
 */
static void only_a_table_without_holes_is_mapped(void **state)
{
    struct mapped_numbers mapped;
    const char *why = "";
    (void)state;
    int fd = memory_file_new("table");
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)10 << 30), 0);
    assert_int_equal(write(fd, "something", 9), 9);
    assert_int_equal(memory_file_seal(fd), 0);
    assert_false(numbers_map_checked(&mapped, fd, &why));
    assert_string_equal(why, "the number table's memory has holes");
    close(fd);
}

static void only_a_sealed_table_is_mapped(void **state)
{
    (void)state;
    struct mapped_numbers m = {0};
    const char *why = NULL;
    write_file("plain", "text");
    int fd = open(in("plain"), O_RDONLY);
    assert_false(numbers_map(&m, fd, &why));
    assert_string_equal(why, "the number table's descriptor is not sealed");
    close(fd);
    fd = memfd_create("t", MFD_ALLOW_SEALING);
    assert_false(numbers_map(&m, fd, &why));
    assert_string_equal(why, "the number table's descriptor is not sealed");
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
    assert_false(numbers_map(&m, fd, &why));
    assert_string_equal(why, "the number table cannot be mapped");
    close(fd);
    fd = memfd_create("t", MFD_ALLOW_SEALING);
    assert_int_equal(write(fd, "no table", 8), 8);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
    assert_false(numbers_map(&m, fd, &why));
    assert_string_equal(why, "the table is truncated: compile it again");
    close(fd);
    assert_false(numbers_map(&m, -1, &why));
    assert_null(m.table);
}

/* The example that is installed is a table without a mistake. */
static void the_example_is_good(void **state)
{
    (void)state;
    struct mapped_numbers m;
    const char *why;
    char text[8192];
    FILE *f = fopen(PROJECT_DIR "/conf/numbers.csv", "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    write_file("example.csv", text); /* a checkout may be writable by its group */
    int fd = compile(in("example.csv"));
    assert_true(numbers_map(&m, fd, &why));
    assert_true(numbers_get_summary(m.table)->rows > 0);
    numbers_unmap(&m);
    close(fd);
}

/* ---- tables that an older version has compiled ---- */

static void read_whole(const char *name, char *bytes, size_t room, size_t *n)
{
    FILE *f = fopen(in(name), "rb");
    assert_non_null(f);
    *n = fread(bytes, 1, room, f);
    assert_true(*n > sizeof(struct image_header) && *n < room);
    fclose(f);
}

/* FROM, which is as long as TO, becomes TO, and the checksum fits. */
static void rewrite(const char *name, const char *from, const char *to)
{
    _Alignas(64) static char bytes[1 << 20];
    size_t n, length = strlen(from);
    assert_int_equal(strlen(to), length);
    read_whole(name, bytes, sizeof(bytes), &n);
    char *at = memmem(bytes, n, from, length);
    assert_non_null(at);
    memcpy(at, to, length);
    struct image_header *h = (struct image_header *)(void *)bytes;
    image_hash(h->checksum, h, h->bytes);
    FILE *f = fopen(in(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void compile_to(const char *image, const char *numbers, const char *customers)
{
    struct problems problems = PROBLEMS_INIT;
    int fd;
    write_file("old.csv", numbers);
    write_file("who.csv", customers);
    struct str tables[] = {str_of(in("old.csv"))}, who[] = {str_of(in("who.csv"))};
    const struct numbers_paths paths = {
        .tables = tables, .n_tables = 1, .customers = who, .n_customers = 1};
    assert_true(numbers_files_compile(&paths, &fd, NULL, &problems));
    assert_int_equal(numbers_image_write(in(image), fd), 0);
    close(fd);
}

/* What is said of IMAGE, in *SAID; true when it is taken. */
static bool take(const char *image, struct buf *said)
{
    struct problems problems = PROBLEMS_INIT;
    int fd;
    const struct numbers_paths paths = {.compiled = str_of(in(image))};
    bool taken = numbers_files_compile(&paths, &fd, NULL, &problems);
    problems_print(&problems, said);
    buf_add_char(said, '\0');
    problems_fini(&problems);
    if (taken)
        close(fd);
    return taken;
}

static void columns_of_a_compiled_table_are_looked_at(void **state)
{
    (void)state;
    static const char plain[] = "customer,x_hm\nacme,9\n";
    static const struct {
        const char *numbers, *customers, *from, *to, *wanted; /* NULL: it is taken */
    } cases[] = {
        {"number,customer,state,x_attest_on\n+12155550100,acme,owned,B\n", plain, "x_attest_on",
         "attestation", "a row has no level of its own"},
        {"number,customer,state,x_ended\n+12155550100,acme,owned,2020-01-01\n", plain, "x_ended",
         "expires", "did you mean \"not_after\"?"},
        /* nobody has a value */
        {"number,customer,state,x_ended\n+12155550100,acme,owned,\n", plain, "x_ended", "expires",
         "did you mean \"not_after\"?"},
        {HEADER "+12155550100,acme,owned\n", "customer,x_cs\nacme,C\n", "x_cs", "caps",
         "did you mean \"cap\"?"},
        {HEADER "+12155550100,acme,owned\n", "customer,x_ended\nacme,2020-01-01\n", "x_ended",
         "expires", "a customer has no dates"},
        /* a column of customers, in a table of rows */
        {"number,customer,state,x_k\n+12155550100,acme,owned,no\n", plain, "x_k", "kyc",
         "its customer has cap and kyc"},
        {HEADER "+12155550100,acme,owned\n", "customer,x_k\nacme,maybe\n", "x_k", "kyc",
         "who.csv:2: kyc \"maybe\" is none of"},
        {HEADER "+12155550100,acme,owned\n", "customer,x_k\nacme,failed\n", "x_k", "kyc", NULL},
        {HEADER "+12155550100,acme,owned\n", "customer,x_k\nacme,\n", "x_k", "kyc", NULL},
        {"number,customer,state,x_end\n+12155550100,acme,owned,2020-01-01\n", plain, "x_end",
         "x_due", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf said = BUF_INIT;
        compile_to("old.image", cases[i].numbers, cases[i].customers);
        assert_true(take("old.image", &said));
        buf_reset(&said);
        rewrite("old.image", cases[i].from, cases[i].to);
        bool taken = take("old.image", &said);
        if (taken != !cases[i].wanted ||
            (cases[i].wanted &&
             (!strstr(said.p, cases[i].wanted) || !strstr(said.p, "compile the table again"))))
            fail_msg("%zu: %s", i, said.p);
        buf_fini(&said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_compiled_and_mapped),
        cmocka_unit_test(a_directory_is_its_csv_files_in_order),
        cmocka_unit_test(no_paths_are_an_empty_table),
        cmocka_unit_test(the_image_can_never_change),
        cmocka_unit_test(what_is_no_safe_file_is_refused),
        cmocka_unit_test(what_is_no_safe_directory_is_refused),
        cmocka_unit_test(problems_of_all_files_are_told),
        cmocka_unit_test(a_look_goes_on_behind_mistakes),
        cmocka_unit_test(a_long_file_is_read_in_pieces),
        cmocka_unit_test(a_file_that_changes_while_it_is_read_is_refused),
        cmocka_unit_test(a_compiled_table_is_written_and_read),
        cmocka_unit_test(columns_of_a_compiled_table_are_looked_at),
        cmocka_unit_test(only_a_sealed_table_is_mapped),
        cmocka_unit_test(only_a_table_without_holes_is_mapped),
        cmocka_unit_test(a_huge_hole_is_refused_at_its_begin),
        cmocka_unit_test(the_example_is_good),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
