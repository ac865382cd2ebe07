/* What came from the wire, made harmless for terminals and logs. */
#include "base/escape.h"

/* Length of the well-formed UTF-8 sequence at `at` (RFC 3629), or 0; the code point goes to `out`. */
static size_t utf8_sequence(struct bytes b, size_t at, uint32_t *out)
{
    uint8_t first = b.ptr[at];
    size_t len = first < 0x80                    ? 1
                 : first >= 0xc2 && first < 0xe0 ? 2
                 : first >= 0xe0 && first < 0xf0 ? 3
                 : first >= 0xf0 && first < 0xf5 ? 4
                                                 : 0;

    if (len == 0 || len > b.len - at)
        return 0;
    uint32_t point = len == 1 ? first : first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((b.ptr[at + i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (b.ptr[at + i] & 0x3fu);
    }
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return 0;
    *out = point;
    return len;
}

bool escape_is_utf8(struct bytes bytes)
{
    uint32_t point;

    for (size_t at = 0; at < bytes.len;) {
        size_t len = bytes.ptr[at] < 0x80 ? 1 : utf8_sequence(bytes, at, &point);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

/* Characters that change how what surrounds them is read: bidirectional controls, zero width, separators,
 * tags. */
static bool is_deceptive(uint32_t point)
{
    return (point >= 0x80 && point < 0xa0) || point == 0xad || point == 0x61c
           || (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e)
           || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || (point >= 0xfff0 && point <= 0xfffb)
           || (point >= 0xe0000 && point <= 0xe0fff);
}

static void escape_byte(uint8_t byte, struct buf *out)
{
    switch (byte) {
    case 0:
        buf_append_text(out, "\\0");
        return;
    case '\t':
        buf_append_text(out, "\\t");
        return;
    case '\r':
        buf_append_text(out, "\\r");
        return;
    case '\n':
        buf_append_text(out, "\\n");
        return;
    default:
        buf_printf(out, "\\x%02x", byte);
    }
}

/* Without a way out of the loop, so that many octets are looked at together. */
static bool is_plain(struct bytes bytes)
{
    uint8_t odd = 0;

    for (size_t i = 0; i < bytes.len; i++)
        odd |= (uint8_t)(bytes.ptr[i] - 0x20) >= 0x7f - 0x20;
    return !odd;
}

bool escape_text(struct bytes bytes, struct buf *out)
{
    size_t plain = 0;

    if (is_plain(bytes))
        return buf_append(out, bytes);

    for (size_t at = 0; at < bytes.len;) {
        uint8_t byte = bytes.ptr[at];
        if (byte >= 0x20 && byte < 0x7f) {
            at++;
            continue;
        }
        uint32_t point = byte;
        size_t len = byte < 0x80 ? 0 : utf8_sequence(bytes, at, &point);
        if (len > 0 && !is_deceptive(point)) {
            at += len;
            continue;
        }
        buf_append(out, bytes_slice(bytes, plain, at - plain));
        if (len == 0)
            escape_byte(byte, out);
        else
            buf_printf(out, "\\u{%x}", (unsigned)point);
        at += len ? len : 1;
        plain = at;
    }
    return buf_append(out, bytes_slice(bytes, plain, bytes.len - plain));
}

bool escape_hex(struct bytes bytes, struct buf *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        const uint8_t pair[2] = { (uint8_t)digits[bytes.ptr[i] >> 4], (uint8_t)digits[bytes.ptr[i] & 15] };
        buf_append(out, (struct bytes){ pair, 2 });
    }
    return out->ok;
}
