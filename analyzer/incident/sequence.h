#ifndef INCIDENT_SEQUENCE_H
#define INCIDENT_SEQUENCE_H

#include "rules/rules.h"

/* The commands of a session as they came, and as they should have come. */

enum step_kind {
    STEP_NONE = 0,
    STEP_SAID,    /* as it was */
    STEP_WRONG,   /* as it was: here is the fault */
    STEP_ADDED,   /* as it should be: what was missing, or stands in another's place */
    STEP_NOTE,    /* likewise, in our own words: "(TLS)" */
    STEP_LEFT,    /* as it was: number commands are left out of this list */
    STEP_AWAITED, /* as it should be: wait here for the reply */
    STEP_KIND_COUNT
};

struct sequence_step {
    enum step_kind kind;
    struct bytes text; /* the command, secrets left out; of what was added: our words, or the session's */
    uint16_t code;     /* that answered it; of what was added: that would; 0 none */
    uint64_t number;
    enum verb verb;
};

enum { SEQUENCE_STEPS = 24 };

struct sequence {
    struct sequence_step steps[SEQUENCE_STEPS];
    size_t count;
};

/* What comes first where TLS is needed and STARTTLS is not offered. */
#define SEQUENCE_FROM_START "(a connection with TLS from the start: port 465)"

/* Fills both; `due` stays empty where the rule says nothing of order.  Texts are copied into `arena`. */
void sequence_make(const struct analysis *analysis, const struct finding *finding, struct arena *arena,
                   struct sequence *was, struct sequence *due);

#endif
