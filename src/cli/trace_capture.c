#include "trace_capture.h"

#include <errno.h>
#include <stdlib.h>
#include <stird/io/call_trace.h>
#include <stird/trace/pcap_file.h>
#include <string.h>
#include <unistd.h>

struct sorted {
    struct call_message *list;
    size_t n, capacity;
    bool failed;
};

static void add(void *user, const struct call_message *m)
{
    struct sorted *s = user;
    if (s->n == s->capacity) {
        const size_t wanted = s->capacity == 0 ? 256 : 2 * s->capacity;
        struct call_message *list = reallocarray(s->list, wanted, sizeof(*list));
        s->failed |= !list;
        if (!list)
            return;
        s->list = list;
        s->capacity = wanted;
    }
    s->list[s->n++] = *m;
}

/* As they were written, where they are of one time. */
static int earlier(const void *a, const void *b)
{
    const struct call_message *x = a, *y = b;
    if (x->real_us != y->real_us)
        return x->real_us < y->real_us ? -1 : 1;
    return x->bytes.p < y->bytes.p ? -1 : x->bytes.p > y->bytes.p;
}

static void write_messages(struct saved_trace *saved, const struct sorted *sorted)
{
    struct pcap_streams streams = {0};
    pcap_file_begin(&saved->capture);
    for (size_t i = 0; i < sorted->n; i++) {
        const struct call_message *m = &sorted->list[i];
        const struct pcap_message message = {.real_us = m->real_us,
                                             .from = m->from,
                                             .to = m->to,
                                             .is_stream = m->transport != TRANSPORT_UDP,
                                             .bytes = m->bytes};
        saved->messages += pcap_file_add(&saved->capture, &streams, &message);
    }
    pcap_streams_fini(&streams);
}

/* 0 or an errno. */
static int copy(int fd, char *memory)
{
    for (size_t done = 0; done < CALL_TRACE_BYTES;) {
        ssize_t n = pread(fd, memory + done, CALL_TRACE_BYTES - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        done += (size_t)n;
    }
    return 0;
}

bool trace_capture_of(struct saved_trace *saved, int fd)
{
    struct sorted sorted = {0};
    char *memory = malloc(CALL_TRACE_BYTES);
    int error = memory ? copy(fd, memory) : ENOMEM;
    if (error == 0) {
        call_trace_read((struct str){memory, CALL_TRACE_BYTES}, add, &sorted);
        if (sorted.n > 0)
            qsort(sorted.list, sorted.n, sizeof(*sorted.list), earlier);
        write_messages(saved, &sorted);
        if (sorted.failed || buf_failed(&saved->capture))
            error = ENOMEM;
    }
    if (error)
        fprintf(stderr, "stirctl: the messages of the trace cannot be read: %s\n", strerror(error));
    free(sorted.list);
    free(memory);
    return error == 0;
}
