#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NODISCARD __attribute__((warn_unused_result))

/* A borrowed view of wire bytes.  It never owns memory, may hold NULs, and is
 * never NUL-terminated.  {NULL, 0} is the empty view. */
struct bytes {
    const uint8_t *ptr;
    size_t len;
};

/* A view of a string literal, without its NUL. */
#define BYTES(literal) ((struct bytes){ (const uint8_t *)("" literal), sizeof(literal) - 1 })

/* A view of a NUL-terminated string of our own; never of wire data.  NULL gives the empty view. */
static inline struct bytes bytes_of(const char *text)
{
    return text ? (struct bytes){ (const uint8_t *)text, strlen(text) } : (struct bytes){ NULL, 0 };
}

/* The `len` bytes from `at`; what lies beyond the end is cut off. */
static inline struct bytes bytes_slice(struct bytes b, size_t at, size_t len)
{
    if (at >= b.len)
        return (struct bytes){ NULL, 0 };
    if (len > b.len - at)
        len = b.len - at;
    return (struct bytes){ b.ptr + at, len };
}

static inline struct bytes bytes_from(struct bytes b, size_t at)
{
    return bytes_slice(b, at, SIZE_MAX);
}

/* Offset of the first `byte`, or SIZE_MAX. */
static inline size_t bytes_find(struct bytes b, uint8_t byte)
{
    const uint8_t *hit = b.len ? memchr(b.ptr, byte, b.len) : NULL;

    return hit ? (size_t)(hit - b.ptr) : SIZE_MAX;
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline uint8_t ascii_upper(uint8_t c)
{
    return (uint8_t)(c - ((uint8_t)(c - 'a') < 26 ? 32 : 0));
}

static inline bool ascii_is_letter(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26;
}

static inline bool ascii_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* ASCII case is ignored; other bytes compare as they are. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);
bool bytes_starts_nocase(struct bytes b, struct bytes prefix);
/* Offset of the first occurrence of `needle`, ASCII case ignored, or SIZE_MAX. */
size_t bytes_find_nocase(struct bytes b, struct bytes needle);
/* Without leading and trailing blanks (SP and HT). */
struct bytes bytes_trim(struct bytes b);
/* A decimal number of 1 to 19 digits that fills the view; false otherwise, `out` untouched. */
bool bytes_to_u64(struct bytes b, uint64_t *out) NODISCARD;

/* A bounds-checked cursor.  A read past the end yields 0 and clears `ok`, and every later
 * read fails too, so a decoder checks once, before it believes what it read. */
struct reader {
    struct bytes in;
    size_t at;
    bool ok;
};

static inline struct reader reader_over(struct bytes in)
{
    return (struct reader){ .in = in, .at = 0, .ok = true };
}

static inline size_t reader_left(const struct reader *r)
{
    return r->in.len - r->at;
}

static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
    if (!r->ok || n > r->in.len - r->at) { /* subtract, never add: no overflow */
        r->ok = false;
        return NULL;
    }
    const uint8_t *p = r->in.ptr + r->at;
    r->at += n;
    return p;
}

static inline struct bytes read_bytes(struct reader *r, size_t n)
{
    if (!r->ok || n > r->in.len - r->at) {
        r->ok = false;
        return (struct bytes){ NULL, 0 };
    }
    struct bytes b = bytes_slice(r->in, r->at, n); /* not ptr + at: NULL + 0 is undefined in C */
    r->at += n;
    return b;
}

static inline struct bytes read_rest(struct reader *r)
{
    return read_bytes(r, r->ok ? r->in.len - r->at : 0);
}

static inline uint8_t read_u8(struct reader *r)
{
    const uint8_t *p = reader_take(r, 1);

    return p ? p[0] : 0;
}

static inline uint16_t read_be16(struct reader *r)
{
    const uint8_t *p = reader_take(r, 2);

    return p ? (uint16_t)((unsigned)p[0] << 8 | p[1]) : (uint16_t)0;
}

static inline uint32_t read_be32(struct reader *r)
{
    const uint8_t *p = reader_take(r, 4);

    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint16_t read_le16(struct reader *r)
{
    const uint8_t *p = reader_take(r, 2);

    return p ? (uint16_t)((unsigned)p[1] << 8 | p[0]) : (uint16_t)0;
}

static inline uint32_t read_le32(struct reader *r)
{
    const uint8_t *p = reader_take(r, 4);

    return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

#endif
