/* Record files of any octets: each line gets a finding, and a whole chain stays one. */
#include <stdlib.h>
#include <stird/io/record_audit.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_audit check = {.head = STR("0123")};
    struct str rest = {(const char *)data, size};
    uint64_t lines = 0;
    while (rest.n > 0) {
        bool ended = str_find(rest, '\n', 0) < rest.n;
        enum record_finding finding = record_audit_line(&check, str_cut(&rest, '\n'), ended);
        lines++;
        if (finding > RECORD_AGAIN || (finding == RECORD_MISSING && check.missing == 0))
            abort();
    }
    if (check.lines != lines || check.calls > lines || check.head_found)
        abort();
    return 0;
}
