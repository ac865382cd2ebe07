/* SASL CRAM-MD5, RFC 2195: the server's challenge looks like a message id; the client answers with its name,
 * a space and the HMAC-MD5 of the challenge under the password, in 32 lower-case hexadecimal digits. */
#include "sasl/sasl_rows.h"

enum { DIGEST_DIGITS = 32 };

static bool is_hex(struct bytes text, bool lower_only)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = lower_only ? text.ptr[i] : (uint8_t)(text.ptr[i] | 0x20);
        if (!ascii_is_digit(text.ptr[i]) && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

static bool decode_challenge(struct bytes token, struct sasl_fields *out, struct err *err)
{
    if (!sasl_fields_add(out, "challenge", token))
        return false;
    if (token.len < 3 || token.ptr[0] != '<' || token.ptr[token.len - 1] != '>')
        return err_set(err, ERR_INPUT, 0, "the challenge is no message id in angle brackets");
    return true;
}

static bool cram_md5_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                            struct err *err)
{
    if (context->from == SIDE_SERVER)
        return decode_challenge(token, out, err);
    if (token.len == 0)
        return err_set(err, ERR_INPUT, 0, "an empty answer to a CRAM-MD5 challenge");
    bool has_digest = token.len > DIGEST_DIGITS + 1 && token.ptr[token.len - DIGEST_DIGITS - 1] == ' ';
    struct bytes digest = bytes_from(token, has_digest ? token.len - DIGEST_DIGITS : 0);
    if (!has_digest || !is_hex(digest, false)) { /* "name password", perhaps: nothing of it is shown */
        (void)sasl_fields_add_secret(out, "message", token);
        return err_set(err, ERR_INPUT, 0, "CRAM-MD5 wants a name, a space and a digest of 32 digits");
    }
    if (!sasl_fields_add(out, "username", bytes_slice(token, 0, token.len - DIGEST_DIGITS - 1))
        || !sasl_fields_add_secret(out, "digest", digest))
        return false;
    if (!is_hex(digest, true))
        return err_set(err, ERR_INPUT, 0, "the digest is in upper case; RFC 2195 wants lower case");
    if (context->is_initial)
        return err_set(err, ERR_INPUT, 0, "CRAM-MD5 takes no initial response");
    return true;
}

const struct sasl_mechanism sasl_mechanism_cram_md5 = { .name = "CRAM-MD5",
                                                        .is_client_first = false,
                                                        .sends_plain_secret = false,
                                                        .is_text = true,
                                                        .decode = cram_md5_decode };
