#ifndef CLI_PASSWORDS_H
#define CLI_PASSWORDS_H

#include "sasl/sasl_verify.h"

/* The passwords of --verify-password: out of files, never from the command line. */

/* "IDENTITY=FILE"; FILE may be "-" if standard input is free.  False: told. */
bool passwords_read(struct sasl_verifier *verifier, const char *text, bool is_stdin_free) NODISCARD;
/* What could not be checked, and why. */
void passwords_tell(const struct sasl_verifier *verifier);

#endif
