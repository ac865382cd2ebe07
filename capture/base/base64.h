#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Why a text is not base64 as RFC 4648 section 4 (and RFC 4954 section 4, which allows nothing else) has it.
 */
enum base64_problem {
    BASE64_FINE = 0,
    BASE64_BAD_BYTE,     /* a byte outside the alphabet */
    BASE64_URL_ALPHABET, /* '-' or '_' of RFC 4648 section 5 */
    BASE64_BLANK,        /* a space, tab, CR or LF inside or at the end */
    BASE64_BAD_LENGTH,   /* not a multiple of four: padding missing, or a character lost */
    BASE64_PAD_INSIDE,   /* '=' before the end, or too many */
    BASE64_LOOSE_BITS,   /* unused bits of the last character are not zero (RFC 4648 section 3.5) */
    BASE64_PROBLEM_COUNT
};

const char *base64_problem_name(enum base64_problem problem);

/* Strict.  Appends what decodes, up to the first problem, whose offset goes to `at` (may be NULL). */
enum base64_problem base64_decode(struct bytes text, struct buf *out, size_t *at);
/* As above, taking both alphabets, blanks, missing padding and loose bits; false only for bytes that belong
 * to neither alphabet, or an impossible length. */
bool base64_decode_loose(struct bytes text, struct buf *out);
bool base64_encode(struct bytes bytes, struct buf *out);

#endif
