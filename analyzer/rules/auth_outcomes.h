#ifndef RULES_AUTH_OUTCOMES_H
#define RULES_AUTH_OUTCOMES_H

#include "rules/rules.h"

/* What a refusal of AUTH really says, and who has to act: rows of auth_outcomes.def. */
struct auth_outcome {
    uint16_t code;
    uint16_t subject, detail; /* of the enhanced code; 0 0: any */
    const char *phrase;       /* of the text; NULL: any */
    enum fault fault;
    const char *says;
};

/* The first row that fits, or NULL. */
const struct auth_outcome *auth_outcome_of(const struct reply *reply);
const struct auth_outcome *auth_outcomes(size_t *count);

#endif
