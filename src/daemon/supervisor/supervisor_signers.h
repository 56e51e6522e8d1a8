/* supervisor_signers - the present signer, the next one, and those that are retired. */
#ifndef STIRD_SUPERVISOR_SIGNERS_H
#define STIRD_SUPERVISOR_SIGNERS_H

#include "loop.h"

struct child *supervisor_signer(const struct supervisor *s);      /* the present one */
struct child *supervisor_next_signer(const struct supervisor *s); /* NULL: there was none yet */
/* The one that comes after the present one, of s->next. 0 or -errno. */
int supervisor_start_next_signer(struct supervisor *s, int64_t now_ms);
/* There is room for another one. False: the oldest one that is retired ends sooner. */
bool supervisor_signers_have_room(struct supervisor *s, int64_t now_ms);
/* The next one takes the place of the present one, which finishes what is under way. */
void supervisor_switch_signers(struct supervisor *s, int64_t now_ms);
/* The worker's end of a new channel to SIGNER. One that is not there gives one that is closed. */
int supervisor_signer_channel(struct child *signer, unsigned w);
/* GENERATION is the oldest that a call in worker W still holds. */
void supervisor_signers_needed(struct supervisor *s, unsigned w, uint64_t generation);

#endif
