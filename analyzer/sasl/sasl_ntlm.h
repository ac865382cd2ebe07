#ifndef SASL_SASL_NTLM_H
#define SASL_SASL_NTLM_H

#include "sasl/sasl.h"

/* Whether it begins as every message of NTLM does; it may be a token inside of SPNEGO. */
bool ntlm_is_message(struct bytes token);

/* The fields of a message of NTLM.  False: it breaks the grammar (err says how). */
bool ntlm_decode_message(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                         struct err *err);

/* What sasl_ntlm.c takes from sasl_ntlm_parts.c: the parts that several messages have. */
enum ntlm_flag {
    NTLM_UNICODE = 1 << 0,
    NTLM_VERSION = 1 << 25,
};

/* The names of the flags that are set. */
bool ntlm_add_flags(uint32_t flags, struct sasl_fields *out);
/* Eight octets: "major.minor.build" of the system. */
bool ntlm_add_version(struct bytes octets, struct sasl_fields *out);
/* A name, in UTF-16 or in the code page of whoever wrote it; none if it is empty. */
bool ntlm_add_name(const char *field, struct bytes text, bool is_unicode, struct sasl_fields *out);
/* Units of 100 ns since 1601, as a time. */
bool ntlm_add_time(const char *field, struct bytes octets, struct sasl_fields *out);
/* AV pairs: names of computer and domain, time, target.  False if they are cut short, too. */
bool ntlm_add_pairs(struct bytes pairs, struct sasl_fields *out);

#endif
