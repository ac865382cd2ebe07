#ifndef INCIDENT_MASKED_H
#define INCIDENT_MASKED_H

#include "sasl/sasl.h"

/* What may be shown of a line of the client: copies in `arena`, cut to LIMIT_EXEMPLAR_TEXT octets. */

/* Whether the line holds a credential that is not shown. */
bool masked_is_secret(const struct command *command);
/* The line, or of one that holds a credential what stands before it: "AUTH PLAIN ..."; "..." if that is
 * nothing. */
struct bytes masked_command(const struct session *session, const struct item *item, struct arena *arena);
/* A text that holds no secret, cut. */
struct bytes masked_copy(struct bytes text, struct arena *arena);

/* A reply on one line, which is what a log shows of it; of one that is no refusal the first line says enough.
 * NULL gives the empty view. */
struct bytes masked_reply(const struct reply *reply, struct arena *arena);

#endif
