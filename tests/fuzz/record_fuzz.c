/* A packet of a broken worker: refused, or a line of one JSON object whose end is the chain's. */
#include <stdlib.h>
#include <stird/io/record_chain.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record record;
    struct record_chain chain = {.seq = 7}, next, after;
    struct chain_place place;
    struct buf line = BUF_INIT;
    if (!record_unpack(&record, (struct str){(const char *)data, size}))
        return 0;
    if (!chain_add_record(&line, &chain, &record, &next))
        abort();
    struct str text = str_slice(buf_str(&line), 0, line.n - 1);
    if (str_find(text, '\n', 0) != text.n || !chain_place_of(&place, text) || place.seq != 7 ||
        !chain_after_line(&after, text) || after.seq != next.seq)
        abort();
    buf_fini(&line);
    return 0;
}
