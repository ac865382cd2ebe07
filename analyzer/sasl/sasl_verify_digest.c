/* CRAM-MD5 (RFC 2195) and DIGEST-MD5 (RFC 2831), computed anew. */
#include "base/base64.h"
#include "sasl/sasl_crypto.h"
#include "sasl/sasl_verify_rows.h"

enum { HEX_MD5 = 2 * SASL_MD5_LEN };

static struct sasl_secret hex_of(struct sasl_digest digest)
{
    struct sasl_secret hex = { .len = 0 };

    sasl_secret_add_hex(&hex, sasl_digest_bytes(&digest));
    return hex;
}

static bool is_hmac(struct bytes key, struct bytes text, struct bytes digest)
{
    struct sasl_secret hex = hex_of(sasl_hmac(SASL_HASH_MD5, key, text));

    bool is_equal = bytes_equal_nocase(sasl_secret_bytes(&hex), digest);
    sasl_secret_clear(&hex);
    return is_equal;
}

static bool has_upper(struct bytes digest)
{
    for (size_t i = 0; i < digest.len; i++)
        if (digest.ptr[i] >= 'A' && digest.ptr[i] <= 'F')
            return true;
    return false;
}

enum sasl_proof sasl_check_cram_md5(const struct sasl_crypto *crypto, const struct sasl_exchange *exchange,
                                    struct bytes password, struct sasl_verification *out)
{
    const struct sasl_step *challenge = sasl_step_with(exchange, SIDE_SERVER, "challenge");
    const struct sasl_step *response = sasl_step_with(exchange, SIDE_CLIENT, "digest");

    (void)crypto;
    if (!challenge || !response)
        return SASL_PROOF_NONE;
    if (sasl_is_withheld(response, "digest") || sasl_is_withheld(challenge, "challenge"))
        return SASL_PROOF_WITHHELD;
    struct bytes digest = sasl_value(response, "digest"), text = sasl_value(challenge, "challenge");
    if (is_hmac(password, text, digest)) {
        if (has_upper(digest))
            out->slip =
                "It does but for the digest in upper case: RFC 2195 wants lower case, and servers compare.";
        return SASL_PROOF_RIGHT;
    }
    struct sasl_secret hashed = hex_of(sasl_hash(SASL_HASH_MD5, password));
    if (is_hmac(password, challenge->text, digest))
        out->slip = "It does over the challenge in base64: the client did not decode it first.";
    else if (is_hmac(sasl_secret_bytes(&hashed), text, digest))
        out->slip = "It does with the MD5 of the password in its place: the client has only a hash of it.";
    sasl_secret_clear(&hashed);
    return out->slip ? SASL_PROOF_RIGHT : SASL_PROOF_WRONG;
}

struct digest_parts {
    struct bytes username, realm, nonce, cnonce, nc, qop, uri, authzid;
};

/* HEX( KD( HEX(MD5(A1)), nonce : nc : cnonce : qop : HEX(MD5(A2)) ) ) of RFC 2831 2.1.2.1; `method` is
 * AUTHENTICATE, or empty for the server's answer. */
static struct sasl_secret digest_response(const struct digest_parts *parts, struct bytes password,
                                          const char *method)
{
    struct sasl_secret text = { .len = 0 };
    const struct bytes colon = BYTES(":");
    const struct bytes first[] = { parts->username, colon, parts->realm, colon, password };

    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        sasl_secret_add(&text, first[i]);
    struct sasl_digest inner = sasl_hash(SASL_HASH_MD5, sasl_secret_bytes(&text));
    sasl_secret_clear(&text);
    const struct bytes a1[] = { sasl_digest_bytes(&inner), colon, parts->nonce, colon, parts->cnonce };
    for (size_t i = 0; i < sizeof a1 / sizeof a1[0]; i++)
        sasl_secret_add(&text, a1[i]);
    if (parts->authzid.len) {
        sasl_secret_add(&text, colon);
        sasl_secret_add(&text, parts->authzid);
    }
    struct sasl_secret key = hex_of(sasl_hash(SASL_HASH_MD5, sasl_secret_bytes(&text)));
    sasl_secret_clear(&text);
    sasl_secret_add_text(&text, method);
    sasl_secret_add(&text, colon);
    sasl_secret_add(&text, parts->uri);
    if (!bytes_equal_nocase(parts->qop, BYTES("auth")))
        sasl_secret_add_text(&text, ":00000000000000000000000000000000");
    struct sasl_secret end = hex_of(sasl_hash(SASL_HASH_MD5, sasl_secret_bytes(&text)));
    const struct bytes all[] = { sasl_secret_bytes(&key),
                                 colon,
                                 parts->nonce,
                                 colon,
                                 parts->nc,
                                 colon,
                                 parts->cnonce,
                                 colon,
                                 parts->qop,
                                 colon,
                                 sasl_secret_bytes(&end) };
    sasl_secret_clear(&text);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sasl_secret_add(&text, all[i]);
    struct sasl_secret result = hex_of(sasl_hash(SASL_HASH_MD5, sasl_secret_bytes(&text)));
    sasl_secret_clear(&text);
    sasl_secret_clear(&key);
    return result;
}

