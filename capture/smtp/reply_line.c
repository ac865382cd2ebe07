/* One line of a reply (RFC 5321 4.2). */
#include "smtp/reply_line.h"

bool reply_line_parse(struct bytes line, struct reply_line *out)
{
    if (line.len < 3 || line.ptr[0] < '1' || line.ptr[0] > '6' || !ascii_is_digit(line.ptr[1])
        || !ascii_is_digit(line.ptr[2]))
        return false;
    struct reply_line parsed = {
        .code = (uint16_t)((line.ptr[0] - '0') * 100 + (line.ptr[1] - '0') * 10 + (line.ptr[2] - '0')),
        .is_last = true,
        .is_odd = line.len == 3 && bytes_equal(line, BYTES("334")), /* RFC 4954 4 has the space, always */
    };
    if (line.len > 3) {
        uint8_t behind = line.ptr[3];
        if (ascii_is_digit(behind) || (ascii_upper(behind) >= 'A' && ascii_upper(behind) <= 'Z'))
            return false; /* "2500", "250abc": a number or a word, no code */
        parsed.is_last = behind != '-';
        parsed.is_odd = behind != '-' && behind != ' ';
        parsed.text = bytes_from(line, 4);
    }
    *out = parsed;
    return true;
}
