/* Content as nearly all of it is: lines that end in CRLF and do not begin with a dot.  64 octets are looked
 * at together, which saves a search for every line end and a second look at every octet. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "dialogue/state.h"

enum { BLOCK = 64 };

/* A bit for each octet. */
struct block {
    uint64_t feeds;
    uint64_t returns;
    bool has_nul;
    bool has_8bit;
};

#ifdef __SSE2__
static inline uint64_t bits_of(__m128i octets, unsigned at)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(octets) << at;
}

static inline struct block look_at(const uint8_t *octets)
{
    const __m128i feed = _mm_set1_epi8('\n'), ret = _mm_set1_epi8('\r'), nul = _mm_setzero_si128();
    __m128i nuls = nul, all = nul;
    struct block out = { 0 };

    for (unsigned at = 0; at < BLOCK; at += sizeof all) {
        __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(octets + at));
        out.feeds |= bits_of(_mm_cmpeq_epi8(part, feed), at);
        out.returns |= bits_of(_mm_cmpeq_epi8(part, ret), at);
        nuls = _mm_or_si128(nuls, _mm_cmpeq_epi8(part, nul));
        all = _mm_or_si128(all, part);
    }
    out.has_nul = _mm_movemask_epi8(nuls);
    out.has_8bit = _mm_movemask_epi8(all);
    return out;
}
#else
static inline struct block look_at(const uint8_t *octets)
{
    struct block out = { 0 };

    for (unsigned at = 0; at < BLOCK; at++) {
        out.feeds |= (uint64_t)(octets[at] == '\n') << at;
        out.returns |= (uint64_t)(octets[at] == '\r') << at;
        out.has_nul |= octets[at] == 0;
        out.has_8bit |= octets[at] >> 7;
    }
    return out;
}
#endif

/* The lines of a block that end in it; false, and nothing is to be believed, where one begins with a dot. */
static inline bool read_ends(const uint8_t *octets, uint64_t feeds, struct plain_text *text)
{
    size_t begin = 0;
    bool has_dot = text->at_line_start && octets[0] == '.';

    for (; feeds; feeds &= feeds - 1) {
        size_t end = (size_t)__builtin_ctzll(feeds) + 1;
        size_t length = text->line_length + end - begin;
        if (length > text->longest_line)
            text->longest_line = length;
        text->line_length = 0;
        text->lines++;
        has_dot |= end < BLOCK && octets[end] == '.';
        begin = end;
    }
    text->line_length += BLOCK - begin;
    text->at_line_start = begin == BLOCK;
    return !has_dot;
}

size_t plain_text_read(struct bytes data, size_t at, struct plain_text *text)
{
    for (; data.len - at >= BLOCK; at += BLOCK) {
        const uint8_t *octets = data.ptr + at;
        struct block block = look_at(octets);
        /* each LF behind a CR, and each CR before an LF; one at the end is judged with the next block */
        if (block.has_nul || block.feeds != (block.returns << 1 | text->last_was_cr))
            break;
        struct plain_text next = *text;
        if (!read_ends(octets, block.feeds, &next))
            break;
        *text = next;
        text->last_was_cr = block.returns >> (BLOCK - 1);
        text->has_8bit = text->has_8bit || block.has_8bit;
    }
    return at;
}
