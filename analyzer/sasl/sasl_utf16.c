/* The text of NTLM: UTF-16 into UTF-8 (RFC 2781, RFC 3629). */
#include "sasl/sasl_utf16.h"

enum {
    REPLACEMENT = 0xfffd,
    UTF8_MOST = 3 /* octets of one unit of 16 bits; a pair gives four */
};

static bool is_high(uint32_t unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

static size_t put(uint32_t character, uint8_t *to)
{
    if (character < 0x80) {
        to[0] = (uint8_t)character;
        return 1;
    }
    if (character < 0x800) {
        to[0] = (uint8_t)(0xc0 | character >> 6);
        to[1] = (uint8_t)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        to[0] = (uint8_t)(0xe0 | character >> 12);
        to[1] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
        to[2] = (uint8_t)(0x80 | (character & 0x3f));
        return 3;
    }
    to[0] = (uint8_t)(0xf0 | character >> 18);
    to[1] = (uint8_t)(0x80 | (character >> 12 & 0x3f));
    to[2] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
    to[3] = (uint8_t)(0x80 | (character & 0x3f));
    return 4;
}

static uint32_t next_character(struct reader *in)
{
    uint32_t unit = read_le16(in);
    struct reader ahead = *in;
    uint32_t low = reader_left(in) >= 2 ? read_le16(&ahead) : 0;

    if (is_high(unit) && is_low(low)) {
        *in = ahead;
        return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    return is_high(unit) || is_low(unit) ? REPLACEMENT : unit;
}

struct bytes utf16_to_utf8(struct arena *arena, struct bytes text)
{
    struct reader in = reader_over(bytes_slice(text, 0, text.len / 2 * 2));
    uint8_t *to = in.in.len ? arena_alloc(arena, in.in.len / 2 * UTF8_MOST) : NULL;
    size_t len = 0;

    while (to && reader_left(&in) > 0)
        len += put(next_character(&in), to + len);
    return (struct bytes){ to, len };
}
