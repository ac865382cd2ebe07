/* SASL CRAM-MD5, RFC 2195: the server's challenge looks like a message id; the client answers with its name,
 * a space and the HMAC-MD5 of the challenge under the password, in 32 lower-case hexadecimal digits. */
#include "sasl/sasl_rows.h"

enum { DIGEST_DIGITS = 32 };

static bool is_lower_hex(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is_digit(text.ptr[i]) && !(text.ptr[i] >= 'a' && text.ptr[i] <= 'f'))
            return false;
    return true;
}

static bool cram_md5_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                            struct err *err)
{
    if (context->from == SIDE_SERVER)
        return sasl_fields_add(out, "challenge", token);
    out->step->is_secret = true;
    if (token.len <= DIGEST_DIGITS || token.ptr[token.len - DIGEST_DIGITS - 1] != ' ')
        return err_set(err, ERR_INPUT, 0, "CRAM-MD5 wants a name, a space and a digest of 32 digits");
    struct bytes digest = bytes_from(token, token.len - DIGEST_DIGITS);
    struct bytes name = bytes_slice(token, 0, token.len - DIGEST_DIGITS - 1);
    if (!sasl_fields_add(out, "username", name) || !sasl_fields_add_secret(out, "digest", digest))
        return false;
    return is_lower_hex(digest)
           || err_set(err, ERR_INPUT, 0, "the digest is not 32 lower-case hexadecimal digits");
}

const struct sasl_mechanism sasl_mechanism_cram_md5 = {
    .name = "CRAM-MD5", .is_client_first = false, .sends_plain_secret = false, .decode = cram_md5_decode
};
