#ifndef SASL_SASL_TEXT_H
#define SASL_SASL_TEXT_H

#include "base/buf.h"
#include "sasl/sasl.h"

/* The messages of SASL in a dialogue: which belongs to which line, and what it says. */

/* The decoded step of the response at items[index], or of the initial response of an AUTH command; the one of
 * the item, or NULL, if no exchange holds it. */
const struct sasl_step *sasl_response_at(const struct session *session, size_t index);
/* The step of the challenge that answered the item, or NULL. */
const struct sasl_step *sasl_challenge_at(const struct session *session, size_t index);

/* "username: alice, digest: (32 octets withheld)", and why it is malformed; nothing of a step without any.
 * Values stand as they came from the wire: to be escaped. */
void sasl_step_text(const struct sasl_step *step, bool shows_secrets, struct buf *out);

#endif
