#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"

/* A growable buffer with a ceiling.  An append that would exceed `max`, or for which there is no memory,
 * appends nothing and clears `ok`, which stays cleared until buf_clear: check once, after the last append. */
struct buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max;
    bool ok;
};

/* There is no unlimited form: `max` is a constant of base/limits.h. */
void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf);
/* Empty and ready for reuse; keeps its memory. */
void buf_clear(struct buf *buf);

bool buf_append_u64(struct buf *buf, uint64_t number);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Where there is no room yet: grows. */
uint8_t *buf_reserve_more(struct buf *buf, size_t n);

/* Room for `n` more bytes to be written at ptr + len; NULL at the ceiling.  The caller adds to len. */
static inline uint8_t *buf_reserve(struct buf *buf, size_t n)
{
    return buf->ok && n <= buf->cap - buf->len ? buf->ptr + buf->len : buf_reserve_more(buf, n);
}

/* Inline, so that of a text of our own length and copy are known to the compiler. */
static inline bool buf_append(struct buf *buf, struct bytes bytes)
{
    if (bytes.len == 0)
        return buf->ok;
    uint8_t *to = buf_reserve(buf, bytes.len);
    if (!to)
        return false;
    memcpy(to, bytes.ptr, bytes.len);
    buf->len += bytes.len;
    return true;
}

static inline bool buf_append_u8(struct buf *buf, uint8_t byte)
{
    return buf_append(buf, (struct bytes){ &byte, 1 });
}

static inline bool buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, bytes_of(text));
}

/* Borrowed, until the next append. */
static inline struct bytes buf_bytes(const struct buf *buf)
{
    return (struct bytes){ buf->ptr, buf->len };
}

#endif
