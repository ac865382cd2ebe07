/* Base64 of RFC 4648 section 4, strict as RFC 4954 wants it, and loose to see what a client meant. */
#include "base/base64.h"

const char *base64_problem_name(enum base64_problem problem)
{
    static const char *const names[BASE64_PROBLEM_COUNT] = {
        [BASE64_FINE] = "none",
        [BASE64_BAD_BYTE] = "a character outside the alphabet",
        [BASE64_URL_ALPHABET] = "the URL alphabet (- and _ in place of + and /)",
        [BASE64_BLANK] = "a blank or line break",
        [BASE64_BAD_LENGTH] = "a length that is no multiple of four: padding or a character is missing",
        [BASE64_PAD_INSIDE] = "padding before the end, or too much of it",
        [BASE64_LOOSE_BITS] = "unused bits that are not zero",
    };

    return (unsigned)problem < BASE64_PROBLEM_COUNT ? names[problem] : "unknown";
}

/* One more than the value of a character; 0: not of the alphabet.  Those of the URL alphabet are marked. */
enum { OF_URL = 0x80 };
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,           ['C'] = 3,           ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
    ['H'] = 8,  ['I'] = 9,           ['J'] = 10,          ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
    ['O'] = 15, ['P'] = 16,          ['Q'] = 17,          ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
    ['V'] = 22, ['W'] = 23,          ['X'] = 24,          ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30,          ['e'] = 31,          ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
    ['j'] = 36, ['k'] = 37,          ['l'] = 38,          ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44,          ['s'] = 45,          ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
    ['x'] = 50, ['y'] = 51,          ['z'] = 52,          ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58,          ['6'] = 59,          ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['/'] = 64, ['-'] = OF_URL | 63, ['_'] = OF_URL | 64,
};

/* Value of a character, or -1; the URL alphabet counts only where `loose`. */
static inline int value_of(uint8_t c, bool loose)
{
    uint8_t value = values[c];

    return value & OF_URL ? (loose ? (value & ~OF_URL) - 1 : -1) : value - 1;
}

/* Octets on their way to a buffer, some together. */
struct decoded {
    uint8_t octets[48];
    size_t len;
    struct buf *out;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum base64_problem problem_of_byte(uint8_t c)
{
    if (c == '-' || c == '_')
        return BASE64_URL_ALPHABET;
    return is_blank(c) ? BASE64_BLANK : BASE64_BAD_BYTE;
}

static void hand_over(struct decoded *decoded)
{
    buf_append(decoded->out, (struct bytes){ decoded->octets, decoded->len });
    decoded->len = 0;
}

static void append_bits(uint32_t bits, unsigned count, struct decoded *decoded)
{
    for (unsigned i = 0; i < count; i++)
        decoded->octets[decoded->len++] = (uint8_t)(bits >> (16 - 8 * i));
    if (decoded->len + 3 > sizeof decoded->octets)
        hand_over(decoded);
}

static enum base64_problem found(enum base64_problem problem, size_t where, size_t *at)
{
    if (at)
        *at = where;
    return problem;
}

/* The end of the text: `have` characters of a last group that is not full, then `pads` padding characters. */
static enum base64_problem finish(uint32_t bits, unsigned have, unsigned pads, struct decoded *out)
{
    if (have == 0)
        return pads ? BASE64_PAD_INSIDE : BASE64_FINE;
    if (have == 1)
        return BASE64_BAD_LENGTH;
    uint32_t all = bits << (6 * (4 - have));
    append_bits(all, have - 1, out);
    if (have + pads > 4)
        return BASE64_PAD_INSIDE;
    if (have + pads < 4)
        return BASE64_BAD_LENGTH;
    return all & (have == 2 ? 0xffffu : 0xffu) ? BASE64_LOOSE_BITS : BASE64_FINE;
}

static enum base64_problem decode(struct bytes text, struct decoded *out, size_t *at)
{
    uint32_t bits = 0;
    unsigned have = 0, pads = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '=') {
            pads++;
            continue;
        }
        int value = value_of(text.ptr[i], false);
        if (value < 0)
            return found(problem_of_byte(text.ptr[i]), i, at);
        if (pads)
            return found(BASE64_PAD_INSIDE, i, at);
        bits = bits << 6 | (uint32_t)value;
        if (++have == 4) {
            append_bits(bits, 3, out);
            bits = 0;
            have = 0;
        }
    }
    enum base64_problem problem = finish(bits, have, pads, out);
    return problem == BASE64_FINE ? problem : found(problem, text.len, at);
}

enum base64_problem base64_decode(struct bytes text, struct buf *out, size_t *at)
{
    struct decoded decoded = { .out = out };
    enum base64_problem problem = decode(text, &decoded, at);

    hand_over(&decoded);
    explicit_bzero(decoded.octets, sizeof decoded.octets);
    return problem;
}

static bool decode_loose(struct bytes text, struct decoded *out)
{
    uint32_t bits = 0;
    unsigned have = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '=' || is_blank(text.ptr[i]))
            continue;
        int value = value_of(text.ptr[i], true);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (++have == 4) {
            append_bits(bits, 3, out);
            bits = 0;
            have = 0;
        }
    }
    if (have > 1)
        append_bits(bits << (6 * (4 - have)), have - 1, out);
    return have != 1;
}

bool base64_decode_loose(struct bytes text, struct buf *out)
{
    struct decoded decoded = { .out = out };
    bool ok = decode_loose(text, &decoded);

    hand_over(&decoded);
    explicit_bzero(decoded.octets, sizeof decoded.octets);
    return ok && out->ok;
}

bool base64_encode(struct bytes bytes, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = (uint32_t)bytes.ptr[i] << 16;
        if (n > 1)
            bits |= (uint32_t)bytes.ptr[i + 1] << 8;
        if (n > 2)
            bits |= bytes.ptr[i + 2];
        const uint8_t four[4] = { (uint8_t)digits[bits >> 18], (uint8_t)digits[bits >> 12 & 63],
                                  (uint8_t)(n > 1 ? digits[bits >> 6 & 63] : '='),
                                  (uint8_t)(n > 2 ? digits[bits & 63] : '=') };
        buf_append(out, (struct bytes){ four, 4 });
    }
    return out->ok;
}
