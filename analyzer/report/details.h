#ifndef REPORT_DETAILS_H
#define REPORT_DETAILS_H

#include "base/buf.h"

/* Sentences about a case are put together where it is judged, in English.  Appends them to `out` in the
 * reader's language, sentence by sentence; false if one of them is not in the catalogue, and stands there as
 * it is. */
bool details_say(struct bytes text, struct buf *out);

#endif
