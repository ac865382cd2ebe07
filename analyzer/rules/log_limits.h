#ifndef RULES_LOG_LIMITS_H
#define RULES_LOG_LIMITS_H

#include "rules/rules.h"

/* A log shows less than the wire.  Takes back what was found in a session read from one and what it cannot
 * show. */
void log_limits_apply(struct analysis *analysis);

#endif
