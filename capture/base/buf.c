/* A growable buffer that knows its ceiling. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/digits.h"

enum { DIGITS_MOST = 20 }; /* of 64 bits */

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){ .max = max, .ok = true };
}

void buf_release(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){ .max = buf->max, .ok = true };
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->ok = true;
}

static bool grow(struct buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : 256;

    while (cap < need)
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    cap = cap > buf->max ? buf->max : cap; /* buf_reserve looks at the capacity alone */
    uint8_t *ptr = realloc(buf->ptr, cap);
    if (!ptr)
        return false;
    buf->ptr = ptr;
    buf->cap = cap;
    return true;
}

uint8_t *buf_reserve_more(struct buf *buf, size_t n)
{
    if (!buf->ok || n > buf->max - buf->len || (n > buf->cap - buf->len && !grow(buf, buf->len + n))) {
        buf->ok = false;
        return NULL;
    }
    return buf->ptr + buf->len;
}

static size_t count_digits(uint64_t number)
{
    size_t count = 1;

    for (uint64_t limit = 10; count < DIGITS_MOST && number >= limit; limit *= 10)
        count++;
    return count;
}

bool buf_append_u64(struct buf *buf, uint64_t number)
{
    size_t at = count_digits(number);
    char *to = (char *)buf_reserve(buf, at);

    if (!to)
        return false;
    buf->len += at;
    for (; at > 1; at -= 2, number /= 100)
        (void)digits_put_two(to + at - 2, (unsigned)(number % 100));
    if (at > 0)
        *to = (char)('0' + number);
    return true;
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        return buf->ok = false;
    if ((size_t)n < sizeof text)
        return buf_append(buf, (struct bytes){ (const uint8_t *)text, (size_t)n });
    uint8_t *to = buf_reserve(buf, (size_t)n + 1); /* vsnprintf writes a NUL, which is not kept */
    if (!to)
        return false;
    va_start(args, format);
    (void)vsnprintf((char *)to, (size_t)n + 1, format, args);
    va_end(args);
    buf->len += (size_t)n;
    return true;
}
