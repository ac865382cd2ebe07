/* SASL OAUTHBEARER, RFC 7628: gs2-header 0x01 *( key "=" value 0x01 ) 0x01, with the keys host, port and
 * auth, and the user in the header (n,a=name,).  A server that refuses says why in a 334, in JSON; the client
 * answers with the one octet 0x01, and the refusal follows. */
#include "sasl/sasl_bearer.h"
#include "sasl/sasl_gs2.h"
#include "sasl/sasl_rows.h"

struct bearer_message {
    struct gs2_header header;
    struct bytes authzid, host, port, auth;
    bool has_auth;
    bool is_ended;
};

/* False without a header, or where separators are wrong. */
static bool take_apart(struct bytes token, struct arena *arena, struct bearer_message *out)
{
    struct bytes key, value, rest = token;

    if (!gs2_take(&rest, &out->header) || rest.len == 0 || rest.ptr[0] != 1)
        return false;
    rest = bytes_from(rest, 1);
    while (rest.len > 0 && rest.ptr[0] != 1) {
        if (!bearer_take_pair(&rest, &key, &value))
            return false;
        if (bytes_equal(key, BYTES("host")))
            out->host = value;
        if (bytes_equal(key, BYTES("port")))
            out->port = value;
        if (bytes_equal(key, BYTES("auth"))) {
            out->auth = value;
            out->has_auth = true;
        }
    }
    out->is_ended = rest.len == 1;
    return out->header.authzid.len == 0 || gs2_name(arena, out->header.authzid, &out->authzid);
}

static bool decode_response(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                            struct err *err)
{
    struct bearer_message message = { .has_auth = false };

    if (!take_apart(token, out->arena, &message) || !message.has_auth)
        return sasl_fields_refuse(
            context, token, out, err,
            "OAUTHBEARER is n,a=NAME, and auth=Bearer TOKEN, each with the octet 0x01 behind it");
    if (!sasl_fields_add(out, "cbind-flag", message.header.flag)
        || (message.authzid.len && !sasl_fields_add(out, "authzid", message.authzid))
        || (message.host.len && !sasl_fields_add(out, "host", message.host))
        || (message.port.len && !sasl_fields_add(out, "port", message.port))
        || !bearer_add_token(message.auth, out, err))
        return false;
    if (!message.is_ended)
        return err_set(err, ERR_INPUT, 0, "OAUTHBEARER ends with two octets 0x01");
    return true;
}

static bool oauthbearer_decode(const struct sasl_context *context, struct bytes token,
                               struct sasl_fields *out, struct err *err)
{
    if (context->from == SIDE_SERVER)
        return bearer_decode_error(token, out, err);
    if (token.len == 0)
        return bearer_is_error_answered(context)
               || err_set(err, ERR_INPUT, 0, "an empty OAUTHBEARER message");
    if (bytes_equal(token, BYTES("\1")))
        return sasl_fields_add(out, "dummy", token);
    return decode_response(context, token, out, err);
}

const struct sasl_mechanism sasl_mechanism_oauthbearer = { .name = "OAUTHBEARER",
                                                           .is_client_first = true,
                                                           .sends_plain_secret = true,
                                                           .is_text = true,
                                                           .decode = oauthbearer_decode };
