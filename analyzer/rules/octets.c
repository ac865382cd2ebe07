/* Every octet of every command passes here: eight at a time, in plain numbers. */
#include "rules/octets.h"

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

static uint64_t eight_of(struct bytes text, size_t at)
{
    uint64_t eight = EACH('A'); /* in place of what the last eight lack */

    if (text.len - at >= sizeof eight)
        memcpy(&eight, text.ptr + at, sizeof eight);
    else
        memcpy(&eight, text.ptr + at, text.len - at);
    return eight;
}

/* Of octets below 128: the high bit where one is that octet. */
static uint64_t where_equal(uint64_t eight, uint8_t octet)
{
    return ~((eight ^ EACH(octet)) + EACH(0x7f));
}

unsigned octets_of(struct bytes text)
{
    uint64_t above = 0, control = 0, shell = 0;

    for (size_t at = 0; at < text.len; at += 8) {
        uint64_t eight = eight_of(text, at), low = eight & EACH(0x7f);
        above |= eight;
        control |= ~(low + EACH(0x80 - ' ')) | where_equal(low, 0x7f);
        shell |= (low + EACH(0x80 - '{')) | where_equal(low, '$') | where_equal(low, '%')
                 | where_equal(low, ';') | where_equal(low, '`');
    }
    return (above & EACH(0x80) ? OCTETS_8BIT : 0u) | (control & EACH(0x80) ? OCTETS_CONTROL : 0u)
           | (shell & EACH(0x80) ? OCTETS_SHELL : 0u);
}
