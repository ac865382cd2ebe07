#ifndef IP_DATAGRAM_H
#define IP_DATAGRAM_H

#include "ip/ip.h"

enum ip_protocol {
    IP_PROTOCOL_IPV4 = 4,
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_PROTOCOL_IPV6 = 41,
    IP_PROTOCOL_GRE = 47,
    IP_PROTOCOL_AUTHENTICATION = 51,
};

enum { IPV4_HEADER = 20, IPV6_HEADER = 40 };

/* One IP datagram, or a fragment of one, with its headers read. */
struct datagram {
    struct address source;
    struct address destination;
    uint8_t protocol;     /* of the payload, extension headers walked */
    struct bytes packet;  /* from the IP header on */
    struct bytes payload; /* the end of it: what was captured; trailing padding of the link is not in it */
    size_t cut;           /* payload octets that the snap length cut off */
    bool is_fragment;
    bool has_more; /* fragments behind this one */
    uint32_t id;
    uint32_t offset; /* of a fragment, in octets */
};

/* `cut`: octets of the packet that were not captured.  False: malformed. */
bool ipv4_decode(struct bytes packet, size_t cut, struct datagram *out) NODISCARD;
bool ipv6_decode(struct bytes packet, size_t cut, struct datagram *out) NODISCARD;
/* Walks the extension headers that the payload begins with, also those that were in fragments: the payload of
 * `datagram` shrinks, and `protocol` is that of what is behind them.  False: malformed. */
bool ip_skip_extensions(struct datagram *datagram) NODISCARD;
/* A plain header for a datagram that was put together, as if it had never been cut. */
void ipv4_write_header(const struct datagram *datagram, uint8_t out[IPV4_HEADER]);
void ipv6_write_header(const struct datagram *datagram, uint8_t out[IPV6_HEADER]);

/* Ports, sequence numbers, flags and payload of `out`; false: malformed. */
bool tcp_header_decode(struct bytes tcp, size_t cut, struct segment *out) NODISCARD;

/* Whether the datagram is a tunnel; what is inside goes to `out` (ethertype, payload, layers counted). */
bool tunnel_open(const struct datagram *datagram, struct link_payload *out) NODISCARD;

/* Datagrams in reassembly. */
struct fragments;
struct fragments *fragments_new(struct budget *budget);
void fragments_free(struct fragments *fragments);
/* True when this piece completes its datagram: then `whole` is all of it, with a header of our own, borrowed
 * until the next call.  `dropped` counts pieces and datagrams for which there was no room or no time. */
bool fragments_add(struct fragments *fragments, const struct datagram *piece, uint64_t time_ns,
                   struct datagram *whole, uint64_t *dropped) NODISCARD;

#endif
