/*
 * container_of - from a part of a struct to the struct that holds it: what is set, joined or called
 * back is a small part (a timer, a member of a list), and its owner finds itself again.
 */
#ifndef STIRD_CONTAINER_OF_H
#define STIRD_CONTAINER_OF_H

#include <stddef.h>

/* POINTER is to the MEMBER of a TYPE, and nothing else. */
#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
