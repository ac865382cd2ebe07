/* SCRAM (RFC 5802 3), computed anew: the client's proof, and the signature by which the server proves that it
 * knows the account. */
#include "base/base64.h"
#include "sasl/sasl_crypto.h"
#include "sasl/sasl_gs2.h"
#include "sasl/sasl_verify_rows.h"

/* Servers use some thousands; a number beyond is there to keep somebody busy. */
enum { ITERATIONS_MOST = 250000, DECODED_MOST = 256 };

static enum sasl_hash hash_of(struct bytes mechanism)
{
    if (bytes_find_nocase(mechanism, BYTES("SHA-512")) != SIZE_MAX)
        return SASL_HASH_SHA512;
    return bytes_find_nocase(mechanism, BYTES("SHA-256")) != SIZE_MAX ? SASL_HASH_SHA256 : SASL_HASH_SHA1;
}

struct scram {
    enum sasl_hash hash;
    const struct sasl_step *first, *challenge, *final, *last;
    int iterations;
};

/* What both sides sign: client-first-bare "," server-first "," client-final-without-proof. */
static bool add_auth_message(const struct scram *scram, struct sasl_secret *out)
{
    struct bytes first = scram->first->decoded, final = scram->final->decoded;
    size_t proof = bytes_find_nocase(final, BYTES(",p="));
    struct gs2_header header;

    while (proof != SIZE_MAX && bytes_find_nocase(bytes_from(final, proof + 1), BYTES(",p=")) != SIZE_MAX)
        proof += 1 + bytes_find_nocase(bytes_from(final, proof + 1), BYTES(",p="));
    if (proof == SIZE_MAX || !gs2_take(&first, &header))
        return false;
    sasl_secret_add(out, first);
    sasl_secret_add_text(out, ",");
    sasl_secret_add(out, scram->challenge->decoded);
    sasl_secret_add_text(out, ",");
    sasl_secret_add(out, bytes_slice(final, 0, proof));
    return !out->is_full;
}

/* Whether the field, taken out of base64, is these octets. */
static bool field_is(const struct sasl_step *step, const char *name, struct bytes octets)
{
    struct buf decoded;

    buf_init(&decoded, DECODED_MOST);
    bool is_equal = base64_decode(sasl_value(step, name), &decoded, NULL) == BASE64_FINE
                    && bytes_equal(buf_bytes(&decoded), octets);
    if (decoded.ptr)
        explicit_bzero(decoded.ptr, decoded.cap);
    buf_release(&decoded);
    return is_equal;
}

static struct sasl_digest salted_password(const struct scram *scram, struct bytes password)
{
    struct sasl_digest salted = { .len = 0 };
    struct buf salt;

    buf_init(&salt, SASL_SECRET_MOST);
    if (base64_decode(sasl_value(scram->challenge, "salt"), &salt, NULL) == BASE64_FINE)
        salted = sasl_pbkdf2(scram->hash, password, buf_bytes(&salt), scram->iterations);
    buf_release(&salt);
    return salted;
}

/* ClientProof = ClientKey XOR HMAC( H(ClientKey), AuthMessage ) */
static bool is_proven(const struct scram *scram, struct bytes salted, struct bytes message)
{
    struct sasl_digest key = sasl_hmac(scram->hash, salted, BYTES("Client Key"));
    struct sasl_digest stored = sasl_hash(scram->hash, sasl_digest_bytes(&key));
    struct sasl_digest proof = sasl_hmac(scram->hash, sasl_digest_bytes(&stored), message);

    for (size_t i = 0; i < proof.len; i++)
        proof.octets[i] ^= key.octets[i];
    return field_is(scram->final, "proof", sasl_digest_bytes(&proof));
}

/* ServerSignature = HMAC( HMAC(SaltedPassword, "Server Key"), AuthMessage ) */
static bool is_server_proven(const struct scram *scram, struct bytes salted, struct bytes message)
{
    struct sasl_digest key = sasl_hmac(scram->hash, salted, BYTES("Server Key"));
    struct sasl_digest signature = sasl_hmac(scram->hash, sasl_digest_bytes(&key), message);

    return field_is(scram->last, "server-signature", sasl_digest_bytes(&signature));
}

static enum sasl_proof check(const struct scram *scram, struct bytes password, struct sasl_verification *out)
{
    struct sasl_secret message = { .len = 0 };
    struct sasl_digest salted = salted_password(scram, password);
    enum sasl_proof proof = SASL_PROOF_WRONG;

    if (!add_auth_message(scram, &message) || salted.len == 0)
        return SASL_PROOF_NONE;
    if (is_proven(scram, sasl_digest_bytes(&salted), sasl_secret_bytes(&message))) {
        proof = SASL_PROOF_RIGHT;
        if (sasl_value(scram->last, "server-signature").len > 0
            && !is_server_proven(scram, sasl_digest_bytes(&salted), sasl_secret_bytes(&message)))
            out->server = "its signature (v=) does not fit";
    }
    explicit_bzero(&salted, sizeof salted);
    return proof;
}

/* Some clients hash the password first, as an old database has it. */
static bool is_hashed_first(const struct scram *scram, struct bytes password)
{
    struct sasl_verification none = { .proof = SASL_PROOF_NONE };
    struct sasl_secret hex = { .len = 0 };
    struct sasl_digest md5 = sasl_hash(SASL_HASH_MD5, password);

    sasl_secret_add_hex(&hex, sasl_digest_bytes(&md5));
    bool is_right = check(scram, sasl_secret_bytes(&hex), &none) == SASL_PROOF_RIGHT;
    sasl_secret_clear(&hex);
    return is_right;
}

enum sasl_proof sasl_check_scram(const struct sasl_crypto *crypto, const struct sasl_exchange *exchange,
                                 struct bytes password, struct sasl_verification *out)
{
    struct scram scram = { .hash = hash_of(exchange->mechanism),
                           .first = sasl_step_with(exchange, SIDE_CLIENT, "cbind-flag"),
                           .challenge = sasl_step_with(exchange, SIDE_SERVER, "salt"),
                           .final = sasl_step_with(exchange, SIDE_CLIENT, "proof"),
                           .last = sasl_step_with(exchange, SIDE_SERVER, "server-signature") };
    uint64_t iterations;

    (void)crypto;
    if (!scram.first || !scram.challenge || !scram.final)
        return SASL_PROOF_NONE;
    if (scram.final->is_redacted || scram.first->is_redacted || scram.challenge->is_redacted)
        return SASL_PROOF_WITHHELD;
    if (!bytes_to_u64(sasl_value(scram.challenge, "iterations"), &iterations) || iterations == 0)
        return SASL_PROOF_NONE;
    if (iterations > ITERATIONS_MOST)
        return SASL_PROOF_UNSUPPORTED;
    scram.iterations = (int)iterations;
    enum sasl_proof proof = check(&scram, password, out);
    if (proof != SASL_PROOF_WRONG || !is_hashed_first(&scram, password))
        return proof;
    out->slip = "It does with the MD5 of the password in its place: the client has only a hash of it.";
    return SASL_PROOF_RIGHT;
}
