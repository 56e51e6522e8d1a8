/*
 * load - a caller and a callee in one process, for measuring a proxy between them over UDP, or over
 * a few connections of TCP or TLS.
 *
 * One clock sees each INVITE leave the caller and arrive at the callee, so the time in between is
 * the proxy's and the kernel's. Follows Record-Route, retransmits as RFC 3261 wants, ends by
 * itself, or at SIGTERM when the calls that run have ended, prints one line of JSON.
 *
 *   load --proxy 127.0.0.1:5060 --caller 127.0.0.2:5060 --callee 127.0.0.9:5060
 *        --rate 150 --calls 1800 [--mode call|refuse|noack|silent|ring|ask] [--hold SECONDS]
 *        [--messages FILE]   the INVITEs as they arrive
 *        [--identities FILE] what calls carry as Identity, a line each, in turn, all of them of the
 *                            same two numbers; the latency of those behind a ! is not told
 *        [--transport udp|tcp|tls] [--connections N] of the caller; the callee takes those that
 * come
 *        [--chain FILE --key FILE]                   what the callee shows over TLS
 *
 *   call     INVITE 100 180 (30 ms) 200 ACK (30 ms) BYE 200
 *   refuse   INVITE 100 486 ACK
 *   noack    INVITE 100 486, never acknowledged by the caller
 *   silent   the callee reads and says nothing
 *   ring     INVITE 100 180, then held for SECONDS
 *   ask      INVITE 302 ACK: nobody is called; the latency is that of the answer
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "load_parts/agenda.h"
#include "load_parts/stamp.h"
#include "load_parts/stream.h"

#define RING_MS       30
#define TALK_MS       30
#define T1_MS         500
#define GIVE_UP_MS    32000
#define PAUSE_MS      500
#define MESSAGE_BYTES 8192
#define STREAMS       64 /* of one side, at most */
#define SDP                                                                                        \
    "v=0\r\no=- 53655765 2353687637 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"  \
    "m=audio 30000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"            \
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"

enum mode { MODE_CALL, MODE_REFUSE, MODE_NOACK, MODE_SILENT, MODE_RING, MODE_ASK };

enum transport { UDP, TCP, TLS };

enum what { INVITE_AGAIN, ANSWER, ANSWER_AGAIN, HANG_UP, BYE_AGAIN };

struct call {
    int64_t sent_us;
    unsigned interval_ms;
    bool arrived, provisional, final, acknowledged, over, failed;
    char *route;           /* the caller's Route lines and Request-URI, once answered */
    char *answer;          /* the callee's header lines */
    struct stream *stream; /* the callee's, that the INVITE came by */
};

/* Caller or callee. */
struct side {
    int fd; /* UDP; of the callee's streams, where they come */
    struct stream *streams[STREAMS];
    unsigned n_streams;
    void (*reads)(const char *message, struct stream *stream); /* NULL: it came over UDP */
};

static struct {
    enum mode mode;
    struct sockaddr_in proxy, caller, callee;
    char caller_text[32], callee_text[32];
    enum transport transport;
    struct side calling, called;
    unsigned connections;
    SSL_CTX *callee_tls;
    unsigned rate, calls, hold_s;
    unsigned id; /* of this run: a proxy remembers the calls of the one before */
    struct call *list;
    struct agenda agenda;
    uint32_t *latency_us;
    FILE *messages; /* where INVITEs go as they arrive, or NULL */
    char **identities_given;
    size_t n_identities_given;
    unsigned n_latency;
    int64_t pause_end_us; /* of the last one: the machine stood still */
    unsigned paused;      /* without Identity, and under way in one */
    unsigned arrived, identities, finals, completed, failed, retransmissions, refused_otherwise;
} g;

static volatile sig_atomic_t enough;

