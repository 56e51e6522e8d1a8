/*
 * What messages cost from their bytes to the bytes that leave, in instructions: each file named is
 * one datagram. For valgrind --tool=callgrind, which writes a dump a file, named by it; see
 * worst_message_test.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/arena.h>
#include <stird/core/framing.h>
#include <stird/core/settings.h>
#include <stird/sip/facts.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "sip/message/answer.h"
#include "sip/message/message.h"
#include "sip/transaction/skeleton.h"

static void forward(struct message *m, struct buf *out)
{
    const struct address source = {ADDRESS_IPV4, 5060, {127, 0, 0, 3}};
    struct answer_base base;
    struct skeleton skeleton;
    message_set_received(m, &source);
    if (answer_base_make(&base, m))
        answer_write(&base, 486, STR("tag"), STR(""), out);
    answer_base_fini(&base);
    message_remove_headers(m, STR("P-Asserted-Identity"), 0, NULL);
    message_set_max_forwards(m, 5);
    message_add_header(m, STR("Identity"), STR("a.b.c;info=<https://x>"));
    message_add_record_route(m, STR("<sip:127.0.0.1;lr>"));
    message_add_via(m, STR("SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx"));
    buf_reset(out);
    if (message_print(m, out) == 0) {
        skeleton_make(&skeleton, buf_str(out));
        skeleton_fini(&skeleton);
    }
}

/* A request is read again for its facts, which the proxy does from one reading: that one counts. */
static void read_once(struct message *m, struct str bytes, const struct settings *settings)
{
    CALLGRIND_TOGGLE_COLLECT;
    message_parse(m, bytes, settings);
    CALLGRIND_TOGGLE_COLLECT;
    if (m->fault.reason == REASON_OK && m->status == 0)
        return;
    if (m->fault.reason == REASON_OK)
        message_fini(m);
    message_parse(m, bytes, settings);
}

static void handle(struct str bytes)
{
    static const struct frame_limits limits = {65536, 256};
    static const struct str outside = STR("9");
    static const struct settings settings = {
        .emergency_by_to = true, .emergency_prefixes = &outside, .n_emergency_prefixes = 1};
    struct buf out = BUF_INIT;
    struct message m;
    struct frame frame;
    enum frame_status status = frame_datagram(bytes, &limits, &frame);
    if (status == FRAME_MESSAGE)
        read_once(&m, str_slice(bytes, frame.skip, frame.skip + frame.length), &settings);
    else
        m.fault = screen_fault_of_frame(status, &frame);
    if (m.fault.reason != REASON_OK) {
        answer_malformed(bytes, &m.fault, STR("malformed"), &out);
    } else if (m.status == 0) {
        struct call call = {.arena = arena_new(2048)};
        facts_of_message(&call, &settings, m.raw);
        forward(&m, &out);
        arena_free(call.arena);
    } else {
        message_remove_via(&m);
        message_print(&m, &out);
    }
    if (m.fault.reason == REASON_OK)
        message_fini(&m);
    buf_fini(&out);
}

int main(int argc, char **argv)
{
    static char bytes[65536];
    if (!message_module_init())
        return 1;
    for (int i = 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (!f)
            return 1;
        size_t n = fread(bytes, 1, sizeof(bytes) - 1, f);
        fclose(f);
        bytes[n] = '\0';
        handle((struct str){bytes, n}); /* what is only done once is done */
        CALLGRIND_ZERO_STATS;
        handle((struct str){bytes, n});
        CALLGRIND_DUMP_STATS_AT(argv[i]);
    }
    return 0;
}
