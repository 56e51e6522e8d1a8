/*
 * counting - what it costs a call that it is counted: all that one adds to the counters of all, of
 * its trunk and of its upstream (docs/counters.md), in memory that another process has too.
 *
 *   counting [CALLS]     prints "ns_per_call N"; trunks and upstreams take turns
 */
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/count.h>
#include <stird/io/counter_page.h>
#include <time.h>
#include <unistd.h>

#define PARTS 1000 /* more than a cache nearby has room for */

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A signed call that is answered: seven messages, one next hop. */
static void count_call(struct proxy_counters *all, struct trunk_counters *trunk,
                       struct upstream_counters *upstream, uint64_t us)
{
    count_add(&all->requests, 3);
    count_add(&all->responses, 4);
    count_add(&all->invites, 1);
    count_add(&all->calls, 1);
    count_add(&trunk->calls, 1);
    uint64_t *const both[][2] = {
        {&all->emergency_calls, &trunk->emergency_calls},
        {&all->date_corrected, &trunk->date_corrected},
        {&all->level_unreadable, &trunk->level_unreadable},
        {&all->identity_unreadable, &trunk->identity_unreadable},
        {&all->passed_calls, &trunk->passed_calls},
        {&all->rejected_calls, &trunk->rejected_calls},
    };
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        count_add(both[i][0], us == 0); /* as most calls: nothing to add */
        count_add(both[i][1], us == 0);
    }
    histogram_add(&all->signing_us, us);
    histogram_add(&all->added_latency_us, 3 * us);
    count_add(&upstream->offered, 1);
    count_add(&upstream->calls, 1);
    count_add(&upstream->by_class[0], 1);
    count_take(&upstream->calls, 1);
    count_add(&all->signed_calls, 1);
    count_add(&trunk->signed_calls, 1);
    count_add(&all->by_level[0], 1);
    count_add(&trunk->by_level[0], 1);
    count_add(&all->by_cause[CAUSE_ANSWERED], 1);
    count_add(&trunk->by_cause[CAUSE_ANSWERED], 1);
    count_add(&all->by_reason[REASON_SIGNED_OWNED], 1);
    count_take(&trunk->calls, 1);
    count_take(&all->calls, 1);
}

int main(int argc, char **argv)
{
    unsigned long calls = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000000;
    int page = counter_page_memory(), part = part_counters_memory(PARTS, PARTS);
    struct proxy_counters *all = counter_page_map(page, true);
    struct part_counters parts;
    if (!all || !part_counters_map(&parts, part, PARTS, PARTS, true)) {
        fprintf(stderr, "counting: no memory\n");
        return 1;
    }
    double began = now_ns();
    for (unsigned long i = 0; i < calls; i++)
        count_call(all, &parts.trunks[i % PARTS], &parts.upstreams[i * 7 % PARTS], 30 + i % 300);
    double ns = now_ns() - began;
    if (all->signed_calls != calls)
        return 1;
    printf("ns_per_call %.1f\n", ns / (double)calls);
    part_counters_unmap(&parts);
    counter_page_unmap(all);
    close(page), close(part);
    return 0;
}
