/*
 * fetcher_client - a worker's end of the channel to the fetcher. Never blocks. Whatever the fetcher
 * does, no call waits longer than it wants to: it is answered at once when the fetcher is gone, and
 * at its own deadline when the fetcher hangs.
 *
 * Not shared between threads. Callbacks come from inside fetcher_client_readable(), _flush(),
 * _expire(), _attach() and _free(), and may do anything but free the client or attach another
 * fetcher.
 */
#ifndef STIRD_FETCHER_CLIENT_H
#define STIRD_FETCHER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/core/fetch_request.h>

/* How much longer a question waits here than in the fetcher, so that the fetcher's last word is
   heard. */
#define FETCHER_GRACE_MS 20

/* So many questions wait at most, and of these so many for one host (R-V-028): a trunk that has few
   there may ask where others have taken all, until there are twice as many. */
#define FETCHER_WAITING_MAX     5000
#define FETCHER_WAITING_A_HOST  500
#define FETCHER_WAITING_A_TRUNK 25 /* at one host */

struct fetcher_client;

/* What the answer points to is borrowed for the time of the call. */
typedef void fetcher_answered(void *user, const struct fetch_answer *answer);

/* Takes FD, a non-blocking SOCK_SEQPACKET socket; -1: no fetcher, each question fails at once.
   NULL: no memory, and FD is the caller's. */
struct fetcher_client *fetcher_client_new(int fd);
/* Questions that still wait get FETCH_UNAVAILABLE. */
void fetcher_client_free(struct fetcher_client *c);
/* Another fetcher in its place: takes FD, closes the one before (watch it no longer). Who waits for
   that one gets FETCH_UNAVAILABLE. */
void fetcher_client_attach(struct fetcher_client *c, int fd);
int fetcher_client_fd(const struct fetcher_client *c);

/*
 * Asks (FETCH_ASK, FETCH_RENEW; the ticket of the question is not looked at). FETCH_PENDING: DONE
 * is called later, exactly once, unless cancelled; *TICKET is for fetcher_client_cancel().
 * Otherwise DONE is not called, and the result says why (UNAVAILABLE, OVERLOADED; BAD_URL: empty,
 * or longer than a URL may be). The question leaves with fetcher_client_flush().
 */
enum fetch_outcome fetcher_client_submit(struct fetcher_client *c,
                                         const struct fetch_question *question, int64_t now_ms,
                                         fetcher_answered *done, void *user, uint64_t *ticket);
void fetcher_client_cancel(struct fetcher_client *c, uint64_t ticket);
/* Tells what a body is worth (FETCH_PROVEN, FETCH_REFUSED). The note is lost where the fetcher does
   not keep up; whoever judges that body next tells it again. */
void fetcher_client_note(struct fetcher_client *c, const struct fetch_question *note);
void fetcher_client_flush(struct fetcher_client *c);

/* Call when the descriptor is readable. False: the fetcher is gone, all were told; watch it no
   longer, and attach another one. */
bool fetcher_client_readable(struct fetcher_client *c);
/* Those whose time is over get FETCH_PENDING. Returns when to call it again; INT64_MAX when nobody
   waits. */
int64_t fetcher_client_expire(struct fetcher_client *c, int64_t now_ms);

bool fetcher_client_is_there(const struct fetcher_client *c); /* or its channel is closed */
unsigned fetcher_client_waiting(const struct fetcher_client *c);

#endif
