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

/* What both sides put around everything that follows a success (RFC 4422 3.7): it cannot be read any more. */
enum sasl_layer {
    SASL_LAYER_NONE = 0,
    SASL_LAYER_UNKNOWN, /* the choice was encrypted */
    SASL_LAYER_INTEGRITY,
    SASL_LAYER_CONFIDENTIALITY,
    SASL_LAYER_COUNT
};
const char *sasl_layer_name(enum sasl_layer layer);

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
    unsigned index;                 /* of this side's messages in the exchange, from 0 */
    bool is_initial;                /* the response came with the AUTH command */
    bool is_after_gap;              /* bytes of the exchange are missing before it: places mean nothing */
    const struct sasl_step *prompt; /* the challenge right before a response, or NULL */
    const struct sasl_exchange *exchange;
};

struct sasl_mechanism {
    const char *name;        /* IANA, upper case */
    bool is_client_first;    /* takes an initial response */
    bool sends_plain_secret; /* the credential itself crosses */
    bool is_text;            /* the client's messages are UTF-8 but for NULs: what is none is a mistake */
    /* Decodes one message, base64 already taken off (loosely where step->problem says so; a server's text as
     * it is where it cannot have been base64), into fields.  A
     * client's message is shown only if it is in order and all of its fields are public.  False: it breaks
     * the grammar (err->text says how, without a byte of the message). */
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

/* Whether a line sent where a response was due is plainly an SMTP command, without any credential in it. */
bool sasl_reads_as_command(struct bytes line);

/* Decodes what is not decoded yet of this exchange (steps read back from a recording are).  Marks the AUTH
 * command and secret steps, and withholds a "mechanism" that is a credential itself.  At the ceiling of the
 * session's memory the rest stays undecoded and is secret.  False only without memory. */
bool sasl_decode_exchange(struct session *session, struct sasl_exchange *exchange,
                          struct secret_ordinals *ordinals) NODISCARD;
/* All exchanges, then marks every other line that holds a credential: a base64 token sent as a command behind
 * an AUTH, a reply that echoes one (`is_secret` on commands; a reply is redacted in place).  Withholds user
 * names of logins that did not succeed where they look like misplaced passwords.  Comes before the replay. */
bool sasl_decode_session(struct session *session, struct secret_ordinals *ordinals) NODISCARD;
/* As the session goes on, for a recorder: the item was just added or answered.  What the steps of an exchange
 * hide is certain when it has ended, or when the session has (after sasl_decode_session). */
bool sasl_decode_item(struct session *session, size_t index, struct secret_ordinals *ordinals) NODISCARD;

/* The field of that name; NULL if there is none. */
const struct sasl_field *sasl_step_field(const struct sasl_step *step, const char *name);
/* What a LOGIN prompt asks for, by its wording; servers word it in many ways. */
enum login_prompt { LOGIN_PROMPT_UNKNOWN = 0, LOGIN_PROMPT_USERNAME, LOGIN_PROMPT_PASSWORD };
enum login_prompt login_prompt_of(const struct sasl_step *challenge);
/* How many steps of the exchange are decoded; those beyond are of a size, and no more is told. */
size_t sasl_decoded_count(const struct sasl_exchange *exchange);
/* The newest exchange that began at this item or before, or NULL. */
struct sasl_exchange *sasl_exchange_at(const struct session *session, size_t index);

/* Whether the first step is an initial response. */
bool sasl_has_initial(const struct session *session, const struct sasl_exchange *exchange);

/* What an exchange came to. */
struct sasl_result {
    enum sasl_outcome outcome;
    struct bytes identity;               /* who authenticated, or tried; empty if it cannot be known */
    uint64_t identity_length;            /* also of one that is withheld */
    bool is_identity_secret;             /* withheld: the field looks like a misplaced password */
    struct bytes authorization_identity; /* empty: none given */
    enum sasl_layer layer;               /* agreed on, after a success */
    const struct reply *reply;           /* the final one, or NULL */
};
/* The field that names who authenticates, withheld or not; NULL if there is none. */
const struct sasl_field *sasl_identity_field(const struct sasl_exchange *exchange);
struct sasl_result sasl_result_of(const struct session *session, const struct sasl_exchange *exchange);

#endif
