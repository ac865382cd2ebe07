#ifndef TRANSCRIPT_EVENT_PUT_H
#define TRANSCRIPT_EVENT_PUT_H

#include "base/buf.h"
#include "transcript/session.h"

/* Inside of event_json: an event being put together as text, right where it goes: a tree of it would cost ten
 * times as much, a text of its own twice, and a recorder writes hundreds of thousands in a second.  Whatever
 * fails for lack of memory is remembered, so that it is checked once, at the end. */
struct event {
    struct buf *out; /* borrowed */
    size_t start;    /* of the object in it, which is still open */
    bool ok;
};

/* Behind what `out` holds.  `session_id` NULL: the event belongs to no session. */
struct event event_begin(struct buf *out, const char *type, const char *session_id, uint64_t time_ns);
/* Without type, session and time. */
struct event event_begin_line(struct buf *out);
/* The end of the line, with its LF.  False, and it is not there, if `out` is full or memory is short. */
bool event_end(struct event *event);

/* An object inside of an event, as the value of `key` or the next element of an array.  Until it is closed
 * nothing else is put in the event. */
struct event event_open(struct event *event, const char *key);
struct event event_open_element(struct event *event);
void event_close(struct event *event, struct event *part);

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
void event_end_array(struct event *event);
/* Numbers with dots between them, as a string. */
void event_put_dotted(struct event *event, const char *key, const uint64_t *numbers, size_t count);
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
