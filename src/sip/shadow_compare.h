/*
 * shadow_compare - where live calls meet the second configuration (stird/sip/shadow.h).
 */
#ifndef STIRD_SIP_SHADOW_COMPARE_H
#define STIRD_SIP_SHADOW_COMPARE_H

struct context;

/* Decides C, which has left, or was refused for what it is, by the second configuration too, if
   there is one. Changes nothing of C. */
void shadow_compare(struct context *c);

#endif
