/* Whose password is to be held against an exchange, and what came of it. */
#include "sasl/sasl_verify.h"

#include <stdlib.h>

#include "sasl/sasl_crypto.h"
#include "sasl/sasl_verify_rows.h"

enum { CANDIDATES = 64, IDENTITY_MOST = 512, PASSWORD_MOST = 1024 };

struct candidate {
    uint8_t identity[IDENTITY_MOST];
    size_t identity_len;
    uint8_t password[PASSWORD_MOST];
    size_t password_len;
    uint64_t checked, withheld, unsupported;
};

struct sasl_verifier {
    struct sasl_crypto *crypto;
    size_t count;
    struct candidate candidates[CANDIDATES];
};

struct sasl_verifier *sasl_verifier_new(void)
{
    struct sasl_verifier *verifier = calloc(1, sizeof *verifier);

    if (verifier)
        verifier->crypto = sasl_crypto_new();
    if (verifier && verifier->crypto)
        return verifier;
    free(verifier);
    return NULL;
}

void sasl_verifier_free(struct sasl_verifier *verifier)
{
    if (!verifier)
        return;
    sasl_crypto_free(verifier->crypto);
    explicit_bzero(verifier, sizeof *verifier);
    free(verifier);
}

static struct bytes identity_of(const struct candidate *candidate)
{
    return (struct bytes){ candidate->identity, candidate->identity_len };
}

bool sasl_verifier_add(struct sasl_verifier *verifier, struct bytes identity, struct bytes password,
                       struct err *err)
{
    for (size_t i = 0; i < verifier->count; i++)
        if (bytes_equal_nocase(identity_of(&verifier->candidates[i]), identity))
            return err_set(err, ERR_USAGE, 0, "one password an identity: this is no tool to guess them");
    if (verifier->count == CANDIDATES)
        return err_set(err, ERR_LIMIT, 0, "at most %d identities", CANDIDATES);
    if (identity.len == 0 || identity.len > IDENTITY_MOST)
        return err_set(err, ERR_USAGE, 0, "the identity is empty or too long");
    if (password.len == 0 || password.len > PASSWORD_MOST)
        return err_set(err, ERR_USAGE, 0, "the password is empty or longer than %d octets", PASSWORD_MOST);
    struct candidate *candidate = &verifier->candidates[verifier->count++];
    memcpy(candidate->identity, identity.ptr, identity.len);
    candidate->identity_len = identity.len;
    memcpy(candidate->password, password.ptr, password.len);
    candidate->password_len = password.len;
    return true;
}

const struct sasl_step *sasl_step_with(const struct sasl_exchange *exchange, enum side from, const char *name)
{
    for (size_t i = 0; i < sasl_decoded_count(exchange); i++)
        if (exchange->steps[i].from == from && sasl_step_field(&exchange->steps[i], name))
            return &exchange->steps[i];
    return NULL;
}

struct bytes sasl_value(const struct sasl_step *step, const char *name)
{
    const struct sasl_field *field = step ? sasl_step_field(step, name) : NULL;

    return field && !field->is_redacted ? field->value : (struct bytes){ NULL, 0 };
}

bool sasl_is_withheld(const struct sasl_step *step, const char *name)
{
    const struct sasl_field *field = step ? sasl_step_field(step, name) : NULL;

    return field && field->is_redacted;
}

/* "bob" of "bob@example.org" and of "EXAMPLE\bob". */
static struct bytes local_part(struct bytes identity)
{
    size_t at = bytes_find(identity, '@'), backslash = bytes_find(identity, '\\');

    if (backslash != SIZE_MAX)
        return bytes_from(identity, backslash + 1);
    return at == SIZE_MAX ? identity : bytes_slice(identity, 0, at);
}

/* Two names with domains that differ are two people; one without a domain may be either. */
static bool may_be_same(struct bytes left, struct bytes right)
{
    struct bytes a = local_part(left), b = local_part(right);

    return bytes_equal_nocase(a, b) && (a.len == left.len || b.len == right.len);
}

