/*
 * signer_client - a worker's end of the channel to the signer. Never blocks, but for
 * signer_client_look(), for LOOK_US.
 *
 * One for each snapshot and signer process. Not shared between threads; every callback comes from
 * inside signer_client_readable(), signer_client_look(), signer_client_flush() or
 * signer_client_free().
 */
#ifndef STIRD_SIGNER_CLIENT_H
#define STIRD_SIGNER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/core/sign_request.h>

struct signer_client;

/*
 * For each token that was asked for, in that order: REASON_OK with the token, borrowed for the time
 * of the call, or the reason why there is none.
 */
typedef void signer_done(void *user, const struct sign_answer *answers, unsigned n,
                         uint32_t sign_us);

/* Takes FD, a non-blocking SOCK_SEQPACKET socket; -1: no signer, every submit fails at once. */
struct signer_client *signer_client_new(int fd);
/* Requests that still wait get SIGNER_UNAVAILABLE. */
void signer_client_free(struct signer_client *c);
int signer_client_fd(const struct signer_client *c);

/*
 * Asks for the N tokens of a call at once. REASON_OK: DONE is called later, exactly once, unless
 * cancelled; *TICKET is for signer_client_cancel(). Otherwise DONE is not called, and the reason is
 * returned (SIGNER_UNAVAILABLE, SIGNER_OVERLOADED, OUT_OF_MEMORY; SIGNER_REFUSED: it is no
 * request). The request may wait until signer_client_flush(), which sends what has gathered in as
 * few packets as possible.
 */
enum reason signer_client_submit(struct signer_client *c, const struct sign_order *orders,
                                 unsigned n, signer_done *done, void *user, uint64_t *ticket);
void signer_client_cancel(struct signer_client *c, uint64_t ticket);
void signer_client_flush(struct signer_client *c);
/* Call when the descriptor is readable. False: the signer is gone, all were told; free the client.
 */
bool signer_client_readable(struct signer_client *c);
/*
 * After a flush, at the end of a turn that brought so many MESSAGES: waits for the answer and takes
 * it where that pays (look.h). Whether the signer is gone, signer_client_readable() says: the
 * descriptor is readable then.
 */
void signer_client_look(struct signer_client *c, unsigned messages);
bool signer_client_is_there(const struct signer_client *c); /* or its channel is closed */
unsigned signer_client_waiting(const struct signer_client *c);

#endif
