/* Values of the model, out of those of a recording, none of which is believed. */
#include "transcript/event_get.h"

#include "base/limits.h"
#include "base/timestamp.h"

uint64_t event_get_u64(const json_t *object, const char *key, uint64_t most)
{
    json_int_t value = json_integer_value(json_object_get(object, key));

    return value < 0 || (uint64_t)value > most ? 0 : (uint64_t)value;
}

uint32_t event_get_u32(const json_t *object, const char *key)
{
    return (uint32_t)event_get_u64(object, key, UINT32_MAX);
}

bool event_get_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static struct bytes text_of(const json_t *value)
{
    if (!json_is_string(value))
        return (struct bytes){ NULL, 0 };
    return (struct bytes){ (const uint8_t *)json_string_value(value), json_string_length(value) };
}

struct bytes event_get_text(const json_t *object, const char *key)
{
    return text_of(json_object_get(object, key));
}

bool event_text_is(const json_t *object, const char *key, const char *text)
{
    return bytes_equal(event_get_text(object, key), bytes_of(text));
}

uint64_t event_get_time(const json_t *object, const char *key)
{
    uint64_t time_ns = 0;

    return timestamp_parse(event_get_text(object, key), &time_ns) ? time_ns : 0;
}

struct packet_ref event_get_packet(const json_t *object)
{
    return (struct packet_ref){ event_get_u32(object, "input"), event_get_u64(object, "packet", INT64_MAX) };
}

struct moment event_get_moment(const json_t *object, const char *key, struct moment otherwise)
{
    const json_t *part = json_object_get(object, key);

    if (!json_is_object(part))
        return otherwise;
    return (struct moment){ event_get_time(part, "time"), event_get_packet(part) };
}

bool event_get_endpoint(const json_t *object, const char *key, struct endpoint *out)
{
    const json_t *part = json_object_get(object, key);
    struct endpoint end = { .port = (uint16_t)event_get_u64(part, "port", UINT16_MAX) };

    if (!address_parse(event_get_text(part, "ip"), &end.address))
        return false;
    *out = end;
    return true;
}

bool event_get_address(const json_t *value, struct address *out)
{
    return json_is_string(value) && address_parse(text_of(value), out);
}

uint32_t event_get_index(const json_t *object, const char *key, uint32_t otherwise)
{
    uint32_t from_one = event_get_u32(object, key);

    return from_one ? from_one - 1 : otherwise;
}

static struct wire_value base64_value(struct bytes text, size_t most, struct arena *arena)
{
    struct wire_value value = { .is_there = true };
    struct buf decoded;

    buf_init(&decoded, LIMIT_EVENT_LINE);
    if (base64_decode(text, &decoded, NULL) == BASE64_FINE) {
        value.length = decoded.len;
        value.bytes = arena_copy(arena, bytes_slice(buf_bytes(&decoded), 0, most));
    }
    arena->is_full = arena->is_full || !decoded.ok;
    buf_release(&decoded);
    return value;
}

struct wire_value event_wire_value(const json_t *value, size_t most, struct arena *arena)
{
    struct bytes text = text_of(value);

    if (json_is_string(value))
        return (struct wire_value){ .bytes = arena_copy(arena, bytes_slice(text, 0, most)),
                                    .length = text.len,
                                    .is_there = true };
    if (event_get_flag(value, "redacted"))
        return (struct wire_value){ .length = event_get_u64(value, "length", INT64_MAX),
                                    .is_there = true,
                                    .is_redacted = true };
    if (json_is_string(json_object_get(value, "base64")))
        return base64_value(event_get_text(value, "base64"), most, arena);
    return (struct wire_value){ 0 };
}

