/*
 * dialog_block - the number block of an INVITE inside a call. A key outlives its call, for nobody
 * remembers calls here: its owner may bring it again, with another From and for another called
 * number. What is refused for who calls stays refused. The callee alone is not asked, for its From
 * is who was called; which of the two sent it is not told by the tags, which the sender writes: it
 * is the callee's when it comes from an upstream, or from nobody known towards a trunk.
 */
#ifndef STIRD_SIP_DIALOG_BLOCK_H
#define STIRD_SIP_DIALOG_BLOCK_H

struct context;
struct trunk;

enum dialog_block {
    DIALOG_BLOCK_NONE,
    DIALOG_BLOCK_REFUSES,
    DIALOG_BLOCK_EXCUSES /* its number is blocked, but it is an emergency call (Decided 5) */
};
/*
 * What the number block makes of C, an INVITE that C->own's key proves to be inside a call; its
 * facts are in C->call. The trunk that is asked is the one whose call the key proves it to be
 * (dialog_trunk.h); it is C->call->trunk then. Where nobody can tell that, it is refused when any
 * trunk of its source would refuse it; of a source without trunks, when any trunk at all would.
 * Unless it is NONE, C->outcome says what becomes of it, and C->call->trunk by which trunk.
 */
enum dialog_block dialog_block_of(struct context *c);

/* How the trunk is found whose number block is asked. */
enum dialog_way {
    DIALOG_WAY_NAMED,     /* a rehearsal names it */
    DIALOG_WAY_CALLEE,    /* who was called sent it: none is asked */
    DIALOG_WAY_ALONE,     /* no other stands at its source */
    DIALOG_WAY_PROVEN,    /* our Route says so */
    DIALOG_WAY_OF_SOURCE, /* the strictest of several there */
    DIALOG_WAY_ANY        /* there is none there: the strictest of all */
};
/* For the same C, before that or after; *TRUNK is NULL where it is the strictest, or none. */
enum dialog_way dialog_way_of(const struct context *c, const struct trunk **trunk);

#endif
