/*
 * believed - which domains of an image of trust are those that a profile of verification believes.
 *
 * The image in force may have been made for another configuration than the one that a call goes by:
 * after a reload until the next one is there, and before, for calls that began earlier. So a domain
 * is not found by its place, but by its name, and only where the image was made of the same
 * settings of it. What is not found so is lacking: it judges nothing, and what would be distrusted
 * for want of it is open. Pure.
 */
#ifndef STIRD_BELIEVED_H
#define STIRD_BELIEVED_H

#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/core/settings.h>
#include <stird/core/trust_image.h>

/* For trust_image_judge(). PROFILE is one of SETTINGS. IMAGE may be NULL: then all are lacking. */
uint64_t believed_domains(const struct trust_image *image, const struct settings *settings,
                          const struct verification_setting *profile);

/* A digest of what is configured of a domain, into ARENA, for trust_setting.mark: of all but how
   its lists are asked for, and when a new one is refused. {NULL, 0}: no memory. */
struct str believed_mark(const struct trust_setting *t, struct arena *arena);

#endif
