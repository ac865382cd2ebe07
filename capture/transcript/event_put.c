/* Values as a recording has them, out of those of the model. */
#include "transcript/event_put.h"

#include "base/json_text.h"
#include "base/limits.h"
#include "base/timestamp.h"

struct event event_begin_line(struct buf *out)
{
    struct event event = { .out = out, .start = out->len, .ok = true };

    (void)buf_append_u8(out, '{');
    return event;
}

struct event event_begin(struct buf *out, const char *type, const char *session_id, uint64_t time_ns)
{
    struct event event = event_begin_line(out);

    event_put_word(&event, "type", type);
    event_put_word(&event, "session", session_id);
    event_put_time(&event, "time", time_ns);
    return event;
}

bool event_end(struct event *event)
{
    bool ok = event->ok && buf_append(event->out, BYTES("}\n"));

    if (!ok)
        event->out->len = event->start;
    return ok;
}

void event_close(struct event *event, struct event *part)
{
    event->ok = part->ok && event->ok;
    (void)buf_append_u8(event->out, '}');
}

void event_set_u64(struct buf *value, uint64_t number)
{
    (void)buf_append_u64(value, number > INT64_MAX ? INT64_MAX : number);
}

void event_set_bytes(struct buf *value, struct bytes bytes)
{
    json_text_append(bytes, value);
}

void event_set_text(struct buf *value, const char *text)
{
    if (text)
        json_text_append(bytes_of(text), value);
    else
        (void)buf_append(value, BYTES("null"));
}

void event_set_word(struct buf *value, const char *word)
{
    if (word)
        json_text_append_word(bytes_of(word), value);
    else
        (void)buf_append(value, BYTES("null"));
}

/* An object by itself, in text that is not an event's. */
static void append_redacted(uint64_t length, struct buf *out)
{
    (void)buf_append(out, BYTES("{\"redacted\":true,\"length\":"));
    (void)buf_append_u64(out, length > INT64_MAX ? INT64_MAX : length);
    (void)buf_append_u8(out, '}');
}

void event_put_redacted(struct event *event, const char *key, uint64_t length)
{
    append_redacted(length, event_put_key(event, key));
}

void event_put_dotted(struct event *event, const char *key, const uint64_t *numbers, size_t count)
{
    struct buf *text = event_put_key(event, key);

    (void)buf_append_u8(text, '"');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            (void)buf_append_u8(text, '.');
        (void)buf_append_u64(text, numbers[i]);
    }
    (void)buf_append_u8(text, '"');
}

void event_begin_array(struct event *event, const char *key)
{
    (void)buf_append_u8(event_put_key(event, key), '[');
}

static struct buf *next_element(struct event *event)
{
    struct buf *text = event->out;

    if (text->len > 0 && text->ptr[text->len - 1] != '[')
        (void)buf_append_u8(text, ',');
    return text;
}

void event_add_bytes(struct event *event, struct bytes bytes)
{
    json_text_append(bytes, next_element(event));
}

void event_add_redacted(struct event *event, uint64_t length)
{
    append_redacted(length, next_element(event));
}

struct event event_open_element(struct event *event)
{
    return event_begin_line(next_element(event));
}

void event_end_array(struct event *event)
{
    (void)buf_append_u8(event->out, ']');
}

void event_set_time(struct buf *value, uint64_t time_ns)
{
    char text[TIMESTAMP_TEXT];
    size_t len = timestamp_format(time_ns, text);

    json_text_append_word((struct bytes){ (const uint8_t *)text, len }, value);
}

void event_put_packet(struct event *event, struct packet_ref packet)
{
    event_put_count(event, "packet", packet.number);
    event_put_count(event, "input", packet.input);
}

static bool moment_equal(const struct moment *a, const struct moment *b)
{
    return a->time_ns == b->time_ns && a->packet.input == b->packet.input
           && a->packet.number == b->packet.number;
}

void event_put_moment(struct event *event, const char *key, const struct moment *moment,
                      const struct moment *known)
{
    if (moment_equal(moment, known))
        return;
    struct event part = event_open(event, key);
    event_put_time(&part, "time", moment->time_ns);
    event_put_packet(&part, moment->packet);
    event_close(event, &part);
}

void event_put_endpoint(struct event *event, const char *key, const struct endpoint *end)
{
    struct event part = event_open(event, key);
    char text[ADDRESS_TEXT];

    if (end->address.family)
        (void)address_format(&end->address, text);
    event_put_word(&part, "ip", end->address.family ? text : NULL);
    event_put_u64(&part, "port", end->port);
    event_close(event, &part);
}
