/*
 * dispatch_rule - what dispatch.bpf.c (in the kernel) and dispatch.c (here) agree on.
 *
 * A response of ours belongs to the worker whose number stands in our Via branch, two hexadecimal
 * digits behind DISPATCH_MARK (sip/branch.h). Everything else belongs to the worker that the hash
 * of its Call-ID names, so a request, its retransmissions, its CANCEL and its ACK meet. A message
 * without either, or with the mark of a worker that is not there, belongs to worker 0.
 */
#ifndef STIRD_NET_DISPATCH_RULE_H
#define STIRD_NET_DISPATCH_RULE_H

#define DISPATCH_LOOK_BYTES 3072 /* how far the kernel looks for a header: a multiple of 8 */
#define DISPATCH_VALUE_BYTES                                                                       \
    128                      /* how much of the value is hashed, leading white space included      \
                              */
#define DISPATCH_SHORTEST 16 /* nothing shorter is a SIP message */
#define DISPATCH_PREAMBLE 4  /* line ends that may stand before a status line */

/* Eight characters as they stand in a shift register, the last one lowest. */
#define DISPATCH_STATUS 0x5349502f322e3020ull /* "SIP/2.0 " */
#define DISPATCH_MARK   0x39684734624b7374ull /* "9hG4bKst", behind the z of the magic cookie */
#define DISPATCH_NAME   0x0a63616c6c2d6964ull /* "\ncall-id" */
#define DISPATCH_CASE   0x0020202020002020ull /* set in a small letter, for its letters only */
#define DISPATCH_SHORT  0x0a69u               /* "\ni" */

#define DISPATCH_HASH_START 0x811c9dc5u /* FNV-1a */
#define DISPATCH_HASH_PRIME 0x01000193u

/* Where the loader writes the number of workers into the program. */
#define DISPATCH_WORKERS_HERE 0x5354574b

/* FNV's high bits know little of the last characters: the end of MurmurHash3 mixes them in. */
#define DISPATCH_MIX(h)                                                                            \
    do {                                                                                           \
        (h) ^= (h) >> 16;                                                                          \
        (h) *= 0x85ebca6bu;                                                                        \
        (h) ^= (h) >> 13;                                                                          \
        (h) *= 0xc2b2ae35u;                                                                        \
        (h) ^= (h) >> 16;                                                                          \
    } while (0)

#endif
