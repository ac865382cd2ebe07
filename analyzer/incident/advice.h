#ifndef INCIDENT_ADVICE_H
#define INCIDENT_ADVICE_H

#include "incident/incident.h"

/* The remedy for each side. */
struct advice {
    struct bytes client;     /* what the client's developer, or whoever configures it, changes */
    struct bytes postmaster; /* what the postmaster of the server changes */
};

/* Of the finding; narrower where it is known why the server refused (REASON_NONE: it is not), or who is at
 * fault (FAULT_NONE: whoever).  Borrowed for ever. */
struct advice advice_of(enum rule_id rule, enum fault fault, enum refusal_reason reason);

/* Of an incident: narrower still where it matters how the connection could be protected. */
struct advice advice_for(const struct incident *incident);

/* Whether the finding covers refusals for several reasons, so that the reason has to be told beside it. */
bool advice_needs_reason(enum rule_id rule);

#endif
