/* findings - what the checks of one token found, in words. Private to core/verify. */
#ifndef STIRD_CORE_FINDINGS_H
#define STIRD_CORE_FINDINGS_H

#include <stird/base/arena.h>
#include <stird/core/verify_check.h>

struct findings {
    struct arena *arena;
    struct verify_finding *of; /* VERIFY_CHECKS */
};

static inline void found(const struct findings *f, enum verify_check check,
                         enum verify_result result, struct str text)
{
    f->of[check] = (struct verify_finding){result, text};
}

static inline void found_good(const struct findings *f, enum verify_check check)
{
    found(f, check, VERIFY_PASSED, STR(""));
}

#define FAILED(f, check, ...)                                                                      \
    found((f), (check), VERIFY_FAILED, arena_printf((f)->arena, __VA_ARGS__))
/* What was done, and passed: what could not be done is NOT_DONE. */
#define WARNED(f, check, ...)                                                                      \
    found((f), (check), VERIFY_WARNED, arena_printf((f)->arena, __VA_ARGS__))
#define NOT_DONE(f, check, ...)                                                                    \
    found((f), (check), VERIFY_NOT_DONE, arena_printf((f)->arena, __VA_ARGS__))

/* What the network wrote: cut and without control characters. */
struct str finding_text(const struct findings *f, struct str text);
/* False: there was no memory for one of them. */
bool findings_are_whole(const struct findings *f);

#endif
