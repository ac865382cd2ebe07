/* Content as nearly all of it is: lines that end in CRLF and do not begin with a dot.  64 octets are looked
 * at together, which saves a search for every line end and a second look at every octet. */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define WITH_VECTORS 1
#endif

#include "dialogue/state.h"

enum { BLOCK = 64 };

/* A bit for each octet. */
struct block {
    uint64_t feeds;
    uint64_t returns;
    uint64_t dots;
    bool has_nul;
    bool has_8bit;
};

typedef struct block look_function(const uint8_t *octets);

#define ALWAYS_INLINE inline __attribute__((always_inline))

#ifdef WITH_VECTORS
static ALWAYS_INLINE uint64_t bits_of(__m128i octets, unsigned at)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(octets) << at;
}

static ALWAYS_INLINE struct block look_at(const uint8_t *octets)
{
    const __m128i feed = _mm_set1_epi8('\n'), ret = _mm_set1_epi8('\r'), dot = _mm_set1_epi8('.');
    __m128i least = _mm_set1_epi8(-1), all = _mm_setzero_si128();
    struct block out = { 0 };

    for (unsigned at = 0; at < BLOCK; at += sizeof all) {
        __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(octets + at));
        out.feeds |= bits_of(_mm_cmpeq_epi8(part, feed), at);
        out.returns |= bits_of(_mm_cmpeq_epi8(part, ret), at);
        out.dots |= bits_of(_mm_cmpeq_epi8(part, dot), at);
        least = _mm_min_epu8(least, part);
        all = _mm_or_si128(all, part);
    }
    out.has_nul = _mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128()));
    out.has_8bit = _mm_movemask_epi8(all);
    return out;
}

#define WIDE __attribute__((target("avx2")))

WIDE static ALWAYS_INLINE uint64_t wide_bits_of(__m256i low, __m256i high)
{
    return (uint64_t)(unsigned)_mm256_movemask_epi8(high) << 32 | (unsigned)_mm256_movemask_epi8(low);
}

WIDE static ALWAYS_INLINE struct block look_at_wide(const uint8_t *octets)
{
    const __m256i feed = _mm256_set1_epi8('\n'), ret = _mm256_set1_epi8('\r'), dot = _mm256_set1_epi8('.');
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)octets);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(octets + sizeof low));

    return (struct block){
        .feeds = wide_bits_of(_mm256_cmpeq_epi8(low, feed), _mm256_cmpeq_epi8(high, feed)),
        .returns = wide_bits_of(_mm256_cmpeq_epi8(low, ret), _mm256_cmpeq_epi8(high, ret)),
        .dots = wide_bits_of(_mm256_cmpeq_epi8(low, dot), _mm256_cmpeq_epi8(high, dot)),
        .has_nul =
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(low, high), _mm256_setzero_si256())),
        .has_8bit = _mm256_movemask_epi8(_mm256_or_si256(low, high)),
    };
}
#else
static ALWAYS_INLINE struct block look_at(const uint8_t *octets)
{
    struct block out = { 0 };

    for (unsigned at = 0; at < BLOCK; at++) {
        out.feeds |= (uint64_t)(octets[at] == '\n') << at;
        out.returns |= (uint64_t)(octets[at] == '\r') << at;
        out.dots |= (uint64_t)(octets[at] == '.') << at;
        out.has_nul |= octets[at] == 0;
        out.has_8bit |= octets[at] >> 7;
    }
    return out;
}
#endif

/* Each LF stands behind a CR and each CR before an LF (one at the end is judged with the next block), and no
 * line begins with a dot. */
static ALWAYS_INLINE bool is_plain(const struct block *block, const struct plain_text *text)
{
    uint64_t begins = block->feeds << 1 | text->at_line_start;

    return !block->has_nul && block->feeds == (block->returns << 1 | text->last_was_cr)
           && !(begins & block->dots);
}

/* `len` octets of a block that is plain. */
static ALWAYS_INLINE void take_block(const struct block *block, size_t len, struct plain_text *text)
{
    size_t begin = 0;

    for (uint64_t feeds = block->feeds; feeds; feeds &= feeds - 1) {
        size_t end = (size_t)__builtin_ctzll(feeds) + 1;
        size_t length = text->line_length + end - begin;
        if (length > text->longest_line)
            text->longest_line = length;
        text->line_length = 0;
        text->lines++;
        begin = end;
    }
    text->line_length += len - begin;
    text->at_line_start = begin == len;
    text->last_was_cr = block->returns >> (len - 1) & 1;
    text->has_8bit = text->has_8bit || block->has_8bit;
}

static ALWAYS_INLINE size_t read_blocks(struct bytes data, size_t at, struct plain_text *out,
                                        look_function *look)
{
    struct plain_text text = *out; /* in registers */
    size_t len = BLOCK;

    for (; at < data.len; at += len) {
        uint8_t last[BLOCK];
        const uint8_t *octets = data.ptr + at;
        if (data.len - at < BLOCK) { /* filled up with what changes nothing */
            len = data.len - at;
            memset(last, ' ', sizeof last);
            memcpy(last, octets, len);
            octets = last;
        }
        struct block block = look(octets);
        if (!is_plain(&block, &text))
            break;
        take_block(&block, len, &text);
    }
    *out = text;
    return at;
}

#ifdef WITH_VECTORS
WIDE static size_t read_wide(struct bytes data, size_t at, struct plain_text *text)
{
    return read_blocks(data, at, text, look_at_wide);
}
#endif

size_t plain_text_read(struct bytes data, size_t at, struct plain_text *text)
{
#ifdef WITH_VECTORS
    if (__builtin_cpu_supports("avx2"))
        return read_wide(data, at, text);
#endif
    return read_blocks(data, at, text, look_at);
}
