/* Events name packets as they came from the device; beside a file of evidence they name them as they stand in
 * it. */
#include <stdlib.h>

#include "cli/evidence_parts.h"

enum { NUMBERS = 1 << 20 }; /* an event is written long before as many packets have come */

struct numbered {
    uint64_t captured;
    uint32_t number;
};

struct numbers {
    uint32_t last; /* of this file */
    struct numbered newest[NUMBERS];
};

struct numbers *numbers_new(void)
{
    return calloc(1, sizeof(struct numbers));
}

void numbers_free(struct numbers *numbers)
{
    free(numbers);
}

void numbers_add(struct numbers *numbers, uint64_t captured)
{
    numbers->newest[captured % NUMBERS] = (struct numbered){ captured, ++numbers->last };
}

void numbers_clear(struct numbers *numbers)
{
    memset(numbers, 0, sizeof *numbers);
}

static uint32_t number_of(const struct numbers *numbers, uint64_t captured)
{
    const struct numbered *at = &numbers->newest[captured % NUMBERS];

    return at->captured == captured ? at->number : 0;
}

/* In a string of JSON a quote has a backslash before it: the key cannot be part of one.  What is in no file
 * any more has no number. */
void numbers_replace(const struct numbers *numbers, struct buf *lines)
{
    static const char key[] = ",\"packet\":";
    struct buf out;
    size_t at = 0;

    if (lines->len == 0)
        return;
    buf_init(&out, lines->max);
    for (const uint8_t *hit; (hit = memmem(lines->ptr + at, lines->len - at, key, sizeof key - 1));) {
        size_t digits = (size_t)(hit - lines->ptr) + sizeof key - 1, end = digits;
        uint64_t captured = 0;
        while (end < lines->len && ascii_is_digit(lines->ptr[end]))
            captured = captured * 10 + (uint64_t)(lines->ptr[end++] - '0');
        (void)buf_append(&out, (struct bytes){ lines->ptr + at, digits - (sizeof key - 1) - at });
        uint32_t number = number_of(numbers, captured);
        if (number)
            (void)buf_printf(&out, "%s%u", key, number);
        at = end;
    }
    (void)buf_append(&out, (struct bytes){ lines->ptr + at, lines->len - at });
    if (out.ok) {
        buf_clear(lines);
        (void)buf_append(lines, buf_bytes(&out));
    }
    buf_release(&out);
}
