/*
 * shadow_change - what of live calls a second configuration would change (shadow.h), as a worker
 * tells it to the supervisor: one kind of change, how many calls had it since it was told last, and
 * the last of them.
 *
 * Comes from a process that may have been taken over: nothing in it is used before
 * shadow_change_is_sound() has looked at it.
 */
#ifndef STIRD_SHADOW_CHANGE_H
#define STIRD_SHADOW_CHANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/core/outcome.h>
#include <stird/core/tn.h>

#define SHADOW_NAME_MAX      63 /* longer ones are cut */
#define SHADOW_UPSTREAMS_MAX 95
#define SHADOW_CALL_ID_MAX   127

/* What one configuration makes of a call. Unused octets are 0. */
struct shadow_side {
    char level;      /* 'A', 'B', 'C' of a token that was made; 0 */
    uint8_t verdict; /* enum verdict */
    uint16_t status; /* of a refusal */
    uint16_t reason; /* enum reason */
    uint16_t zero;
    char trunk[SHADOW_NAME_MAX + 1];          /* empty: none */
    char certificate[SHADOW_NAME_MAX + 1];    /* of that token */
    char upstreams[SHADOW_UPSTREAMS_MAX + 1]; /* of its trunk, in their order: "a,b" */
};

struct shadow_change {
    uint64_t generation; /* of the second configuration */
    int64_t ts_us;       /* real time of the arrival of the last one */
    uint32_t count;
    struct shadow_side from, to; /* by what is in force, and by the second one */
    struct tn orig, dest;        /* of the last one, as its record shows them */
    char call_id[SHADOW_CALL_ID_MAX + 1];
};

struct call;
struct settings;

/* What OUTCOME and the trunk of CALL are. Upstreams are those of the trunk. */
void shadow_side_fill(struct shadow_side *side, const struct settings *settings,
                      const struct call *call, const struct outcome *outcome);
/* Whether a call fares alike: verdict, level, answer, trunk, certificate and upstreams. Another
   reason alone is no change. */
bool shadow_side_same(const struct shadow_side *a, const struct shadow_side *b);
/* Whether both are changes of one kind: both sides the same, reasons included. */
bool shadow_change_same_kind(const struct shadow_change *a, const struct shadow_change *b);
bool shadow_change_is_sound(const struct shadow_change *c);
/* "A"; "unsigned (A)": its token stays here; "unsigned", "refused 603" */
void shadow_side_word(const struct shadow_side *side, char word[16]);

#endif
