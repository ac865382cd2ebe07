/* SASL GSSAPI, RFC 4752, which is Kerberos: tokens until the context stands, then two wrapped messages,
 *
 *   S: the layers that it offers (1 none, 2 integrity, 4 confidentiality), the largest message in three
 * octets C: the layer that it wants, likewise, and the identity to act as
 *
 * in the frame of RFC 4121 4.2.6.2: 05 04 flags ff, length and rotation of the checksum in two octets each, a
 * number in eight.  They are not encrypted as a rule, so that all of it can be read. */
#include "base/escape.h"
#include "sasl/sasl_gss.h"
#include "sasl/sasl_rows.h"

enum { WRAP_HEAD_LEN = 16, WRAP_SEALED = 0x02, OFFER_LEN = 4 };

static const struct {
    uint8_t bit;
    const char *name;
} layers[] = { { 1, "none" }, { 2, "integrity" }, { 4, "confidentiality" } };

static bool add_layers(const char *field, uint8_t bits, struct sasl_fields *out)
{
    struct buf text;

    buf_init(&text, 64);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        if ((bits & layers[i].bit) && (text.len == 0 || buf_append_u8(&text, ' ')))
            (void)buf_append_text(&text, layers[i].name);
    bool ok = sasl_fields_add(out, field, buf_bytes(&text));
    buf_release(&text);
    return ok;
}

/* Message and checksum, turned to the right by so many octets. */
static struct bytes turned_back(struct bytes body, size_t rotation, struct arena *arena)
{
    uint8_t *to = body.len ? arena_alloc(arena, body.len) : NULL;

    for (size_t i = 0; to && i < body.len; i++)
        to[i] = body.ptr[(i + rotation) % body.len];
    return (struct bytes){ to, to ? body.len : 0 };
}

static bool add_offer(const struct sasl_context *context, struct bytes message, struct bytes checksum,
                      struct sasl_fields *out, struct err *err)
{
    bool is_client = context->from == SIDE_CLIENT;
    struct reader r = reader_over(message);
    uint8_t bits = read_u8(&r);
    uint32_t largest = (uint32_t)read_u8(&r) << 16;
    largest |= read_be16(&r);
    struct bytes authzid = read_rest(&r);

    if (!r.ok)
        return sasl_fields_refuse(context, message, out, err,
                                  "the message about layers is shorter than four octets");
    if (is_client && !escape_is_utf8(authzid))
        return sasl_fields_refuse(context, message, out, err, "the identity behind the layer is not UTF-8");
    return add_layers(is_client ? "layer" : "layers", bits, out)
           && sasl_fields_add_number(out, "max-buffer", largest)
           && (!is_client || authzid.len == 0 || sasl_fields_add(out, "authzid", authzid))
           && (!is_client || sasl_fields_add_secret(out, "checksum", checksum));
}

static bool is_wrapped(struct bytes token)
{
    return token.len >= 4 && token.ptr[0] == 5 && token.ptr[1] == 4 && token.ptr[3] == 0xff;
}

static bool decode_wrapped(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                           struct err *err)
{
    struct reader r = reader_over(bytes_from(token, 2));
    uint8_t flags = read_u8(&r);
    (void)read_u8(&r);
    size_t checksum_len = read_be16(&r);
    size_t rotation = read_be16(&r);

    (void)read_bytes(&r, 8);
    struct bytes body = read_rest(&r);
    if (!r.ok)
        return sasl_fields_refuse(context, token, out, err, "the wrapped message is cut short");
    if (!sasl_fields_add_text(out, "wrapped", flags & WRAP_SEALED ? "encrypted" : "readable"))
        return false;
    if (flags & WRAP_SEALED)
        return context->from == SIDE_SERVER || sasl_fields_add_secret(out, "message", body);
    if (checksum_len > body.len)
        return sasl_fields_refuse(context, token, out, err, "the wrapped message is cut short");
    body = turned_back(body, rotation, out->arena);
    return add_offer(context, bytes_slice(body, 0, body.len - checksum_len),
                     bytes_from(body, body.len - checksum_len), out, err);
}

static bool gssapi_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                          struct err *err)
{
    struct gss_token frame;

    if (token.len == 0)
        return true; /* either side may have nothing more to say */
    if (is_wrapped(token))
        return decode_wrapped(context, token, out, err);
    if (!gss_take_apart(token, &frame))
        return sasl_fields_refuse(context, token, out, err, "no token of GSSAPI");
    if (!sasl_fields_add_text(out, "gss-mechanism", gss_mechanism_name(frame.mechanism)))
        return false;
    if (!gss_is_kerberos(frame.mechanism))
        return sasl_fields_refuse(context, token, out, err, "the SASL mechanism GSSAPI is Kerberos alone");
    return kerberos_decode(context, frame.inner, out, err);
}

const struct sasl_mechanism sasl_mechanism_gssapi = {
    .name = "GSSAPI", .is_client_first = true, .sends_plain_secret = false, .decode = gssapi_decode
};
