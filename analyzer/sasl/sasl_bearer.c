/* Bearer tokens (RFC 6750, RFC 7628).  A token that is a JWT (RFC 7519: header "." claims "." signature, each
 * in base64url) tells when it expires and for whom it is; that is read, not verified. */
#include "sasl/sasl_bearer.h"

#include "base/limits.h"
#include "sasl/sasl_json.h"
#include "sasl/sasl_gs2.h"
#include "sasl/sasl_rows.h"

enum { SEPARATOR = 1 };

static bool has_auth_inside(struct bytes value)
{
    return bytes_find_nocase(value, BYTES("auth=")) != SIZE_MAX
           || bytes_find_nocase(value, BYTES("bearer ")) != SIZE_MAX;
}

bool bearer_take_pair(struct bytes *rest, struct bytes *key, struct bytes *value)
{
    struct bytes pair, left = *rest;

    if (!gs2_take_until(&left, SEPARATOR, &pair))
        return false;
    size_t equals = bytes_find(pair, '=');
    if (equals == SIZE_MAX)
        return false;
    *key = bytes_slice(pair, 0, equals);
    *value = bytes_from(pair, equals + 1);
    if (!bytes_equal_nocase(*key, BYTES("auth")) && has_auth_inside(*value))
        return false;
    *rest = left;
    return true;
}

static bool add_part_of_token(struct bytes part, const struct json_member *rows, struct sasl_fields *out)
{
    struct buf json;

    buf_init(&json, LIMIT_SASL_JSON);
    bool is_json = base64_decode_loose(part, &json) && sasl_json_add(out, buf_bytes(&json), rows);
    if (json.ptr)
        explicit_bzero(json.ptr, json.cap);
    buf_release(&json);
    return is_json;
}

static bool add_claims(struct bytes token, struct sasl_fields *out)
{
    static const struct json_member header[] = { { "alg", "alg" }, { NULL, NULL } };
    static const struct json_member claims[] = {
        { "exp", "exp" }, { "nbf", "nbf" },     { "iat", "iat" },   { "aud", "aud" }, { "iss", "iss" },
        { "sub", "sub" }, { "scope", "scope" }, { "scp", "scope" }, { NULL, NULL },
    };
    struct bytes part, rest = token;

    if (!gs2_take_until(&rest, '.', &part) || !add_part_of_token(part, header, out))
        return sasl_fields_add_text(out, "token-kind", "opaque");
    if (gs2_take_until(&rest, '.', &part)) /* encrypted ones have no claims to read */
        (void)add_part_of_token(part, claims, out);
    return sasl_fields_add_text(out, "token-kind", "JWT");
}

/* A word that is no scheme may be the token itself. */
static const char *scheme_of(struct bytes word)
{
    static const char *const schemes[] = { "Bearer", "OAuth", "DPoP", "MAC", "Basic", NULL };

    for (size_t i = 0; schemes[i]; i++)
        if (bytes_equal_nocase(word, bytes_of(schemes[i])))
            return schemes[i];
    return NULL;
}

bool bearer_add_token(struct bytes value, struct sasl_fields *out, struct err *err)
{
    size_t blank = bytes_find(value, ' ');
    const char *scheme = scheme_of(bytes_slice(value, 0, blank));

    if (!scheme || blank == SIZE_MAX) {
        (void)sasl_fields_add_secret(out, "token", value);
        return err_set(err, ERR_INPUT, 0,
                       "auth= is followed by no scheme; \"Bearer \" and the token are due");
    }
    struct bytes token = bytes_from(value, blank + 1);
    if (!sasl_fields_add_secret(out, "token", token) || !sasl_fields_add_text(out, "auth-scheme", scheme)
        || !add_claims(token, out))
        return false;
    if (token.len == 0)
        return err_set(err, ERR_INPUT, 0, "the token is empty");
    if (!bytes_equal_nocase(bytes_of(scheme), BYTES("Bearer")))
        return err_set(err, ERR_INPUT, 0, "the scheme of the token is not Bearer");
    return true;
}

bool bearer_decode_error(struct bytes token, struct sasl_fields *out, struct err *err)
{
    static const struct json_member members[] = {
        { "status", "status" }, { "schemes", "schemes" },
        { "scope", "scope" },   { "openid-configuration", "openid-configuration" },
        { NULL, NULL },
    };

    if (token.len == 0 || sasl_json_add(out, token, members)) /* "go ahead" */
        return true;
    return err_set(err, ERR_INPUT, 0, "the server's message is no JSON object");
}

bool bearer_is_error_answered(const struct sasl_context *context)
{
    return context->is_after_gap || (context->prompt && context->prompt->length > 0);
}
