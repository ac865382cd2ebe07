#ifndef TRANSCRIPT_EVENT_PUT_H
#define TRANSCRIPT_EVENT_PUT_H

#include "base/buf.h"
#include "transcript/session.h"

/* Inside of event_json: an event being put together, as text from the start: a tree of it would cost ten
 * times as much, and a recorder writes hundreds of thousands in a second.  Whatever fails for lack of memory
 * clears `ok`, so that it is checked once, at the end. */
struct event {
    struct buf text; /* what was put so far; its object is still open */
    bool ok;
};

/* `session_id` NULL: the event belongs to no session. */
struct event event_begin(const char *type, const char *session_id, uint64_t time_ns);
/* An object inside of an event. */
struct event event_begin_part(void);
/* The line with its LF; takes the event.  False, and `out` is as before, if it is full or memory is short. */
bool event_end(struct event *event, struct buf *out);
/* Takes `part`, which becomes the value of `key`. */
void event_put_part(struct event *event, const char *key, struct event *part);

void event_put_u64(struct event *event, const char *key, uint64_t value);
/* Nothing is written for 0, false and the empty view: absent means just that. */
void event_put_count(struct event *event, const char *key, uint64_t value);
void event_put_flag(struct event *event, const char *key, bool value);
void event_put_bytes_if(struct event *event, const char *key, struct bytes bytes);
void event_put_bytes(struct event *event, const char *key, struct bytes bytes);
void event_put_bool(struct event *event, const char *key, bool value);
/* An array: begun, filled, ended. */
void event_begin_array(struct event *event, const char *key);
void event_add_bytes(struct event *event, struct bytes bytes);
void event_add_redacted(struct event *event, uint64_t length);
/* Takes `part`. */
void event_add_part(struct event *event, struct event *part);
void event_end_array(struct event *event);
/* NULL gives null. */
void event_put_text(struct event *event, const char *key, const char *text);
void event_put_redacted(struct event *event, const char *key, uint64_t length);
void event_put_time(struct event *event, const char *key, uint64_t time_ns);
/* The packet in which something was; nothing where the input has no packets. */
void event_put_packet(struct event *event, struct packet_ref packet);
/* {"time", "packet", "input"}; nothing if it is the same moment as `known`. */
void event_put_moment(struct event *event, const char *key, const struct moment *moment,
                      const struct moment *known);
void event_put_endpoint(struct event *event, const char *key, const struct endpoint *end);

#endif
