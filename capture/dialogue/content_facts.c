/* Counting over every octet of a content.  Written so that a compiler makes vectors of it. */
#include "dialogue/state.h"

enum { BLOCK = 192 }; /* a counter of eight bits holds it, and whole vectors fill it */

/* What chooses runs before a sanitizer is ready. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)                               \
    && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define WITH_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define WITH_WIDE_VECTORS
#endif

/* Always inlined, so that it is compiled for the vectors of its caller. */
static inline __attribute__((always_inline)) void add_block(struct content_facts *facts, const uint8_t *p,
                                                            size_t len)
{
    uint8_t returns = 0, nuls = 0, all = 0;

    for (size_t i = 0; i < len; i++) {
        returns = (uint8_t)(returns + (p[i] == '\r'));
        nuls = (uint8_t)(nuls + (p[i] == 0));
        all |= p[i];
    }
    facts->carriage_returns += returns;
    facts->nuls += nuls;
    facts->has_8bit = facts->has_8bit || (all & 0x80);
}

WITH_WIDE_VECTORS
void content_facts_add(struct content_facts *facts, struct bytes bytes)
{
    size_t at = 0;

    for (; at + BLOCK <= bytes.len; at += BLOCK)
        add_block(facts, bytes.ptr + at, BLOCK);
    if (at < bytes.len)
        add_block(facts, bytes.ptr + at, bytes.len - at);
}
