/*
 * shortage - how often there was no memory in this thread. What a library answers then may look
 * like another answer: a signature that does not verify, a certificate that cannot be decoded. So
 * whoever judges counts before and after, and has judged nothing where the two differ.
 */
#ifndef STIRD_SHORTAGE_H
#define STIRD_SHORTAGE_H

unsigned long shortages(void);
/* One more: arenas and buffers say it, and what was given to libraries (library_memory.h). */
void shortage_add(void);

#endif
