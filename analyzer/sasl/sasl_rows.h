#ifndef SASL_SASL_ROWS_H
#define SASL_SASL_ROWS_H

#include "sasl/sasl.h"

/* The rows of sasl.c, and what several mechanisms share. */
extern const struct sasl_mechanism sasl_mechanism_cram_md5;
extern const struct sasl_mechanism sasl_mechanism_login;
extern const struct sasl_mechanism sasl_mechanism_plain;

/* What a LOGIN prompt asks for, by its wording; servers word it in many ways. */
enum login_prompt { LOGIN_PROMPT_UNKNOWN = 0, LOGIN_PROMPT_USERNAME, LOGIN_PROMPT_PASSWORD };
enum login_prompt login_prompt_of(const struct sasl_step *challenge);

/* Ordinal of a secret: equal secrets have equal ones.  0 without memory. */
uint32_t secret_ordinal(struct secret_ordinals *ordinals, struct bytes secret);
/* Whether `field` of that name is there; NULL if not. */
const struct sasl_field *sasl_step_field(const struct sasl_step *step, const char *name);

#endif
