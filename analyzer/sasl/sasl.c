/* The table of mechanisms. */
#include "sasl/sasl.h"

#include "sasl/sasl_rows.h"

/* clang-format off */
static const struct sasl_mechanism *const rows[] = {
    &sasl_mechanism_login,
    &sasl_mechanism_plain,
    &sasl_mechanism_cram_md5,
    &sasl_mechanism_scram_sha_1,
    &sasl_mechanism_scram_sha_1_plus,
    &sasl_mechanism_scram_sha_256,
    &sasl_mechanism_scram_sha_256_plus,
    &sasl_mechanism_scram_sha_512,
    &sasl_mechanism_scram_sha_512_plus,
    &sasl_mechanism_external,
    &sasl_mechanism_anonymous,
    &sasl_mechanism_digest_md5,
    &sasl_mechanism_xoauth2,
    &sasl_mechanism_oauthbearer,
    &sasl_mechanism_ntlm,
    &sasl_mechanism_gssapi,
    &sasl_mechanism_gss_spnego,
    &sasl_mechanism_otp,
    &sasl_mechanism_skey,
    NULL,
};
/* clang-format on */

const struct sasl_mechanism *const *sasl_mechanisms(void)
{
    return rows;
}

const struct sasl_mechanism *sasl_mechanism_find(struct bytes name)
{
    for (size_t i = 0; rows[i]; i++)
        if (bytes_equal_nocase(name, bytes_of(rows[i]->name)))
            return rows[i];
    return NULL;
}

const char *sasl_outcome_name(enum sasl_outcome outcome)
{
    static const char *const names[SASL_OUTCOME_COUNT] = { "undecided", "success",   "failure",
                                                           "cancelled", "abandoned", "undecided" };

    return (unsigned)outcome < SASL_OUTCOME_COUNT ? names[outcome] : "undecided";
}

const char *sasl_layer_name(enum sasl_layer layer)
{
    static const char *const names[SASL_LAYER_COUNT] = { "none", "unknown", "integrity", "confidentiality" };

    return (unsigned)layer < SASL_LAYER_COUNT ? names[layer] : "unknown";
}
