/*
 * asan - memory that is kept is nobody's: the address sanitizer, where it runs, says who uses it.
 */
#ifndef STIRD_ASAN_H
#define STIRD_ASAN_H

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)   ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

#endif
