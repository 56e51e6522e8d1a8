#include "srv.h"

#include <ares.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 12
#define TYPE_SRV     33
#define CLASS_IN     1

struct reader {
    const unsigned char *begin, *at, *end;
};

static bool read_u16(struct reader *r, uint16_t *value)
{
    if (r->end - r->at < 2)
        return false;
    *value = (uint16_t)(r->at[0] << 8 | r->at[1]);
    r->at += 2;
    return true;
}

static bool read_u32(struct reader *r, uint32_t *value)
{
    uint16_t high, low;
    if (!read_u16(r, &high) || !read_u16(r, &low))
        return false;
    *value = (uint32_t)high << 16 | low;
    return true;
}

/* Names point into the whole answer. NAME may be NULL. */
static bool read_name(struct reader *r, char name[SRV_HOST_MAX + 1])
{
    char *text = NULL;
    long length = 0;
    bool fits = false;
    if (ares_expand_name(r->at, r->begin, (int)(r->end - r->begin), &text, &length) != ARES_SUCCESS)
        return false;
    if (length <= r->end - r->at) {
        r->at += length;
        size_t n = strlen(text);
        fits = !name || n <= SRV_HOST_MAX;
        if (fits && name)
            memcpy(name, text, n + 1);
    }
    ares_free_string(text);
    return fits;
}

static bool read_srv(struct reader data, struct srv_record *record)
{
    return read_u16(&data, &record->priority) && read_u16(&data, &record->weight) &&
           read_u16(&data, &record->port) && read_name(&data, record->host);
}

/* One record; *IS_SRV tells whether RECORD was filled. */
static bool read_record(struct reader *r, struct srv_record *record, uint32_t *ttl_s, bool *is_srv)
{
    uint16_t type, class, length;
    if (!read_name(r, NULL) || !read_u16(r, &type) || !read_u16(r, &class) || !read_u32(r, ttl_s) ||
        !read_u16(r, &length) || r->end - r->at < length)
        return false;
    struct reader data = {r->begin, r->at, r->at + length};
    r->at += length;
    *is_srv = type == TYPE_SRV && class == CLASS_IN;
    return !*is_srv || read_srv(data, record);
}

static bool skip_questions(struct reader *r, unsigned n)
{
    uint16_t type, class;
    while (n-- > 0)
        if (!read_name(r, NULL) || !read_u16(r, &type) || !read_u16(r, &class))
            return false;
    return true;
}

static int by_priority(const void *a, const void *b)
{
    const struct srv_record *x = a, *y = b;
    return x->priority - y->priority;
}

/* The best SRV_MAX: one more takes the place of the worst, if that is worse. */
static void keep(struct srv_record list[SRV_MAX], int *found, bool *cut,
                 const struct srv_record *record)
{
    int worst = 0;
    if (*found < SRV_MAX) {
        list[(*found)++] = *record;
        return;
    }
    *cut = true;
    for (int i = 1; i < SRV_MAX; i++)
        if (list[i].priority >= list[worst].priority)
            worst = i;
    if (record->priority < list[worst].priority)
        list[worst] = *record;
}

int srv_parse(const unsigned char *answer, size_t n, struct srv_record list[SRV_MAX],
              uint32_t *ttl_s, bool *cut)
{
    struct reader r = {answer, answer + HEADER_BYTES, answer + n};
    struct srv_record record;
    int found = 0;
    if (n < HEADER_BYTES || n > 65535)
        return -1;
    unsigned questions = (unsigned)(answer[4] << 8 | answer[5]);
    unsigned answers = (unsigned)(answer[6] << 8 | answer[7]);
    if (!skip_questions(&r, questions))
        return -1;
    *ttl_s = UINT32_MAX;
    *cut = false;
    while (answers-- > 0) {
        uint32_t ttl;
        bool is_srv;
        if (!read_record(&r, &record, &ttl, &is_srv))
            return -1;
        if (ttl < *ttl_s)
            *ttl_s = ttl;
        if (is_srv)
            keep(list, &found, cut, &record);
    }
    qsort(list, (size_t)found, sizeof(*list), by_priority);
    return found;
}