static struct candidate *candidate_for(struct sasl_verifier *verifier, const struct sasl_exchange *exchange,
                                       bool *is_other_form)
{
    const struct sasl_field *field = sasl_identity_field(exchange);
    struct candidate *similar = NULL;

    if (!field || field->is_redacted || field->value.len == 0)
        return NULL;
    for (size_t i = 0; i < verifier->count; i++) {
        struct candidate *candidate = &verifier->candidates[i];
        if (bytes_equal_nocase(identity_of(candidate), field->value))
            return candidate;
        if (!similar && may_be_same(identity_of(candidate), field->value))
            similar = candidate;
    }
    *is_other_form = similar != NULL;
    return similar;
}

static sasl_check *check_of(struct bytes mechanism)
{
    static const struct {
        const char *name;
        sasl_check *check;
    } rows[] = {
        { "PLAIN", sasl_check_plain },         { "LOGIN", sasl_check_plain },
        { "CRAM-MD5", sasl_check_cram_md5 },   { "DIGEST-MD5", sasl_check_digest_md5 },
        { "SCRAM-SHA-1", sasl_check_scram },   { "SCRAM-SHA-1-PLUS", sasl_check_scram },
        { "SCRAM-SHA-256", sasl_check_scram }, { "SCRAM-SHA-256-PLUS", sasl_check_scram },
        { "SCRAM-SHA-512", sasl_check_scram }, { "SCRAM-SHA-512-PLUS", sasl_check_scram },
        { "NTLM", sasl_check_ntlm },           { "GSS-SPNEGO", sasl_check_ntlm },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (bytes_equal_nocase(mechanism, bytes_of(rows[i].name)))
            return rows[i].check;
    return NULL;
}

/* The password as it is, then with each of the usual slips. */
static struct sasl_verification try_variants(const struct sasl_verifier *verifier, sasl_check *check,
                                             const struct sasl_exchange *exchange, struct bytes password)
{
    struct sasl_verification result = { .proof = SASL_PROOF_NONE };
    struct sasl_secret variant;

    for (size_t i = 0; i < SASL_VARIANTS; i++) {
        struct sasl_verification one = { .proof = SASL_PROOF_NONE };
        const char *slip;
        if (!sasl_variant(i, password, &variant, &slip))
            continue;
        one.proof = check(verifier->crypto, exchange, sasl_secret_bytes(&variant), &one);
        if (slip)
            one.slip = slip;
        if (one.proof != SASL_PROOF_WRONG || i == 0)
            result = one;
        if (one.proof != SASL_PROOF_WRONG)
            break;
    }
    sasl_secret_clear(&variant);
    return result;
}

static void count(struct candidate *candidate, enum sasl_proof proof)
{
    candidate->checked += proof == SASL_PROOF_WRONG || proof == SASL_PROOF_RIGHT;
    candidate->withheld += proof == SASL_PROOF_WITHHELD;
    candidate->unsupported += proof == SASL_PROOF_UNSUPPORTED;
}

struct sasl_verification sasl_verify(struct sasl_verifier *verifier, const struct sasl_exchange *exchange)
{
    struct sasl_verification result = { .proof = SASL_PROOF_NONE };
    bool is_other_form = false;
    struct candidate *candidate = candidate_for(verifier, exchange, &is_other_form);

    if (!candidate)
        return result;
    sasl_check *check = check_of(exchange->mechanism);
    result.proof = SASL_PROOF_UNSUPPORTED;
    if (check)
        result = try_variants(verifier, check, exchange,
                              (struct bytes){ candidate->password, candidate->password_len });
    result.is_other_form = is_other_form;
    count(candidate, result.proof);
    return result;
}

bool sasl_verifier_facts(const struct sasl_verifier *verifier, size_t index, struct sasl_candidate_facts *out)
{
    if (index >= verifier->count)
        return false;
    const struct candidate *candidate = &verifier->candidates[index];
    *out = (struct sasl_candidate_facts){ identity_of(candidate), candidate->checked, candidate->withheld,
                                          candidate->unsupported };
    return true;
}
