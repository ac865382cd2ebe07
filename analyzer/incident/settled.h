#ifndef INCIDENT_SETTLED_H
#define INCIDENT_SETTLED_H

#include "rules/rules.h"

/* What became of the command that should have come before one out of order. */
enum settled {
    SETTLED_NONE = 0, /* not about that, or bytes are missing */
    SETTLED_NOT_SENT,
    SETTLED_REFUSED,
    SETTLED_ENDED, /* accepted, but what it began was over */
    SETTLED_COUNT
};

enum settled settled_of(const struct analysis *analysis, const struct finding *finding);
/* What the finding means, told as nearly as it is settled.  Ours, for ever. */
const char *settled_explanation(enum rule_id rule, enum settled settled);

#endif
