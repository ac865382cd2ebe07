#ifndef INCIDENT_LIKENESS_H
#define INCIDENT_LIKENESS_H

#include "base/buf.h"

/* A text without what differs from one occurrence to the next: addresses in angle brackets or with an @, host
 * names, and every word that holds a digit (numbers, ids, IP addresses).  "550 <a@b>: no such user (q=1F)"
 * and "550 <c@d>: no such user (q=2A)" are alike. */
void likeness_of(struct bytes text, struct buf *out);

#endif
