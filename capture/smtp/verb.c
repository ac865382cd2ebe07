/* Verbs, looked up by their packed letters. */
#include "smtp/verb.h"

static const char *const names[VERB_COUNT] = {
    [VERB_UNKNOWN] = "UNKNOWN",
#define VERB(name) [VERB_##name] = #name,
#include "smtp/verbs.def"
#undef VERB
};

const char *verb_name(enum verb verb)
{
    return (unsigned)verb < VERB_COUNT ? names[verb] : names[VERB_UNKNOWN];
}

enum { LETTERS_LEAST = 4, LETTERS_MOST = 8 }; /* ATRN to STARTTLS and XFORWARD */

/* The letters of a literal in one number, folded by the compiler; NULs behind a short one. */
#define LETTER(text, i) ((uint64_t)(uint8_t)(text)[(i) < sizeof(text) ? (i) : sizeof(text) - 1] << (8 * (i)))
#define LETTERS(text)                                                                                        \
    (LETTER(text, 0) | LETTER(text, 1) | LETTER(text, 2) | LETTER(text, 3) | LETTER(text, 4)                 \
     | LETTER(text, 5) | LETTER(text, 6) | LETTER(text, 7))

/* On the way of every line: one comparison of eight letters a verb. */
enum verb verb_parse(struct bytes word)
{
    enum verb found = VERB_UNKNOWN;
    uint64_t letters = 0;

    if (word.len < LETTERS_LEAST || word.len > LETTERS_MOST || word.ptr[word.len - 1] == 0)
        return VERB_UNKNOWN; /* "DATA" NUL would pack as "DATA" */
    for (size_t i = 0; i < word.len; i++)
        letters |= (uint64_t)ascii_upper(word.ptr[i]) << (8 * i);
#define VERB(name) found = letters == LETTERS(#name) ? VERB_##name : found;
#include "smtp/verbs.def"
#undef VERB
    return found;
}
