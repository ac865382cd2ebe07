/* SASL XOAUTH2, of Google and Microsoft: "user=" name 0x01 "auth=Bearer " token 0x01 0x01.  A server that
 * refuses says why in a 334, in JSON; the client answers with an empty line, and the refusal follows. */
#include "sasl/sasl_bearer.h"
#include "sasl/sasl_rows.h"

static bool decode_response(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                            struct err *err)
{
    struct bytes user_key, user, auth_key, auth, rest = token;

    if (!bearer_take_pair(&rest, &user_key, &user) || !bytes_equal(user_key, BYTES("user"))
        || !bearer_take_pair(&rest, &auth_key, &auth) || !bytes_equal(auth_key, BYTES("auth")))
        return sasl_fields_refuse(
            context, token, out, err,
            "XOAUTH2 is user=NAME and auth=Bearer TOKEN, each with the octet 0x01 behind it");
    if (!sasl_fields_add(out, "username", user) || !bearer_add_token(auth, out, err))
        return false;
    if (!bytes_equal(rest, BYTES("\1")))
        return err_set(err, ERR_INPUT, 0, "XOAUTH2 ends with two octets 0x01");
    if (user.len == 0)
        return err_set(err, ERR_INPUT, 0, "the user name is empty");
    return true;
}

static bool xoauth2_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                           struct err *err)
{
    if (context->from == SIDE_SERVER)
        return bearer_decode_error(token, out, err);
    if (token.len == 0)
        return bearer_is_error_answered(context) || err_set(err, ERR_INPUT, 0, "an empty XOAUTH2 message");
    if (bytes_equal(token, BYTES("\1"))) /* as OAUTHBEARER wants it */
        return sasl_fields_add(out, "dummy", token);
    return decode_response(context, token, out, err);
}

const struct sasl_mechanism sasl_mechanism_xoauth2 = { .name = "XOAUTH2",
                                                       .is_client_first = true,
                                                       .sends_plain_secret = true,
                                                       .is_text = true,
                                                       .decode = xoauth2_decode };
