/*
 * What it costs to find the trunk of a call among many of one source, in processor time.
 *
 *     trunks [TRUNKS]         5000 when left out
 *
 * Each line is a way to tell them apart: a call that names the last trunk; the same beside a
 * default trunk, which is then looked for what it passed over; and the dearest text that a caller
 * can write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stird/core/settings.h>
#include <stird/core/source_table.h>
#include <stird/core/trunk.h>

#define LONG_BYTES 60000

static const struct address_prefix place = {{ADDRESS_IPV4, 0, {192, 0, 2, 40}}, 32};

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct str number(struct arena *arena, unsigned i)
{
    return arena_printf(arena, "12%09u", i);
}

enum kind { BY_GROUP, BY_HEADER, BY_PREFIX, BY_HOST, KINDS };
static const char *const kind_names[KINDS] = {
    "trunk group in Contact", "header", "begin of the Request-URI", "host of the Request-URI"};

/* The last of the N has nothing to be told by: the default, which is asked for when DEFAULTED. */
static struct settings make(struct arena *arena, unsigned n, enum kind kind, bool defaulted)
{
    struct trunk *trunks = arena_array(arena, n, sizeof(*trunks));
    for (unsigned i = 0; i < n; i++) {
        struct trunk *t = &trunks[i];
        *t = (struct trunk){.sources = &place, .n_sources = 1};
        struct str text = number(arena, i);
        if (defaulted && i == n - 1)
            continue;
        if (kind == BY_GROUP)
            t->tgrp = text;
        if (kind == BY_HEADER)
            t->header_name = STR("X-Trunk"), t->header_value = text;
        if (kind == BY_PREFIX)
            t->request_user_prefix = text;
        if (kind == BY_HOST)
            t->request_host = text;
    }
    return (struct settings){
        .trunks = trunks, .n_trunks = n, .sources = source_table_new(arena, trunks, n, NULL, 0)};
}

/* What is repeated up to LONG_BYTES. */
static struct str repeated(struct arena *arena, struct str one)
{
    struct buf text = BUF_INIT;
    while (text.n + one.n < LONG_BYTES)
        buf_add_str(&text, one);
    struct str copy = arena_copy(arena, buf_str(&text));
    buf_fini(&text);
    return copy;
}

static double per_call_us(const struct settings *s, struct call *call, unsigned *passed_over)
{
    const unsigned calls = 20;
    bool known;
    double begin = cpu_us();
    for (unsigned i = 0; i < calls; i++)
        trunk_match(s, call, &known);
    *passed_over = call->n_passed_over;
    return (cpu_us() - begin) / calls;
}

static void show(struct arena *arena, unsigned n, enum kind kind, bool defaulted, struct str said)
{
    struct settings s = make(arena, n, kind, defaulted);
    struct call_header headers[2] = {{STR("X-Trunk"), said}};
    unsigned passed_over;
    struct call call = {.arena = arena,
                        .source = place.address,
                        .request_user = said,
                        .request_host = said,
                        .headers = headers};
    if (kind == BY_GROUP)
        call.groups[GROUP_IN_CONTACT] = (struct trunk_groups){.values = {said}, .n = 1};
    double us = per_call_us(&s, &call, &passed_over);
    printf("  %-26s %-10s %8zu octets %12.1f us, %u passed over\n", kind_names[kind],
           defaulted ? "default" : "", said.n, us, passed_over);
}

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 5000;
    struct arena *arena = arena_new(1 << 20);
    if (!arena || n < 2)
        return 1;
    printf("%u trunks of one source\n", n);
    for (int kind = 0; kind < KINDS; kind++)
        for (int defaulted = 0; defaulted < 2; defaulted++)
            show(arena, n, (enum kind)kind, defaulted, number(arena, n - 2));
    show(arena, n, BY_HEADER, true, repeated(arena, STR("a,")));
    show(arena, n, BY_HEADER, true, repeated(arena, STR("\"")));
    show(arena, n, BY_HEADER, true, repeated(arena, STR("a;")));
    show(arena, n, BY_PREFIX, true, repeated(arena, STR("1-")));
    arena_free(arena);
    return 0;
}
