#ifndef REPLAY_FAREWELL_H
#define REPLAY_FAREWELL_H

#include "transcript/session.h"

/* Whether the reply may be none to a command: 421, which may come unasked (RFC 5321 3.8), or another 4yz that
 * speaks of a timeout, with which qmail and Exchange say the same. */
bool reply_is_farewell(const struct reply *reply);

/* It is one for certain: 421 to anything, or the others where nothing was asked. */
bool item_is_farewell(const struct item *item, const struct reply *reply);

#endif
