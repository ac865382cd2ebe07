/* Every octet of every command passes here: eight at a time, in plain numbers. */
#include "rules/octets.h"

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Of octets below 128: the high bit of each that is not this one. */
static uint64_t unlike(uint64_t eight, uint8_t octet)
{
    return (eight ^ EACH(octet)) + EACH(0x7f);
}

/* What is rare, as high bits of each kind. */
struct rare {
    uint64_t above;
    uint64_t control;
    uint64_t shell;
};

static void add_eight(struct rare *rare, const uint8_t *octets)
{
    uint64_t eight;

    memcpy(&eight, octets, sizeof eight);
    uint64_t low = eight & EACH(0x7f);
    rare->above |= eight;
    rare->control |= ~(low + EACH(0x80 - ' '));
    rare->shell |= (low + EACH(0x80 - '{'))
                   | ~(unlike(low & EACH(0xfe), '$') & unlike(low, ';') & unlike(low, '`')); /* $ and % */
}

unsigned octets_of(struct bytes text)
{
    struct rare rare = { 0 };
    size_t at = 0;

    for (; text.len - at >= 8; at += 8)
        add_eight(&rare, text.ptr + at);
    if (at < text.len && at > 0) {
        add_eight(&rare, text.ptr + text.len - 8); /* some of them a second time */
    } else if (text.len > 0 && at == 0) {
        uint8_t few[8] = { 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A' };
        memcpy(few, text.ptr, text.len);
        add_eight(&rare, few);
    }
    unsigned found = (rare.above & EACH(0x80) ? OCTETS_8BIT : 0u)
                     | (rare.control & EACH(0x80) ? OCTETS_CONTROL : 0u)
                     | (rare.shell & EACH(0x80) ? OCTETS_SHELL : 0u);
    return (found & OCTETS_SHELL) && bytes_find(text, 0x7f) != SIZE_MAX ? found | OCTETS_CONTROL : found;
}
