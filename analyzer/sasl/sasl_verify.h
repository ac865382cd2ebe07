#ifndef SASL_SASL_VERIFY_H
#define SASL_SASL_VERIFY_H

#include "sasl/sasl.h"

/* Passwords that somebody knows, held against what was sent: is it the password, or how it was sent?  One
 * candidate an identity, so that it helps nobody to guess. */
struct sasl_verifier;

/* NULL without memory. */
struct sasl_verifier *sasl_verifier_new(void);
void sasl_verifier_free(struct sasl_verifier *verifier); /* wipes the passwords */
/* Copies both.  False: the identity has one already, a password too long or empty, or no memory. */
bool sasl_verifier_add(struct sasl_verifier *verifier, struct bytes identity, struct bytes password,
                       struct err *err) NODISCARD;

enum sasl_proof {
    SASL_PROOF_NONE = 0,    /* the exchange is not of an identity with a candidate, or ended too early */
    SASL_PROOF_WITHHELD,    /* a recording that does not hold what was sent */
    SASL_PROOF_UNSUPPORTED, /* the mechanism proves no password, or a digest is not to be had here */
    SASL_PROOF_WRONG,
    SASL_PROOF_RIGHT,
    SASL_PROOF_COUNT
};

struct sasl_verification {
    enum sasl_proof proof;
    const char *slip;   /* right only in this way, a sentence; NULL: right as it is */
    const char *server; /* what is wrong with the server's own proof; NULL: nothing, or there is none */
    bool is_other_form; /* the identity was sent with a domain, and the candidate has none, or reverse */
};

/* Counts what could not be checked. */
struct sasl_verification sasl_verify(struct sasl_verifier *verifier, const struct sasl_exchange *exchange);

/* For the end of a run: what to say about the candidate at `index`; false behind the last one.  `checked`
 * counts exchanges that were judged, `withheld` and `unsupported` those that could not be. */
struct sasl_candidate_facts {
    struct bytes identity;
    uint64_t checked, withheld, unsupported;
};
bool sasl_verifier_facts(const struct sasl_verifier *verifier, size_t index,
                         struct sasl_candidate_facts *out);

#endif
