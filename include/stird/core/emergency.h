/* emergency - whether a call is to the emergency services, and which number it dials. Pure. */
#ifndef STIRD_EMERGENCY_H
#define STIRD_EMERGENCY_H

#include <stird/core/call.h>

/*
 * Whether the Request-URI, else To, is 911, 112, 933, urn:service:sos or below, sip:sos@, or in the
 * settings' list, also as number rules dress it up: with +1, 1 or the country code of the call's
 * trunk (of any trunk while there is none) before it, an outside-line prefix, or # behind it. To is
 * the caller's own text, so a call that is one only by its To is told apart.
 */
enum emergency { EMERGENCY_NONE, EMERGENCY_BY_TO, EMERGENCY_BY_REQUEST_URI };
enum emergency emergency_of_call(const struct settings *settings, const struct call *call);
/* The same before anything else is known of the call, by its Request-URI and the URI in its To. */
bool emergency_uris(const struct settings *settings, struct str request_uri, struct str to_uri);

/*
 * URI is of an emergency number, as a trunk of this country may write it. NUMBER: its digits, as
 * they go into dest, for a verifier reads the same in To; none when other keys are among them, or
 * when it is read more leniently than any called number is that is signed: behind what is no
 * escape, in a phone-context that makes no emergency number of it, beside a routing number. Where
 * that context makes a number of it that can exist, it is of none.
 */
bool emergency_number(const struct settings *settings, const struct trunk *trunk, struct str uri,
                      struct tn *number);

/*
 * Whether there is more in URI than who is called: a number that calls are routed by (RFC 4694), a
 * password, header fields. An emergency call with one of these, wherever, is not signed.
 */
bool emergency_says_more(struct str uri);

/*
 * What is dialled by a URI that holds no telephone number, as a verifier that knows nobody's
 * settings reads it: the keys as they stand, without plus and separators (RFC 8224 section 8.3),
 * for emergency numbers and short codes. It is what find_dest() of parties.c writes of them.
 */
bool dialled_number(const struct country *country, struct str uri, struct tn *number);

#endif
