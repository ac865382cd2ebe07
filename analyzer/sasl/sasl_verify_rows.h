#ifndef SASL_SASL_VERIFY_ROWS_H
#define SASL_SASL_VERIFY_ROWS_H

#include "sasl/sasl_crypto.h"
#include "sasl/sasl_rows.h"
#include "sasl/sasl_verify.h"

/* Inside of sasl_verify: one row a mechanism, one file a family, and the digests that they need. */

/* One form of the password, against the exchange.  May fill `slip` and `server` of `out`. */
typedef enum sasl_proof sasl_check(const struct sasl_crypto *crypto, const struct sasl_exchange *exchange,
                                   struct bytes password, struct sasl_verification *out);
sasl_check sasl_check_plain;
sasl_check sasl_check_cram_md5;
sasl_check sasl_check_digest_md5;
sasl_check sasl_check_scram;
sasl_check sasl_check_ntlm;

/* The forms in which a password goes astray on its way from a head to the wire; the first is the password as
 * it is.  False: the form is no other one, or there are no more (`at` beyond SASL_VARIANTS). */
enum { SASL_VARIANTS = 8 };
bool sasl_variant(size_t at, struct bytes password, struct sasl_secret *out, const char **slip);

/* The first step of this side with such a field; NULL if none. */
const struct sasl_step *sasl_step_with(const struct sasl_exchange *exchange, enum side from,
                                       const char *name);
/* Its value, also a secret one; empty if it is not there or is withheld. */
struct bytes sasl_value(const struct sasl_step *step, const char *name);
bool sasl_is_withheld(const struct sasl_step *step, const char *name);

#endif
