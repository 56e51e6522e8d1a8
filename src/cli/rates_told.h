/*
 * rates_told - the rates of numbers and customers, as the stird that runs tells them.
 */
#ifndef CLI_RATES_TOLD_H
#define CLI_RATES_TOLD_H

#include "command.h"

#include <stird/core/rate_reader.h>

/* It asks for each rate, and knows none when it gets no answer, which is complained of. CLI is
   borrowed. */
struct rate_reader rates_told(const struct cli *cli);

#endif
