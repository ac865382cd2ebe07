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
    bool has_odd; /* a NUL, or one of eight bits */
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
    const __m128i feed = _mm_set1_epi8('\n'), ret = _mm_set1_epi8('\r'), dot = _mm_set1_epi8('.'),
                  one = _mm_set1_epi8(1);
    __m128i odd = _mm_setzero_si128();
    struct block out = { 0 };

    for (unsigned at = 0; at < BLOCK; at += sizeof odd) {
        __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(octets + at));
        out.feeds |= bits_of(_mm_cmpeq_epi8(part, feed), at);
        out.returns |= bits_of(_mm_cmpeq_epi8(part, ret), at);
        out.dots |= bits_of(_mm_cmpeq_epi8(part, dot), at);
        odd = _mm_or_si128(odd, _mm_cmplt_epi8(part, one)); /* with a sign: 128 and more are below it */
    }
    out.has_odd = _mm_movemask_epi8(odd);
    return out;
}

#define WIDE __attribute__((target("avx2,popcnt,bmi")))

WIDE static ALWAYS_INLINE uint64_t wide_bits_of(__m256i low, __m256i high)
{
    return (uint64_t)(unsigned)_mm256_movemask_epi8(high) << 32 | (unsigned)_mm256_movemask_epi8(low);
}

WIDE static ALWAYS_INLINE struct block look_at_wide(const uint8_t *octets)
{
    const __m256i feed = _mm256_set1_epi8('\n'), ret = _mm256_set1_epi8('\r'), dot = _mm256_set1_epi8('.'),
                  one = _mm256_set1_epi8(1);
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)octets);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(octets + sizeof low));

    return (struct block){
        .feeds = wide_bits_of(_mm256_cmpeq_epi8(low, feed), _mm256_cmpeq_epi8(high, feed)),
        .returns = wide_bits_of(_mm256_cmpeq_epi8(low, ret), _mm256_cmpeq_epi8(high, ret)),
        .dots = wide_bits_of(_mm256_cmpeq_epi8(low, dot), _mm256_cmpeq_epi8(high, dot)),
        .has_odd =
            _mm256_movemask_epi8(_mm256_or_si256(_mm256_cmpgt_epi8(one, low), _mm256_cmpgt_epi8(one, high))),
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
        out.has_odd |= octets[at] == 0 || octets[at] >> 7;
    }
    return out;
}
#endif

/* Of eight bits, and no NUL. */
static bool is_8bit_text(const uint8_t *octets)
{
    return !memchr(octets, 0, BLOCK);
}

/* The line ends of a block.  Nothing here is decided for each line: how many end in a block is hard to guess,
 * for a processor too. */
static ALWAYS_INLINE void take_ends(uint64_t feeds, size_t len, struct plain_text *text)
{
    size_t end = (size_t)__builtin_ctzll(feeds) + 1;
    size_t length = text->line_length + end;

    text->longest_line = length > text->longest_line ? length : text->longest_line;
    for (uint64_t more = feeds & (feeds - 1); more && text->longest_line < BLOCK; more &= more - 1) {
        length = (size_t)__builtin_ctzll(more) + 1 - end;
        text->longest_line = length > text->longest_line ? length : text->longest_line;
        end += length;
    }
    text->lines += (uint64_t)__builtin_popcountll(feeds);
    text->line_length = len - (BLOCK - (size_t)__builtin_clzll(feeds));
}

/* `len` octets of a block, if they are plain. */
static ALWAYS_INLINE bool read_block(const uint8_t *octets, size_t len, struct plain_text *text,
                                     look_function *look)
{
    struct block block = look(octets);
    uint64_t begins = block.feeds << 1 | text->at_line_start;

    /* each LF behind a CR, and each CR before an LF; one at the end is judged with the next block */
    if (block.feeds != (block.returns << 1 | text->last_was_cr) || (begins & block.dots)
        || (block.has_odd && !is_8bit_text(octets)))
        return false;
    if (block.feeds)
        take_ends(block.feeds, len, text);
    else
        text->line_length += len;
    text->at_line_start = text->line_length == 0;
    text->last_was_cr = block.returns >> (len - 1) & 1;
    text->has_8bit |= block.has_odd;
    return true;
}

static ALWAYS_INLINE size_t read_blocks(struct bytes data, size_t at, struct plain_text *out,
                                        look_function *look)
{
    struct plain_text text = *out; /* in registers */

    while (data.len - at >= BLOCK && read_block(data.ptr + at, BLOCK, &text, look))
        at += BLOCK;
    if (at < data.len && data.len - at < BLOCK) { /* filled up with what changes nothing */
        uint8_t last[BLOCK];
        memset(last, ' ', sizeof last);
        memcpy(last, data.ptr + at, data.len - at);
        if (read_block(last, data.len - at, &text, look))
            at = data.len;
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
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi"))
        return read_wide(data, at, text);
#endif
    return read_blocks(data, at, text, look_at);
}
