/* NTLM (MS-NLMP 3.3), computed anew.  Its messages are read here in full, because what the proof is made over
 * is neither shown nor kept as a field.
 *
 *   challenge:     "NTLMSSP" 0, 2 in 32 bits, ... the server's challenge in octets 24 to 31
 *   authenticate:  "NTLMSSP" 0, 3 in 32 bits, then (length, room, offset) of LM response, NT response,
 * domain, user name and workstation, ... flags in octets 60 to 63 */
#include "sasl/sasl_crypto.h"
#include "sasl/sasl_verify_rows.h"

enum {
    CHALLENGE_AT = 24,
    CHALLENGE_LEN = 8,
    LM_AT = 12,
    NT_AT = 20,
    DOMAIN_AT = 28,
    USER_AT = 36,
    TARGET_AT = 12,
    FLAGS_AT = 60,
    FLAG_UNICODE = 1,
    V1_LEN = 24,
    PROOF_LEN = 16
};

/* The message of this type in the steps of this side, also inside of SPNEGO; empty if there is none. */
static struct bytes message_of(const struct sasl_exchange *exchange, enum side from, uint32_t type)
{
    const struct bytes signature = BYTES("NTLMSSP\0");

    for (size_t i = 0; i < sasl_decoded_count(exchange); i++) {
        struct bytes text = exchange->steps[i].decoded;
        for (size_t at = 0; exchange->steps[i].from == from && at + 12 <= text.len; at++) {
            struct reader reader = reader_over(bytes_from(text, at + signature.len));
            if (bytes_equal(bytes_slice(text, at, signature.len), signature) && read_le32(&reader) == type)
                return bytes_from(text, at);
        }
    }
    return (struct bytes){ NULL, 0 };
}

/* What a (length, room, offset) at this place points to. */
static struct bytes pointed_to(struct bytes message, size_t at)
{
    struct reader reader = reader_over(bytes_from(message, at));
    uint16_t length = read_le16(&reader);

    (void)read_le16(&reader);
    uint32_t offset = read_le32(&reader);
    struct bytes found = bytes_slice(message, offset, length);
    return reader.ok && found.len == length ? found : (struct bytes){ NULL, 0 };
}

struct ntlm {
    struct bytes challenge, lm, nt, domain, user, target;
    bool is_unicode;
};

static bool take(const struct sasl_exchange *exchange, struct ntlm *out)
{
    struct bytes challenge = message_of(exchange, SIDE_SERVER, 2);
    struct bytes authenticate = message_of(exchange, SIDE_CLIENT, 3);
    struct reader flags = reader_over(bytes_from(authenticate, FLAGS_AT));

    *out = (struct ntlm){ .challenge = bytes_slice(challenge, CHALLENGE_AT, CHALLENGE_LEN),
                          .lm = pointed_to(authenticate, LM_AT),
                          .nt = pointed_to(authenticate, NT_AT),
                          .domain = pointed_to(authenticate, DOMAIN_AT),
                          .user = pointed_to(authenticate, USER_AT),
                          .target = pointed_to(challenge, TARGET_AT) };
    out->is_unicode = read_le32(&flags) & FLAG_UNICODE;
    return out->challenge.len == CHALLENGE_LEN && out->nt.len >= V1_LEN;
}

static void add_upper(struct sasl_secret *out, struct bytes name, bool is_unicode)
{
    if (!is_unicode) {
        sasl_secret_add_utf16(out, name, true);
        return;
    }
    for (size_t i = 0; i + 1 < name.len; i += 2) {
        const uint8_t unit[2] = { name.ptr[i + 1] ? name.ptr[i] : ascii_upper(name.ptr[i]), name.ptr[i + 1] };
        sasl_secret_add(out, (struct bytes){ unit, 2 });
    }
}

static void add_name(struct sasl_secret *out, struct bytes name, bool is_unicode)
{
    if (is_unicode)
        sasl_secret_add(out, name);
    else
        sasl_secret_add_utf16(out, name, false);
}

