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

/* At `len` octets, one to BLOCK; those that lack are as spaces, which change nothing. */
typedef struct block look_function(const uint8_t *octets, size_t len);

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* The octets where BLOCK of them can be read: `filled` where there are less. */
static ALWAYS_INLINE const uint8_t *whole_block(const uint8_t *octets, size_t len, uint8_t filled[BLOCK])
{
    if (len == BLOCK)
        return octets;
    memset(filled, ' ', BLOCK);
    memcpy(filled, octets, len);
    return filled;
}

#ifdef WITH_VECTORS
static ALWAYS_INLINE uint64_t bits_of(__m128i octets, unsigned at)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(octets) << at;
}

static ALWAYS_INLINE struct block look_at(const uint8_t *octets, size_t len)
{
    const __m128i feed = _mm_set1_epi8('\n'), ret = _mm_set1_epi8('\r'), dot = _mm_set1_epi8('.'),
                  one = _mm_set1_epi8(1);
    __m128i odd = _mm_setzero_si128();
    struct block out = { 0 };
    uint8_t filled[BLOCK];

    octets = whole_block(octets, len, filled);
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

WIDE static ALWAYS_INLINE struct block look_at_wide(const uint8_t *octets, size_t len)
{
    uint8_t filled[BLOCK];
    const __m256i feed = _mm256_set1_epi8('\n'), ret = _mm256_set1_epi8('\r'), dot = _mm256_set1_epi8('.'),
                  one = _mm256_set1_epi8(1);
    const uint8_t *whole = whole_block(octets, len, filled);
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)whole);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(whole + sizeof low));

    uint64_t feeds = wide_bits_of(_mm256_cmpeq_epi8(low, feed), _mm256_cmpeq_epi8(high, feed));

    return (struct block){
        .feeds = feeds,
        .returns = wide_bits_of(_mm256_cmpeq_epi8(low, ret), _mm256_cmpeq_epi8(high, ret)),
        .dots = wide_bits_of(_mm256_cmpeq_epi8(low, dot), _mm256_cmpeq_epi8(high, dot)),
        .has_odd =
            _mm256_movemask_epi8(_mm256_or_si256(_mm256_cmpgt_epi8(one, low), _mm256_cmpgt_epi8(one, high))),
    };
}

#define WIDEST __attribute__((target("avx512bw,popcnt,bmi")))

WIDEST static ALWAYS_INLINE struct block look_at_widest(const uint8_t *octets, size_t len)
{
    __m512i all = _mm512_mask_loadu_epi8(_mm512_set1_epi8(' '), UINT64_MAX >> (BLOCK - len), octets);
    uint64_t feeds = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\n'));

    return (struct block){
        .feeds = feeds,
        .returns = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\r')),
        .dots = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('.')),
        .has_odd = _mm512_cmplt_epi8_mask(all, _mm512_set1_epi8(1)) != 0,
    };
}
#else
static ALWAYS_INLINE struct block look_at(const uint8_t *octets, size_t len)
{
    struct block out = { 0 };
    uint8_t filled[BLOCK];

    octets = whole_block(octets, len, filled);
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
static bool is_8bit_text(const uint8_t *octets, size_t len)
{
    return !memchr(octets, 0, len);
}

/* The lines that lie within a block as a whole, of which there can be many. */
static size_t longest_within(uint64_t feeds)
{
    size_t longest = 0, end = (size_t)__builtin_ctzll(feeds) + 1;

    for (uint64_t more = feeds & (feeds - 1); more; more &= more - 1) {
        size_t length = (size_t)__builtin_ctzll(more) + 1 - end;
        longest = length > longest ? length : longest;
        end += length;
    }
    return longest;
}

/* The line ends of a block of `len` octets.  Whether there are any is hard to guess, for a processor too, so
 * nothing branches on it but what is over once a line of some length has been seen. */
static ALWAYS_INLINE void take_ends(uint64_t feeds, size_t len, struct plain_text *text)
{
    size_t none = feeds == 0, any = none - 1; /* all bits, or none */
    size_t before = (size_t)__builtin_ctzll(feeds | UINT64_C(1) << (BLOCK - 1)) + none;
    size_t behind = (size_t)__builtin_clzll(feeds | 1) + none;
    size_t ended = (text->line_length + before + 1) & any;

    text->longest_line = ended > text->longest_line ? ended : text->longest_line;
    if (text->longest_line < BLOCK && feeds) {
        size_t within = longest_within(feeds);
        text->longest_line = within > text->longest_line ? within : text->longest_line;
    }
    text->lines += (uint64_t)__builtin_popcountll(feeds);
    text->line_length = (text->line_length & ~any) + behind - (BLOCK - len);
}

/* `len` octets of a block, if they are plain. */
static ALWAYS_INLINE bool read_block(const uint8_t *octets, size_t len, struct plain_text *text,
                                     look_function *look)
{
    struct block block = look(octets, len);
    uint64_t begins = block.feeds << 1 | text->at_line_start;

    /* each LF behind a CR, and each CR before an LF; one at the end is judged with the next block */
    if ((block.feeds ^ (block.returns << 1 | text->last_was_cr)) | (begins & block.dots))
        return false;
    if (block.has_odd && !is_8bit_text(octets, len))
        return false;
    take_ends(block.feeds, len, text);
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
    if (at < data.len && data.len - at < BLOCK && read_block(data.ptr + at, data.len - at, &text, look))
        at = data.len;
    *out = text;
    return at;
}

#ifdef WITH_VECTORS
WIDE static size_t read_wide(struct bytes data, size_t at, struct plain_text *text)
{
    return read_blocks(data, at, text, look_at_wide);
}

WIDEST static size_t read_widest(struct bytes data, size_t at, struct plain_text *text)
{
    return read_blocks(data, at, text, look_at_widest);
}
#endif

size_t plain_text_read(struct bytes data, size_t at, struct plain_text *text)
{
#ifdef WITH_VECTORS
    bool has_bits = __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi");

    if (has_bits && __builtin_cpu_supports("avx512bw"))
        return read_widest(data, at, text);
    if (has_bits && __builtin_cpu_supports("avx2"))
        return read_wide(data, at, text);
#endif
    return read_blocks(data, at, text, look_at);
}
