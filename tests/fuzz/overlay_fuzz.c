/* A journal of any octets: read or refused, and what is in force becomes a table again. */
#include <stdlib.h>
#include <stird/io/overlay.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf csv = BUF_INIT;
    struct str text = {(const char *)data, size};
    struct overlay *o = overlay_from_text(STR("/fuzz"), text, &problems);
    if (!o && !problems_any(&problems))
        abort();
    if (o) {
        overlay_table(o, &csv);
        if (overlay_count(o) > overlay_lines(o) || buf_failed(&csv))
            abort();
    }
    buf_fini(&csv);
    overlay_free(o);
    problems_fini(&problems);
    return 0;
}
