/*
 * What a number table costs: compiling, opening, looking up, memory, beside what was asked for.
 *
 *     numbers [ROWS]          runs of numbers and isolated ones, each in a process of its own
 *
 * A peer stands beside each lookup figure: a sorted array and bsearch(3) over the same numbers.
 * Read ratios where there is a peer; the rest belongs to one machine on one day.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <stird/io/numbers_files.h>

#define LOOKUPS 4000000u

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double peak_mib(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)r.ru_maxrss / 1024;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 29;
}

/*
 * The I-th number: runs are blocks of 1000 numbers of one customer, line after line; isolated ones
 * lie far apart, in no order, of ten thousand customers.
 */
static uint64_t number_of(uint64_t i, bool runs)
{
    if (runs)
        return UINT64_C(12000000000) + i / 1000 * 1700 + i % 1000;
    return UINT64_C(12000000000) + (i * 88 + mix(i) % 80) % UINT64_C(79000000000);
}

static void write_csv(FILE *out, uint64_t rows, bool runs)
{
    fputs("number,customer,state\n", out);
    for (uint64_t i = 0; i < rows; i++) {
        uint64_t at = runs ? i : i * UINT64_C(7368787) % rows; /* a prime: each one once */
        fprintf(out, "+%" PRIu64 ",c%" PRIu64 ",owned\n", number_of(at, runs),
                runs ? at / 1000 % 5000 : mix(at) % 10000);
    }
}

