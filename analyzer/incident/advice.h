#ifndef INCIDENT_ADVICE_H
#define INCIDENT_ADVICE_H

#include "rules/rules.h"

/* The remedy for each side. */
struct advice {
    struct bytes client;     /* what the client's developer, or whoever configures it, changes */
    struct bytes postmaster; /* what the postmaster of the server changes */
};

/* Borrowed for ever. */
struct advice advice_of(enum rule_id rule);

#endif
