/* fetch: how certificates of others are fetched and kept; URLs that are fetched beforehand. */
#include <stird/core/x5u.h>

#include "keys.h"
#include "reader.h"

#define PREFETCH_MAX      256
#define KEEP_MIN_LEAST_MS 3600000

static void resolve_prefetch(struct reader *r, struct draft *draft)
{
    const struct texts *texts = &draft->prefetch;
    struct str *list = reader_array(r, texts->n, sizeof(*list));
    for (unsigned i = 0; list && i < texts->n; i++) {
        const char *fault = x5u_fault(texts->items[i].text);
        list[i] = texts->items[i].text;
        if (fault)
            complain(r, &draft->object, texts->items[i].at, "fetch.prefetch: %.*s %s",
                     STR_ARG(shown(r, list[i])), fault);
    }
    if (texts->n > PREFETCH_MAX)
        complain(r, &draft->object, place_of(&draft->object, "fetch.prefetch"),
                 "fetch.prefetch: %d are the most", PREFETCH_MAX);
    draft->settings.fetch.prefetch = list;
    draft->settings.fetch.n_prefetch = list ? texts->n : 0;
}

void resolve_fetch(struct reader *r, struct draft *draft)
{
    const struct fetch_settings *f = &draft->settings.fetch;
    const struct object *root = &draft->object;
    const bool lab = f->lab || root->given[key_find(&root_table, STR("fetch.lab"))].unread;
    resolve_prefetch(r, draft);
    if (f->keep_min_ms < KEEP_MIN_LEAST_MS && !lab)
        complain(r, root, place_of(root, "fetch.keep_min"),
                 "fetch.keep_min: less than 1h has each certificate fetched again and again: only "
                 "with fetch.lab = true");
    if (f->keep_max_ms < f->keep_min_ms)
        complain(r, root, place_of(root, "fetch.keep_max"),
                 "fetch.keep_max must not be shorter than fetch.keep_min");
}
