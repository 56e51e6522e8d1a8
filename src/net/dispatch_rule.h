/*
 * dispatch_rule - what dispatch.bpf.c (in the kernel) and dispatch.c (here) agree on.
 *
 * A response of ours belongs to the worker whose number stands in our Via branch, two hexadecimal
 * digits behind DISPATCH_MARK (sip/branch.h). Everything else belongs to the worker that the keyed
 * hash of its Call-ID names, so a request, its retransmissions, its CANCEL and its ACK meet. A
 * message without either, or with the mark of a worker that is not there, belongs to worker 0.
 */
#ifndef STIRD_NET_DISPATCH_RULE_H
#define STIRD_NET_DISPATCH_RULE_H

#define DISPATCH_LOOK_BYTES  3072 /* how far the kernel looks for a header: a multiple of 8 */
#define DISPATCH_VALUE_BYTES 128  /* of the value are hashed, leading white space included */
#define DISPATCH_SHORTEST    16   /* nothing shorter is a SIP message */
#define DISPATCH_PREAMBLE    4    /* line ends that may stand before a status line */

/* Eight characters as they stand in a shift register, the last one lowest. */
#define DISPATCH_STATUS 0x5349502f322e3020ull /* "SIP/2.0 " */
#define DISPATCH_MARK   0x39684734624b7374ull /* "9hG4bKst", behind the z of the magic cookie */
#define DISPATCH_NAME   0x0a63616c6c2d6964ull /* "\ncall-id" */
#define DISPATCH_CASE   0x0020202020002020ull /* set in a small letter, for its letters only */
#define DISPATCH_SHORT  0x0a69u               /* "\ni" */

/*
 * The hash is a polynomial over the numbers below a prime, at a secret place: whoever does not know
 * it cannot choose two Call-IDs that meet more often than by chance, so nobody aims all calls at
 * one worker. Numbers are below 2^32 between two steps.
 */
#define DISPATCH_PRIME          0x7fffffffull
#define DISPATCH_FOLD(x)        (((x)&DISPATCH_PRIME) + ((x) >> 31))
#define DISPATCH_HASH_START     1ull
#define DISPATCH_STEP(h, at, c) DISPATCH_FOLD(DISPATCH_FOLD((h) * (at) + (c)))
/* Below the prime. */
#define DISPATCH_REDUCE(h) (((h) + (((h) + 1) >> 31)) & DISPATCH_PRIME)

/* Where the loader writes the number of workers, and the key, into the program. */
#define DISPATCH_WORKERS_HERE  0x5354574b
#define DISPATCH_PLACE_HERE    0x53545048
#define DISPATCH_MULTIPLE_HERE 0x53544d48
#define DISPATCH_OFFSET_HERE   0x53544f48

#endif
