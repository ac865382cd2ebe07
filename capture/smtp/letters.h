#ifndef SMTP_LETTERS_H
#define SMTP_LETTERS_H

#include "base/bytes.h"

/* The first eight letters of a word in one number, for tables of words that are looked up for every line. */

enum { LETTERS_PACKED = 8 };

/* Of a literal, folded by the compiler; NULs behind a short one. */
#define LETTER(text, i) ((uint64_t)(uint8_t)(text)[(i) < sizeof(text) ? (i) : sizeof(text) - 1] << (8 * (i)))
#define LETTERS(text)                                                                                        \
    (LETTER(text, 0) | LETTER(text, 1) | LETTER(text, 2) | LETTER(text, 3) | LETTER(text, 4)                 \
     | LETTER(text, 5) | LETTER(text, 6) | LETTER(text, 7))

/* Of what came from the wire, in upper case. */
static inline uint64_t letters_of(struct bytes word)
{
    uint64_t letters = 0;

    for (size_t i = 0; i < word.len && i < LETTERS_PACKED; i++)
        letters |= (uint64_t)ascii_upper(word.ptr[i]) << (8 * i);
    return letters;
}

#endif
