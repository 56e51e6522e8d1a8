#include "worst_worker.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/core/framing.h>
#include <stird/io/record_batch.h>
#include <stird/io/record_queue.h>
#include <stird/io/record_writer.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/arrival.h"
#include "sip/proxy_parts.h"
#include "worst_roles.h"

#define BACKLOG (1 << 20)
#define HOUR_MS 3600000
#define TURNS   4 /* what ends begins a wait for the last time, and that ends too */

static struct proxy *proxy;
static struct event_base *base;
static struct record_writer writer = RECORD_WRITER_INIT;
static int to_recorder[2];
static int64_t hours;

/* Nothing listens: each datagram is handed over as the socket would. */
static bool open_sockets(struct listener_sockets *sockets, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        for (unsigned t = 0; t < TRANSPORTS; t++)
            sockets[i].fd[t] = -1;
        sockets[i].fd[TRANSPORT_UDP] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (sockets[i].fd[TRANSPORT_UDP] < 0)
            return false;
    }
    return true;
}

static bool open_records(void)
{
    int file = open("/tmp", O_TMPFILE | O_RDWR | O_APPEND, 0600);
    if (file < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, to_recorder) != 0)
        return false;
    writer.node = STR("lab");
    record_writer_take_file(&writer, file, -1, clock_real_us());
    return true;
}

struct proxy *worst_worker_new(struct settings *settings, int table)
{
    static const uint8_t secret[SNAPSHOT_SECRET_BYTES] = {1};
    static struct listener_sockets sockets[LISTENERS_MAX];
    const char *why;
    struct snapshot *snapshot = snapshot_new(settings, table, signer_client_new(-1), secret, 1, 1,
                                             &why);
    base = event_base_new();
    log_open("worker", open("/dev/null", O_WRONLY), false);
    if (!snapshot || !base || !open_sockets(sockets, settings->n_listeners) || !open_records())
        return NULL;
    const struct proxy_options options = {.base = base,
                                          .sockets = sockets,
                                          .snapshot = snapshot,
                                          .records_fd = to_recorder[0],
                                          .backlog_fd = record_queue_memory(BACKLOG),
                                          .n_workers = 1,
                                          .inbox_fd = -1};
    proxy = proxy_new(&options);
    return proxy;
}

/* As much of it as a datagram holds. */
void worst_worker_hears(struct str bytes, const struct address *source)
{
    static char room[65536];
    const struct settings *s = proxy_settings(proxy);
    const struct frame_limits limits = {s->max_message_bytes, s->max_header_lines};
    const struct flow from = {.remote = *source, .transport = TRANSPORT_UDP};
    struct frame frame;
    bytes = str_slice(bytes, 0, WORST_DATAGRAM);
    memcpy(room, bytes.p, bytes.n);
    room[bytes.n] = '\0';
    enum frame_status status = frame_datagram((struct str){room, bytes.n}, &limits, &frame);
    if (status != FRAME_KEEPALIVE && status != FRAME_NOT_SIP)
        arrival_message(proxy, &from, room + frame.skip, bytes.n - frame.skip, &frame, status);
    proxy_after_events(proxy);
    event_base_loop(base, EVLOOP_NONBLOCK);
}

static void write_records(void)
{
    static char octets[RECORD_BATCH_MAX];
    struct record_batch batch;
    struct str packet;
    ssize_t n;
    while ((n = recv(to_recorder[1], octets, sizeof(octets), 0)) > 0) {
        if (!record_batch_read(&batch, (struct str){octets, (size_t)n}))
            abort();
        record_writer_reach(&writer, batch.n);
        while (record_batch_next(&batch, &packet))
            if (!record_writer_add(&writer, packet, clock_real_us()))
                abort();
    }
    if (!record_writer_flush(&writer))
        abort();
}

void worst_worker_rests(void)
{
    for (unsigned i = 0; i < TURNS; i++) {
        timers_run(proxy_timers(proxy), proxy_now_ms() + ++hours * HOUR_MS);
        event_base_loop(base, EVLOOP_NONBLOCK);
        write_records();
    }
    if (*proxy_contexts(proxy) || transactions_count(proxy_transactions(proxy)) > 0)
        abort(); /* what stays is counted for somebody else */
}
