/* PLAIN and LOGIN send the password itself: it is compared. */
#include "sasl/sasl_crypto.h"
#include "sasl/sasl_verify_rows.h"

enum sasl_proof sasl_check_plain(const struct sasl_crypto *crypto, const struct sasl_exchange *exchange,
                                 struct bytes password, struct sasl_verification *out)
{
    const struct sasl_step *step = sasl_step_with(exchange, SIDE_CLIENT, "password");

    (void)crypto;
    (void)out;
    if (!step)
        return SASL_PROOF_NONE;
    if (sasl_is_withheld(step, "password"))
        return SASL_PROOF_WITHHELD;
    return bytes_equal(sasl_value(step, "password"), password) ? SASL_PROOF_RIGHT : SASL_PROOF_WRONG;
}