static bool is_digest(const struct digest_parts *parts, struct bytes password, const char *method,
                      struct bytes digest)
{
    struct sasl_secret right = digest_response(parts, password, method);

    bool is_equal = bytes_equal_nocase(sasl_secret_bytes(&right), digest);
    sasl_secret_clear(&right);
    return is_equal;
}

static struct digest_parts parts_of(const struct sasl_step *response)
{
    struct digest_parts parts = {
        .username = sasl_value(response, "username"),
        .realm = sasl_value(response, "realm"),
        .nonce = sasl_value(response, "nonce"),
        .cnonce = sasl_value(response, "cnonce"),
        .nc = sasl_value(response, "nc"),
        .qop = sasl_value(response, "qop"),
        .uri = sasl_value(response, "digest-uri"),
        .authzid = sasl_value(response, "authzid"),
    };

    if (parts.qop.len == 0)
        parts.qop = BYTES("auth");
    return parts;
}

/* The name and the realm are hashed along: in another form the same password gives another response. */
static const char *other_name(const struct digest_parts *sent, const struct sasl_step *challenge,
                              struct bytes password, struct bytes digest)
{
    struct digest_parts parts = *sent;
    size_t at = bytes_find(sent->username, '@');

    parts.realm = sasl_value(challenge, "realm");
    if (is_digest(&parts, password, "AUTHENTICATE", digest))
        return "It does with the realm of the challenge: the client hashed that one and sent another.";
    parts.realm = (struct bytes){ NULL, 0 };
    if (is_digest(&parts, password, "AUTHENTICATE", digest))
        return "It does with an empty realm: the client hashed none and sent one.";
    if (at == SIZE_MAX)
        return NULL;
    parts.username = bytes_slice(sent->username, 0, at);
    parts.realm = bytes_from(sent->username, at + 1);
    if (is_digest(&parts, password, "AUTHENTICATE", digest))
        return "It does with the domain of the name for the realm: the client parted them and sent them "
               "together.";
    parts.realm = sent->realm;
    return is_digest(&parts, password, "AUTHENTICATE", digest)
               ? "It does with the name without its domain: the client hashed it so and sent it with."
               : NULL;
}

enum sasl_proof sasl_check_digest_md5(const struct sasl_crypto *crypto, const struct sasl_exchange *exchange,
                                      struct bytes password, struct sasl_verification *out)
{
    const struct sasl_step *challenge = sasl_step_with(exchange, SIDE_SERVER, "nonce");
    const struct sasl_step *response = sasl_step_with(exchange, SIDE_CLIENT, "response");
    const struct sasl_step *last = sasl_step_with(exchange, SIDE_SERVER, "rspauth");

    (void)crypto;
    if (!challenge || !response)
        return SASL_PROOF_NONE;
    if (sasl_is_withheld(response, "response"))
        return SASL_PROOF_WITHHELD;
    struct digest_parts parts = parts_of(response);
    struct bytes digest = sasl_value(response, "response");
    if (is_digest(&parts, password, "AUTHENTICATE", digest)) {
        if (sasl_value(last, "rspauth").len == HEX_MD5
            && !is_digest(&parts, password, "", sasl_value(last, "rspauth")))
            out->server = "rspauth does not fit";
        return SASL_PROOF_RIGHT;
    }
    out->slip = other_name(&parts, challenge, password, digest);
    return out->slip ? SASL_PROOF_RIGHT : SASL_PROOF_WRONG;
}
