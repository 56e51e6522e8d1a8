/*
 * call_certificate - the certificate whose unit signs a call's token. Private to core/policy.
 */
#ifndef STIRD_CORE_CALL_CERTIFICATE_H
#define STIRD_CORE_CALL_CERTIFICATE_H

#include "decision.h"

decision_step step_certificate;

#endif
