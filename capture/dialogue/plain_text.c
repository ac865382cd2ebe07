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
    uint64_t faults; /* an LF without its CR, a CR without its LF, a dot at the begin of a line */
    bool has_odd;    /* a NUL, or one of eight bits */
};

/* At `len` octets, one to BLOCK, and the one ahead of them: whether a line ends or begins depends on it. What
 * lacks of BLOCK is as spaces, which change nothing. */
typedef struct block look_function(const uint8_t *octets, size_t len);

#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE uint64_t bits_within(size_t len)
{
    return UINT64_MAX >> (BLOCK - len);
}

/* Those ahead of the first that is set. */
static ALWAYS_INLINE uint64_t bits_before(uint64_t bits)
{
    return (bits & -bits) - 1;
}

/* The octets where BLOCK of them can be read: in `filled` where there are less, behind the one ahead. */
static ALWAYS_INLINE const uint8_t *whole_block(const uint8_t *octets, size_t len, uint8_t filled[BLOCK + 1])
{
    if (len == BLOCK)
        return octets;
    memset(filled, ' ', BLOCK + 1);
    memcpy(filled, octets - 1, len + 1);
    return filled + 1;
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
    uint8_t filled[BLOCK + 1];

    octets = whole_block(octets, len, filled);
    for (unsigned at = 0; at < BLOCK; at += sizeof odd) {
        __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(octets + at));
        __m128i ahead = _mm_loadu_si128((const __m128i *)(const void *)(octets + at - 1));
        __m128i feeds = _mm_cmpeq_epi8(part, feed);
        __m128i dots = _mm_and_si128(_mm_cmpeq_epi8(ahead, feed), _mm_cmpeq_epi8(part, dot));
        __m128i halves = _mm_xor_si128(feeds, _mm_cmpeq_epi8(ahead, ret));
        out.feeds |= bits_of(feeds, at);
        out.faults |= bits_of(_mm_or_si128(halves, dots), at);
        odd = _mm_or_si128(odd, _mm_cmplt_epi8(part, one)); /* with a sign: 128 and more are below it */
    }
    out.faults &= bits_within(len);
    out.has_odd = _mm_movemask_epi8(odd);
    return out;
}

#define WIDE __attribute__((target("avx2,popcnt,bmi")))

WIDE static ALWAYS_INLINE struct block look_at_half(const uint8_t *octets)
{
    const __m256i feed = _mm256_set1_epi8('\n'), ret = _mm256_set1_epi8('\r'), dot = _mm256_set1_epi8('.');
    __m256i part = _mm256_loadu_si256((const __m256i *)(const void *)octets);
    __m256i ahead = _mm256_loadu_si256((const __m256i *)(const void *)(octets - 1));
    __m256i feeds = _mm256_cmpeq_epi8(part, feed);
    __m256i dots = _mm256_and_si256(_mm256_cmpeq_epi8(ahead, feed), _mm256_cmpeq_epi8(part, dot));
    __m256i halves = _mm256_xor_si256(feeds, _mm256_cmpeq_epi8(ahead, ret));

    return (struct block){ .feeds = (unsigned)_mm256_movemask_epi8(feeds),
                           .faults = (unsigned)_mm256_movemask_epi8(_mm256_or_si256(halves, dots)),
                           .has_odd = _mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_set1_epi8(1), part)) };
}

WIDE static ALWAYS_INLINE struct block look_at_wide(const uint8_t *octets, size_t len)
{
    uint8_t filled[BLOCK + 1];
    const uint8_t *whole = whole_block(octets, len, filled);
    struct block low = look_at_half(whole), high = look_at_half(whole + BLOCK / 2);

    return (struct block){ .feeds = low.feeds | high.feeds << BLOCK / 2,
                           .faults = (low.faults | high.faults << BLOCK / 2) & bits_within(len),
                           .has_odd = low.has_odd | high.has_odd };
}

#define WIDEST __attribute__((target("avx512bw,popcnt,bmi")))

WIDEST static ALWAYS_INLINE struct block look_at_widest(const uint8_t *octets, size_t len)
{
    const __m512i space = _mm512_set1_epi8(' '), feed = _mm512_set1_epi8('\n');
    const __m512i ret = _mm512_set1_epi8('\r'), dot = _mm512_set1_epi8('.');
    __m512i all = _mm512_mask_loadu_epi8(space, bits_within(len), octets);
    __m512i ahead = _mm512_mask_loadu_epi8(space, bits_within(len), octets - 1);
    __mmask64 feeds = _mm512_cmpeq_epi8_mask(all, feed);
    __mmask64 halves = _kxor_mask64(feeds, _mm512_cmpeq_epi8_mask(ahead, ret));
    __mmask64 dots = _mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(ahead, feed), all, dot);

    return (struct block){ .feeds = feeds,
                           .faults = _kor_mask64(halves, dots),
                           .has_odd = _mm512_cmplt_epi8_mask(all, _mm512_set1_epi8(1)) != 0 };
}
#else
static ALWAYS_INLINE struct block look_at(const uint8_t *octets, size_t len)
{
    struct block out = { 0 };
    uint8_t filled[BLOCK + 1];

    octets = whole_block(octets, len, filled);
    for (size_t at = 0; at < BLOCK; at++) {
        bool is_feed = octets[at] == '\n', is_behind_return = octets[at - 1] == '\r';
        bool is_dot = octets[at] == '.' && octets[at - 1] == '\n';
        out.feeds |= (uint64_t)is_feed << at;
        out.faults |= (uint64_t)(is_feed != is_behind_return || is_dot) << at;
        out.has_odd |= octets[at] == 0 || octets[at] >> 7;
    }
    out.faults &= bits_within(len);
    return out;
}
#endif

