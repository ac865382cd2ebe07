/* JSON piece by piece. */
#include "report/json_stream.h"

#include "base/json_text.h"

static int append(const char *text, size_t len, void *ctx)
{
    return buf_append(ctx, (struct bytes){ (const uint8_t *)text, len }) ? 0 : -1;
}

static void dump(json_t *value, size_t flags, struct buf *out)
{
    if (!value) { /* there was no memory for it */
        buf_append_text(out, flags & JSON_EMBED ? "" : "null");
        return;
    }
    (void)json_dump_callback(value, append, out, flags | JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(value);
}

static void separate(struct buf *out)
{
    uint8_t last = out->len ? out->ptr[out->len - 1] : '{';

    if (!strchr("{[:,\n", last))
        buf_append_u8(out, ',');
}

static void put_key(const char *key, struct buf *out)
{
    separate(out);
    if (!key)
        return;
    json_text_append_word(bytes_of(key), out);
    buf_append_u8(out, ':');
}

void json_write_begin(const char *key, char bracket, struct buf *out)
{
    put_key(key, out);
    buf_append_u8(out, (uint8_t)bracket);
}

void json_write_end(char bracket, struct buf *out)
{
    buf_append_u8(out, (uint8_t)bracket);
}

void json_write_null(const char *key, struct buf *out)
{
    put_key(key, out);
    buf_append_text(out, "null");
}

void json_write_bool(const char *key, bool value, struct buf *out)
{
    put_key(key, out);
    buf_append_text(out, value ? "true" : "false");
}

void json_write_number(const char *key, uint64_t number, struct buf *out)
{
    put_key(key, out);
    buf_append_u64(out, number);
}

void json_write_number_or_null(const char *key, uint64_t number, struct buf *out)
{
    if (number)
        json_write_number(key, number, out);
    else
        json_write_null(key, out);
}

void json_write_bytes(const char *key, struct bytes bytes, struct buf *out)
{
    put_key(key, out);
    json_text_append(bytes, out);
}

void json_write_bytes_or_null(const char *key, struct bytes bytes, struct buf *out)
{
    if (bytes.len)
        json_write_bytes(key, bytes, out);
    else
        json_write_null(key, out);
}

void json_write_text(const char *key, const char *text, struct buf *out)
{
    if (text)
        json_write_bytes(key, bytes_of(text), out);
    else
        json_write_null(key, out);
}

void json_write_value(const char *key, json_t *value, struct buf *out)
{
    put_key(key, out);
    dump(value, JSON_ENCODE_ANY, out);
}

void json_write_members(json_t *object, struct buf *out)
{
    separate(out);
    dump(object, JSON_EMBED, out);
}

void json_write_line(json_t *value, struct buf *out)
{
    dump(value, JSON_ENCODE_ANY, out);
    buf_append_u8(out, '\n');
}
