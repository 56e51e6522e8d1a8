/*
 * marking - what the next element is told of a call that was verified: verstat in
 * P-Asserted-Identity and From (TS 24.229 section 7.2A.20, and the forms that carriers have made of
 * it), headers with level and origid, a label before the caller's name. Pure.
 *
 * It writes what a verification found and nothing else: a level or origid only of a call that
 * passed, so that no reader of these headers takes a failed call's for a good one. Texts of a token
 * or a certificate are written only where they are such words as these headers have.
 */
#ifndef STIRD_MARKING_H
#define STIRD_MARKING_H

#include <stird/base/buf.h>
#include <stird/core/settings.h>
#include <stird/core/tn.h>
#include <stird/core/verified.h>

struct marking {
    const struct verification_setting *profile;
    const struct verified *verified;
    const struct country *country; /* how the trunk's country writes numbers */
    const struct tn *number;       /* which the verdict is about; NULL: none. Of others nothing is
                                      known, and so it is written */
};

#define MARKING_LABEL_MAX 16 /* octets of a label */

/*
 * Writes LINE, a whole P-Asserted-Identity, to OUT with verstat at each of its URIs that is a
 * number. What is there already has to be off (told_without_verstat()). False: there is no such
 * URI, and nothing is written.
 */
bool marking_asserted(const struct marking *marking, struct str line, struct buf *out);
/* The same of From: verstat where the profile has it there, and the label. */
bool marking_from(const struct marking *marking, struct str line, struct buf *out);

/*
 * Writes LINE, a header with a name-addr, to OUT without what looks like a label of PROFILE in its
 * display name: callers do not write their own. False: it holds none, and nothing is written.
 */
bool marking_without_labels(const struct verification_setting *profile, struct str line,
                            struct buf *out);
/* Whether the profile has a label at all. */
bool marking_has_labels(const struct verification_setting *profile);

/* What header NAME of attestation_headers says of the call, by what such a name tells (told.h).
   False: nothing, and the header is not written. */
bool marking_header(const struct marking *marking, struct str name, struct buf *out);
/* The value of result_header: class;level;codes;check, "-" for what there is not. */
void marking_result(const struct marking *marking, struct buf *out);

#endif
