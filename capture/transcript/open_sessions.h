#ifndef TRANSCRIPT_OPEN_SESSIONS_H
#define TRANSCRIPT_OPEN_SESSIONS_H

#include "transcript/event_model.h"

struct open_sessions {
    struct open_session **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    struct open_session *oldest; /* by its last event */
    struct open_session *newest;
    uint64_t hash_key; /* ids come from the recording: they must not choose their bucket */
    struct budget *budget;
};

/* False without memory. */
bool open_sessions_init(struct open_sessions *all, struct budget *budget) NODISCARD;
/* With the sessions in it. */
void open_sessions_release(struct open_sessions *all);

/* NULL: none has this id. */
struct open_session *open_sessions_find(const struct open_sessions *all, uint64_t id);
/* A new one, as the newest; NULL without memory. */
struct open_session *open_sessions_add(struct open_sessions *all, uint64_t id);
/* It has had an event. */
void open_sessions_touch(struct open_sessions *all, struct open_session *open);
/* Frees it, but not its session. */
void open_sessions_forget(struct open_sessions *all, struct open_session *open);

#endif
