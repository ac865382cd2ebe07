/* SASL OTP, RFC 2444, and its ancestor SKEY, RFC 2222 7.3: one-time passwords.
 *
 *   C: [authzid] NUL authcid                 SKEY: the one name
 *   S: "otp-md5 499 ke1234 ext"              SKEY: "99 ke1234": how many are left, and the seed
 *   C: "hex:" / "word:" / "init-hex:" / "init-word:" and the password, or the next chain     SKEY: the
 * password
 */
#include "base/escape.h"
#include "sasl/sasl_gs2.h"
#include "sasl/sasl_rows.h"

static struct bytes take_word(struct bytes *rest)
{
    struct bytes word, line = bytes_trim(*rest);

    *rest = line;
    if (gs2_take_until(rest, ' ', &word))
        return word;
    *rest = (struct bytes){ NULL, 0 };
    return line;
}

static bool is_otp(const struct sasl_context *context)
{
    return bytes_equal_nocase(context->exchange->mechanism, BYTES("OTP"));
}

static bool decode_challenge(struct bytes token, bool is_otp, struct sasl_fields *out, struct err *err)
{
    struct bytes algorithm = { NULL, 0 }, rest = token;
    uint64_t count;

    if (token.len == 0)
        return true;
    if (is_otp)
        algorithm = take_word(&rest);
    struct bytes sequence = take_word(&rest);
    struct bytes seed = take_word(&rest);
    if (!bytes_to_u64(sequence, &count) || seed.len == 0
        || (is_otp && !bytes_starts_nocase(algorithm, BYTES("otp-"))))
        return err_set(err, ERR_INPUT, 0, "a challenge is otp-algorithm, sequence number and seed");
    return (!is_otp || sasl_fields_add(out, "algorithm", algorithm))
           && sasl_fields_add(out, "sequence", sequence) && sasl_fields_add(out, "seed", seed);
}

/* Names come first; what comes after a challenge is a password, whatever it looks like. */
static bool decode_name(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                        struct err *err)
{
    struct bytes authzid = { NULL, 0 }, authcid = token;
    bool has_two = gs2_take_until(&authcid, 0, &authzid);

    if (token.len == 0)
        return err_set(err, ERR_INPUT, 0, "an empty message in place of a name");
    if (has_two != is_otp(context) || bytes_find(authcid, 0) != SIZE_MAX || !escape_is_utf8(token))
        return sasl_fields_refuse(context, token, out, err,
                                  "OTP begins with [authzid] NUL authcid, SKEY with a name");
    if (has_two && !sasl_fields_add(out, "authzid", authzid))
        return false;
    if (authcid.len == 0)
        return err_set(err, ERR_INPUT, 0, "the user name is empty");
    return sasl_fields_add(out, "authcid", authcid);
}

static bool decode_password(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                            struct err *err)
{
    static const char *const kinds[] = { "hex", "word", "init-hex", "init-word" };
    struct bytes kind, rest = token;

    if (!is_otp(context))
        return sasl_fields_add_secret(out, "response", token);
    bool has_kind = gs2_take_until(&rest, ':', &kind);
    for (size_t i = 0; has_kind && i < sizeof kinds / sizeof kinds[0]; i++)
        if (bytes_equal_nocase(kind, bytes_of(kinds[i])))
            return sasl_fields_add_secret(out, "response", rest)
                   && sasl_fields_add_text(out, "response-type", kinds[i]);
    return sasl_fields_refuse(context, token, out, err,
                              "an answer to OTP begins with hex:, word:, init-hex: or init-word:");
}

static bool otp_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                       struct err *err)
{
    if (context->from == SIDE_SERVER)
        return decode_challenge(token, is_otp(context), out, err);
    bool is_name = context->index == 0 && !context->is_after_gap
                   && (!context->prompt || context->prompt->field_count == 0);
    return is_name ? decode_name(context, token, out, err) : decode_password(context, token, out, err);
}

const struct sasl_mechanism sasl_mechanism_otp = {
    .name = "OTP", .is_client_first = true, .sends_plain_secret = false, .decode = otp_decode
};

const struct sasl_mechanism sasl_mechanism_skey = {
    .name = "SKEY", .is_client_first = true, .sends_plain_secret = false, .decode = otp_decode
};
