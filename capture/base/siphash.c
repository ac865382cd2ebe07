/* SipHash with one round a word and three at the end. */
#include "base/siphash.h"

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void round_once(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline void add_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    round_once(v);
    v[0] ^= word;
}

/* Little-endian, whatever the machine is; compilers make one load of it. */
static inline uint64_t word_at(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24
           | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

void siphash_start(struct siphash *hash, const uint64_t key[2])
{
    *hash =
        (struct siphash){ .v = { UINT64_C(0x736f6d6570736575) ^ key[0], UINT64_C(0x646f72616e646f6d) ^ key[1],
                                 UINT64_C(0x6c7967656e657261) ^ key[0],
                                 UINT64_C(0x7465646279746573) ^ key[1] } };
}

/* Returns what it took; the state stays in registers on the way. */
static size_t add_words(struct siphash *hash, struct bytes bytes)
{
    uint64_t v[4] = { hash->v[0], hash->v[1], hash->v[2], hash->v[3] };
    size_t at = 0;

    for (; bytes.len - at >= 8; at += 8)
        add_word(v, word_at(bytes.ptr + at));
    memcpy(hash->v, v, sizeof v);
    return at;
}

void siphash_add(struct siphash *hash, struct bytes bytes)
{
    size_t at = 0, fill = hash->length % 8;

    hash->length += bytes.len;
    for (; at < bytes.len && fill != 0; at++) {
        hash->pending |= (uint64_t)bytes.ptr[at] << 8 * fill;
        fill = (fill + 1) % 8;
        if (fill != 0)
            continue;
        add_word(hash->v, hash->pending);
        hash->pending = 0;
    }
    if (bytes.len - at >= 8)
        at += add_words(hash, bytes_from(bytes, at));
    for (; at < bytes.len; at++, fill++)
        hash->pending |= (uint64_t)bytes.ptr[at] << 8 * fill;
}

void siphash_add_number(struct siphash *hash, uint64_t number)
{
    uint8_t octets[8];

    if (hash->length % 8 == 0) {
        add_word(hash->v, number);
        hash->length += 8;
        return;
    }
    for (unsigned i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(number >> 8 * i);
    siphash_add(hash, (struct bytes){ octets, sizeof octets });
}

/* The bytes behind the last whole word, with zeroes up to eight. */
static inline uint64_t tail_of(struct bytes part)
{
    size_t rest = part.len % 8;
    uint64_t last = 0;

    if (part.len >= 8)
        return word_at(part.ptr + part.len - 8) >> (64 - 8 * rest);
    for (size_t i = rest; i-- > 0;)
        last = last << 8 | part.ptr[i];
    return last;
}

/* The state stays in registers on the way. */
static void add_part_aligned(struct siphash *hash, struct bytes part)
{
    uint64_t v[4] = { hash->v[0], hash->v[1], hash->v[2], hash->v[3] };

    add_word(v, part.len);
    for (size_t at = 0; part.len - at >= 8; at += 8)
        add_word(v, word_at(part.ptr + at));
    if (part.len % 8)
        add_word(v, tail_of(part));
    memcpy(hash->v, v, sizeof v);
    hash->length += 8 + (part.len + 7) / 8 * 8;
}

void siphash_add_part(struct siphash *hash, struct bytes part)
{
    static const uint8_t zeroes[8] = { 0 };
    size_t rest = part.len % 8;

    if (hash->length % 8 == 0) {
        add_part_aligned(hash, part);
        return;
    }
    siphash_add_number(hash, part.len);
    siphash_add(hash, part);
    siphash_add(hash, (struct bytes){ zeroes, rest ? 8 - rest : 0 });
}

uint64_t siphash_value(const struct siphash *hash)
{
    uint64_t v[4] = { hash->v[0], hash->v[1], hash->v[2], hash->v[3] };

    add_word(v, hash->length << 56 | hash->pending);
    v[2] ^= 0xff;
    round_once(v);
    round_once(v);
    round_once(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
