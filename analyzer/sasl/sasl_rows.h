#ifndef SASL_SASL_ROWS_H
#define SASL_SASL_ROWS_H

#include "sasl/sasl.h"

/* The rows of sasl.c, and what several mechanisms share. */
extern const struct sasl_mechanism sasl_mechanism_anonymous;
extern const struct sasl_mechanism sasl_mechanism_cram_md5;
extern const struct sasl_mechanism sasl_mechanism_digest_md5;
extern const struct sasl_mechanism sasl_mechanism_external;
extern const struct sasl_mechanism sasl_mechanism_gss_spnego;
extern const struct sasl_mechanism sasl_mechanism_gssapi;
extern const struct sasl_mechanism sasl_mechanism_login;
extern const struct sasl_mechanism sasl_mechanism_ntlm;
extern const struct sasl_mechanism sasl_mechanism_oauthbearer;
extern const struct sasl_mechanism sasl_mechanism_otp;
extern const struct sasl_mechanism sasl_mechanism_plain;
extern const struct sasl_mechanism sasl_mechanism_scram_sha_1;
extern const struct sasl_mechanism sasl_mechanism_scram_sha_1_plus;
extern const struct sasl_mechanism sasl_mechanism_scram_sha_256;
extern const struct sasl_mechanism sasl_mechanism_scram_sha_256_plus;
extern const struct sasl_mechanism sasl_mechanism_scram_sha_512;
extern const struct sasl_mechanism sasl_mechanism_scram_sha_512_plus;
extern const struct sasl_mechanism sasl_mechanism_skey;
extern const struct sasl_mechanism sasl_mechanism_xoauth2;

/* Public fields that are words of our own, a number in decimal, octets in hexadecimal. */
bool sasl_fields_add_text(struct sasl_fields *fields, const char *name, const char *text);
bool sasl_fields_add_number(struct sasl_fields *fields, const char *name, uint64_t number);
bool sasl_fields_add_hex(struct sasl_fields *fields, const char *name, struct bytes octets);
/* A message that cannot be read: nothing of a client's is shown.  False, with `why`. */
bool sasl_fields_refuse(const struct sasl_context *context, struct bytes token, struct sasl_fields *out,
                        struct err *err, const char *why);

/* Bits of the slips (transcript/session.h) that a client's message shows; its fields are decoded. */
uint32_t sasl_slips_of(const struct sasl_mechanism *mechanism, const struct sasl_context *context,
                       const struct sasl_step *step);

enum {
    SASL_STEPS_DECODED =
        64,              /* of one exchange: no mechanism has as many; those beyond are secrets of a size */
    SASL_ECHO_ITEMS = 8, /* how far behind a secret a reply that repeats it is looked for */
};

/* As sasl_decode_exchange; `is_over`: no more of it will come. */
bool sasl_decode_steps(struct session *session, struct sasl_exchange *exchange,
                       struct secret_ordinals *ordinals, bool is_over);

/* A response of no exchange that is known: its AUTH was lost, or a ceiling was reached. */
void sasl_decode_orphan(struct session *session, struct sasl_step *step);

/* Where a login did not succeed, its user name may be the password in the wrong place. */
void sasl_withhold_shifted(const struct session *session, struct sasl_exchange *exchange);

/* Withholds a challenge that repeats what the client said in the steps before it. */
void sasl_redact_echoing_challenge(const struct sasl_exchange *exchange, size_t step);
/* Whether the line at this item holds a credential by its place and look. */
void sasl_mark_item(struct session *session, size_t index);
/* Marks the items from `begin` to `end`, and withholds commands and replies that repeat a secret of theirs,
 * of one shortly before, or of the AUTHs before. */
void sasl_withhold_items(struct session *session, size_t begin, size_t end);

/* Withholds the replies to this item that hold what proves the server. */
void sasl_redact_proofs(const struct session *session, size_t index);

/* What this decoded message is by its content, whatever was announced; NULL if it is not known. */
const char *sasl_recognise(enum side from, struct bytes message);
/* The last word of a SCRAM or DIGEST-MD5 server: a password can be guessed from it. */
bool sasl_proves_server(struct bytes message);

/* Ordinal of a secret: equal secrets have equal ones.  0 without memory. */
uint32_t secret_ordinal(struct secret_ordinals *ordinals, struct bytes secret);

#endif
