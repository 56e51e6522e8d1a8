#include <stird/sip/reading.h>

#include <stird/core/settings.h>
#include <stird/sip/facts.h>

#include "sip/message/received.h"

/* The defaults, except for the number of lines, which is a limit of stird and not a fault of a
   message. */
static const struct settings unset = {
    .max_message_bytes = 65535, .max_header_lines = 4096, .emergency_by_to = true};

static bool tell(struct arena *arena, const struct screen_fault *fault, struct str *why)
{
    struct buf text = BUF_INIT;
    received_add_fault(&text, fault);
    *why = text.n > 0 ? arena_copy(arena, buf_str(&text)) : reason_text(fault->reason);
    buf_fini(&text);
    return false;
}

/* Of a message out of a text only the lines are known, not how they ended, and of its body what was
   copied. */
static bool is_parsed(struct str raw, bool on_wire, struct arena *arena, struct str *why)
{
    const struct frame_limits limits = {unset.max_message_bytes, unset.max_header_lines};
    struct message m;
    struct frame frame;
    enum frame_status status = frame_datagram(raw, &limits, &frame);
    bool good = on_wire
                    ? received_parse(&m, str_slice(raw, frame.skip, raw.n), status, &frame, &unset)
                    : message_parse(&m, raw, &unset) == REASON_OK;
    if (!good)
        return tell(arena, &m.fault, why);
    message_fini(&m);
    return true;
}

static bool no_memory(struct str *why)
{
    *why = reason_text(REASON_OUT_OF_MEMORY);
    return false;
}

/* These parties give no call a level. A request that is no INVITE has none to be called by. */
static bool parties_are_clear(struct str raw, struct arena *arena, struct str *why)
{
    struct call *call = arena_alloc(arena, sizeof(*call));
    if (!call)
        return no_memory(why);
    call->arena = arena;
    enum reason reason = facts_of_message(call, &unset, raw);
    if (reason == REASON_OUT_OF_MEMORY)
        return no_memory(why);
    if (reason != REASON_OK)
        return true;
    *why = facts_fault(call, true);
    return why->n == 0;
}

bool reading_is_clear(struct str raw, bool on_wire, struct arena *arena, struct str *why)
{
    *why = (struct str){NULL, 0};
    if (!message_module_init())
        return no_memory(why);
    return is_parsed(raw, on_wire, arena, why) && parties_are_clear(raw, arena, why);
}
