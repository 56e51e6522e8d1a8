/*
 * number_plan - whether an E.164 number can exist: the plan of country code 1 by its rule, those of
 * other countries by the lengths that their numbers have (number_plan.def). Decided 1.
 *
 * It says nothing of whether the number is assigned to anybody. Whoever reads a number as a
 * calling or a called one asks here, once: tn_from_user() does, and stirctl numbers lint for those
 * of tables. Short codes are no E.164 numbers and are not asked for. Pure.
 */
#ifndef STIRD_NUMBER_PLAN_H
#define STIRD_NUMBER_PLAN_H

#include <stird/core/tn.h>

/* TN_OK: somebody may have NUMBER. Else why nobody can: a fault of which tn_cannot_exist() is true.
 */
enum tn_fault number_plan_check(const struct tn *number);
/* The same of all numbers that begin with DIGITS: TN_OK when at least one of them can exist. */
enum tn_fault number_plan_check_prefix(struct str digits);
/* How many digits the country code has that DIGITS begin with; 0: nobody has it. */
size_t number_plan_code_digits(struct str digits);

#endif
