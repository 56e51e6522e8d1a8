/*
 * verstat_told - what a call brings along as verstat (TS 24.229 section 7.2A.20), in the URI of
 * P-Asserted-Identity or From: inside the user part or as a parameter of the URI. It is compared
 * with what was found, and never believed. Pure.
 */
#ifndef STIRD_VERSTAT_TOLD_H
#define STIRD_VERSTAT_TOLD_H

#include <stird/base/str.h>

enum verstat_told {
    VERSTAT_TOLD_NOTHING, /* there is none */
    VERSTAT_TOLD_PASSED,
    VERSTAT_TOLD_FAILED,
    VERSTAT_TOLD_NONE,  /* No-TN-Validation */
    VERSTAT_TOLD_OTHER, /* something else */
    VERSTAT_TOLD_KINDS
};
/* Of one URI. A letter of the level behind the word is fine. */
enum verstat_told verstat_told_by(struct str uri);
/* "TN-Validation-Passed"; of something else "other", of nothing empty. */
struct str verstat_told_name(enum verstat_told told);

#endif
