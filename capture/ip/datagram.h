#ifndef IP_DATAGRAM_H
#define IP_DATAGRAM_H

#include "ip/ip.h"

enum ip_protocol {
    IP_PROTOCOL_IPV4 = 4,
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_PROTOCOL_IPV6 = 41,
    IP_PROTOCOL_GRE = 47,
};

/* One IP datagram, or a fragment of one, with its headers read. */
struct datagram {
    struct address source;
    struct address destination;
    uint8_t protocol;     /* of the payload, extension headers walked */
    struct bytes payload; /* what was captured of it; trailing padding of the link is not in it */
    size_t cut;           /* payload octets that the snap length cut off */
    bool is_fragment;
    bool has_more; /* fragments behind this one */
    uint32_t id;
    uint32_t offset; /* of a fragment, in octets */
};

/* `cut`: octets of the packet that were not captured.  False: malformed. */
bool ipv4_decode(struct bytes packet, size_t cut, struct datagram *out) NODISCARD;
bool ipv6_decode(struct bytes packet, size_t cut, struct datagram *out) NODISCARD;

/* Ports, sequence numbers, flags and payload of `out`; false: malformed. */
bool tcp_header_decode(struct bytes tcp, size_t cut, struct segment *out) NODISCARD;

/* Whether the datagram is a tunnel; what is inside goes to `out` (ethertype, payload, layers counted). */
bool tunnel_open(const struct datagram *datagram, struct link_payload *out) NODISCARD;

/* Datagrams in reassembly. */
struct fragments;
struct fragments *fragments_new(struct budget *budget);
void fragments_free(struct fragments *fragments);
/* True when this piece completes its datagram: then `whole->payload` is all of it, borrowed until the next
 * call.  `dropped` counts pieces and datagrams for which there was no room or no time. */
bool fragments_add(struct fragments *fragments, const struct datagram *piece, uint64_t time_ns,
                   struct datagram *whole, uint64_t *dropped) NODISCARD;

#endif
