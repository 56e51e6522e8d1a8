#include "clock_kept.h"

#include <sys/timex.h>

bool clock_is_kept(void)
{
    struct timex t = {.modes = 0};
    return adjtimex(&t) != TIME_ERROR && !(t.status & STA_UNSYNC);
}
