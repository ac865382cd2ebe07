#ifndef TRANSCRIPT_EVENT_MODEL_H
#define TRANSCRIPT_EVENT_MODEL_H

#include "transcript/event_get.h"
#include "transcript/seal.h"
#include "transcript/session_sink.h"

/* Inside of event_read: a session that is being put together from its events.  Events come in any order and
 * may come twice; a later one of the same item replaces what the earlier one said. */
struct open_session {
    struct session *session;
    uint64_t id;
    struct open_session *next_in_bucket;
    struct open_session *older; /* by its last event */
    struct open_session *newer;
    struct reply **replies; /* by ordinal - 1; in the session's arena */
    size_t reply_cap;
    size_t last_command; /* the highest index of a command so far */
    bool is_disordered;  /* a command came behind a later one: they are numbered at the end */
    bool lost_something; /* an event contradicts what is known, or there was no room for it */
};

/* What an event did, for whoever follows the session. */
struct event_effect {
    bool is_any;
    enum session_change change;
    size_t index;
};

/* One function a type of event.  False for an event that does not fit what is known; it is left out. */
bool event_read_greeting(struct open_session *open, const json_t *event, struct event_effect *effect);
bool event_read_reply(struct open_session *open, const json_t *event, struct event_effect *effect);
bool event_read_command(struct open_session *open, const json_t *event, struct event_effect *effect);
bool event_read_sasl(struct open_session *open, const json_t *event, struct event_effect *effect);
bool event_read_content(struct open_session *open, const json_t *event, struct event_effect *effect);
bool event_read_gap(struct open_session *open, const json_t *event, struct event_effect *effect);
bool event_read_prelude(struct open_session *open, const json_t *event, struct event_effect *effect);
bool event_read_tls(struct open_session *open, const json_t *event, struct event_effect *effect);
bool event_read_junk(struct open_session *open, const json_t *event, struct event_effect *effect);
/* False for what cannot be opened, or has no place. */
bool event_read_sealed(struct open_session *open, const json_t *event, const struct unsealer *unsealer);
/* The facts of the session as a whole. */
bool event_read_open(struct open_session *open, const json_t *event);
void event_read_close(struct open_session *open, const json_t *event);
/* What the clear part of a TLS handshake told; NULL if it is not there, or without memory. */
struct tls_facts *event_read_handshake(const json_t *object, struct arena *arena);
/* At its end: every index and number in the session holds, whatever the recording said. */
void event_seal(struct open_session *open);

/* The item that the event is about, of this kind, with what all items have; NULL if it cannot be. */
struct item *event_item(struct open_session *open, const json_t *event, enum item_kind kind, size_t *index);
/* The exchange that AUTH at items[index] began, or NULL. */
struct sasl_exchange *event_exchange_of(const struct session *session, uint32_t index);
void event_tell(struct event_effect *effect, enum session_change change, size_t index);

#endif
