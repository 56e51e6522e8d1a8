#include <stird/io/call_trace.h>

#include <errno.h>
#include <fcntl.h>
#include <stird/base/chance.h>
#include <stird/base/memory_file.h>
#include <stird/core/blanked.h>
#include <stird/core/settings.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOT_BYTES 64
#define PROBES     64 /* places that a call may have in the table */

/* Before each message. A slot is the beginning of one when it says so by a mark that nobody who
   only sends messages knows, so a writer that died within one hides no other. */
struct head {
    uint64_t mark; /* the memory's, with its slot; the last that is written */
    int64_t real_us;
    uint32_t bytes;
    uint8_t transport, zero[3];
    struct address from, to;
};
_Static_assert(sizeof(struct head) == SLOT_BYTES, "a slot");

struct call_trace {
    uint64_t mark; /* written when the memory is made */
    uint64_t slots_taken;
    uint64_t messages, missed, calls, calls_missed;
    uint64_t zero[2];
    uint64_t call[CALL_TRACE_CALLS];
};
_Static_assert(sizeof(struct call_trace) % SLOT_BYTES == 0, "slots behind it");

#define SLOTS ((CALL_TRACE_BYTES - sizeof(struct call_trace)) / SLOT_BYTES)

static uint64_t now(const uint64_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static uint64_t add(uint64_t *value, uint64_t n)
{
    return __atomic_fetch_add(value, n, __ATOMIC_RELAXED);
}

int call_trace_memory(void)
{
    uint64_t mark;
    if (!chance_fill(&mark, sizeof(mark)))
        return -EIO;
    int fd = memory_file_of("stird-trace", CALL_TRACE_BYTES);
    if (fd < 0)
        return fd;
    int error = posix_fallocate(fd, 0, CALL_TRACE_BYTES);
    if (error == 0 && pwrite(fd, &mark, sizeof(mark), 0) != (ssize_t)sizeof(mark))
        error = EIO;
    if (error == 0)
        return fd;
    close(fd);
    return -error;
}

struct call_trace *call_trace_map(int fd, bool writes)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size != CALL_TRACE_BYTES || !memory_file_is_kept(fd))
        return NULL;
    void *p = mmap(NULL, CALL_TRACE_BYTES, writes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                   fd, 0);
    if (p == MAP_FAILED)
        return NULL;
    if (!writes)
        madvise(p, CALL_TRACE_BYTES, MADV_DONTFORK); /* children have no use for it */
    return p;
}

void call_trace_unmap(struct call_trace *t)
{
    if (t)
        munmap(t, CALL_TRACE_BYTES);
}

/* ---- which calls ---- */

bool call_trace_knows(const struct call_trace *t, uint64_t call)
{
    for (unsigned i = 0; i < PROBES; i++) {
        const uint64_t there = now(&t->call[(call + i) % CALL_TRACE_CALLS]);
        if (there == call || there == 0)
            return there == call;
    }
    return false;
}

bool call_trace_add_call(struct call_trace *t, uint64_t call)
{
    for (unsigned i = 0; i < PROBES; i++) {
        uint64_t *place = &t->call[(call + i) % CALL_TRACE_CALLS], there = 0;
        if (__atomic_compare_exchange_n(place, &there, call, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
            add(&t->calls, 1);
            return true;
        }
        if (there == call)
            return true;
    }
    add(&t->calls_missed, 1);
    return false;
}

/* ---- messages ---- */

static uint64_t slots_of(size_t bytes)
{
    return 1 + (bytes + SLOT_BYTES - 1) / SLOT_BYTES;
}

static char *slot_at(struct call_trace *t, uint64_t slot)
{
    return (char *)(t + 1) + slot * SLOT_BYTES;
}

bool call_trace_put(struct call_trace *t, const struct call_message *m)
{
    const uint64_t n = slots_of(m->bytes.n);
    /* When it is full it stays so: a short message behind a long one that is missing would make the
       trace look whole. */
    const uint64_t at = now(&t->slots_taken) < SLOTS ? add(&t->slots_taken, n) : SLOTS;
    if (m->bytes.n == 0 || at >= SLOTS || n > SLOTS - at) {
        add(&t->missed, 1);
        return false;
    }
    struct head *head = (struct head *)(void *)slot_at(t, at);
    char *bytes = slot_at(t, at + 1);
    memcpy(bytes, m->bytes.p, m->bytes.n);
    blanked(bytes, m->bytes.n);
    head->real_us = m->real_us;
    head->bytes = (uint32_t)m->bytes.n;
    head->transport = m->transport;
    head->from = m->from;
    head->to = m->to;
    __atomic_store_n(&head->mark, t->mark ^ at, __ATOMIC_RELEASE);
    add(&t->messages, 1);
    return true;
}

struct call_trace_counts call_trace_count(const struct call_trace *t)
{
    uint64_t slots = now(&t->slots_taken);
    return (struct call_trace_counts){
        .messages = now(&t->messages),
        .missed = now(&t->missed),
        .calls = now(&t->calls),
        .calls_missed = now(&t->calls_missed),
        .bytes = (slots < SLOTS ? slots : SLOTS) * SLOT_BYTES,
    };
}

/* ---- reading ---- */

static bool is_sound(const struct head *h, uint64_t room)
{
    return h->bytes > 0 && h->bytes <= room && h->transport < TRANSPORTS &&
           address_is_sound(&h->from) && address_is_sound(&h->to);
}

void call_trace_read(struct str memory, void (*visit)(void *user, const struct call_message *m),
                     void *user)
{
    struct call_trace t;
    struct head h;
    if (memory.n < sizeof(t))
        return;
    memcpy(&t, memory.p, sizeof(t));
    const char *slots = memory.p + sizeof(t);
    const uint64_t there = (memory.n - sizeof(t)) / SLOT_BYTES;
    const uint64_t n = t.slots_taken < there ? t.slots_taken : there;
    for (uint64_t at = 0; at < n;) {
        memcpy(&h, slots + at * SLOT_BYTES, sizeof(h));
        if (h.mark != (t.mark ^ at) || !is_sound(&h, (there - at - 1) * SLOT_BYTES)) {
            at++;
            continue;
        }
        visit(user, &(struct call_message){.real_us = h.real_us,
                                           .from = h.from,
                                           .to = h.to,
                                           .transport = h.transport,
                                           .bytes = {slots + (at + 1) * SLOT_BYTES, h.bytes}});
        at += slots_of(h.bytes);
    }
}
