/* Eight bytes at a time, and the length last. */
#include "base/fingerprint.h"

void fingerprint_start(struct fingerprint *print)
{
    *print = (struct fingerprint){ .state = UINT64_C(0x9e3779b97f4a7c15) };
}

/* Little-endian, whatever the machine is; compilers make one load of it. */
static inline uint64_t word_at(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24
           | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* Up to the next whole word; returns how many bytes it took. */
static size_t fill_up(struct fingerprint *print, struct bytes bytes)
{
    size_t fill = print->length % 8, taken = 0;

    for (; taken < bytes.len && fill + taken < 8; taken++)
        print->pending |= (uint64_t)bytes.ptr[taken] << 8 * (fill + taken);
    if (fill + taken == 8) {
        print->state = fingerprint_mix(print->state, print->pending);
        print->pending = 0;
    }
    return taken;
}

void fingerprint_add(struct fingerprint *print, struct bytes bytes)
{
    size_t at = print->length % 8 ? fill_up(print, bytes) : 0;
    uint64_t state = print->state;

    for (; bytes.len - at >= 8; at += 8)
        state = fingerprint_mix(state, word_at(bytes.ptr + at));
    print->state = state;
    print->length += at;
    if (at < bytes.len) {
        (void)fill_up(print, bytes_from(bytes, at));
        print->length += bytes.len - at;
    }
}

uint64_t fingerprint_value(const struct fingerprint *print)
{
    return fingerprint_mix(fingerprint_mix(print->state, print->pending), print->length);
}
