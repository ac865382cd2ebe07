#ifndef RULES_SLIP_H
#define RULES_SLIP_H

#include "rules/refusal.h"

/* Inside of rules: refusals by which the server says that the client did something wrong. */

bool slip_is_of(enum refusal_reason reason);
/* Whether a finding about command `n`, the newest that was checked, says the reason already, and more; behind
 * missing bytes it may have. */
bool slip_is_shown(const struct analysis *analysis, uint32_t n, enum refusal_reason reason);

#endif
