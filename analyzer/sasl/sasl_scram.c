/* SASL SCRAM, RFC 5802 and 7677, with any hash; -PLUS is the form with channel binding.
 *
 *   client-first = gs2-header "n=" name ",r=" nonce            *( "," extension )
 *   server-first =            "r=" nonce ",s=" salt ",i=" count *( "," extension )
 *   client-final =            "c=" base64 ",r=" nonce          *( "," extension ) ",p=" proof
 *   server-final = "v=" signature / "e=" error                 *( "," extension )
 *
 * Proof and signature let a password be guessed offline; everything else is public. */
#include "base/limits.h"
#include "sasl/sasl_gs2.h"
#include "sasl/sasl_rows.h"

/* "r=value", taken off with the comma behind it. */
static bool take_attribute(struct bytes *rest, uint8_t letter, struct bytes *value)
{
    struct bytes attribute = *rest;

    if (attribute.len < 2 || attribute.ptr[0] != letter || attribute.ptr[1] != '=')
        return false;
    if (!gs2_take_until(rest, ',', &attribute))
        *rest = (struct bytes){ NULL, 0 };
    *value = bytes_from(attribute, 2);
    return true;
}

/* attr-val = ALPHA "=" value: what is behind the attributes that are known. */
static bool are_extensions(struct bytes rest)
{
    struct bytes value;

    while (rest.len > 0) {
        uint8_t letter = ascii_upper(rest.ptr[0]);
        if (letter < 'A' || letter > 'Z' || !take_attribute(&rest, rest.ptr[0], &value) || value.len == 0)
            return false;
    }
    return true;
}

/* printable = %x21-2B / %x2D-7E */
static bool is_nonce(struct bytes nonce)
{
    for (size_t i = 0; i < nonce.len; i++)
        if (nonce.ptr[i] < 0x21 || nonce.ptr[i] > 0x7e)
            return false;
    return nonce.len > 0;
}

static bool take_base64(struct bytes text, struct buf *out)
{
    buf_init(out, LIMIT_SASL_TOKEN);
    return text.len > 0 && base64_decode(text, out, NULL) == BASE64_FINE;
}

static bool is_base64(struct bytes text)
{
    struct buf decoded;

    bool is_fine = take_base64(text, &decoded);
    buf_release(&decoded);
    return is_fine;
}

static bool add_header(struct sasl_fields *out, const struct gs2_header *header, struct bytes authzid)
{
    return sasl_fields_add(out, "cbind-flag", header->flag)
           && (header->binding.len == 0 || sasl_fields_add(out, "cbind-type", header->binding))
           && (authzid.len == 0 || sasl_fields_add(out, "authzid", authzid));
}

static bool decode_client_first(const struct sasl_context *context, struct bytes token,
                                struct sasl_fields *out, struct err *err)
{
    struct gs2_header header = { .flag = { NULL, 0 } };
    struct bytes escaped, name, nonce, authzid = { NULL, 0 }, rest = token;

    if (!gs2_take(&rest, &header))
        return sasl_fields_refuse(context, token, out, err, "SCRAM begins with n,, or y,, or p=binding,,");
    if (take_attribute(&rest, 'm', &name))
        return sasl_fields_refuse(context, token, out, err,
                                  "a mandatory extension (m=), of which SCRAM has none");
    if (!take_attribute(&rest, 'n', &escaped) || !take_attribute(&rest, 'r', &nonce) || !is_nonce(nonce)
        || !are_extensions(rest))
        return sasl_fields_refuse(context, token, out, err,
                                  "SCRAM wants n=name,r=nonce behind its header, in this order");
    if (!gs2_name(out->arena, escaped, &name)
        || (header.authzid.len && !gs2_name(out->arena, header.authzid, &authzid)))
        return sasl_fields_refuse(context, token, out, err,
                                  "in a SCRAM name a comma is written =2C and an equals sign =3D");
    return add_header(out, &header, authzid) && sasl_fields_add(out, "username", name)
           && sasl_fields_add(out, "nonce", nonce)
           && (rest.len == 0 || sasl_fields_add_secret(out, "extensions", rest));
}

/* What c= repeats: the header of the first message, and behind it the data of the channel. */
static bool add_binding(struct bytes text, struct sasl_fields *out)
{
    struct gs2_header header;
    struct buf decoded;

    bool is_fine = take_base64(text, &decoded);
    struct bytes data = buf_bytes(&decoded), rest = data;
    is_fine = is_fine && gs2_take(&rest, &header)
              && sasl_fields_add(out, "cbind-header", bytes_slice(data, 0, data.len - rest.len))
              && (rest.len == 0 || sasl_fields_add_number(out, "cbind-data-length", rest.len));
    buf_release(&decoded);
    return is_fine;
}

