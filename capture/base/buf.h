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

bool buf_append(struct buf *buf, struct bytes bytes);
bool buf_append_u8(struct buf *buf, uint8_t byte);
bool buf_append_text(struct buf *buf, const char *text);
bool buf_append_u64(struct buf *buf, uint64_t number);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `n` more bytes to be written at ptr + len; NULL at the ceiling.  The caller adds to len. */
uint8_t *buf_reserve(struct buf *buf, size_t n);

/* Borrowed, until the next append. */
static inline struct bytes buf_bytes(const struct buf *buf)
{
    return (struct bytes){ buf->ptr, buf->len };
}

#endif
