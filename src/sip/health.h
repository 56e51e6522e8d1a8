/*
 * health - what an OPTIONS of a trunk's SBC is told: 200 while its calls would find what they need,
 * by the trunk's setting `health` (RFC 3261 section 11.2: as an INVITE would fare).
 */
#ifndef STIRD_SIP_HEALTH_H
#define STIRD_SIP_HEALTH_H

#include <stird/core/reason.h>
#include <stird/net/net.h>

struct proxy;

/* What the log has said of each trunk of a configuration. */
struct health_told {
    uint64_t generation; /* of the settings */
    unsigned char *ill;
    int64_t no_signer_since_ms; /* 0: there was one when somebody asked last */
};

void health_fini(struct health_told *told);
/*
 * REASON_OK: well. Else why not, of the first of the trunks that FROM may belong to; one of them
 * that is well is enough. A change is said in the log.
 */
enum reason health_of_source(struct proxy *p, const struct flow *from);

#endif
