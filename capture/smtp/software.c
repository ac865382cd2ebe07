/* Server software, by what it says in its greeting, to EHLO, and in replies that no other gives. */
#include "smtp/software.h"

#include "smtp/reply_line.h"

struct sign {
    const char *text;
    const char *name;
};

#define SIGN_IN_GREETING(text, name) { text, name },
#define SIGN_IN_HELLO(text, name)
#define SIGN_IN_REPLY(text, name)
#define SIGN(where, text, name) SIGN_IN_##where(text, name)
static const struct sign in_greeting[] = {
#include "smtp/software.def"
};
#undef SIGN_IN_GREETING
#undef SIGN_IN_HELLO
#define SIGN_IN_GREETING(text, name)
#define SIGN_IN_HELLO(text, name) { text, name },
static const struct sign in_hello[] = {
#include "smtp/software.def"
};
#undef SIGN_IN_HELLO
#undef SIGN_IN_REPLY
#define SIGN_IN_HELLO(text, name)
#define SIGN_IN_REPLY(text, name) { text, name },
static const struct sign in_reply[] = {
#include "smtp/software.def"
};

enum { LOOKED_AT = 1024 };

static bool is_letter_or_digit(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z');
}

/* The first sign before `best` that the text begins with, or `best`. */
static size_t sign_at(const struct sign *signs, struct bytes text, size_t best)
{
    uint8_t first = ascii_upper(text.ptr[0]);

    for (size_t i = 0; i < best; i++)
        if (ascii_upper((uint8_t)signs[i].text[0]) == first
            && bytes_starts_nocase(text, bytes_of(signs[i].text)))
            return i;
    return best;
}

/* At the beginning of a word: "mox" is not in "smox", nor "Exim" in "maximum". */
static const char *name_of(const struct sign *signs, size_t count, struct bytes text)
{
    size_t best = count;
    bool in_word = false;

    for (size_t at = 0; at < text.len; at++) {
        bool is_part = is_letter_or_digit(text.ptr[at]);
        if (is_part && !in_word)
            best = sign_at(signs, bytes_from(text, at), best);
        in_word = is_part;
    }
    return best < count ? signs[best].name : NULL;
}

/* The domain says nothing (RFC 5321 4.3): "postfix.example ESMTP Exim". */
static struct bytes behind_domain(struct bytes text)
{
    size_t blank = bytes_find(text, ' ');

    return bytes_slice(text, blank == SIZE_MAX ? 0 : blank, LOOKED_AT);
}

const char *software_of_greeting(struct bytes text)
{
    return name_of(in_greeting, sizeof in_greeting / sizeof in_greeting[0], behind_domain(text));
}

const char *software_of_hello(struct bytes text, bool is_first)
{
    return name_of(in_hello, sizeof in_hello / sizeof in_hello[0],
                   is_first ? behind_domain(text) : bytes_slice(text, 0, LOOKED_AT));
}

const char *software_of_reply(struct bytes text)
{
    size_t blank = bytes_find(bytes_slice(text, 0, 16), ' ');
    struct enhanced_code code;

    if (blank != SIZE_MAX && enhanced_code_parse(bytes_slice(text, 0, blank), &code))
        text = bytes_from(text, blank + 1);
    for (size_t i = 0; i < sizeof in_reply / sizeof in_reply[0]; i++) {
        struct bytes sign = bytes_of(in_reply[i].text);
        if (text.len >= sign.len && text.ptr[0] == sign.ptr[0]
            && bytes_equal(bytes_slice(text, 0, sign.len), sign))
            return in_reply[i].name;
    }
    return NULL;
}
