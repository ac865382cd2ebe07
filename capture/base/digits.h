#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdint.h>

/* Decimal digits two at a time: half as many divisions, and none that waits long for the one before. */
static inline char *digits_put_two(char *to, unsigned value)
{
    to[0] = (char)('0' + value / 10);
    to[1] = (char)('0' + value % 10);
    return to + 2;
}

static inline char *digits_put_four(char *to, unsigned value)
{
    return digits_put_two(digits_put_two(to, value / 100), value % 100);
}

#endif
