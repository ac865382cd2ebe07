/* SASL PLAIN, RFC 4616: message = [authzid] NUL authcid NUL passwd */
#include "sasl/sasl_rows.h"

static bool take_until_nul(struct bytes *rest, struct bytes *out)
{
    size_t nul = bytes_find(*rest, 0);

    if (nul == SIZE_MAX)
        return false;
    *out = bytes_slice(*rest, 0, nul);
    *rest = bytes_from(*rest, nul + 1);
    return true;
}

/* Which part is which cannot be told without exactly two NULs: then nothing of it is shown. */
static bool plain_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                         struct err *err)
{
    struct bytes authzid, authcid, rest = token;

    if (context->from == SIDE_SERVER)
        return token.len == 0 || sasl_fields_add(out, "prompt", token);
    if (token.len == 0)
        return err_set(err, ERR_INPUT, 0, "an empty PLAIN message");
    if (!take_until_nul(&rest, &authzid) || !take_until_nul(&rest, &authcid)
        || bytes_find(rest, 0) != SIZE_MAX) {
        (void)sasl_fields_add_secret(out, "message", token);
        return err_set(err, ERR_INPUT, 0, "PLAIN needs exactly two NULs: [authzid] NUL authcid NUL password");
    }
    if (!sasl_fields_add(out, "authzid", authzid) || !sasl_fields_add(out, "authcid", authcid)
        || !sasl_fields_add_secret(out, "password", rest))
        return false;
    if (authcid.len == 0)
        return err_set(err, ERR_INPUT, 0, "PLAIN without an authentication identity");
    if (rest.len == 0)
        return err_set(err, ERR_INPUT, 0, "PLAIN without a password");
    return true;
}

const struct sasl_mechanism sasl_mechanism_plain = { .name = "PLAIN",
                                                     .is_client_first = true,
                                                     .sends_plain_secret = true,
                                                     .is_text = true,
                                                     .decode = plain_decode };
