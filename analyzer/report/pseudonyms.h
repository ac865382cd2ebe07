#ifndef REPORT_PSEUDONYMS_H
#define REPORT_PSEUDONYMS_H

#include "base/address.h"
#include "base/buf.h"

/* Names in place of addresses, host names and identities, so that a report can be shown to anybody.  The same
 * name always gets the same pseudonym: numbers by order of appearance, nothing that could be computed back.
 * Addresses become those of RFC 5737 and RFC 3849, names such under .example (RFC 2606). */
struct pseudonyms;

/* NULL without memory. */
struct pseudonyms *pseudonyms_new(void);
void pseudonyms_free(struct pseudonyms *pseudonyms);

/* A name that is to be replaced wherever it stands as a word of its own: an identity, a name of a host
 * without a dot.  Words of SMTP itself are left alone. */
void pseudonyms_learn(struct pseudonyms *pseudonyms, struct bytes name);
/* The text with every address, host name and learned name replaced. */
void pseudonyms_text(struct pseudonyms *pseudonyms, struct bytes text, struct buf *out);

#endif
