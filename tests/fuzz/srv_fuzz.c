/* A DNS answer of any octets: what comes out are host names in their room, by priority. */
#include "net/srv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct srv_record list[SRV_MAX];
    uint32_t ttl_s;
    bool cut;
    int n = srv_parse(data, size, list, &ttl_s, &cut);
    if (n < -1 || n > SRV_MAX || (n >= 0 && cut && n < SRV_MAX))
        abort();
    for (int i = 0; i < n; i++)
        if (strnlen(list[i].host, sizeof(list[i].host)) > SRV_HOST_MAX ||
            (i > 0 && list[i - 1].priority > list[i].priority))
            abort();
    return 0;
}