/* The proof is what the last p= holds; nothing stands behind it. */
static bool take_extensions(struct bytes *rest, struct bytes *proof)
{
    struct bytes value;

    while (rest->len > 0 && rest->ptr[0] != 'p')
        if (!take_attribute(rest, rest->ptr[0], &value) || value.len == 0)
            return false;
    return take_attribute(rest, 'p', proof) && rest->len == 0;
}

static bool decode_client_final(const struct sasl_context *context, struct bytes token,
                                struct sasl_fields *out, struct err *err)
{
    struct bytes binding, nonce, proof, rest = token;

    if (!take_attribute(&rest, 'c', &binding) || !take_attribute(&rest, 'r', &nonce) || !is_nonce(nonce)
        || !take_extensions(&rest, &proof))
        return sasl_fields_refuse(context, token, out, err,
                                  "SCRAM ends with c=binding,r=nonce,p=proof, in this order");
    if (!sasl_fields_add_secret(out, "proof", proof) || !sasl_fields_add(out, "nonce", nonce))
        return false;
    if (!add_binding(binding, out))
        return err_set(err, ERR_INPUT, 0, "c= does not hold the header of the first message in base64");
    if (!is_base64(proof))
        return err_set(err, ERR_INPUT, 0, "the proof behind p= is not base64");
    return true;
}

static bool decode_server_first(struct bytes token, struct sasl_fields *out, struct err *err)
{
    struct bytes nonce, salt, iterations, rest = token;
    uint64_t count;

    if (!take_attribute(&rest, 'r', &nonce) || !take_attribute(&rest, 's', &salt)
        || !take_attribute(&rest, 'i', &iterations) || !are_extensions(rest))
        return err_set(err, ERR_INPUT, 0, "SCRAM wants r=nonce,s=salt,i=iterations, in this order");
    if (!sasl_fields_add(out, "nonce", nonce) || !sasl_fields_add(out, "salt", salt)
        || !sasl_fields_add(out, "iterations", iterations))
        return false;
    if (!is_nonce(nonce) || !is_base64(salt))
        return err_set(err, ERR_INPUT, 0, "the nonce is not printable, or the salt not base64");
    if (!bytes_to_u64(iterations, &count) || count == 0)
        return err_set(err, ERR_INPUT, 0, "the iteration count is no number");
    return true;
}

static bool decode_server(struct bytes token, struct sasl_fields *out, struct err *err)
{
    struct bytes value, rest = token;

    if (token.len == 0) /* "go ahead" */
        return true;
    if (take_attribute(&rest, 'e', &value))
        return sasl_fields_add(out, "error", value);
    if (!take_attribute(&rest, 'v', &value))
        return decode_server_first(token, out, err);
    if (!sasl_fields_add_secret(out, "server-signature", value))
        return false;
    if (!is_base64(value) || !are_extensions(rest))
        return err_set(err, ERR_INPUT, 0, "the server's signature behind v= is not base64");
    return true;
}

/* An empty answer is due to the server's last message alone. */
static bool is_answer_to_last(const struct sasl_context *context)
{
    const struct sasl_step *prompt = context->prompt;

    return context->is_after_gap
           || (prompt && (sasl_step_field(prompt, "server-signature") || sasl_step_field(prompt, "error")));
}

static bool scram_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                         struct err *err)
{
    if (context->from == SIDE_SERVER)
        return decode_server(token, out, err);
    if (token.len == 0)
        return is_answer_to_last(context) || err_set(err, ERR_INPUT, 0, "an empty SCRAM message");
    if (token.ptr[0] == 'c')
        return decode_client_final(context, token, out, err);
    return decode_client_first(context, token, out, err);
}

#define SCRAM(row, hash)                                                                                     \
    const struct sasl_mechanism sasl_mechanism_scram_##row = {                                               \
        .name = "SCRAM-" hash, .is_client_first = true, .is_text = true, .decode = scram_decode              \
    }

SCRAM(sha_1, "SHA-1");
SCRAM(sha_1_plus, "SHA-1-PLUS");
SCRAM(sha_256, "SHA-256");
SCRAM(sha_256_plus, "SHA-256-PLUS");
SCRAM(sha_512, "SHA-512");
SCRAM(sha_512_plus, "SHA-512-PLUS");
