#ifndef REPORT_SHOW_STEPS_H
#define REPORT_SHOW_STEPS_H

#include "report/report.h"

/* The messages of SASL in a dialogue: what stands under the line that carried one. */

/* The decoded step of the response at items[index], or of the initial response of an AUTH command; the one of
 * the item, or NULL, if no exchange holds it. */
const struct sasl_step *show_response_of(const struct session *session, size_t index);
/* The step of the challenge that answered the item, or NULL. */
const struct sasl_step *show_challenge_of(const struct session *session, size_t index);

/* "= username: alice, digest: (32 octets withheld)", and why it is malformed; nothing of a step without any
 * (NULL is fine). */
void show_step(const struct sasl_step *step, size_t indent, const struct report_options *options,
               struct buf *out);

#endif
