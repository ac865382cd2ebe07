#ifndef SCRUB_OVERWRITE_H
#define SCRUB_OVERWRITE_H

#include "scrub/scrubber.h"

/* Inside of scrub: octets overwritten in place, at the same length. */

void overwrite(uint8_t *text, size_t len, enum scrub_kind kind);
/* Every word that is none of SMTP's own. */
void overwrite_names(uint8_t *text, size_t len);

#endif
