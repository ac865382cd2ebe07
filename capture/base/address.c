/* Addresses, endpoints and networks as text. */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>

static size_t copy_out(const char *text, char *out)
{
    size_t len = strlen(text);

    memcpy(out, text, len + 1);
    return len;
}

static char *put_decimal(char *to, unsigned value)
{
    if (value >= 10)
        to = put_decimal(to, value / 10);
    *to = (char)('0' + value % 10);
    return to + 1;
}

size_t address_format(const struct address *address, char out[ADDRESS_TEXT])
{
    if (address->family == 4) { /* by hand: this is on the way of every session */
        char *to = out;
        for (unsigned i = 0; i < 4; i++) {
            if (i)
                *to++ = '.';
            to = put_decimal(to, address->bytes[i]);
        }
        *to = '\0';
        return (size_t)(to - out);
    }
    if (address->family != 6 || !inet_ntop(AF_INET6, address->bytes, out, ADDRESS_TEXT))
        return copy_out("unknown", out);
    return strlen(out);
}

size_t endpoint_format(const struct endpoint *endpoint, char out[ENDPOINT_TEXT])
{
    char *to = out;

    if (endpoint->address.family == 6)
        *to++ = '[';
    to += address_format(&endpoint->address, to);
    if (endpoint->address.family == 6)
        *to++ = ']';
    *to++ = ':';
    to = put_decimal(to, endpoint->port);
    *to = '\0';
    return (size_t)(to - out);
}

bool address_parse(struct bytes text, struct address *out)
{
    char copy[ADDRESS_TEXT];
    struct address parsed = { 0 };

    if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = bytes_slice(text, 1, text.len - 2);
    if (text.len == 0 || text.len >= sizeof copy || bytes_find(text, 0) != SIZE_MAX)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, parsed.bytes) == 1)
        parsed.family = 4;
    else if (inet_pton(AF_INET6, copy, parsed.bytes) == 1)
        parsed.family = 6;
    else
        return false;
    *out = parsed;
    return true;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool address_prefix_parse(struct bytes text, struct address_prefix *out)
{
    size_t slash = bytes_find(text, '/');
    struct address_prefix prefix;
    uint64_t bits;

    if (!address_parse(slash == SIZE_MAX ? text : bytes_slice(text, 0, slash), &prefix.address))
        return false;
    unsigned most = prefix.address.family == 4 ? 32 : 128;
    prefix.bits = most;
    if (slash != SIZE_MAX) {
        if (!bytes_to_u64(bytes_from(text, slash + 1), &bits) || bits > most)
            return false;
        prefix.bits = (unsigned)bits;
    }
    *out = prefix;
    return true;
}

bool address_prefix_holds(const struct address_prefix *prefix, const struct address *address)
{
    if (prefix->address.family != address->family)
        return false;
    unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
    if (memcmp(prefix->address.bytes, address->bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    uint8_t mask = (uint8_t)(0xffu << (8 - rest));
    return ((prefix->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}
