#include "worst_captures.h"

#include <stdlib.h>
#include <stird/base/arena.h>
#include <stird/base/buf.h>
#include <stird/sip/reading.h>
#include <stird/trace/trace.h>
#include <string.h>

#include "worst_roles.h"

#define SEGMENT      1400
#define IP_HEADER    20
#define UDP_HEADER   8
#define TCP_HEADER   20
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

static struct buf file = BUF_INIT;
static unsigned found;

static void add_u32(uint32_t value)
{
    buf_add(&file, &value, sizeof(value));
}

/* As networks have them. */
static void add_word(unsigned value)
{
    const char octets[] = {(char)(value >> 8), (char)value};
    buf_add(&file, octets, sizeof(octets));
}

/* Of packets that begin with IP. */
static void begin_file(void)
{
    buf_reset(&file);
    add_u32(0xa1b2c3d4);
    add_u32(2 | 4 << 16);
    add_u32(0);
    add_u32(0);
    add_u32(262144);
    add_u32(101);
}

static void add_ip(unsigned protocol, size_t octets)
{
    static const char addresses[] = {(char)192, 0, 2, 1, (char)192, 0, 2, 2};
    add_u32(1);
    add_u32(0);
    add_u32((uint32_t)(octets + IP_HEADER));
    add_u32((uint32_t)(octets + IP_HEADER));
    add_word(0x4500);
    add_word((unsigned)(octets + IP_HEADER));
    add_u32(0);
    add_word(64 << 8 | protocol);
    add_word(0);
    buf_add(&file, addresses, sizeof(addresses));
    add_word(5060);
    add_word(5060);
}

static void add_segment(struct str bytes, uint32_t sequence, bool syn)
{
    add_ip(PROTOCOL_TCP, bytes.n + TCP_HEADER);
    add_word(sequence >> 16);
    add_word(sequence & 0xffff);
    add_u32(0);
    add_word(0x5000 | (syn ? 2 : 0x10));
    add_word(65535);
    add_u32(0);
    buf_add_str(&file, bytes);
}

static void visit(void *user, const struct trace_message *m)
{
    struct arena *arena = arena_new(4096);
    struct str why;
    (void)user;
    reading_is_clear(m->text, true, arena, &why);
    arena_free(arena);
    found++;
}

static void read_file(void)
{
    struct trace_tally tally;
    struct buf told = BUF_INIT;
    const char *why;
    if (buf_failed(&file) || !trace_read_capture(buf_str(&file), visit, NULL, &tally, &why))
        abort();
    if (tally.udp + tally.tcp == 0)
        abort(); /* it was not looked into */
    trace_tally_tell(&tally, &told);
    buf_fini(&told);
}

void worst_capture_datagram(struct str bytes)
{
    bytes = str_slice(bytes, 0, WORST_DATAGRAM);
    begin_file();
    add_ip(PROTOCOL_UDP, bytes.n + UDP_HEADER);
    add_word((unsigned)(bytes.n + UDP_HEADER));
    add_word(0);
    buf_add_str(&file, bytes);
    read_file();
}

void worst_capture_segments(struct str bytes)
{
    begin_file();
    add_segment(STR(""), 0, true);
    for (size_t n = (bytes.n + SEGMENT - 1) / SEGMENT; n-- > 0;)
        add_segment(str_slice(bytes, n * SEGMENT, (n + 1) * SEGMENT), (uint32_t)(n * SEGMENT + 1),
                    false);
    read_file();
}

void worst_capture_text(struct str bytes)
{
    trace_head_damage(bytes);
    trace_read_text(bytes, visit, NULL);
    trace_text_damage(bytes);
}