static struct tn tn_of(uint64_t number)
{
    struct tn tn;
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    tn.n = (uint8_t)n;
    memcpy(tn.digits, digits, (size_t)n);
    return tn;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void row(const char *what, double reached, double target, const char *unit)
{
    printf("  %-44s %9.2f %-5s target %7.2f  %s\n", what, reached, unit, target,
           reached <= target ? "reached" : "MISSED");
}

static struct tn *make_questions(uint64_t rows, bool runs)
{
    struct tn *ask = malloc(LOOKUPS * sizeof(*ask));
    for (unsigned i = 0; ask && i < LOOKUPS; i++)
        ask[i] = tn_of(number_of(mix(i) % rows, runs));
    return ask;
}

/* One after the other: the next question comes of the last answer. */
static double alone_ns(const struct numbers *table, const struct tn *ask, uint64_t *found)
{
    struct numbers_answer answer = {.line = 0};
    double begin = cpu_s();
    for (unsigned i = 0; i < LOOKUPS; i++) {
        unsigned at = (i + (answer.line & 1)) % LOOKUPS;
        numbers_lookup(table, &ask[at], 1, 0, &answer);
        *found += answer.state != NUMBER_UNKNOWN;
    }
    return (cpu_s() - begin) * 1e9 / LOOKUPS;
}

static double many_ns(const struct numbers *table, const struct tn *ask, uint64_t *found)
{
    enum { BATCH = 64 };
    struct numbers_answer answer[BATCH];
    uint32_t customer[BATCH];
    for (unsigned i = 0; i < BATCH; i++)
        customer[i] = 1;
    double begin = cpu_s();
    for (unsigned i = 0; i < LOOKUPS; i += BATCH) {
        numbers_lookup_many(table, BATCH, ask + i, customer, 0, answer);
        for (unsigned j = 0; j < BATCH; j++)
            *found += answer[j].state != NUMBER_UNKNOWN;
    }
    return (cpu_s() - begin) * 1e9 / LOOKUPS;
}

static double peer_ns(uint64_t rows, bool runs, const struct tn *ask, uint64_t *found)
{
    uint64_t *sorted = malloc(rows * sizeof(*sorted));
    for (uint64_t i = 0; i < rows; i++)
        sorted[i] = number_of(i, runs);
    qsort(sorted, rows, sizeof(*sorted), compare);
    double begin = cpu_s();
    for (unsigned i = 0; i < LOOKUPS; i++) {
        uint64_t key = 0;
        for (unsigned d = 0; d < ask[i].n; d++)
            key = key * 10 + (uint64_t)(ask[i].digits[d] - '0');
        *found += bsearch(&key, sorted, rows, sizeof(*sorted), compare) != NULL;
    }
    double ns = (cpu_s() - begin) * 1e9 / LOOKUPS;
    free(sorted);
    return ns;
}

static int compile(const char *path, uint64_t rows, bool runs)
{
    struct problems problems = PROBLEMS_INIT;
    struct numbers_summary summary;
    const struct str paths[] = {str_of(path)};
    int fd;
    double before = cpu_s();
    if (!numbers_files_compile(&(struct numbers_paths){.tables = paths, .n_tables = 1}, &fd,
                               &summary, &problems)) {
        fputs("the table does not compile\n", stderr);
        exit(1);
    }
    double scale = (double)rows / 1e7;
    double seconds = cpu_s() - before;
    bool large = rows > 50000000;
    row("CPU to compile", seconds, large ? 30 : (runs ? 3 : 4) * scale, "s");
    row("memory to compile, peak", peak_mib(), large ? 4096 : 1024, "MiB");
    return fd;
}

static void measure(uint64_t rows, bool runs)
{
    char path[] = "/tmp/stird-numbers-XXXXXX.csv";
    int csv = mkstemps(path, 4);
    FILE *out = csv >= 0 ? fdopen(csv, "w") : NULL;
    const char *why;
    struct mapped_numbers mapped;
    struct numbers_sizes sizes;
    uint64_t found = 0;
    if (!out)
        exit(1);
    write_csv(out, rows, runs);
    fclose(out);
    printf("%" PRIu64 " %s\n", rows, runs ? "numbers in runs of 1000" : "isolated numbers");
    int fd = compile(path, rows, runs);
    unlink(path);
    double begin = cpu_s();
    if (!numbers_map_checked(&mapped, fd, &why))
        exit(1);
    row("opened and validated, by the supervisor", (cpu_s() - begin) * 1000,
        (runs ? 100 : 250) * ((double)rows > 1e7 ? (double)rows / 1e7 : 1), "ms");
    numbers_unmap(&mapped);
    begin = cpu_s();
    if (!numbers_map(&mapped, fd, &why))
        exit(1);
    row("opened by a worker", (cpu_s() - begin) * 1000, 1, "ms");
    numbers_get_sizes(mapped.table, &sizes);
    row("octets a number that a lookup touches", (double)sizes.hot / (double)rows, runs ? 6 : 17,
        "");
    row("octets a number of source lines", (double)sizes.cold / (double)rows, 5, "");
    struct tn *ask = make_questions(rows, runs);
    many_ns(mapped.table, ask, &found);
    double batch = many_ns(mapped.table, ask, &found);
    double alone = alone_ns(mapped.table, ask, &found);
    if (rows <= 10000000) {
        row("a lookup, many in flight", batch, 150, "ns");
        row("a lookup, alone", alone, 500, "ns");
    } else {
        printf("  %-44s %9.2f ns\n  %-44s %9.2f ns\n", "a lookup, many in flight", batch,
               "a lookup, alone", alone);
    }
    double peer = peer_ns(rows, runs, ask, &found);
    printf("  %-44s %9.2f ns    %.2f of it\n", "bsearch(3) over the same numbers, in flight", peer,
           batch / peer);
    if (found != (uint64_t)LOOKUPS * 4)
        printf("  NOT ALL FOUND: %" PRIu64 "\n", found);
    free(ask);
}

int main(int argc, char **argv)
{
    uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    for (int runs = 1; runs >= 0; runs--) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork(); /* so that peak memory is of this one alone */
        if (child == 0) {
            measure(rows, runs);
            return 0;
        }
        if (waitpid(child, &status, 0) != child || status != 0)
            return 1;
    }
    return 0;
}
