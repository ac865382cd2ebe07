/* Small values as JSON, through Jansson. */
#include "report/json_parts.h"

#include "base/escape.h"
#include "base/limits.h"
#include "base/timestamp.h"

json_t *json_of_bytes(struct bytes bytes)
{
    if (escape_is_utf8(bytes))
        return json_stringn_nocheck(bytes.len ? (const char *)bytes.ptr : "", bytes.len);
    struct buf text;
    buf_init(&text, bytes.len * 2 + 8);
    (void)base64_encode(bytes, &text);
    json_t *object = json_object();
    json_put(object, "base64", json_stringn_nocheck((const char *)text.ptr, text.len));
    buf_release(&text);
    return object;
}

json_t *json_of_text(const char *text)
{
    return text ? json_string_nocheck(text) : json_null();
}

json_t *json_of_time(uint64_t time_ns)
{
    char text[TIMESTAMP_TEXT];
    size_t len = timestamp_format(time_ns, text);

    return json_stringn_nocheck(text, len);
}

json_t *json_of_redacted(uint64_t length)
{
    json_t *object = json_object();

    json_put(object, "redacted", json_true());
    json_put(object, "length", json_integer((json_int_t)length));
    return object;
}

json_t *json_of_pair(uint64_t client, uint64_t server)
{
    json_t *object = json_object();

    json_put(object, "client", json_integer((json_int_t)client));
    json_put(object, "server", json_integer((json_int_t)server));
    return object;
}

json_t *json_of_endpoint(const struct endpoint *end)
{
    char text[ADDRESS_TEXT];
    size_t len = address_format(&end->address, text);
    json_t *object = json_object();

    json_put(object, "ip", end->address.family ? json_stringn_nocheck(text, len) : json_null());
    json_put(object, "port", json_integer(end->port));
    return object;
}

static json_t *json_of_lines(const struct reply *reply)
{
    json_t *lines = json_array();

    if (reply->is_redacted)
        (void)json_array_append_new(lines, json_of_redacted(0));
    for (uint32_t i = 0; i < reply->line_count; i++)
        (void)json_array_append_new(lines, json_of_bytes(reply->lines[i]));
    return lines;
}

void json_put(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new_nocheck(object, key, value);
}

void json_put_packet(json_t *object, struct packet_ref packet, const struct report_options *options)
{
    json_t *number = packet.number ? json_integer((json_int_t)packet.number) : json_null();

    json_put(object, "packet", options->is_log ? json_null() : number);
    if (options->is_log)
        json_put(object, "log_line", number);
    if (options->has_inputs && packet.number)
        json_put(object, "input", json_integer(packet.input));
}

static json_t *json_of_enhanced(const struct enhanced_code *code)
{
    char text[16], *to = text;

    if (!code->class)
        return json_null();
    int len = snprintf(to, sizeof text, "%u.%u.%u", code->class, code->subject, code->detail);
    return json_stringn_nocheck(text, (size_t)len);
}

json_t *json_of_reply(const struct reply *reply)
{
    if (!reply)
        return json_null();
    json_t *object = json_object();
    json_put(object, "code", json_integer(reply->code));
    json_put(object, "enhanced", json_of_enhanced(&reply->enhanced));
    json_put(object, "text", json_of_lines(reply));
    return object;
}
