/*
 * monitored - a call that comes in and is one of our own (monitoring.h): its number is called, in
 * its time. What arrived of it is told, and nobody is called.
 */
#ifndef STIRD_SIP_MONITORED_H
#define STIRD_SIP_MONITORED_H

#include "steps.h"

#define MONITORED_BY_HAND "stirctl call" /* in the place of the name of a monitor */

struct monitoring;
struct monitor_news;

/* Once, behind the judgement and before anything that is made of it. STEP_DONE: it is one of them,
   and was answered. */
enum step_result monitored_take(struct context *c);
/* NULL: no memory, or no room among strangers. It is told of before all strangers, behind those of
   its kind. */
struct monitor_news *monitored_news(struct monitoring *m, bool is_stranger);

#endif
