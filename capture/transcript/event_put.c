/* Values as a recording has them, out of those of the model. */
#include "transcript/event_put.h"

#include "base/escape.h"
#include "base/timestamp.h"

static json_t *json_of_u64(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *json_of_time(uint64_t time_ns)
{
    char text[TIMESTAMP_TEXT];
    size_t len = timestamp_format(time_ns, text);

    return json_stringn_nocheck(text, len);
}

static json_t *json_of_base64(struct bytes bytes)
{
    struct event part = event_begin_part();
    struct buf text;

    buf_init(&text, bytes.len * 2 + 8);
    if (base64_encode(bytes, &text))
        event_put(&part, "base64", json_stringn_nocheck((const char *)text.ptr, text.len));
    else
        part.ok = false;
    buf_release(&text);
    return event_detach(&part);
}

json_t *event_json_of_bytes(struct bytes bytes)
{
    if (bytes.len == 0)
        return json_stringn_nocheck("", 0);
    if (!escape_is_utf8(bytes))
        return json_of_base64(bytes);
    return json_stringn_nocheck((const char *)bytes.ptr, bytes.len);
}

json_t *event_json_of_redacted(uint64_t length)
{
    struct event part = event_begin_part();

    event_put(&part, "redacted", json_true());
    event_put_u64(&part, "length", length);
    return event_detach(&part);
}

struct event event_begin_part(void)
{
    struct event event = { .object = json_object() };

    event.ok = event.object != NULL;
    return event;
}

struct event event_begin(const char *type, const char *session_id, uint64_t time_ns)
{
    struct event event = event_begin_part();

    event_put_text(&event, "type", type);
    event_put_text(&event, "session", session_id);
    event_put_time(&event, "time", time_ns);
    return event;
}

static int append(const char *text, size_t len, void *ctx)
{
    return buf_append(ctx, (struct bytes){ (const uint8_t *)text, len }) ? 0 : -1;
}

bool event_end(struct event *event, struct buf *out)
{
    size_t before = out->len;
    bool ok = event->ok && out->ok && json_dump_callback(event->object, append, out, JSON_COMPACT) == 0
              && buf_append_u8(out, '\n');

    json_decref(event->object);
    *event = (struct event){ 0 };
    if (!ok)
        out->len = before;
    return ok;
}

json_t *event_detach(struct event *event)
{
    json_t *object = event->object;

    if (!event->ok) {
        json_decref(object);
        object = NULL;
    }
    *event = (struct event){ 0 };
    return object;
}

void event_put(struct event *event, const char *key, json_t *value)
{
    if (!event->object || !value) {
        json_decref(value);
        event->ok = false;
    } else if (json_object_set_new_nocheck(event->object, key, value) != 0) {
        event->ok = false;
    }
}

void event_put_u64(struct event *event, const char *key, uint64_t value)
{
    event_put(event, key, json_of_u64(value));
}

void event_put_count(struct event *event, const char *key, uint64_t value)
{
    if (value > 0)
        event_put_u64(event, key, value);
}

void event_put_flag(struct event *event, const char *key, bool value)
{
    if (value)
        event_put(event, key, json_true());
}

void event_put_bytes(struct event *event, const char *key, struct bytes bytes)
{
    event_put(event, key, event_json_of_bytes(bytes));
}

void event_put_bytes_if(struct event *event, const char *key, struct bytes bytes)
{
    if (bytes.len > 0)
        event_put_bytes(event, key, bytes);
}

void event_put_text(struct event *event, const char *key, const char *text)
{
    event_put(event, key, text ? event_json_of_bytes(bytes_of(text)) : json_null());
}

void event_put_redacted(struct event *event, const char *key, uint64_t length)
{
    event_put(event, key, event_json_of_redacted(length));
}

void event_put_time(struct event *event, const char *key, uint64_t time_ns)
{
    event_put(event, key, json_of_time(time_ns));
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
    struct event part = event_begin_part();
    event_put_time(&part, "time", moment->time_ns);
    event_put_packet(&part, moment->packet);
    event_put(event, key, event_detach(&part));
}

void event_put_endpoint(struct event *event, const char *key, const struct endpoint *end)
{
    struct event part = event_begin_part();
    char text[ADDRESS_TEXT];

    if (end->address.family)
        (void)address_format(&end->address, text);
    event_put_text(&part, "ip", end->address.family ? text : NULL);
    event_put_u64(&part, "port", end->port);
    event_put(event, key, event_detach(&part));
}
