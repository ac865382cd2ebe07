#ifndef TESTS_EXCHANGES_H
#define TESTS_EXCHANGES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include "sasl/sasl.h"
#include "tests/support/session_builder.h"

/* AUTH exchanges for the tests: sessions with them decoded, and what must hold for them. */

/* "220 mx" and EHLO stand before these steps. */
struct session *exchange_session(const struct step *steps, size_t count);

#define DECODED(...)                                                                                         \
    exchange_session((const struct step[]){ __VA_ARGS__ },                                                   \
                     sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step))

/* The field of that name of the step, which must be there; or NULL. */
const struct sasl_field *field_of(const struct session *session, size_t step, const char *name);
void assert_public(const struct session *session, size_t step, const char *name, const char *value);
void assert_secret(const struct session *session, size_t step, const char *name, const char *value);
void assert_bytes(struct bytes is, const char *expected);

/* Nothing that may be shown of the session holds this text, as it is or in base64. */
void assert_nowhere_shown(const struct session *session, const char *text);

#endif
