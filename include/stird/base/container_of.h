/*
 * container_of - from a member of a struct to the struct that holds it. A timer or a list knows
 * only the small member that it was given; by this its callback finds the owner.
 */
#ifndef STIRD_CONTAINER_OF_H
#define STIRD_CONTAINER_OF_H

#include <stddef.h>

/* POINTER must point to the MEMBER of a TYPE. */
#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
