#include <stird/core/budget.h>

#include <stird/core/rates.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

/*
 * Of the heap a quarter more is taken than is counted; what waits in connections lies in pieces of
 * up to twice its size. A connection is TLS and ours; what the kernel keeps of
 * it is bounded by net/stream_room.h. A UDP socket
 * asks for 4 MiB either way, which the kernel doubles (net/listen.c).
 */
#define PROCESS_OCTETS    (16 * MIB)
#define CONNECTION_OCTETS (64 * 1024)
#define FETCHED_OCTETS    (6 * 1024) /* a chain of three certificates twice: one that is renewed */
#define STREAM_OCTETS     (BUDGET_STREAM_UNREAD + BUDGET_STREAM_UNSENT + BUDGET_STREAM_PIECE)
#define UDP_SOCKET_OCTETS (16 * MIB)
#define TABLES_OCTETS     (256 * MIB)
#define TABLE_ROW_OCTETS  37 /* while it is compiled */

/*
 * Pages lie there in three editions (HTTP_EDITIONS), of which two are still read; and while another
 * one is made, that, its text in a buffer of up to twice its size, and what it is made of.
 */
#define PAGES_COPIES      (3 + 1 + 2 + 1)
#define PAGES_PART_OCTETS (6 * 1024)  /* of a trunk or an upstream, with the longest names */
#define CHAIN_OCTETS      (32 * 1024) /* of a unit */
#define CHAIN_COPIES      (3 + 1 + 1)

#define BESIDE_EMERGENCY 8192 /* of an emergency call, beside its message twice */
#define CALL_OCTETS      4096 /* what a call holds that rings */
#define CALLS_SIXTEENTHS 7    /* of limits.memory: what calls that begin may hold (sip/holding.c) */
#define MESSAGE_GROWS    4096 /* by Via, Record-Route and Identity */

#define DESCRIPTORS_FOR_OTHERS 64 /* channels, snapshots, the event loop, standard descriptors */

/* As they were counted, and as much again: sizing.md. */
#define SUPERVISOR_DESCRIPTORS 32
#define WORKER_DESCRIPTORS     16

static uint32_t udp_sockets(const struct settings *s)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < s->n_listeners; i++)
        n += s->listeners[i].transports[TRANSPORT_UDP];
    return n;
}

static uint64_t tables(const struct budget_table *t)
{
    uint64_t octets = 2 * t->octets + TABLE_ROW_OCTETS * t->rows;
    return octets > TABLES_OCTETS ? octets : TABLES_OCTETS;
}

static uint64_t rates(const struct settings *s)
{
    return rates_section_bytes(
        &(struct rates_shape){.numbers = s->rates_numbers, .calls = s->rates_calls});
}

uint64_t budget_emergency_call(const struct settings *s)
{
    return 2 * (uint64_t)s->max_message_bytes + BESIDE_EMERGENCY;
}

static uint64_t page_process(uint32_t connections)
{
    return PROCESS_OCTETS + (uint64_t)(CONNECTION_OCTETS + BUDGET_PAGES_POOL) * connections;
}

uint64_t budget_web_process(const struct settings *s)
{
    const uint64_t parts = (uint64_t)s->n_trunks + s->n_upstreams;
    return page_process(s->web_connections) + PAGES_COPIES * PAGES_PART_OCTETS * parts;
}

uint64_t budget_publisher(const struct settings *s)
{
    return page_process(s->repository_connections) +
           (uint64_t)CHAIN_COPIES * CHAIN_OCTETS * s->n_certificates;
}

struct budget budget_of(const struct settings *s, const struct budget_table *table)
{
    return (struct budget){
        .workers = s->workers,
        .rows = {
            {"requests and their transactions, and a quarter more for the heap", "limits.memory",
             (uint64_t)s->memory_bytes / 4 * 5, 1, false},
            {"emergency calls: as they came, as they left, 8 KiB beside, and a quarter more",
             "limits.emergency", budget_emergency_call(s) / 4 * 5, s->max_emergency, true},
            {"what waits in connections, in pieces of up to twice its size", "limits.queues",
             UINT64_C(2) * s->queues_bytes, 1, false},
            {"number tables: the one in force, the next one, and what compiles it", "the tables",
             tables(table), 1, false},
            {"supervisor, signer, recorder, checker and its fetcher", "fixed", PROCESS_OCTETS, 5,
             false},
            {"the fetcher: program, and what it keeps", "fetch.entries",
             PROCESS_OCTETS + (uint64_t)FETCHED_OCTETS * s->fetch.entries, settings_fetch(s),
             false},
            {"the web process: program, its connections, its pages", "web.connections",
             budget_web_process(s) + (uint64_t)STREAM_OCTETS * s->web_connections, s->web_port > 0,
             false},
            {"the publisher: program, its connections, its chains", "repository.connections",
             budget_publisher(s) + (uint64_t)STREAM_OCTETS * s->repository_connections,
             s->repository_port > 0, false},
            {"messages of calls that are traced, while they are", "fixed", BUDGET_TRACE_OCTETS,
             BUDGET_TRACES, false},
            {"a worker: program, hash tables, buffers", "fixed", PROCESS_OCTETS, 1, true},
            {"a connection: TLS and ours", "limits.connections", CONNECTION_OCTETS,
             s->max_connections, true},
            {"a connection in the kernel: not sent, under way, not read", "limits.connections",
             STREAM_OCTETS, s->max_connections, true},
            {"records that the recorder does not take now", "records.backlog", s->records_backlog,
             1, true},
            {"rates of numbers and customers, where rules ask for them", "rates.numbers", rates(s),
             s->n_rate_rules > 0, true},
            {"a UDP socket in the kernel: not read, not sent", "listeners", UDP_SOCKET_OCTETS,
             udp_sockets(s), true},
        }};
}

