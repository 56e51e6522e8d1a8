/* What headers mean to us or to who gets the call, so that they are no room for something else. */
#include "reader.h"

#include <stird/core/headers.h>
#include <stird/core/told.h>

const char *header_meaning(struct str name)
{
    static const struct {
        const char *name, *meaning;
    } others[] = {{"P-Asserted-Identity", "says who calls"},
                  {"P-Preferred-Identity", "says who calls"},
                  {"Remote-Party-ID", "says who calls"},
                  {"Privacy", "says what the caller wants withheld"},
                  {"Diversion", "says who sent the call on"},
                  {"History-Info", "says who sent the call on"},
                  {"Identity-Info", "says where the certificate of a signature is (RFC 4474)"},
                  {"Expires", "says how long the call may ring"},
                  {"Session-Expires", "says how long the call may last"},
                  {"Supported", "says what the caller's side can do"},
                  {"Allow", "says what the caller's side can do"}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (header_same_name(name, str_of(others[i].name)))
            return others[i].meaning;
    return told_by(name) != TOLD_NOTHING ? "tells a level or an origid" : NULL;
}
