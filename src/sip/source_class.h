/*
 * source_class - where a source address belongs (Decided 12): to a trunk, an upstream or nobody,
 * by what the configuration says of it and by what the names of upstreams mean.
 */
#ifndef STIRD_SIP_SOURCE_CLASS_H
#define STIRD_SIP_SOURCE_CLASS_H

#include <stdbool.h>
#include <stird/base/address.h>
#include <stird/core/settings.h>

struct proxy;

/* One that is both, a trunk's and an upstream's, is the trunk's: what belongs to a call that is
   there goes by its transaction or its Route. */
enum source_class { SOURCE_UNKNOWN, SOURCE_TRUNK, SOURCE_UPSTREAM };
enum source_class source_class_of(const struct proxy *p, const struct address *source);
/* Whether what comes from SOURCE may begin a call of TRUNK: it is no upstream's, by sources, uri or
   what its name means, or TRUNK (NULL: none) names it as narrowly (claim.h). */
bool source_may_begin(const struct proxy *p, const struct trunk *trunk,
                      const struct address *source);
/* Whether SOURCE, which TRUNK covers by a prefix only, may turn out to be an upstream's: the name
   of one has no address yet. */
bool source_in_doubt(const struct proxy *p, const struct trunk *trunk,
                     const struct address *source);

#endif
