/* Bytes of a datagram and of a stream through framing, screening, parsing, answering, printing. */
#include <assert.h>
#include <stdint.h>
#include <stird/core/framing.h>

#include "sip/message/answer.h"
#include <stird/core/headers.h>
#include "sip/message/message.h"
#include "sip/transaction/skeleton.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lists, addresses and parameters of each header, as the facts of a call are read. */
static void read_headers(struct str bytes)
{
    struct header_line line;
    struct str rest, element, uri, parameters, value;
    start_line(bytes, &rest);
    while (header_next(&rest, &line)) {
        struct str list = line.value;
        while (list_next(&list, &element))
            if (name_addr(element, &uri, &parameters))
                parameter_find(parameters, STR("tag"), &value);
    }
}

static void answer_again(struct str response)
{
    struct buf out = BUF_INIT;
    struct answer_base base;
    if (answer_base_of_response(&base, response))
        answer_write(&base, 487, STR("tag"), STR(""), &out);
    answer_base_fini(&base);
    buf_fini(&out);
}

static void handle(struct str bytes)
{
    struct message m;
    struct buf out = BUF_INIT;
    struct answer_base base;
    struct skeleton skeleton;
    const struct screen_fault fault = {REASON_BAD_REQUEST, STR("CSeq"), 0, "is missing"};
    struct address source = {ADDRESS_IPV4, 5060, {127, 0, 0, 3}};
    read_headers(bytes);
    answer_again(bytes);
    answer_malformed(bytes, &fault, STR("tag"), &out);
    buf_reset(&out);
    if (message_parse(&m, bytes, NULL) == REASON_OK) {
        message_set_received(&m, &source);
        if (answer_base_make(&base, &m))
            answer_write(&base, 486, STR("tag"), STR(""), &out);
        answer_base_fini(&base);
        message_add_header(&m, STR("Identity"), STR("x"));
        message_add_via(&m, STR("SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx"));
        buf_reset(&out);
        assert(message_print(&m, &out) == 0);
        if (m.status == 0 && skeleton_make(&skeleton, buf_str(&out))) {
            struct buf ack = BUF_INIT;
            skeleton_ack(&skeleton, STR("<sip:2@h>;tag=1"), &ack);
            skeleton_cancel(&skeleton, STR(""), &ack);
            buf_fini(&ack);
            skeleton_fini(&skeleton);
        }
        message_fini(&m);
    }
    buf_fini(&out);
}

/* Framing reads a head in one pass of its own: its end and its Content-Lengths are those that all
   others see. */
static void check_framing(struct str message, const struct frame *frame)
{
    struct frame head;
    struct header_line line;
    struct str rest;
    uint64_t length;
    bool there = false;
    assert(frame_head(message, UINT32_MAX - 1, &head) == FRAME_MESSAGE);
    assert(head.header == frame->header);
    start_line(str_slice(message, 0, frame->header), &rest);
    while (header_next(&rest, &line))
        if (header_is(&line, STR("Content-Length"), 'l') &&
            str_to_u64(line.value, UINT32_MAX, &length)) {
            assert(frame->length == frame->header + length);
            there = true;
        }
    assert(there || frame->length == message.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct frame_limits limits = {65536, 256};
    static bool ready;
    struct str bytes = {(const char *)data, size};
    struct frame frame;
    size_t resume = 0;
    if (!ready)
        ready = message_module_init();
    if (frame_datagram(bytes, &limits, &frame) == FRAME_MESSAGE) {
        assert(frame.skip + frame.length <= size && frame.header <= frame.length);
        check_framing(str_slice(bytes, frame.skip, size), &frame);
        handle((struct str){bytes.p + frame.skip, frame.length});
    }
    if (frame_stream(bytes, &limits, &resume, &frame) == FRAME_MESSAGE)
        assert(frame.skip + frame.length <= size && frame.header <= frame.length);
    enum frame_status rest = frame_rest(bytes, &limits, &frame);
    assert(rest != FRAME_CUT || (frame.skip < size && frame.fault == size - frame.skip));
    return 0;
}
