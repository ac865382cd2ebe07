/* SASL EXTERNAL, RFC 4422 appendix A: the client's one message is the identity to act as, in UTF-8 without
 * NUL, or empty; who it is was established elsewhere, by a certificate in TLS. */
#include "base/escape.h"
#include "sasl/sasl_rows.h"

static bool external_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                            struct err *err)
{
    if (token.len == 0)
        return true;
    if (context->from == SIDE_SERVER)
        return sasl_fields_add(out, "prompt", token);
    if (bytes_find(token, 0) != SIZE_MAX || !escape_is_utf8(token))
        return sasl_fields_refuse(context, token, out, err,
                                  "EXTERNAL carries an identity in UTF-8 without NULs, or nothing");
    return sasl_fields_add(out, "authzid", token);
}

const struct sasl_mechanism sasl_mechanism_external = {
    .name = "EXTERNAL", .is_client_first = true, .sends_plain_secret = false, .decode = external_decode
};
