#ifndef SASL_SASL_GSS_H
#define SASL_SASL_GSS_H

#include "sasl/sasl.h"

/* What GSSAPI and GSS-SPNEGO share. */

/* InitialContextToken (RFC 2743 3.1): 0x60, a length, the mechanism's object identifier, and its token. */
struct gss_token {
    struct bytes mechanism; /* content of the object identifier */
    struct bytes inner;
};
bool gss_take_apart(struct bytes token, struct gss_token *out);
bool gss_is_kerberos(struct bytes mechanism);
bool gss_is_spnego(struct bytes mechanism);
/* "Kerberos", "NTLM" and the like; "unknown". */
const char *gss_mechanism_name(struct bytes mechanism);

/* The fields of a token of Kerberos (RFC 4121 4.1), without its frame.  False: it breaks the grammar. */
bool kerberos_decode(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                     struct err *err);

/* Whether a token of SPNEGO holds a checksum over the negotiation. */
bool spnego_has_checksum(struct bytes token);

#endif
