/* way_back - whether calls go back where they came from. Private to conf. */
#ifndef STIRD_CONF_WAY_BACK_H
#define STIRD_CONF_WAY_BACK_H

#include <stdbool.h>
#include <stird/core/settings.h>

/* Whether calls of T may come from an address of U. */
bool way_back_is_from(const struct trunk *t, const struct upstream *u);
/* Whether calls of T leave by UPSTREAM, an index of the settings. */
bool way_back_leads_to(const struct trunk *t, uint32_t upstream);

#endif
