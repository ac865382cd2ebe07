#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/bytes.h"

/* An IP address in network order.  `family` is 4, 6, or 0 for none; IPv4 uses the first four bytes, and the
 * rest is zero, so that addresses compare with memcmp. */
struct address {
    uint8_t family;
    uint8_t bytes[16];
};

struct endpoint {
    struct address address;
    uint16_t port;
};

enum { ADDRESS_TEXT = 46, ENDPOINT_TEXT = 56 };

/* NUL-terminated, RFC 5952 for IPv6; returns the length. */
size_t address_format(const struct address *address, char out[ADDRESS_TEXT]);
/* 192.0.2.1:25 or [2001:db8::1]:25. */
size_t endpoint_format(const struct endpoint *endpoint, char out[ENDPOINT_TEXT]);
bool address_parse(struct bytes text, struct address *out) NODISCARD;
bool address_equal(const struct address *a, const struct address *b);

/* An address or a network in CIDR notation, as selectors take it. */
struct address_prefix {
    struct address address;
    unsigned bits;
};

bool address_prefix_parse(struct bytes text, struct address_prefix *out) NODISCARD;
bool address_prefix_holds(const struct address_prefix *prefix, const struct address *address);

#endif
