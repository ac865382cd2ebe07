#ifndef SASL_SASL_H
#define SASL_SASL_H

#include "base/arena.h"
#include "base/err.h"
#include "transcript/session.h"

/* Challenge and response (RFC 4422, RFC 4954): one file a mechanism, one row each in sasl.c. */

enum sasl_outcome {
    SASL_OUTCOME_NONE = 0,
    SASL_SUCCESS,
    SASL_FAILURE,
    SASL_CANCELLED, /* the client sent "*" */
    SASL_ABANDONED, /* the session ended inside the exchange */
    SASL_UNDECIDED, /* bytes are missing */
    SASL_OUTCOME_COUNT
};
const char *sasl_outcome_name(enum sasl_outcome outcome);

/* Where fields go while a step is decoded.  Values are copied into the arena. */
struct sasl_fields {
    struct arena *arena;
    struct sasl_step *step;
};
bool sasl_fields_add(struct sasl_fields *fields, const char *name, struct bytes value);
bool sasl_fields_add_secret(struct sasl_fields *fields, const char *name, struct bytes value);

/* What a mechanism knows of the step that it decodes. */
struct sasl_context {
    enum side from;
    unsigned index; /* of this side's messages in the exchange, from 0 */
    const struct sasl_step
        *prompt; /* the challenge that a response answers, or NULL for an initial response */
    const struct sasl_exchange *exchange;
};

struct sasl_mechanism {
    const char *name;        /* IANA, upper case */
    bool is_client_first;    /* takes an initial response */
    bool sends_plain_secret; /* the credential itself crosses */
    /* Decodes one message, base64 already taken off; sets step->is_secret where the text holds a credential.
     * False: it breaks the grammar (err->text says how). */
    bool (*decode)(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                   struct err *err);
};

/* NULL for a mechanism that is not known: sizes alone are told. */
const struct sasl_mechanism *sasl_mechanism_find(struct bytes name);
const struct sasl_mechanism *const *sasl_mechanisms(void); /* the table, NULL-terminated */

/* Numbers equal secrets without keeping them: a keyed digest, whose key never leaves the process. */
struct secret_ordinals;
struct secret_ordinals *secret_ordinals_new(struct budget *budget);
void secret_ordinals_free(struct secret_ordinals *ordinals);

/* Decodes what is not decoded yet of this exchange (steps read back from a recording are).  Marks the AUTH
 * command and secret steps. `session` is changed in its sasl facts alone.  False only without memory. */
bool sasl_decode_exchange(struct session *session, struct sasl_exchange *exchange,
                          struct secret_ordinals *ordinals) NODISCARD;
/* All exchanges, then marks every other line that holds a credential: a base64 token sent as a command after
 * a failed AUTH, a reply that echoes one (`is_secret` on commands; a reply is redacted in place). */
bool sasl_decode_session(struct session *session, struct secret_ordinals *ordinals) NODISCARD;
/* As the session goes on, for a recorder: the item was just added or answered. */
bool sasl_decode_item(struct session *session, size_t index, struct secret_ordinals *ordinals) NODISCARD;

/* What an exchange came to. */
struct sasl_result {
    enum sasl_outcome outcome;
    struct bytes identity;               /* who authenticated, or tried; empty if it cannot be known */
    bool is_identity_secret;             /* withheld: the field looks like a misplaced password */
    struct bytes authorization_identity; /* empty: none given */
    const struct reply *reply;           /* the final one, or NULL */
};
struct sasl_result sasl_result_of(const struct session *session, const struct sasl_exchange *exchange);

#endif
