/* UTF-16 to UTF-8, unit by unit. */
#include "source/wide_text.h"

bool wide_text_is(struct bytes head, bool *is_big_endian)
{
    if (head.len < 4)
        return false;
    *is_big_endian = head.ptr[0] == 0xfe && head.ptr[1] == 0xff;
    return *is_big_endian || (head.ptr[0] == 0xff && head.ptr[1] == 0xfe);
}

static size_t encode(uint32_t point, uint8_t out[4])
{
    size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = { 0, 0xc0, 0xe0, 0xf0 };

    for (size_t i = more; i > 0; i--, point >>= 6)
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
    out[0] = (uint8_t)(leads[more] | point);
    return more + 1;
}

size_t wide_text_to_utf8(uint16_t unit, uint16_t *high, uint8_t out[4])
{
    uint16_t first = *high;
    bool is_second = (unit & 0xfc00) == 0xdc00;

    *high = (unit & 0xfc00) == 0xd800 ? unit : 0;
    if (*high)
        return 0;
    if (!is_second)
        return encode(unit, out);
    return encode(first ? 0x10000 + (((uint32_t)first & 0x3ff) << 10 | (unit & 0x3ff)) : '?', out);
}
