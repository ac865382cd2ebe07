/* SASL DIGEST-MD5, RFC 2831: lists of directives, name "=" ( token / quoted-string ), parted by commas.
 *
 *   S: realm="r", nonce="n", qop="auth", charset=utf-8, algorithm=md5-sess
 *   C: username="u", realm="r", nonce="n", nc=00000001, cnonce="c", digest-uri="smtp/host", response=...,
 * qop=auth S: rspauth=...           C: (empty)
 *
 * A server may name several realms; any other directive stands once.  response and rspauth let the password
 * be guessed offline. */
#include "sasl/sasl_rows.h"

enum { HEX_RESPONSE = 32, HEX_COUNT = 8, REALMS = 4 };

struct directive {
    const char *name;
    const char *field;
    bool is_secret;
    bool is_needed;
};

static const struct directive challenge_rows[] = {
    { "realm", "realm", false, false },
    { "nonce", "nonce", false, true },
    { "qop", "qop", false, false },
    { "stale", "stale", false, false },
    { "maxbuf", "max-buffer", false, false },
    { "charset", "charset", false, false },
    { "algorithm", "algorithm", false, true },
    { "cipher", "cipher", false, false },
    { NULL, NULL, false, false },
};

static const struct directive response_rows[] = {
    { "username", "username", false, true },
    { "realm", "realm", false, false },
    { "nonce", "nonce", false, true },
    { "cnonce", "cnonce", false, true },
    { "nc", "nc", false, true },
    { "qop", "qop", false, false },
    { "digest-uri", "digest-uri", false, true },
    { "response", "response", true, true },
    { "maxbuf", "max-buffer", false, false },
    { "charset", "charset", false, false },
    { "cipher", "cipher", false, false },
    { "authzid", "authzid", false, false },
    { NULL, NULL, false, false },
};

static const struct directive rspauth_rows[] = {
    { "rspauth", "rspauth", true, true },
    { NULL, NULL, false, false },
};

/* One directive, its value still escaped. */
struct part {
    struct bytes name, value;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip(struct bytes *rest, bool also_commas)
{
    while (rest->len > 0 && (is_blank(rest->ptr[0]) || (also_commas && rest->ptr[0] == ',')))
        *rest = bytes_from(*rest, 1);
}

static bool is_token(uint8_t c)
{
    return c > 0x20 && c < 0x7f && !memchr("()<>@,;:\\\"/[]?={}", c, 17);
}

static struct bytes take_token(struct bytes *rest)
{
    struct bytes whole = *rest;
    size_t len = 0;

    while (len < whole.len && is_token(whole.ptr[len]))
        len++;
    *rest = bytes_from(whole, len);
    return bytes_slice(whole, 0, len);
}

/* Behind the opening quote, up to the closing one. */
static bool take_quoted(struct bytes *rest, struct bytes *value)
{
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->ptr[i] == '\\') {
            i++;
        } else if (rest->ptr[i] == '"') {
            *value = bytes_slice(*rest, 1, i - 1);
            *rest = bytes_from(*rest, i + 1);
            return true;
        }
    }
    return false;
}

static bool take_part(struct bytes *rest, struct part *out)
{
    out->name = take_token(rest);
    skip(rest, false);
    if (out->name.len == 0 || rest->len == 0 || rest->ptr[0] != '=')
        return false;
    *rest = bytes_from(*rest, 1);
    skip(rest, false);
    if (rest->len > 0 && rest->ptr[0] == '"') {
        if (!take_quoted(rest, &out->value))
            return false;
    } else {
        out->value = take_token(rest);
        if (out->value.len == 0)
            return false;
    }
    skip(rest, false);
    return rest->len == 0 || rest->ptr[0] == ',';
}

static bool is_list(struct bytes token)
{
    struct part part;

    for (skip(&token, true); token.len > 0; skip(&token, true))
        if (!take_part(&token, &part))
            return false;
    return true;
}

/* How often it is there; the first, or the `nth`, goes to `value`. */
static size_t find_part(struct bytes token, const char *name, size_t nth, struct bytes *value)
{
    struct part part;
    size_t count = 0;

    for (skip(&token, true); token.len > 0 && take_part(&token, &part); skip(&token, true))
        if (bytes_equal_nocase(part.name, bytes_of(name)) && count++ == nth)
            *value = part.value;
    return count;
}