static void on_terminate(int number)
{
    enough = number;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* When what is read now came to the machine: how long this program took to wake is nobody's
   latency but its own. */
static int64_t came_us;

static int64_t since_sent_us(int64_t sent_us)
{
    return came_us > sent_us ? came_us - sent_us : 0;
}

static void die(const char *why)
{
    perror(why);
    exit(2);
}

static void later(unsigned call, enum what what, int64_t due_us)
{
    agenda_add(&g.agenda, (struct event){due_us, call, (int)what});
}

/* ---- messages ---- */

static const char *const transport_names[] = {"UDP", "TCP", "TLS"};

static void send_text(const struct side *side, struct stream *stream, const char *text)
{
    if (g.transport != UDP)
        stream_send(stream, text);
    else if (sendto(side->fd, text, strlen(text), 0, (struct sockaddr *)&g.proxy, sizeof(g.proxy)) <
                 0 &&
             errno != EAGAIN && errno != ECONNREFUSED)
        die("sendto");
}

static void send_as_caller(unsigned n, const char *text)
{
    send_text(&g.calling, g.transport == UDP ? NULL : g.calling.streams[n % g.connections], text);
}

/* What a URI of ours says of how we are reached. */
static const char *uri_transport(void)
{
    static const char *const parameters[] = {"", ";transport=tcp", ";transport=tls"};
    return parameters[g.transport];
}

/* NAME's lines of MESSAGE into OUT, each with its line end. */
static size_t copy_lines(const char *message, const char *name, char *out, size_t room)
{
    size_t used = 0, n = strlen(name);
    out[0] = '\0';
    for (const char *line = strstr(message, "\r\n"); line && line[2] != '\r';
         line = strstr(line + 2, "\r\n")) {
        const char *end = strstr(line + 2, "\r\n");
        if (!end || strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
            continue;
        size_t length = (size_t)(end + 2 - (line + 2));
        if (used + length >= room)
            break;
        memcpy(out + used, line + 2, length);
        used += length;
        out[used] = '\0';
    }
    return used;
}

static long call_number(const char *message)
{
    char line[256];
    if (copy_lines(message, "Call-ID", line, sizeof(line)) == 0)
        return -1;
    char *end;
    long n = strtol(strchr(line, ':') + 1, &end, 10);
    if (*end != '@' || strtoul(end + 1, NULL, 16) != g.id)
        return -1; /* of an earlier run */
    return n >= 0 && n < (long)g.calls ? n : -1;
}

/* The number that the user part of its URIs ends in. */
static unsigned number_of(unsigned n)
{
    return g.n_identities_given ? 0 : n % 10000;
}

static const char *identity_of(unsigned n)
{
    return g.n_identities_given ? g.identities_given[n % g.n_identities_given] : "";
}

static void send_invite(unsigned n)
{
    char text[MESSAGE_BYTES], identity[MESSAGE_BYTES / 2] = "";
    const char *value = identity_of(n);
    if (*value)
        snprintf(identity, sizeof(identity), "Identity: %s\r\n", value + (*value == '!'));
    snprintf(text, sizeof(text),
             "INVITE sip:+1215555%04u@%s SIP/2.0\r\n"
             "Via: SIP/2.0/%s %s;branch=z9hG4bK-%x-%u;rport\r\nMax-Forwards: 70\r\n"
             "From: \"Load\" <sip:+1202555%04u@%s;user=phone>;tag=c%u\r\n"
             "To: <sip:+1215555%04u@%s;user=phone>\r\nCall-ID: %u@%x\r\nCSeq: 1 INVITE\r\n"
             "Contact: <sip:load@%s%s>\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n"
             "Supported: timer, 100rel\r\nUser-Agent: load\r\n%sContent-Type: application/sdp\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             number_of(n), g.callee_text, transport_names[g.transport], g.caller_text, g.id, n,
             number_of(n), g.caller_text, n, number_of(n), g.callee_text, n, g.id, g.caller_text,
             uri_transport(), identity, sizeof(SDP) - 1, SDP);
    send_as_caller(n, text);
}

/* Request-URI and Route lines out of a 200: Contact, and Record-Route in reverse (12.1.2). */
static char *routes_of(const char *message)
{
    char lines[4096], uri[256] = "", *routes[16], out[4096];
    unsigned n = 0;
    size_t used;
    copy_lines(message, "Contact", lines, sizeof(lines));
    if (sscanf(lines, "%*[^<]<%255[^>]>", uri) != 1)
        return NULL;
    used = (size_t)snprintf(out, sizeof(out), "%s SIP/2.0\r\n", uri);
    copy_lines(message, "Record-Route", lines, sizeof(lines));
    for (char *p = lines; (p = strchr(p, '<')) && n < 16;) {
        routes[n++] = p;
        p = strchr(p, '>');
        if (!p)
            break;
        *p++ = '\0';
    }
    while (n > 0)
        used += (size_t)snprintf(out + used, sizeof(out) - used, "Route: %s>\r\n", routes[--n]);
    return strdup(out);
}

static void send_in_dialog(unsigned n, const char *method, unsigned cseq)
{
    char text[MESSAGE_BYTES];
    if (!g.list[n].route)
        return;
    snprintf(text, sizeof(text),
             "%s %sVia: SIP/2.0/%s %s;branch=z9hG4bK-%x-%s-%u;rport\r\nMax-Forwards: 70\r\n"
             "From: \"Load\" <sip:+1202555%04u@%s;user=phone>;tag=c%u\r\n"
             "To: <sip:+1215555%04u@%s;user=phone>;tag=s%u\r\nCall-ID: %u@%x\r\nCSeq: %u %s\r\n"
             "Content-Length: 0\r\n\r\n",
             method, g.list[n].route, transport_names[g.transport], g.caller_text, g.id, method, n,
             number_of(n), g.caller_text, n, number_of(n), g.callee_text, n, n, g.id, cseq, method);
    send_as_caller(n, text);
}

/* The ACK of a refusal: hop by hop, same branch (17.1.1.3). */
static void send_refusal_ack(unsigned n, const char *response)
{
    char text[MESSAGE_BYTES], to[512];
    copy_lines(response, "To", to, sizeof(to));
    snprintf(text, sizeof(text),
             "ACK sip:+1215555%04u@%s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK-%x-%u;rport\r\n"
             "Max-Forwards: 70\r\nFrom: \"Load\" <sip:+1202555%04u@%s;user=phone>;tag=c%u\r\n"
             "%sCall-ID: %u@%x\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
             number_of(n), g.callee_text, transport_names[g.transport], g.caller_text, g.id, n,
             number_of(n), g.caller_text, n, to, n, g.id);
    send_as_caller(n, text);
}

/* The lines of a request that its responses repeat; To gets the tag. */
static char *answer_lines(const char *request, unsigned n)
{
    static const char *const names[] = {"Via", "Record-Route", "From", "To", "Call-ID", "CSeq"};
    char out[MESSAGE_BYTES];
    size_t used = 0;
    for (unsigned i = 0; i < 6; i++) {
        used += copy_lines(request, names[i], out + used, sizeof(out) - used);
        if (i == 3 && !strstr(out + used - 30, ";tag="))
            used = used - 2 +
                   (size_t)snprintf(out + used - 2, sizeof(out) - used, ";tag=s%u\r\n", n);
    }
    return strdup(out);
}

static void send_response(struct stream *stream, const char *status, const char *lines)
{
    char text[MESSAGE_BYTES];
    snprintf(text, sizeof(text),
             "SIP/2.0 %s\r\n%sContact: <sip:callee@%s%s>\r\nContent-Length: 0\r\n\r\n", status,
             lines, g.callee_text, uri_transport());
    send_text(&g.called, stream, text);
}

/* ---- what arrives ---- */

static void end_call(unsigned n, bool failed)
{
    struct call *c = &g.list[n];
    if (c->over)
        return;
    c->over = true;
    c->failed = failed;
    g.completed += !failed;
    g.failed += failed;
    free(c->route);
    c->route = NULL;
}

static void invite_arrived(unsigned n, const char *message, struct stream *stream)
{
    struct call *c = &g.list[n];
    if (c->arrived) {
        g.retransmissions++;
        return;
    }
    c->arrived = true;
    g.arrived++;
    if (*identity_of(n) != '!')
        g.latency_us[g.n_latency++] = (uint32_t)since_sent_us(c->sent_us);
    bool is_signed = strstr(message, "\r\nIdentity: ") != NULL;
    g.identities += is_signed;
    g.paused += !is_signed && c->sent_us <= g.pause_end_us;
    if (g.messages) {
        fprintf(g.messages, "%s\n", message);
        fflush(g.messages);
    }
    if (g.mode == MODE_SILENT)
        return;
    c->stream = stream;
    c->answer = answer_lines(message, n);
    send_response(stream, "100 Trying", c->answer);
    if (g.mode == MODE_REFUSE || g.mode == MODE_NOACK) {
        send_response(stream, "486 Busy Here", c->answer);
    } else {
        send_response(stream, "180 Ringing", c->answer);
        if (g.mode == MODE_CALL)
            later(n, ANSWER, now_us() + RING_MS * 1000);
    }
}

static void callee_reads(const char *message, struct stream *stream)
{
    long n = call_number(message);
    if (n < 0)
        return;
    struct call *c = &g.list[n];
    if (strncmp(message, "INVITE ", 7) == 0) {
        invite_arrived((unsigned)n, message, stream);
    } else if (strncmp(message, "ACK ", 4) == 0) {
        c->acknowledged = true;
        free(c->answer);
        c->answer = NULL;
    } else if (strncmp(message, "BYE ", 4) == 0) {
        char *lines = answer_lines(message, (unsigned)n);
        send_response(stream, "200 OK", lines);
        free(lines);
    }
}

static void refused(unsigned n, int status, const char *message)
{
    struct call *c = &g.list[n];
    const int wanted = g.mode == MODE_ASK ? 302 : 486;
    if (!c->final) {
        g.finals++;
        g.refused_otherwise += status != wanted;
        if (g.mode == MODE_ASK) {
            g.latency_us[g.n_latency++] = (uint32_t)since_sent_us(c->sent_us);
            g.identities += strstr(message, "\r\nIdentity: ") != NULL;
        }
    }
    c->final = true;
    if (g.mode != MODE_NOACK)
        send_refusal_ack(n, message);
    if (g.mode != MODE_NOACK || status != wanted)
        end_call(n, !((g.mode == MODE_REFUSE || g.mode == MODE_ASK) && status == wanted));
    else
        end_call(n, false);
}

static void answered(unsigned n, const char *message)
{
    struct call *c = &g.list[n];
    if (c->over)
        return;
    if (!c->route)
        c->route = routes_of(message);
    send_in_dialog(n, "ACK", 1);
    if (!c->final) {
        g.finals++;
        later(n, HANG_UP, now_us() + TALK_MS * 1000);
    }
    c->final = true;
}

static void caller_reads(const char *message, struct stream *stream)
{
    (void)stream;
    long n = call_number(message);
    int status = strncmp(message, "SIP/2.0 ", 8) == 0 ? atoi(message + 8) : 0;
    char cseq[64];
    if (n < 0 || status == 0 || copy_lines(message, "CSeq", cseq, sizeof(cseq)) == 0)
        return;
    g.list[n].provisional = true;
    if (strstr(cseq, "BYE")) {
        if (status >= 200)
            end_call((unsigned)n, status >= 300);
    } else if (status >= 300) {
        refused((unsigned)n, status, message);
    } else if (status >= 200) {
        answered((unsigned)n, message);
    }
}

static void read_datagrams(const struct side *side)
{
    static char bytes[65536];
    for (int i = 0; i < 256; i++) {
        int64_t age_us;
        ssize_t n = stamp_receive(side->fd, bytes, sizeof(bytes) - 1, &age_us);
        if (n < 0)
            return;
        came_us = now_us() - age_us;
        bytes[n] = '\0';
        side->reads(bytes, NULL);
    }
}

struct came_by {
    const struct side *side;
    struct stream *stream;
};

static void read_message(const char *message, void *context)
{
    const struct came_by *by = context;
    came_us = now_us();
    by->side->reads(message, by->stream);
}

static void accept_all(struct side *side)
{
    struct stream *s;
    while (side->n_streams < STREAMS && (s = stream_accept(side->fd, g.callee_tls)))
        side->streams[side->n_streams++] = s;
}

static void read_all(struct side *side)
{
    if (g.transport == UDP) {
        read_datagrams(side);
        return;
    }
    if (side->fd >= 0)
        accept_all(side);
    for (unsigned i = 0; i < side->n_streams; i++)
        stream_read(side->streams[i], read_message, &(struct came_by){side, side->streams[i]});
}

/* ---- what is due ---- */

/* Over a stream nothing is repeated but a 200; it counts as if it were: so long it took. */
static void again(unsigned n, enum what what)
{
    struct call *c = &g.list[n];
    c->interval_ms *= 2;
    if (now_us() - c->sent_us > GIVE_UP_MS * INT64_C(1000)) {
        end_call(n, true);
        return;
    }
    g.retransmissions++;
    later(n, what, now_us() + c->interval_ms * INT64_C(1000));
}

static void do_event(const struct event *e)
{
    struct call *c = &g.list[e->call];
    if (c->over)
        return;
    switch (e->what) {
    case INVITE_AGAIN:
        if (!c->provisional) {
            if (g.transport == UDP)
                send_invite(e->call);
            again(e->call, INVITE_AGAIN);
        }
        break;
    case ANSWER:
    case ANSWER_AGAIN:
        if (c->acknowledged || !c->answer)
            break;
        send_response(c->stream, "200 OK", c->answer);
        if (e->what == ANSWER) {
            c->interval_ms = T1_MS;
            later(e->call, ANSWER_AGAIN, now_us() + T1_MS * 1000);
        } else {
            again(e->call, ANSWER_AGAIN);
        }
        break;
    case HANG_UP:
        send_in_dialog(e->call, "BYE", 2);
        c->interval_ms = T1_MS;
        later(e->call, BYE_AGAIN, now_us() + T1_MS * 1000);
        break;
    case BYE_AGAIN:
        if (g.transport == UDP)
            send_in_dialog(e->call, "BYE", 2);
        again(e->call, BYE_AGAIN);
        break;
    }
}

static void begin_call(unsigned n)
{
    struct call *c = &g.list[n];
    c->sent_us = now_us();
    c->interval_ms = T1_MS;
    send_invite(n);
    later(n, INVITE_AGAIN, c->sent_us + T1_MS * 1000);
}

static bool finished(unsigned begun, int64_t began_us)
{
    if (begun < g.calls)
        return false;
    if (g.mode == MODE_SILENT || g.mode == MODE_RING)
        return now_us() > began_us + (int64_t)g.calls * 1000000 / g.rate + g.hold_s * 1000000LL;
    return g.completed + g.failed >= g.calls;
}

/* What is to be waited for, of both sides; what this turn has sent leaves. */
static nfds_t flush_and_watch(struct pollfd *fds)
{
    struct side *const sides[] = {&g.calling, &g.called};
    nfds_t n = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (sides[i]->fd >= 0)
            fds[n++] = (struct pollfd){sides[i]->fd, POLLIN, 0};
        for (unsigned k = 0; k < sides[i]->n_streams; k++) {
            struct stream *s = sides[i]->streams[k];
            stream_flush(s);
            fds[n++] = (struct pollfd){stream_fd(s),
                                       (short)(stream_is_full(s) ? POLLIN | POLLOUT : POLLIN), 0};
        }
    }
    return n;
}

static void run(void)
{
    int64_t began = now_us();
    struct pollfd fds[2 * STREAMS + 2];
    unsigned begun = 0;
    while (!finished(begun, began)) {
        int64_t now = now_us(), next = now + 20000;
        if (enough && begun < g.calls)
            g.calls = begun;
        while (begun < g.calls && began + (int64_t)begun * 1000000 / g.rate <= now)
            begin_call(begun++);
        if (begun < g.calls)
            next = began + (int64_t)begun * 1000000 / g.rate;
        while (g.agenda.n > 0 && g.agenda.list[0].due_us <= now) {
            struct event e = agenda_take(&g.agenda);
            do_event(&e);
        }
        if (g.agenda.n > 0 && g.agenda.list[0].due_us < next)
            next = g.agenda.list[0].due_us;
        now = now_us();
        int64_t wait = next > now ? next - now : 0;
        struct timespec t = {wait / 1000000, wait % 1000000 * 1000};
        int ready = ppoll(fds, flush_and_watch(fds), &t, NULL);
        if (now_us() - now - wait > PAUSE_MS * 1000)
            g.pause_end_us = now_us();
        if (ready > 0) {
            read_all(&g.calling);
            read_all(&g.called);
        }
    }
}

/* ---- start and report ---- */

static struct sockaddr_in address(const char *text, char host_port[32])
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    char host[32];
    unsigned port;
    if (sscanf(text, "%31[^:]:%u", host, &port) != 2 ||
        inet_pton(AF_INET, host, &a.sin_addr) != 1) {
        fprintf(stderr, "load: %s is no ADDRESS:PORT\n", text);
        exit(2);
    }
    a.sin_port = htons((uint16_t)port);
    if (host_port)
        snprintf(host_port, 32, "%s", text);
    return a;
}

