/* Elements of DER: tag, length, content.  Nothing is copied, nothing recursive. */
#include "sasl/sasl_der.h"

static bool read_length(struct reader *r, size_t *out)
{
    uint8_t first = read_u8(r);
    size_t octets = first & 0x7fu, len = 0;

    if (first < 0x80) {
        *out = first;
        return r->ok;
    }
    if (octets == 0 || octets > 4)
        return false;
    for (size_t i = 0; i < octets; i++)
        len = len << 8 | read_u8(r);
    *out = len;
    return r->ok;
}

bool der_take(struct bytes *rest, uint8_t *tag, struct bytes *content)
{
    struct reader r = reader_over(*rest);
    uint8_t first = read_u8(&r);
    size_t len = 0;

    if ((first & 0x1f) == 0x1f || !read_length(&r, &len))
        return false;
    struct bytes inside = read_bytes(&r, len);
    if (!r.ok)
        return false;
    *tag = first;
    *content = inside;
    *rest = bytes_from(*rest, r.at);
    return true;
}

bool der_enter(struct bytes in, uint8_t tag, struct bytes *content)
{
    struct bytes inside;
    uint8_t found;

    if (!der_take(&in, &found, &inside) || found != tag)
        return false;
    *content = inside;
    return true;
}

bool der_find(struct bytes in, uint8_t tag, struct bytes *content)
{
    struct bytes inside;
    uint8_t found;

    while (in.len > 0 && der_take(&in, &found, &inside))
        if (found == tag) {
            *content = inside;
            return true;
        }
    return false;
}

bool der_number(struct bytes in, uint8_t tag, uint64_t *out)
{
    struct bytes content;
    uint64_t number = 0;

    if (!der_enter(in, tag, &content) || content.len == 0 || content.len > 8 || content.ptr[0] >= 0x80)
        return false;
    for (size_t i = 0; i < content.len; i++)
        number = number << 8 | content.ptr[i];
    *out = number;
    return true;
}