uint64_t budget_octets(const struct budget *budget, const struct budget_row *row)
{
    return row->octets * row->number * (row->a_worker ? budget->workers : 1);
}

uint64_t budget_sum(const struct budget *budget)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < BUDGET_ROWS; i++)
        sum += budget_octets(budget, &budget->rows[i]);
    return sum;
}

/* ---- in words ---- */

static uint64_t in_mib(uint64_t octets)
{
    return (octets + MIB / 2) / MIB;
}

/* 0.0625 and 640: as many digits as there are. */
static void add_mib(struct buf *out, uint64_t octets)
{
    uint64_t rest = octets % MIB * 10000 / MIB;
    char digits[8] = {'.', (char)('0' + rest / 1000), (char)('0' + rest / 100 % 10),
                      (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    size_t n = 5;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    buf_add_u64(out, octets / MIB);
    buf_add_str(out, (struct str){digits, n > 1 ? n : 0});
}

void budget_print(const struct budget *budget, struct buf *out)
{
    buf_addf(out,
             "| what holds memory | MiB each | how many | ceiling | MiB, %u worker%s |\n"
             "|---|---|---|---|---|\n",
             budget->workers, budget->workers == 1 ? "" : "s");
    for (unsigned i = 0; i < BUDGET_ROWS; i++) {
        const struct budget_row *r = &budget->rows[i];
        bool setting = strchr(r->ceiling, '.') != NULL;
        buf_addf(out, "| %s | ", r->what);
        add_mib(out, r->octets);
        buf_addf(out, " | %u%s | %s%s%s | %llu |\n", r->number, r->a_worker ? " a worker" : "",
                 setting ? "`" : "", r->ceiling, setting ? "`" : "",
                 (unsigned long long)in_mib(budget_octets(budget, r)));
    }
    buf_addf(out, "| sum | | | | %llu |\n", (unsigned long long)in_mib(budget_sum(budget)));
}

/* ---- contradictions ---- */

struct check {
    const struct settings *settings;
    const struct budget_table *table;
    const struct means *means;
    budget_taker *take;
    void *user;
};

static void say(const struct check *c, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct check *c, const char *key, const char *format, ...)
{
    struct buf text = BUF_INIT;
    va_list arguments;
    va_start(arguments, format);
    buf_addf(&text, "%s: ", key);
    buf_vaddf(&text, format, arguments);
    va_end(arguments);
    if (!buf_failed(&text))
        c->take(c->user, key, buf_str(&text));
    buf_fini(&text);
}

static uint64_t part_of_memory(const struct settings *s)
{
    return s->memory_bytes / s->workers;
}

static void check_queue(const struct check *c)
{
    const struct settings *s = c->settings;
    uint64_t part = s->queues_bytes / s->workers;
    if (s->queue_bytes > part)
        say(c, "limits.queue",
            "one connection may have %u octets that wait, and all of a worker's together %llu "
            "(limits.queues, over %u): raise limits.queues, or lower limits.queue",
            s->queue_bytes, (unsigned long long)part, s->workers);
    if (s->queue_bytes < s->max_message_bytes + MESSAGE_GROWS)
        say(c, "limits.queue",
            "a message of limits.message octets grows on its way and does not fit: at least %u",
            s->max_message_bytes + MESSAGE_GROWS);
}

static void check_emergency(const struct check *c)
{
    const struct settings *s = c->settings;
    uint64_t part = part_of_memory(s), call = budget_emergency_call(s);
    if (s->max_emergency * call > part)
        say(c, "limits.emergency",
            "%u calls of %llu octets (twice limits.message, and 8 KiB) are more than a worker's part "
            "of limits.memory (%llu octets), beside which they have no more: at most %llu fit; raise "
            "limits.memory, or lower this",
            s->max_emergency, (unsigned long long)call, (unsigned long long)part,
            (unsigned long long)(part / call));
}

uint64_t budget_calls(const struct settings *s)
{
    return part_of_memory(s) * CALLS_SIXTEENTHS / 16 / CALL_OCTETS;
}

static void check_calls(const struct check *c)
{
    const struct settings *s = c->settings;
    uint64_t fit = budget_calls(s);
    if (s->max_calls > fit)
        say(c, "limits.calls",
            "%u are never in progress: a worker's part of limits.memory carries %llu calls of %u "
            "octets; raise limits.memory, or lower this",
            s->max_calls, (unsigned long long)fit, CALL_OCTETS);
}

/* Requests that neither begin a call nor are inside one have the smallest part, and each trunk and
   source gets a part of that. */
static void check_requests(const struct check *c)
{
    const struct settings *s = c->settings;
    uint32_t percent = s->trunk_percent < s->source_percent ? s->trunk_percent : s->source_percent;
    uint64_t fit = part_of_memory(s) / 16 / 100 * percent, request = budget_emergency_call(s);
    if (request > fit)
        say(c, "limits.memory",
            "a request outside a call (MESSAGE) of limits.message octets never fits: it takes %llu, and a "
            "sixteenth of a worker's part, of which one trunk may have %u %%, is %llu; raise this, or "
            "lower limits.message",
            (unsigned long long)request, percent, (unsigned long long)fit);
}

void budget_check(const struct settings *settings, budget_taker *take, void *user)
{
    static void (*const rules[])(const struct check *c) = {check_queue, check_emergency,
                                                           check_calls, check_requests};
    const struct check c = {.settings = settings, .take = take, .user = user};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        rules[i](&c);
}

static void check_memory(const struct check *c)
{
    const struct budget budget = budget_of(c->settings, c->table);
    uint64_t sum = budget_sum(&budget);
    if (c->means->memory > 0 && sum > c->means->memory)
        say(c, "limits.memory",
            "all that may hold memory comes to %llu MiB (stird -b lists it), and there are %llu "
            "MiB (%s): raise that to the sum, or lower limits.memory, limits.queues, "
            "limits.connections or workers",
            (unsigned long long)in_mib(sum), (unsigned long long)(c->means->memory / MIB),
            c->means->memory_is);
}

uint64_t budget_descriptors(const struct settings *s)
{
    return DESCRIPTORS_FOR_OTHERS + (uint64_t)s->n_listeners * TRANSPORTS + s->workers;
}

/* Of UDP a socket for each worker, of TCP and TLS one for all. */
static uint64_t sockets(const struct settings *s)
{
    uint64_t n = (uint64_t)udp_sockets(s) * s->workers;
    for (unsigned i = 0; i < s->n_listeners; i++)
        n += s->listeners[i].transports[TRANSPORT_TCP] + s->listeners[i].transports[TRANSPORT_TLS];
    return n;
}

uint64_t budget_least_descriptors(const struct settings *s)
{
    return SUPERVISOR_DESCRIPTORS + (uint64_t)s->workers * WORKER_DESCRIPTORS + sockets(s);
}

static void check_descriptors(const struct check *c)
{
    const struct settings *s = c->settings;
    uint64_t wanted = s->max_connections + budget_descriptors(s),
             least = budget_least_descriptors(s);
    if (c->means->descriptors > 0 && least > c->means->descriptors)
        say(c, "workers",
            "%u of them and %u listeners need %llu descriptors, and a process may have %llu: stird "
            "does not start, raise LimitNOFILE of the unit (ulimit -n)",
            s->workers, s->n_listeners, (unsigned long long)least,
            (unsigned long long)c->means->descriptors);
    else if (c->means->descriptors > 0 && wanted > c->means->descriptors)
        say(c, "limits.connections",
            "%u connections of a worker need %llu descriptors, and a process may have %llu: raise "
            "LimitNOFILE of the unit (ulimit -n), or lower this",
            s->max_connections, (unsigned long long)wanted,
            (unsigned long long)c->means->descriptors);
}

static void check_workers(const struct check *c)
{
    if (c->means->cpus > 0 && c->settings->workers > c->means->cpus)
        say(c, "workers",
            "%u of them share %u processor%s: more workers than processors take turns and carry "
            "less",
            c->settings->workers, c->means->cpus, c->means->cpus == 1 ? "" : "s");
}

void budget_check_means(const struct settings *settings, const struct budget_table *table,
                        const struct means *means, budget_taker *take, void *user)
{
    static void (*const rules[])(const struct check *c) = {check_memory, check_descriptors,
                                                           check_workers};
    const struct check c = {settings, table, means, take, user};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        rules[i](&c);
}
