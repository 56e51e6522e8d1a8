/* By which rules certificates of others are fetched: the fetcher and stirctl have them from here,
   so that what one brings the other does not refuse. */
#include <stird/fetch/fetch.h>

struct fetch_options fetch_options_of(const struct fetch_settings *settings, const char *ca_file)
{
    return (struct fetch_options){.timeout_ms = settings->timeout_ms,
                                  .most_bytes = settings->bytes,
                                  .allow_private = settings->lab,
                                  .ca_file = ca_file};
}
