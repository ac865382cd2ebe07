#ifndef UNIT_RANDOM_SESSION_H
#define UNIT_RANDOM_SESSION_H

#include "transcript/session_sink.h"

/* Sessions that hold everything a session can hold, in an order in which a dialogue makes it; each change is
 * told when it happens.  Secrets are the octets of RANDOM_SECRET and occur nowhere else. */
#define RANDOM_SECRET "hunter2-Xyzzy"

struct follower {
    void *ctx;
    void (*changed)(void *ctx, const struct session *session, enum session_change change, size_t index);
};

/* The same seed gives the same session; the caller owns it.  `follower` may be NULL. */
struct session *random_session(uint32_t seed, const struct follower *follower);

#endif
