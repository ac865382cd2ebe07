/* Comparing and searching views of wire bytes. */
#include "base/bytes.h"

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_upper(a.ptr[i]) != ascii_upper(b.ptr[i]))
            return false;
    return true;
}

bool bytes_starts_nocase(struct bytes b, struct bytes prefix)
{
    return b.len >= prefix.len && bytes_equal_nocase(bytes_slice(b, 0, prefix.len), prefix);
}

enum { LANES = 16 };

/* Whether first and last byte of a needle, but for bit 5, stand at their distance anywhere.  Hardly any text
 * passes that does not hold it, and without a way out of the loop the compiler takes many bytes at a time. */
static inline void look_at(const uint8_t *first, const uint8_t *last, struct bytes needle,
                           uint8_t hits[LANES])
{
    const uint8_t want_first = needle.ptr[0] | 0x20, want_last = needle.ptr[needle.len - 1] | 0x20;

    for (size_t i = 0; i < LANES; i++)
        hits[i] |= (uint8_t)(((first[i] | 0x20) == want_first) & ((last[i] | 0x20) == want_last));
}

static bool may_hold(struct bytes b, struct bytes needle)
{
    const uint8_t *first = b.ptr, *last = b.ptr + needle.len - 1;
    size_t places = b.len - needle.len + 1;
    uint8_t hits[LANES] = { 0 };
    uint64_t halves[2];

    if (places < LANES)
        return true; /* to search is as fast */
    for (size_t at = 0; at + LANES <= places; at += LANES)
        look_at(first + at, last + at, needle, hits);
    look_at(first + places - LANES, last + places - LANES, needle, hits); /* some of them a second time */
    memcpy(halves, hits, sizeof halves);
    return halves[0] | halves[1];
}

size_t bytes_find_nocase(struct bytes b, struct bytes needle)
{
    if (needle.len == 0)
        return 0;
    if (needle.len > b.len || !may_hold(b, needle))
        return SIZE_MAX;
    uint8_t first = ascii_upper(needle.ptr[0]);
    for (size_t i = 0; i + needle.len <= b.len; i++)
        if (ascii_upper(b.ptr[i]) == first && bytes_equal_nocase(bytes_slice(b, i, needle.len), needle))
            return i;
    return SIZE_MAX;
}

struct bytes bytes_trim(struct bytes b)
{
    while (b.len > 0 && (b.ptr[0] == ' ' || b.ptr[0] == '\t'))
        b = bytes_from(b, 1);
    while (b.len > 0 && (b.ptr[b.len - 1] == ' ' || b.ptr[b.len - 1] == '\t'))
        b.len--;
    return b;
}

bool bytes_to_u64(struct bytes b, uint64_t *out)
{
    if (b.len == 0 || b.len > 19)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < b.len; i++) {
        if (!ascii_is_digit(b.ptr[i]))
            return false;
        value = value * 10 + (uint64_t)(b.ptr[i] - '0');
    }
    *out = value;
    return true;
}