static int bound_socket(const struct sockaddr_in *a)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 8 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    stamp_wanted(fd);
    if (fd < 0 || bind(fd, (const struct sockaddr *)a, sizeof(*a)) != 0)
        die("bind");
    return fd;
}

static void read_identities(const char *path)
{
    FILE *in = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    if (!in)
        die(path);
    for (ssize_t n; (n = getline(&line, &room, in)) > 0;) {
        line[strcspn(line, "\n")] = '\0';
        g.identities_given = reallocarray(g.identities_given, g.n_identities_given + 1,
                                          sizeof(*g.identities_given));
        if (!g.identities_given)
            die("memory");
        g.identities_given[g.n_identities_given++] = line;
        line = NULL;
        room = 0;
    }
    free(line);
    fclose(in);
}

/* Which of N names it is. */
static unsigned index_of(const char *name, const char *const *names, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcasecmp(name, names[i]) == 0)
            return i;
    fprintf(stderr, "load: unknown %s\n", name);
    exit(2);
}

static enum mode mode_of(const char *name)
{
    static const char *const names[] = {"call", "refuse", "noack", "silent", "ring", "ask"};
    return (enum mode)index_of(name, names, 6);
}

/* Both sides, as they are reached; the caller's connections are open then. */
static void open_sides(const char *chain, const char *key)
{
    g.calling.reads = caller_reads;
    g.called.reads = callee_reads;
    if (g.transport == UDP) {
        g.calling.fd = bound_socket(&g.caller);
        g.called.fd = bound_socket(&g.callee);
        return;
    }
    if (g.transport == TLS)
        g.callee_tls = stream_tls(chain ? chain : "--chain", key);
    g.called.fd = stream_listen(&g.callee);
    g.calling.fd = -1;
    SSL_CTX *tls = g.transport == TLS ? stream_tls(NULL, NULL) : NULL;
    for (; g.calling.n_streams < g.connections; g.calling.n_streams++)
        g.calling.streams[g.calling.n_streams] = stream_connect(&g.caller, &g.proxy, tls);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    qsort(g.latency_us, g.n_latency, sizeof(*g.latency_us), by_value);
    printf(
        "{\"calls\":%u,\"arrived\":%u,\"identities\":%u,\"paused\":%u,\"finals\":%u,\"completed\":%u,"
        "\"failed\":%u,\"retransmissions\":%u,\"other_refusals\":%u,\"p50_us\":%u,\"p99_us\":%u,"
        "\"cpu_s\":%.3f}\n",
        g.calls, g.arrived, g.identities, g.paused, g.finals, g.completed, g.failed,
        g.retransmissions, g.refused_otherwise, g.n_latency ? g.latency_us[g.n_latency / 2] : 0,
        g.n_latency ? g.latency_us[(size_t)g.n_latency * 99 / 100] : 0,
        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

/* False: it is none that we know. */
static bool take_option(int option, const char **chain, const char **key)
{
    switch (option) {
    case 'p':
        g.proxy = address(optarg, NULL);
        break;
    case 'a':
        g.caller = address(optarg, g.caller_text);
        break;
    case 'b':
        g.callee = address(optarg, g.callee_text);
        break;
    case 'M':
        g.messages = fopen(optarg, "we");
        if (!g.messages)
            die(optarg);
        break;
    case 'I':
        read_identities(optarg);
        break;
    case 'r':
        g.rate = (unsigned)atoi(optarg);
        break;
    case 'c':
        g.calls = (unsigned)atoi(optarg);
        break;
    case 'm':
        g.mode = mode_of(optarg);
        break;
    case 'h':
        g.hold_s = (unsigned)atoi(optarg);
        break;
    case 't':
        g.transport = (enum transport)index_of(optarg, transport_names, 3);
        break;
    case 'n':
        g.connections = (unsigned)atoi(optarg);
        break;
    case 'C':
        *chain = optarg;
        break;
    case 'K':
        *key = optarg;
        break;
    default:
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"proxy", 1, NULL, 'p'},       {"caller", 1, NULL, 'a'},
        {"callee", 1, NULL, 'b'},      {"rate", 1, NULL, 'r'},
        {"calls", 1, NULL, 'c'},       {"mode", 1, NULL, 'm'},
        {"hold", 1, NULL, 'h'},        {"messages", 1, NULL, 'M'},
        {"identities", 1, NULL, 'I'},  {"transport", 1, NULL, 't'},
        {"connections", 1, NULL, 'n'}, {"chain", 1, NULL, 'C'},
        {"key", 1, NULL, 'K'},         {NULL, 0, NULL, 0}};
    const char *chain = NULL, *key = NULL;
    int option;
    g.rate = 150;
    g.calls = 100;
    g.connections = 4;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take_option(option, &chain, &key))
            return 2;
    if (g.rate == 0 || g.calls == 0 || g.calls > 1000000 || g.hold_s > 600 || g.connections == 0 ||
        g.connections > STREAMS)
        return 2;
    g.id = (unsigned)getpid() ^ (unsigned)time(NULL) << 8;
    open_sides(chain, key);
    g.list = calloc(g.calls, sizeof(*g.list));
    g.latency_us = calloc(g.calls, sizeof(*g.latency_us));
    if (!g.list || !g.latency_us)
        die("memory");
    signal(SIGTERM, on_terminate);
    run();
    report();
    return g.failed == 0 ? 0 : 1;
}
