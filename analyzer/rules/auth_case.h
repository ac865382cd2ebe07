#ifndef RULES_AUTH_CASE_H
#define RULES_AUTH_CASE_H

#include "rules/check.h"

/* Inside analyzer/rules alone: one AUTH exchange as the findings about authentication see it.  Each subject
 * is a file (check_auth_*.c) and a row in check_auth.c. */

struct auth_case {
    struct analysis *analysis;
    const struct sasl_exchange *exchange;
    const struct sasl_mechanism *mechanism; /* NULL: not known */
    const struct judgement *judgement;      /* on the AUTH command */
    const struct command *command;
    struct sasl_result result;
    size_t index;     /* item of the AUTH command */
    size_t count;     /* steps that were decoded */
    bool has_initial; /* the first step came with the command */
    bool is_refused;  /* it ended in 4yz or 5yz, cancelled or not */
};

/* All of them are called for exchanges of which no byte is missing.  True: what they raised is a reason for
 * the refusal, so that none is left to be told as `auth-failed`. */
typedef bool auth_subject(const struct auth_case *auth);
auth_subject auth_check_wrapped;
auth_subject auth_check_encoding;
auth_subject auth_check_plain;
auth_subject auth_check_login;
auth_subject auth_check_exchange;
auth_subject auth_check_messages;
auth_subject auth_check_token;
auth_subject auth_check_password;

/* What the refusal means in this case: by the row of its code (or NULL), the mechanism and what was sent.
 * NULL: nothing beyond the rule's explanation. */
struct auth_outcome;
const char *auth_says_of(const struct auth_case *auth, const struct auth_outcome *outcome);

/* A field that may be looked at; NULL for one that is not there or is withheld. */
const struct sasl_field *auth_shown_field(const struct sasl_step *step, const char *name);
/* The first step of this side, from `at` on, that shows the field; or NULL. */
const struct sasl_step *auth_step_with(const struct auth_case *auth, enum side side, const char *name,
                                       size_t at);

/* A finding about the AUTH command; where `step` is not NULL, its packet and time are the evidence. */
struct finding *auth_raise(const struct auth_case *auth, enum rule_id rule, const struct sasl_step *step);
bool auth_is_initial(const struct auth_case *auth, const struct sasl_step *step);
/* A client's message that holds something: neither "*" nor a command in its place. */
bool auth_is_message(const struct auth_case *auth, const struct sasl_step *step);
bool auth_has_slip(const struct sasl_step *step, enum sasl_slip slip);
bool auth_is_mechanism(const struct auth_case *auth, const char *name);
/* The step before or behind it, if it is the server's; or NULL. */
const struct sasl_step *auth_prompt_of(const struct auth_case *auth, const struct sasl_step *step);
/* "initial response" or "response". */
const char *auth_place(const struct auth_case *auth, const struct sasl_step *step);

#endif
