#ifndef TRANSCRIPT_SESSION_SINK_H
#define TRANSCRIPT_SESSION_SINK_H

#include "transcript/attempts.h"
#include "transcript/session.h"

/* What happened to an item, for whoever follows a session while it goes on (a recorder, a live view). */
enum session_change {
    CHANGE_OPENED,        /* the session exists; index is not used */
    CHANGE_ITEM_ADDED,    /* items[index] is complete, its reply still to come */
    CHANGE_REPLY_ADDED,   /* items[index] got a reply */
    CHANGE_CONTENT_ENDED, /* items[index] is a content whose facts are final */
};

/* Where sessions go: the recorder, the analyzer, a test.  Callbacks that are NULL are not called. */
struct session_sink {
    void *ctx;
    /* `session` is borrowed. */
    void (*changed)(void *ctx, struct session *session, enum session_change change, size_t index);
    /* Takes the session, which has ended. */
    void (*ended)(void *ctx, struct session *session);
    /* No session with a serial up to this one is still to come: held-back output may go. */
    void (*reached)(void *ctx, uint64_t serial);
};

#endif
