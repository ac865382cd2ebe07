/* The frame of the first token of a GSS mechanism, and the mechanisms by their object identifiers. */
#include "sasl/sasl_gss.h"

#include "sasl/sasl_der.h"

static const struct {
    const char *identifier;
    size_t len;
    const char *name;
} mechanisms[] = {
    { "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 9, "Kerberos" },    /* 1.2.840.113554.1.2.2 */
    { "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", 9, "Kerberos" },    /* the same, as Windows 2000 wrote it */
    { "\x2b\x06\x01\x05\x05\x02", 6, "SPNEGO" },                  /* 1.3.6.1.5.5.2 */
    { "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", 10, "NTLM" },   /* 1.3.6.1.4.1.311.2.2.10 */
    { "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e", 10, "NEGOEX" }, /* 1.3.6.1.4.1.311.2.2.30 */
};

const char *gss_mechanism_name(struct bytes mechanism)
{
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++)
        if (bytes_equal(mechanism,
                        (struct bytes){ (const uint8_t *)mechanisms[i].identifier, mechanisms[i].len }))
            return mechanisms[i].name;
    return "unknown";
}

bool gss_is_kerberos(struct bytes mechanism)
{
    return strcmp(gss_mechanism_name(mechanism), "Kerberos") == 0;
}

bool gss_is_spnego(struct bytes mechanism)
{
    return strcmp(gss_mechanism_name(mechanism), "SPNEGO") == 0;
}

bool gss_take_apart(struct bytes token, struct gss_token *out)
{
    struct gss_token parts;
    struct bytes rest;
    uint8_t tag;

    if (!der_enter(token, DER_APPLICATION, &rest) || !der_take(&rest, &tag, &parts.mechanism)
        || tag != DER_OBJECT)
        return false;
    parts.inner = rest;
    *out = parts;
    return true;
}
