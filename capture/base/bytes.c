/* Comparing and searching views of wire bytes. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/bytes.h"

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        unsigned differ = a.ptr[i] ^ b.ptr[i];
        if (differ && (differ != 0x20 || !ascii_is_letter(a.ptr[i])))
            return false;
    }
    return true;
}

bool bytes_starts_nocase(struct bytes b, struct bytes prefix)
{
    return b.len >= prefix.len && bytes_equal_nocase(bytes_slice(b, 0, prefix.len), prefix);
}

enum { LANES = 16 };

/* A bit for each of LANES places where first and last byte of a needle, but for bit 5, stand at their
 * distance. Hardly any text has such a place that does not hold the needle. */
#ifdef __SSE2__
static inline unsigned look_at(const uint8_t *first, const uint8_t *last, struct bytes needle)
{
    const __m128i fold = _mm_set1_epi8(0x20);
    __m128i want_first = _mm_set1_epi8((char)(needle.ptr[0] | 0x20)),
            want_last = _mm_set1_epi8((char)(needle.ptr[needle.len - 1] | 0x20)),
            firsts = _mm_loadu_si128((const __m128i *)(const void *)first),
            lasts = _mm_loadu_si128((const __m128i *)(const void *)last);

    return (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(firsts, fold), want_first),
                                                     _mm_cmpeq_epi8(_mm_or_si128(lasts, fold), want_last)));
}
#else
static inline unsigned look_at(const uint8_t *first, const uint8_t *last, struct bytes needle)
{
    const uint8_t want_first = needle.ptr[0] | 0x20, want_last = needle.ptr[needle.len - 1] | 0x20;
    unsigned hits = 0;

    for (unsigned i = 0; i < LANES; i++)
        hits |= (unsigned)(((first[i] | 0x20) == want_first) & ((last[i] | 0x20) == want_last)) << i;
    return hits;
}
#endif

static bool stands_at(struct bytes b, size_t at, struct bytes needle)
{
    return bytes_equal_nocase(bytes_slice(b, at, needle.len), needle);
}

size_t bytes_find_nocase(struct bytes b, struct bytes needle)
{
    if (needle.len == 0)
        return 0;
    if (needle.len > b.len)
        return SIZE_MAX;
    size_t places = b.len - needle.len + 1, at = 0;
    while (at < places && places >= LANES) {
        const uint8_t *first = b.ptr + at;
        for (unsigned hits = look_at(first, first + needle.len - 1, needle); hits; hits &= hits - 1) {
            size_t place = at + (size_t)__builtin_ctz(hits);
            if (stands_at(b, place, needle))
                return place;
        }
        at += LANES;
        if (at < places && at + LANES > places)
            at = places - LANES; /* some of them a second time */
    }
    uint8_t want = ascii_upper(needle.ptr[0]);
    for (; at < places; at++)
        if (ascii_upper(b.ptr[at]) == want && stands_at(b, at, needle))
            return at;
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