const char *event_name_copy(const json_t *value, struct arena *arena)
{
    struct bytes text = text_of(value);
    char *copy =
        json_is_string(value) && text.len <= LIMIT_EVENT_NAME ? arena_alloc(arena, text.len + 1) : NULL;

    if (copy && text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

enum side event_get_side(const json_t *object, const char *key)
{
    if (event_text_is(object, key, side_name(SIDE_CLIENT)))
        return SIDE_CLIENT;
    return event_text_is(object, key, side_name(SIDE_SERVER)) ? SIDE_SERVER : SIDE_NONE;
}

enum protocol event_get_protocol(const json_t *object, const char *key)
{
    return event_text_is(object, key, protocol_name(PROTOCOL_LMTP)) ? PROTOCOL_LMTP : PROTOCOL_SMTP;
}

enum close_kind event_get_close_kind(const json_t *object, const char *key)
{
    for (unsigned kind = CLOSE_NONE + 1; kind < CLOSE_COUNT; kind++)
        if (event_text_is(object, key, close_kind_name((enum close_kind)kind)))
            return (enum close_kind)kind;
    return CLOSE_NONE;
}

enum log_clock event_get_log_clock(const json_t *object, const char *key)
{
    for (unsigned clock = LOG_CLOCK_NONE + 1; clock < LOG_CLOCK_COUNT; clock++)
        if (event_text_is(object, key, log_clock_name((enum log_clock)clock)))
            return (enum log_clock)clock;
    return LOG_CLOCK_NONE;
}

enum prelude_kind event_get_prelude_kind(const json_t *object, const char *key)
{
    for (unsigned kind = PRELUDE_NONE + 1; kind < PRELUDE_COUNT; kind++)
        if (event_text_is(object, key, prelude_kind_name((enum prelude_kind)kind)))
            return (enum prelude_kind)kind;
    return PRELUDE_NONE;
}

enum foreign_protocol event_get_foreign(const json_t *object, const char *key)
{
    for (unsigned protocol = FOREIGN_NONE + 1; protocol < FOREIGN_COUNT; protocol++)
        if (event_text_is(object, key, foreign_protocol_name((enum foreign_protocol)protocol)))
            return (enum foreign_protocol)protocol;
    return FOREIGN_NONE;
}

enum base64_problem event_get_problem(const json_t *object, const char *key)
{
    for (unsigned problem = BASE64_FINE + 1; problem < BASE64_PROBLEM_COUNT; problem++)
        if (event_text_is(object, key, base64_problem_name((enum base64_problem)problem)))
            return (enum base64_problem)problem;
    return BASE64_FINE;
}

/* CRLF is not written, "none" is null. */
enum line_end event_get_line_end(const json_t *object, const char *key)
{
    if (!json_object_get(object, key))
        return LINE_END_CRLF;
    return event_text_is(object, key, "lf") ? LINE_END_LF : LINE_END_NONE;
}

enum verb event_get_verb(const json_t *object, const char *key)
{
    return verb_parse(event_get_text(object, key));
}

struct enhanced_code event_get_enhanced(const json_t *object, const char *key)
{
    struct bytes rest = event_get_text(object, key);
    uint64_t numbers[3] = { 0 };

    for (unsigned i = 0; i < 3; i++) {
        size_t dot = i < 2 ? bytes_find(rest, '.') : rest.len;
        if (!bytes_to_u64(bytes_slice(rest, 0, dot), &numbers[i]) || numbers[i] > UINT16_MAX)
            return (struct enhanced_code){ 0 };
        rest = bytes_from(rest, dot + 1);
    }
    if (numbers[0] > UINT8_MAX)
        return (struct enhanced_code){ 0 };
    return (struct enhanced_code){ (uint8_t)numbers[0], (uint16_t)numbers[1], (uint16_t)numbers[2] };
}

static bool hex_digit(uint8_t c, uint8_t *out)
{
    if (ascii_is_digit(c))
        *out = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *out = (uint8_t)(c - 'a' + 10);
    else
        return false;
    return true;
}

bool event_get_sha256(const json_t *object, const char *key, uint8_t out[DIGEST_SHA256_LEN])
{
    struct bytes text = event_get_text(object, key);
    uint8_t octets[DIGEST_SHA256_LEN], high, low;

    if (text.len != 2 * sizeof octets)
        return false;
    for (size_t i = 0; i < sizeof octets; i++) {
        if (!hex_digit(text.ptr[2 * i], &high) || !hex_digit(text.ptr[2 * i + 1], &low))
            return false;
        octets[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(out, octets, sizeof octets);
    return true;
}