/* quoted-pair: a backslash, and the octet that is meant. */
static struct bytes unquoted(struct bytes value, struct arena *arena)
{
    uint8_t *to = bytes_find(value, '\\') == SIZE_MAX ? NULL : arena_alloc(arena, value.len);
    size_t len = 0;

    if (!to)
        return value;
    for (size_t i = 0; i < value.len; i++) {
        i += value.ptr[i] == '\\' && i + 1 < value.len;
        to[len++] = value.ptr[i];
    }
    return (struct bytes){ to, len };
}

static bool add_parts(struct bytes token, const struct directive *rows, struct sasl_fields *out)
{
    for (; rows->name; rows++) {
        struct bytes value;
        if (find_part(token, rows->name, 0, &value) == 0)
            continue;
        value = unquoted(value, out->arena);
        if (!(rows->is_secret ? sasl_fields_add_secret(out, rows->field, value)
                              : sasl_fields_add(out, rows->field, value)))
            return false;
    }
    return true;
}

static bool is_each_once(struct bytes token, const struct directive *rows, bool may_repeat_realm,
                         struct err *err)
{
    for (; rows->name; rows++) {
        struct bytes value;
        size_t count = find_part(token, rows->name, 0, &value);
        bool may_repeat = may_repeat_realm && strcmp(rows->name, "realm") == 0;
        if (count == 0 && rows->is_needed)
            return err_set(err, ERR_INPUT, 0, "DIGEST-MD5 without %s", rows->name);
        if (count > 1 && !may_repeat)
            return err_set(err, ERR_INPUT, 0, "%s stands more than once in a DIGEST-MD5 message", rows->name);
    }
    return true;
}

static bool add_further_realms(struct bytes token, struct sasl_fields *out)
{
    static const char *const names[REALMS] = { "realm", "realm-2", "realm-3", "realm-4" };
    struct bytes realm;

    for (size_t i = 1; i < REALMS; i++)
        if (find_part(token, "realm", i, &realm) > i
            && !sasl_fields_add(out, names[i], unquoted(realm, out->arena)))
            return false;
    return true;
}

static bool is_hex(struct bytes token, const char *name, size_t digits)
{
    struct bytes value = { NULL, 0 };

    (void)find_part(token, name, 0, &value);
    for (size_t i = 0; i < value.len; i++)
        if (!ascii_is_digit(value.ptr[i]) && !(value.ptr[i] >= 'a' && value.ptr[i] <= 'f'))
            return false;
    return value.len == digits;
}

static bool decode_challenge(struct bytes token, struct sasl_fields *out, struct err *err)
{
    struct bytes rspauth;

    if (!is_list(token))
        return err_set(err, ERR_INPUT, 0, "the challenge is no list of directives");
    if (find_part(token, "rspauth", 0, &rspauth) > 0)
        return add_parts(token, rspauth_rows, out) && is_each_once(token, rspauth_rows, false, err);
    return add_parts(token, challenge_rows, out) && add_further_realms(token, out)
           && is_each_once(token, challenge_rows, true, err);
}

static bool digest_md5_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                              struct err *err)
{
    if (token.len == 0) { /* before the first challenge, or the answer to rspauth */
        bool is_due = context->from == SIDE_SERVER || context->is_after_gap
                      || (context->prompt && sasl_step_field(context->prompt, "rspauth"));
        return is_due || err_set(err, ERR_INPUT, 0, "an empty answer to a DIGEST-MD5 challenge");
    }
    if (context->from == SIDE_SERVER)
        return decode_challenge(token, out, err);
    if (!is_list(token))
        return sasl_fields_refuse(context, token, out, err,
                                  "DIGEST-MD5 wants a list of directives, name=value or name=\"value\"");
    if (!add_parts(token, response_rows, out) || !is_each_once(token, response_rows, false, err))
        return false;
    if (!is_hex(token, "nc", HEX_COUNT))
        return err_set(err, ERR_INPUT, 0, "nc of DIGEST-MD5 is eight digits in lower-case hexadecimal");
    if (!is_hex(token, "response", HEX_RESPONSE))
        return err_set(err, ERR_INPUT, 0,
                       "the response of DIGEST-MD5 is 32 digits in lower-case hexadecimal");
    return true;
}

const struct sasl_mechanism sasl_mechanism_digest_md5 = {
    .name = "DIGEST-MD5", .is_client_first = false, .sends_plain_secret = false, .decode = digest_md5_decode
};
