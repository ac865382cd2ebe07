/* SASL GSS-SPNEGO, RFC 4178: which mechanism, and its tokens in between.
 *
 *   NegTokenInit [0] SEQUENCE { mechTypes[0] SEQUENCE OF OID, flags[1], mechToken[2], mechListMIC[3] }
 *   NegTokenResp [1] SEQUENCE { negState[0], supportedMech[1] OID, responseToken[2], mechListMIC[3] }
 *
 * The first is framed as in RFC 2743 3.1.  Tokens of NTLM may come bare. */
#include "base/limits.h"
#include "sasl/sasl_der.h"
#include "sasl/sasl_gss.h"
#include "sasl/sasl_ntlm.h"
#include "sasl/sasl_rows.h"

enum { NEG_INIT = DER_CONTEXT, NEG_RESPONSE = DER_CONTEXT + 1 };

static bool find(struct bytes sequence, uint8_t number, uint8_t tag, struct bytes *out)
{
    struct bytes field;

    return der_find(sequence, (uint8_t)(DER_CONTEXT + number), &field) && der_enter(field, tag, out);
}

/* The sequence of either kind of token. */
static bool open_token(struct bytes token, uint8_t kind, struct bytes *out)
{
    struct gss_token frame;
    struct bytes sequence;

    if (gss_take_apart(token, &frame) && gss_is_spnego(frame.mechanism))
        token = frame.inner;
    return der_enter(token, kind, &sequence) && der_enter(sequence, DER_SEQUENCE, out);
}

bool spnego_has_checksum(struct bytes token)
{
    struct bytes sequence, checksum;

    return open_token(token, NEG_RESPONSE, &sequence) && find(sequence, 3, DER_OCTET_STRING, &checksum);
}

static bool add_mechanisms(struct bytes sequence, struct sasl_fields *out)
{
    struct bytes list, object;
    struct buf names;
    uint8_t tag;

    if (!find(sequence, 0, DER_SEQUENCE, &list))
        return true;
    buf_init(&names, LIMIT_SASL_JSON);
    while (list.len > 0 && der_take(&list, &tag, &object) && tag == DER_OBJECT)
        if (names.len == 0 || buf_append_u8(&names, ' '))
            (void)buf_append_text(&names, gss_mechanism_name(object));
    bool ok = sasl_fields_add(out, "mechanisms", buf_bytes(&names));
    buf_release(&names);
    return ok;
}

/* A token inside of SPNEGO, or in its place. */
static bool decode_inner(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                         struct err *err)
{
    struct gss_token frame;

    if (ntlm_is_message(token))
        return ntlm_decode_message(context, token, out, err);
    if (gss_take_apart(token, &frame) && gss_is_kerberos(frame.mechanism))
        return kerberos_decode(context, frame.inner, out, err);
    return context->from == SIDE_SERVER || token.len == 0 || sasl_fields_add_secret(out, "token", token);
}

static bool add_checksum(struct bytes sequence, struct sasl_fields *out)
{
    struct bytes checksum;

    return !find(sequence, 3, DER_OCTET_STRING, &checksum)
           || sasl_fields_add_secret(out, "checksum", checksum);
}

static bool decode_init(const struct sasl_context *context, struct bytes sequence, struct sasl_fields *out,
                        struct err *err)
{
    struct bytes token = { NULL, 0 };

    (void)find(sequence, 2, DER_OCTET_STRING, &token);
    return sasl_fields_add_text(out, "negotiation", "offer") && add_mechanisms(sequence, out)
           && decode_inner(context, token, out, err) && add_checksum(sequence, out);
}

static bool decode_response(const struct sasl_context *context, struct bytes sequence,
                            struct sasl_fields *out, struct err *err)
{
    static const char *const states[] = { "accept-completed", "accept-incomplete", "reject", "request-mic" };
    struct bytes field, object, token = { NULL, 0 };
    uint64_t state = SIZE_MAX;

    if (der_find(sequence, DER_CONTEXT, &field))
        (void)der_number(field, DER_ENUMERATED, &state);
    (void)find(sequence, 2, DER_OCTET_STRING, &token);
    return sasl_fields_add_text(out, "negotiation",
                                state < sizeof states / sizeof states[0] ? states[state] : "goes on")
           && (!find(sequence, 1, DER_OBJECT, &object)
               || sasl_fields_add_text(out, "gss-mechanism", gss_mechanism_name(object)))
           && decode_inner(context, token, out, err) && add_checksum(sequence, out);
}

static bool spnego_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                          struct err *err)
{
    struct gss_token frame;
    struct bytes sequence;

    if (token.len == 0)
        return true;
    if (open_token(token, NEG_INIT, &sequence))
        return decode_init(context, sequence, out, err);
    if (open_token(token, NEG_RESPONSE, &sequence))
        return decode_response(context, sequence, out, err);
    if (ntlm_is_message(token) || (gss_take_apart(token, &frame) && gss_is_kerberos(frame.mechanism)))
        return decode_inner(context, token, out, err);
    return sasl_fields_refuse(context, token, out, err, "no token of SPNEGO, and none of NTLM or Kerberos");
}

const struct sasl_mechanism sasl_mechanism_gss_spnego = {
    .name = "GSS-SPNEGO", .is_client_first = true, .sends_plain_secret = false, .decode = spnego_decode
};
