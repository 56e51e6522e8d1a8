/*
 * shortage - counts how often this thread could not get memory. A library that gets none may give
 * an answer that looks like another one: a signature that does not verify, a certificate that
 * cannot be decoded. So whoever judges something reads this count before and after; where the two
 * differ, nothing was judged.
 */
#ifndef STIRD_SHORTAGE_H
#define STIRD_SHORTAGE_H

unsigned long shortages(void);
/* Counts one more. Arenas and buffers call it, and so do the allocators that libraries were given
   (library_memory.h). */
void shortage_add(void);

#endif
