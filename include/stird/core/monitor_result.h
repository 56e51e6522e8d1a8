/*
 * monitor_result - what became of a call of our own (monitor_call.h): did it arrive, and with whose
 * signature? Of what has arrived meanwhile the best evidence counts, so that nobody outside makes a
 * result better, and whoever disturbs one is outdone by the call itself. Pure.
 */
#ifndef STIRD_MONITOR_RESULT_H
#define STIRD_MONITOR_RESULT_H

#include <stird/core/cause.h>
#include <stird/core/monitor_call.h>
#include <stird/core/reason.h>
#include <stird/core/settings.h>
#include <stird/core/verify_check.h>

/* From the worst to the best. */
enum monitor_found {
    MONITOR_NOT_PLACED,   /* it did not leave: nothing was learned */
    MONITOR_NOT_ARRIVED,  /* it left, and was not seen again in its time */
    MONITOR_FAILED,       /* with a token that is not good for this call */
    MONITOR_UNSIGNED,     /* without any token */
    MONITOR_OPEN,         /* with a token that could not be judged here */
    MONITOR_SIGNED_AGAIN, /* with a good token of somebody else alone */
    MONITOR_SIGNED,       /* with the very token that it left with, which is good */
    MONITOR_FOUND
};
struct str monitor_found_name(enum monitor_found found); /* "signed_again" */
struct str monitor_found_text(enum monitor_found found);

struct monitor_result {
    enum monitor_found found;
    uint8_t sent_level;      /* that it left with; 0: unsigned */
    uint8_t level;           /* that it arrived with, by a token that is good; else 0 */
    bool number_changed;     /* another calling number arrived, or none */
    bool also_signed;        /* a good token of somebody else came beside ours */
    bool ours_spoilt;        /* our token arrived, and is not good any more */
    int64_t delay_ms;        /* from placing to arriving; -1: it did not arrive */
    enum reason reason;      /* of the decision when it did not leave, else of the judgement */
    enum verify_check check; /* that failed; VERIFY_CHECKS: none */
    char calling[MONITOR_NUMBER_BYTES];
    char trunk[MONITOR_NAME_BYTES];
    char signer[MONITOR_TEXT_BYTES];
};

/*
 * FROM: the calling number that it was placed with. PLACED: NULL: the worker that placed it ended
 * meanwhile. ARRIVALS: what came to its number in its time.
 */
void monitor_result_judge(struct monitor_result *result, struct str from,
                          const struct monitor_placed *placed,
                          const struct monitor_arrival *arrivals, unsigned n);
/*
 * Keeps ARRIVAL among the N of KEPT, of ROOM at most, before it is known what the call left with.
 * Where there is no room the one that says least to be this call goes, or ARRIVAL itself; so
 * whoever calls the number, however often, drives out nothing that says more than his call does.
 */
void monitor_result_keep(struct monitor_arrival *kept, unsigned *n, unsigned room, struct str from,
                         const struct monitor_arrival *arrival);
/* Whether ARRIVAL carries the token that PLACED left with, and that is good. */
bool monitor_result_is_ours(const struct monitor_placed *placed,
                            const struct monitor_arrival *arrival);
/* Whether the result is as good as EXPECT asks for. */
bool monitor_result_meets(const struct monitor_result *result, enum monitor_expect expect);

#endif
