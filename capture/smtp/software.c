/* Server software, by what it says in its greeting, to EHLO, and in replies that no other gives. */
#include "smtp/software.h"

#include "smtp/reply_line.h"

enum sign_place { IN_GREETING, IN_HELLO, IN_REPLY };

struct sign {
    uint8_t place;
    char text[63]; /* in place: most are told from a word by their first letter */
    const char *name;
};

static const struct sign signs[] = {
#define SIGN(place, text, name) { IN_##place, text, name },
#include "smtp/software.def"
#undef SIGN
};

enum { SIGNS = sizeof signs / sizeof signs[0], LOOKED_AT = 1024 };

#define SIGN(place, text, name) _Static_assert(sizeof(text) > 3, "three letters are looked at");
#include "smtp/software.def"
#undef SIGN

/* For the first three letters of a sign, which is never shorter, in any case: one bit of 64.  Few words share
 * it with a sign. */
static inline uint64_t letters_bit(uint8_t first, uint8_t second, uint8_t third)
{
    return UINT64_C(1) << ((first + 5u * (second & 31u) + 11u * (third & 31u)) & 31u) << (third & 1u) * 32;
}

/* How the signs of a place begin: a constant once compiled. */
static inline uint64_t letters_of(enum sign_place place)
{
    return 0
#define SIGN(place_, text, name)                                                                             \
    | (place == IN_##place_ ? letters_bit((uint8_t)(text)[0], (uint8_t)(text)[1], (uint8_t)(text)[2]) : 0)
#include "smtp/software.def"
#undef SIGN
        ;
}

static bool is_letter_or_digit(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z');
}

/* The first sign before `best` that the text begins with, or `best`. */
static size_t sign_at(enum sign_place place, struct bytes text, size_t best)
{
    uint8_t first = ascii_upper(text.ptr[0]);

    for (size_t i = 0; i < best && signs[i].place <= (unsigned)place; i++)
        if (signs[i].place == (unsigned)place && ascii_upper((uint8_t)signs[i].text[0]) == first
            && bytes_starts_nocase(text, bytes_of(signs[i].text)))
            return i;
    return best;
}

/* At the beginning of a word: "mox" is not in "smox", nor "Exim" in "maximum". */
static const char *name_of(enum sign_place place, uint64_t letters, struct bytes text)
{
    size_t best = SIGNS;
    bool in_word = false;

    for (size_t at = 0; at + 2 < text.len; at++) {
        bool is_part = is_letter_or_digit(text.ptr[at]);
        if (is_part && !in_word && (letters & letters_bit(text.ptr[at], text.ptr[at + 1], text.ptr[at + 2])))
            best = sign_at(place, bytes_from(text, at), best);
        in_word = is_part;
    }
    return best < SIGNS ? signs[best].name : NULL;
}

/* The domain says nothing (RFC 5321 4.3): "postfix.example ESMTP Exim". */
static struct bytes behind_domain(struct bytes text)
{
    size_t blank = bytes_find(text, ' ');

    return bytes_slice(text, blank == SIZE_MAX ? 0 : blank, LOOKED_AT);
}

const char *software_of_greeting(struct bytes text)
{
    return name_of(IN_GREETING, letters_of(IN_GREETING), behind_domain(text));
}

const char *software_of_hello(struct bytes text, bool is_first)
{
    return name_of(IN_HELLO, letters_of(IN_HELLO),
                   is_first ? behind_domain(text) : bytes_slice(text, 0, LOOKED_AT));
}

const char *software_of_reply(struct bytes text)
{
    size_t blank = bytes_find(bytes_slice(text, 0, 16), ' ');
    struct enhanced_code code;

    if (blank != SIZE_MAX && enhanced_code_parse(bytes_slice(text, 0, blank), &code))
        text = bytes_from(text, blank + 1);
    if (text.len < 3 || !(letters_of(IN_REPLY) & letters_bit(text.ptr[0], text.ptr[1], text.ptr[2])))
        return NULL;
    for (size_t i = 0; i < SIGNS; i++) {
        struct bytes sign = bytes_of(signs[i].text);
        if (signs[i].place == IN_REPLY && bytes_equal(bytes_slice(text, 0, sign.len), sign))
            return signs[i].name;
    }
    return NULL;
}
