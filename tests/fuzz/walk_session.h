#ifndef FUZZ_WALK_SESSION_H
#define FUZZ_WALK_SESSION_H

#include "transcript/event_write.h"

/* Aborts unless `ok`. */
void must(bool ok);
/* Touches all that a session refers to, requires what an analyzer relies on, and writes it again as a
 * recording. */
uint64_t walk_session(const struct session *session);

#endif
