/* srv - the SRV records of a DNS answer (RFC 2782), with the time to live that c-ares leaves out.
 */
#ifndef STIRD_NET_SRV_H
#define STIRD_NET_SRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/core/known_name.h>

#define SRV_MAX      NAME_PARTS_MAX
#define SRV_HOST_MAX 255

struct srv_record {
    char host[SRV_HOST_MAX + 1]; /* empty: "." */
    uint16_t priority, weight, port;
};

/* How many of LIST were filled, by priority; -1 when the answer cannot be read. *CUT: there are
   more, of which none has a lower number. */
int srv_parse(const unsigned char *answer, size_t n, struct srv_record list[SRV_MAX],
              uint32_t *ttl_s, bool *cut);

#endif
