#ifndef SASL_SASL_BEARER_H
#define SASL_SASL_BEARER_H

#include "sasl/sasl.h"

/* What XOAUTH2 and OAUTHBEARER share. */

/* One "key=value", taken off with the octet 0x01 behind it.  A public value with another "auth=" or "Bearer "
 * in it has wrong separators: then, or without the octet, false. */
bool bearer_take_pair(struct bytes *rest, struct bytes *key, struct bytes *value);

/* "Bearer <token>": the scheme, the token as a secret, and what a JWT says of itself. */
bool bearer_add_token(struct bytes value, struct sasl_fields *out, struct err *err);

/* The server's messages: nothing, or why it refuses, in JSON (RFC 7628 3.2.2). */
bool bearer_decode_error(struct bytes token, struct sasl_fields *out, struct err *err);

/* Whether an answer without a token is due: to the error. */
bool bearer_is_error_answered(const struct sasl_context *context);

#endif
