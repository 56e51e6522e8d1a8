/*
 * trunk_service - what a trunk does with calls, in a word for people: tables of trunks.
 */
#ifndef CLI_TRUNK_SERVICE_H
#define CLI_TRUNK_SERVICE_H

#include <jansson.h>

#define TRUNK_SERVICE_MAX 48

/* Of a TRUNK of the status: "sign", "verify_sign 10%" of the numbers, "shadow". In ROOM, or its
 * own. */
const char *trunk_service(const json_t *trunk, char room[TRUNK_SERVICE_MAX]);

#define TRUNK_USABLE_MAX 64

/* "1 of 2" next hops; "-" of one whose SBC asks by redirect: it has none. */
const char *trunk_usable(const json_t *trunk, char room[TRUNK_USABLE_MAX]);

#endif