/* NTProofStr = HMAC-MD5( HMAC-MD5( NT hash, UPPER(user) domain ), challenge blob ) */
static bool is_v2(const struct ntlm *ntlm, struct bytes hash, struct bytes domain)
{
    struct sasl_secret text = { .len = 0 };

    add_upper(&text, ntlm->user, ntlm->is_unicode);
    add_name(&text, domain, ntlm->is_unicode);
    struct sasl_digest key = sasl_hmac(SASL_HASH_MD5, hash, sasl_secret_bytes(&text));
    sasl_secret_clear(&text);
    sasl_secret_add(&text, ntlm->challenge);
    sasl_secret_add(&text, bytes_from(ntlm->nt, PROOF_LEN));
    struct sasl_digest proof = sasl_hmac(SASL_HASH_MD5, sasl_digest_bytes(&key), sasl_secret_bytes(&text));
    bool is_equal =
        !text.is_full && bytes_equal(sasl_digest_bytes(&proof), bytes_slice(ntlm->nt, 0, PROOF_LEN));
    explicit_bzero(&key, sizeof key);
    return is_equal;
}

static enum sasl_proof check_v2(const struct ntlm *ntlm, struct bytes hash, struct sasl_verification *out)
{
    if (is_v2(ntlm, hash, ntlm->domain))
        return SASL_PROOF_RIGHT;
    if (is_v2(ntlm, hash, (struct bytes){ NULL, 0 }))
        out->slip = "It does with an empty domain: the client hashed none and sent one.";
    else if (is_v2(ntlm, hash, ntlm->target))
        out->slip = "It does with the target name of the challenge for the domain: the client sent another.";
    return out->slip ? SASL_PROOF_RIGHT : SASL_PROOF_WRONG;
}

/* NTLMv1 is DES of the challenge under three parts of the hash; with the second half of the LM response zero,
 * of MD5(server's challenge, client's challenge) (MS-NLMP 3.3.1). */
static enum sasl_proof check_v1(const struct sasl_crypto *crypto, const struct ntlm *ntlm, struct bytes hash)
{
    static const uint8_t zeros[16] = { 0 };
    uint8_t key[21] = { 0 }, block[SASL_DES_LEN];
    struct bytes challenge = ntlm->challenge;
    struct sasl_digest mixed = { .len = 0 };

    if (ntlm->lm.len == V1_LEN
        && bytes_equal(bytes_from(ntlm->lm, CHALLENGE_LEN), (struct bytes){ zeros, sizeof zeros })) {
        struct sasl_secret both = { .len = 0 };
        sasl_secret_add(&both, ntlm->challenge);
        sasl_secret_add(&both, bytes_slice(ntlm->lm, 0, CHALLENGE_LEN));
        mixed = sasl_hash(SASL_HASH_MD5, sasl_secret_bytes(&both));
        challenge = bytes_slice(sasl_digest_bytes(&mixed), 0, CHALLENGE_LEN);
    }
    memcpy(key, hash.ptr, hash.len);
    bool is_equal = true, is_there = true;
    for (size_t i = 0; i < 3 && is_there; i++) {
        is_there = sasl_des(crypto, key + 7 * i, challenge, block);
        is_equal = is_equal && is_there
                   && bytes_equal((struct bytes){ block, sizeof block },
                                  bytes_slice(ntlm->nt, i * SASL_DES_LEN, SASL_DES_LEN));
    }
    explicit_bzero(key, sizeof key);
    if (!is_there)
        return SASL_PROOF_UNSUPPORTED;
    return is_equal ? SASL_PROOF_RIGHT : SASL_PROOF_WRONG;
}

static bool is_withheld(const struct sasl_exchange *exchange)
{
    for (size_t i = 0; i < sasl_decoded_count(exchange); i++)
        if (exchange->steps[i].is_redacted)
            return true;
    return false;
}

enum sasl_proof sasl_check_ntlm(const struct sasl_crypto *crypto, const struct sasl_exchange *exchange,
                                struct bytes password, struct sasl_verification *out)
{
    struct sasl_secret unicode = { .len = 0 };
    struct sasl_digest hash = { .len = 0 };
    struct ntlm ntlm;

    if (!take(exchange, &ntlm))
        return is_withheld(exchange) ? SASL_PROOF_WITHHELD : SASL_PROOF_NONE;
    sasl_secret_add_utf16(&unicode, password, false);
    bool is_there = sasl_md4(crypto, sasl_secret_bytes(&unicode), &hash) && hash.len == PROOF_LEN;
    sasl_secret_clear(&unicode);
    if (!is_there)
        return SASL_PROOF_UNSUPPORTED;
    enum sasl_proof proof = ntlm.nt.len == V1_LEN ? check_v1(crypto, &ntlm, sasl_digest_bytes(&hash))
                                                  : check_v2(&ntlm, sasl_digest_bytes(&hash), out);
    explicit_bzero(&hash, sizeof hash);
    return proof;
}
