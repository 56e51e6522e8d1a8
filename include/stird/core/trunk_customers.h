/*
 * trunk_customers - finds trunks whose customer is not declared anywhere, most often because of a
 * typing error: none of the customer's numbers would count as its own. Pure.
 */
#ifndef STIRD_TRUNK_CUSTOMERS_H
#define STIRD_TRUNK_CUSTOMERS_H

#include <stird/core/numbers.h>
#include <stird/core/settings.h>

/*
 * Adds to FINDINGS each authenticated trunk whose customer has no row in TABLE and is declared
 * neither there nor in SETTINGS, at the trunk's place; adds none while no customer is known at all.
 */
void trunk_customers_check(const struct settings *settings, const struct numbers *table,
                           struct problems *findings);

/* Whether a trunk, a customers entry or TABLE names CUSTOMER. */
bool customer_is_known(const struct settings *settings, const struct numbers *table,
                       struct str customer);

#endif
