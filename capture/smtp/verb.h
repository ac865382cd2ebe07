#ifndef SMTP_VERB_H
#define SMTP_VERB_H

#include "base/bytes.h"

/* The verbs of RFC 5321 4.1.1, its extensions and its ancestors.  VERB_UNKNOWN is whatever else a client
 * sends. */
enum verb {
    VERB_UNKNOWN = 0,
#define VERB(name) VERB_##name,
#include "smtp/verbs.def"
#undef VERB
    VERB_COUNT
};

/* "UNKNOWN" for VERB_UNKNOWN. */
const char *verb_name(enum verb verb);
/* By its whole word, any case (RFC 5321 2.4); VERB_UNKNOWN if it is none. */
enum verb verb_parse(struct bytes word);
/* Whether this verb can be answered so: codes that belong to one or two of them (RFC 5321 4.2.3, 4.3.2; RFC
 * 4954 4), and others that to some are no answer. */
bool verb_takes_code(enum verb verb, unsigned code);

/* EHLO, HELO or LHLO (RFC 5321 4.1.1.1, RFC 2033 4.1). */
static inline bool verb_is_hello(enum verb verb)
{
    return verb == VERB_EHLO || verb == VERB_HELO || verb == VERB_LHLO;
}

#endif
