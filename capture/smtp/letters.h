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
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t letters = 0;

    if (word.len >= LETTERS_PACKED) {
        const uint8_t *p = word.ptr; /* which compilers make one load of */
        letters = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24
                  | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
    } else {
        for (size_t i = 0; i < word.len; i++)
            letters |= (uint64_t)word.ptr[i] << (8 * i);
    }
    /* All eight at once: the high bit of each that is a small letter, moved to where case is told. */
    uint64_t low = letters & each * 0x7f;
    uint64_t small = ((low + each * (0x80 - 'a')) ^ (low + each * (0x7f - 'z'))) & ~letters & each * 0x80;
    return letters - (small >> 2);
}

#endif
