#ifndef UNIT_SESSION_EQUAL_H
#define UNIT_SESSION_EQUAL_H

#include "transcript/session.h"

/* What differs first between two sessions, in words; NULL if nothing does.  `is_masked`: `read` comes from a
 * recording that withholds what is secret in `written`, and must hold everything else. */
const char *session_difference(const struct session *written, const struct session *read, bool is_masked);

#endif
