/*
 * page_memory - how much memory a process that serves pages can take, whatever it runs: its limit
 * lies above what it needs at most, and should the machine run short it is the first to go.
 */
#ifndef STIRD_DAEMON_PAGE_MEMORY_H
#define STIRD_DAEMON_PAGE_MEMORY_H

#include <stdint.h>

/* To be called before rights are given up. OCTETS: what it may hold by the budget (budget.h). */
void page_memory_bound(uint64_t octets);

#endif
