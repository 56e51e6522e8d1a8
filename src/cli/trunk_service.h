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

#endif
