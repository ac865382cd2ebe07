/* Strings of JSON, for those who write more of them than a tree could be made of. */
#include "base/json_text.h"

#include "base/base64.h"
#include "base/escape.h"

static void append_escaped(uint8_t c, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF", short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";

    for (size_t i = 0; short_forms[i]; i += 2)
        if ((uint8_t)short_forms[i] == c) {
            (void)buf_append(out,
                             (struct bytes){ (const uint8_t[]){ '\\', (uint8_t)short_forms[i + 1] }, 2 });
            return;
        }
    (void)buf_append(out, BYTES("\\u00"));
    (void)buf_append_u8(out, (uint8_t)digits[c >> 4]);
    (void)buf_append_u8(out, (uint8_t)digits[c & 15]);
}

/* Whether nothing in it needs an escape and all is ASCII.  Without a way out of the loop, so that many octets
 * are looked at together. */
static bool is_plain(struct bytes bytes)
{
    uint8_t odd = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        odd |= (uint8_t)(((uint8_t)(c - ' ') >= 0x60) | (c == '"') | (c == '\\'));
    }
    return !odd;
}

void json_text_append_word(struct bytes bytes, struct buf *out)
{
    uint8_t *to = buf_reserve(out, bytes.len + 2);

    if (!to)
        return;
    *to++ = '"';
    if (bytes.len)
        memcpy(to, bytes.ptr, bytes.len);
    to[bytes.len] = '"';
    out->len += bytes.len + 2;
}

/* RFC 8259 7: quotes, backslashes and control characters; `bytes` is UTF-8. */
static void append_string(struct bytes bytes, struct buf *out)
{
    size_t from = 0;

    (void)buf_append_u8(out, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        (void)buf_append(out, bytes_slice(bytes, from, i - from));
        append_escaped(c, out);
        from = i + 1;
    }
    (void)buf_append(out, bytes_from(bytes, from));
    (void)buf_append_u8(out, '"');
}

void json_text_append(struct bytes bytes, struct buf *out)
{
    if (is_plain(bytes)) {
        json_text_append_word(bytes, out);
        return;
    }
    if (escape_is_utf8(bytes)) {
        append_string(bytes, out);
        return;
    }
    (void)buf_append(out, BYTES("{\"base64\":\""));
    (void)base64_encode(bytes, out);
    (void)buf_append(out, BYTES("\"}"));
}
