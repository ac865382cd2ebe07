/* SASL ANONYMOUS, RFC 4505: message = [email / token], the trace that a guest leaves; at most 255 characters
 * of UTF-8. */
#include "base/escape.h"
#include "sasl/sasl_rows.h"

enum { TRACE_MOST = 255 };

static size_t characters_of(struct bytes text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += (text.ptr[i] & 0xc0) != 0x80;
    return count;
}

static bool anonymous_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                             struct err *err)
{
    if (token.len == 0)
        return true;
    if (context->from == SIDE_SERVER)
        return sasl_fields_add(out, "prompt", token);
    if (bytes_find(token, 0) != SIZE_MAX || !escape_is_utf8(token))
        return sasl_fields_refuse(context, token, out, err,
                                  "ANONYMOUS carries a trace in UTF-8 without NULs, or nothing");
    if (!sasl_fields_add(out, "trace", token))
        return false;
    if (characters_of(token) > TRACE_MOST)
        return err_set(err, ERR_INPUT, 0, "the trace of ANONYMOUS is longer than 255 characters");
    return true;
}

const struct sasl_mechanism sasl_mechanism_anonymous = {
    .name = "ANONYMOUS", .is_client_first = true, .sends_plain_secret = false, .decode = anonymous_decode
};
