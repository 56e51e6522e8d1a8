/*
 * small_talk - bounds what a connection sends besides messages: keep-alives, records of TLS that
 * carry no data. Each costs us something and says nothing, so a connection may send some at once, a
 * few a second, and one for each message. One that sends more is closed.
 */
#ifndef STIRD_NET_SMALL_TALK_H
#define STIRD_NET_SMALL_TALK_H

#include <stdbool.h>
#include <stdint.h>

#define SMALL_TALK_AT_ONCE  64
#define SMALL_TALK_A_SECOND 8

struct small_talk {
    uint32_t said;    /* of what may be said at once */
    int64_t since_ms; /* up to here time has given back */
    bool over;        /* it was too much: stays so */
};

/* Counts one more at NOW_MS, monotonic; false when it is one too many. */
bool small_talk_admits(struct small_talk *t, int64_t now_ms);
/* A message came, so one is forgotten. */
void small_talk_message(struct small_talk *t);

#endif
