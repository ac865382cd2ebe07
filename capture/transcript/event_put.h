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

/* The key of a value that is appended next to what is returned.  Keys are words of our own: nothing in them
 * needs an escape.  Inline, as are those below, so that a key is copied as the constant that it is: a
 * recorder writes some million in a second. */
static inline __attribute__((always_inline)) struct buf *event_put_key(struct event *event, const char *key)
{
    struct buf *text = event->out;
    size_t len = strlen(key);
    uint8_t *to = buf_reserve(text, len + 4);

    if (!to)
        return text;
    if (text->len - event->start > 1)
        *to++ = ',';
    *to++ = '"';
    memcpy(to, key, len);
    to[len] = '"';
    to[len + 1] = ':';
    text->len = (size_t)(to - text->ptr) + len + 2;
    return text;
}

/* Values, behind their key. */
void event_set_u64(struct buf *value, uint64_t number);
void event_set_bytes(struct buf *value, struct bytes bytes);
void event_set_text(struct buf *value, const char *text);
void event_set_word(struct buf *value, const char *word);
void event_set_time(struct buf *value, uint64_t time_ns);

/* An object inside of an event, as the value of `key` or the next element of an array.  Until it is closed
 * nothing else is put in the event. */
static inline struct event event_open(struct event *event, const char *key)
{
    return event_begin_line(event_put_key(event, key));
}
struct event event_open_element(struct event *event);
void event_close(struct event *event, struct event *part);

static inline void event_put_u64(struct event *event, const char *key, uint64_t value)
{
    event_set_u64(event_put_key(event, key), value);
}

static inline void event_put_bytes(struct event *event, const char *key, struct bytes bytes)
{
    event_set_bytes(event_put_key(event, key), bytes);
}

static inline void event_put_bool(struct event *event, const char *key, bool value)
{
    (void)buf_append(event_put_key(event, key), value ? BYTES("true") : BYTES("false"));
}

/* NULL gives null. */
static inline void event_put_text(struct event *event, const char *key, const char *text)
{
    event_set_text(event_put_key(event, key), text);
}

/* Text of our own in which nothing needs an escape; NULL gives null. */
static inline void event_put_word(struct event *event, const char *key, const char *word)
{
    event_set_word(event_put_key(event, key), word);
}

static inline void event_put_time(struct event *event, const char *key, uint64_t time_ns)
{
    event_set_time(event_put_key(event, key), time_ns);
}

/* Nothing is written for 0, false and the empty view: absent means just that. */
static inline void event_put_count(struct event *event, const char *key, uint64_t value)
{
    if (value > 0)
        event_put_u64(event, key, value);
}

static inline void event_put_flag(struct event *event, const char *key, bool value)
{
    if (value)
        event_put_bool(event, key, true);
}

static inline void event_put_bytes_if(struct event *event, const char *key, struct bytes bytes)
{
    if (bytes.len > 0)
        event_put_bytes(event, key, bytes);
}

void event_put_redacted(struct event *event, const char *key, uint64_t length);
/* Numbers with dots between them, as a string. */
void event_put_dotted(struct event *event, const char *key, const uint64_t *numbers, size_t count);
/* An array: begun, filled, ended. */
void event_begin_array(struct event *event, const char *key);
void event_add_bytes(struct event *event, struct bytes bytes);
void event_add_redacted(struct event *event, uint64_t length);
void event_end_array(struct event *event);
/* The packet in which something was; nothing where the input has no packets. */
void event_put_packet(struct event *event, struct packet_ref packet);
/* {"time", "packet", "input"}; nothing if it is the same moment as `known`. */
void event_put_moment(struct event *event, const char *key, const struct moment *moment,
                      const struct moment *known);
void event_put_endpoint(struct event *event, const char *key, const struct endpoint *end);

#endif