/* Of eight bits, and no NUL. */
static bool is_8bit_text(const uint8_t *octets, size_t len)
{
    return !memchr(octets, 0, len);
}

/* `longest`, or the longest line that lies within a block as a whole, of which there can be many. */
static size_t longest_within(uint64_t feeds, size_t longest)
{
    size_t end = feeds ? (size_t)__builtin_ctzll(feeds) + 1 : 0;

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
    size_t before = (size_t)__builtin_ctzll(feeds | UINT64_C(1) << (BLOCK - 1));
    size_t behind = (size_t)__builtin_clzll(feeds | 1) + none;
    size_t ended = (text->line_length + before + 1) & any;

    text->longest_line = ended > text->longest_line ? ended : text->longest_line;
    if (text->longest_line < BLOCK)
        text->longest_line = longest_within(feeds, text->longest_line);
    text->lines += (uint64_t)__builtin_popcountll(feeds);
    text->line_length = (text->line_length & ~any) + behind - (BLOCK - len);
}

static ALWAYS_INLINE bool take_block(const struct block *block, const uint8_t *octets, size_t len,
                                     struct plain_text *text)
{
    if (block->faults)
        return false;
    if (block->has_odd) {
        if (!is_8bit_text(octets, len))
            return false;
        text->has_8bit = true;
    }
    take_ends(block->feeds, len, text);
    return true;
}

/* Of a block that is not plain, the whole lines ahead of what is not. */
static ALWAYS_INLINE size_t take_lines(const struct block *block, struct plain_text *text)
{
    uint64_t feeds = block->feeds & bits_before(block->faults);
    size_t len = feeds ? BLOCK - (size_t)__builtin_clzll(feeds) : 0;

    if (len == 0 || block->has_odd)
        return 0;
    take_ends(feeds, len, text);
    return len;
}

/* The first octet, whose line end or begin lies in what was read before. */
static bool take_first(uint8_t octet, struct plain_text *text)
{
    bool is_feed = octet == '\n';

    if (is_feed != text->last_was_cr || (text->at_line_start && octet == '.') || octet == 0)
        return false;
    text->has_8bit |= octet >> 7;
    text->line_length++;
    if (!is_feed)
        return true;
    text->longest_line = text->line_length > text->longest_line ? text->line_length : text->longest_line;
    text->line_length = 0;
    text->lines++;
    return true;
}

static ALWAYS_INLINE size_t read_blocks(struct bytes data, size_t at, struct plain_text *out,
                                        look_function *look)
{
    struct plain_text text = *out; /* in registers */

    if (at == data.len || !take_first(data.ptr[at], &text))
        return at;
    at++;
    struct block block;
    for (; data.len - at >= BLOCK; at += BLOCK) {
        block = look(data.ptr + at, BLOCK);
        if (!take_block(&block, data.ptr + at, BLOCK, &text))
            break;
    }
    if (at < data.len) { /* with less than a block left, or one that is not plain */
        size_t len = data.len - at < BLOCK ? data.len - at : BLOCK;
        block = look(data.ptr + at, len);
        at += take_block(&block, data.ptr + at, len, &text) ? len : take_lines(&block, &text);
    }
    text.at_line_start = data.ptr[at - 1] == '\n';
    text.last_was_cr = data.ptr[at - 1] == '\r';
    *out = text;
    return at;
}

static size_t read_narrow(struct bytes data, size_t at, struct plain_text *text)
{
    return read_blocks(data, at, text, look_at);
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

plain_text_reader *plain_text_reader_for(size_t octets)
{
#ifdef WITH_VECTORS
    bool has_bits = __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi");

    if (octets >= sizeof(__m512i) && has_bits && __builtin_cpu_supports("avx512bw"))
        return read_widest;
    if (octets >= sizeof(__m256i) && has_bits && __builtin_cpu_supports("avx2"))
        return read_wide;
#endif
    (void)octets;
    return read_narrow;
}

size_t plain_text_read(struct bytes data, size_t at, struct plain_text *text)
{
    return plain_text_reader_for(BLOCK)(data, at, text);
}
