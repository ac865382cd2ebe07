/* Enhanced status codes (RFC 3463): class "." subject "." detail. */
#include "smtp/reply_line.h"

/* One to three digits. */
static bool take_part(struct reader *r, uint16_t *out)
{
    unsigned value = 0, digits = 0;

    while (reader_left(r) && ascii_is_digit(r->in.ptr[r->at]) && digits < 4) {
        value = value * 10 + (unsigned)(read_u8(r) - '0');
        digits++;
    }
    if (digits < 1 || digits > 3)
        return r->ok = false;
    *out = (uint16_t)value;
    return true;
}

static bool parse_at(struct bytes text, struct enhanced_code *out)
{
    struct reader r = reader_over(text);
    struct enhanced_code code = { 0 };
    uint8_t class = read_u8(&r);

    if (!r.ok || (class != '2' && class != '4' && class != '5') || read_u8(&r) != '.'
        || !take_part(&r, &code.subject) || read_u8(&r) != '.' || !take_part(&r, &code.detail))
        return false;
    if (reader_left(&r)) {
        uint8_t behind = text.ptr[r.at];
        if (behind == '.' || behind == '_' || (ascii_upper(behind) >= 'A' && ascii_upper(behind) <= 'Z'))
            return false; /* an address or a version */
    }
    code.class = (uint8_t)(class - '0');
    *out = code;
    return true;
}

bool enhanced_code_parse(struct bytes text, struct enhanced_code *out)
{
    if (text.len < 5)
        return false;
    if (parse_at(text, out))
        return true;
    size_t hash = bytes_find(text, '#'); /* qmail: "sorry, no mailbox here (#5.1.1)" */
    return hash != SIZE_MAX && parse_at(bytes_from(text, hash + 1), out);
}
