/*
 * number_plan - whether an E.164 number can exist: under country code 1 by the rules of its plan,
 * in other countries by the lengths of their numbers (number_plan.def). Decided 1.
 *
 * It says nothing about whether the number is assigned to anybody. tn_from_user() asks here for
 * each calling or called number, and stirctl numbers lint for those of tables. Short codes are not
 * E.164 numbers and are not judged here. Pure.
 */
#ifndef STIRD_NUMBER_PLAN_H
#define STIRD_NUMBER_PLAN_H

#include <stird/core/tn.h>

/* TN_OK when somebody may have NUMBER. Else why nobody can: a fault for which tn_cannot_exist() is
   true. */
enum tn_fault number_plan_check(const struct tn *number);
/* The same for all numbers that begin with DIGITS: TN_OK when at least one of them can exist. */
enum tn_fault number_plan_check_prefix(struct str digits);
/* How many digits the country code has with which DIGITS begin; 0 when no country has it. */
size_t number_plan_code_digits(struct str digits);

#endif
