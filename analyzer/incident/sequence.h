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
    STEP_OMITTED, /* as it should be: this does not come, or not here */
    STEP_KIND_COUNT
};

struct sequence_step {
    enum step_kind kind;
    struct bytes text; /* the command, secrets left out; of what was added: our words, or the session's */
    uint16_t code;     /* that answered it; as it should be: that would; 0 none */
    uint16_t code_was; /* as it should be: that answered it in place of `code`; 0: it was the same, or none */
    uint32_t command;  /* n; 0: it was not said in the session */
    enum verb verb;
    uint64_t number;
};

enum { SEQUENCE_STEPS = 36 };

struct sequence {
    struct sequence_step steps[SEQUENCE_STEPS];
    size_t count;
};

/* What comes first where TLS is needed and STARTTLS is not offered. */
#define SEQUENCE_FROM_START "(a connection with TLS from the start: port 465)"
/* What stands for a name that the session does not tell. */
#define SEQUENCE_HOST "<full-host-name>"
/* What follows a DATA that was refused, and should not have been. */
#define SEQUENCE_MESSAGE "(the message)"

/* Fills both for the finding with this index, `roots` as of roots_of.  `due` sets every first cause right
 * that `was` shows, this one or another, so that all incidents of a session propose one order; it stays empty
 * where there is nothing about the order to set right.  Texts are copied into `arena`. */
void sequence_make(const struct analysis *analysis, const uint32_t *roots, uint32_t finding,
                   struct arena *arena, struct sequence *was, struct sequence *due);

#endif
