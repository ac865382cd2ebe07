#ifndef IP_IP_H
#define IP_IP_H

#include "base/address.h"
#include "base/budget.h"
#include "base/bytes.h"
#include "base/err.h"
#include "link/link.h"

/* IPv4 and IPv6 (RFC 791, RFC 8200), extension headers, fragments, tunnels, and the TCP header (RFC
 * 9293 3.1). */

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32 };

/* A TCP segment as found in a packet, inside whatever tunnels.  Views into the packet, or, of a
 * datagram put together from fragments, into the decoder, where they live until the next call. */
struct segment {
    struct address source;
    struct address destination;
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t seq;
    uint32_t ack;
    uint8_t flags; /* enum tcp_flag */
    uint16_t window;
    struct bytes payload;   /* what was captured of it */
    uint32_t missing;       /* payload bytes behind it that the snap length cut off */
    struct bytes ip_packet; /* from the innermost IP header on, as captured or put together, for nDPI */
    uint64_t time_ns;
    uint32_t input; /* of the packet that completed it */
    uint64_t number;
};

enum ip_result {
    IP_NONE = 0,  /* not TCP, or nothing to be made of it */
    IP_SEGMENT,   /* `out` is filled */
    IP_FRAGMENT,  /* kept; the datagram is not complete */
    IP_MALFORMED, /* headers that lie or are cut short */
    IP_RESULT_COUNT
};

struct ip_counters {
    uint64_t packets[IP_RESULT_COUNT];
    uint64_t unknown_link;      /* packets of a link type that is not supported */
    int unknown_dlt;            /* the last such */
    uint64_t fragments_dropped; /* for want of budget, or too old */
    uint64_t nested_too_deep;
};

/* A packet as the source hands it out. */
struct ip_frame {
    struct bytes data;
    uint32_t wire_length;
    int dlt;
    uint32_t input;
    uint64_t number;
    uint64_t time_ns;
};

struct ip_decoder;

struct ip_decoder *ip_decoder_new(struct budget *budget, struct err *err);
void ip_decoder_free(struct ip_decoder *decoder);
/* A datagram whose last fragment this is comes out whole. */
enum ip_result ip_decode(struct ip_decoder *decoder, const struct ip_frame *frame, struct segment *out);
const struct ip_counters *ip_decoder_counters(const struct ip_decoder *decoder);

#endif
