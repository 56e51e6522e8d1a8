/* Answers of a broken fetcher: what is read is written the same, and in bounds. */
#include <stird/core/fetch_request.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str packet = {(const char *)data, size};
    struct fetch_answer answer;
    struct fetch_answer_head again;
    if (!fetch_answer_read(packet, &answer))
        return 0;
    if (answer.outcome >= FETCH_OUTCOMES || answer.source >= FETCH_SOURCES ||
        answer.body.n > FETCH_BODY_MAX || (answer.outcome != FETCH_OK && answer.body.n > 0) ||
        answer.body.n + answer.content_type.n + answer.why.n + sizeof(again) != packet.n)
        abort();
    (void)fetch_outcome_word(answer.outcome);
    (void)fetch_source_word(answer.source);
    if (!fetch_answer_write(&answer, &again) || memcmp(data, &again, sizeof(again)) != 0)
        abort();
    return 0;
}
