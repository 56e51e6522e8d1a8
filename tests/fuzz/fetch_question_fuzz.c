/* Questions of a broken worker: what is read is written the same, and in bounds. */
#include <stird/core/fetch_request.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str packet = {(const char *)data, size};
    struct fetch_question question;
    char again[FETCH_QUESTION_BYTES_MAX];
    if (!fetch_question_read(packet, &question))
        return 0;
    if (question.kind >= FETCH_KINDS || question.wait_ms > FETCH_WAIT_MAX_MS ||
        question.url.n == 0 || question.url.n > X5U_MAX_BYTES ||
        question.url.p + question.url.n != packet.p + packet.n)
        abort();
    (void)x5u_fault(question.url);
    if (fetch_question_write(&question, again) != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
