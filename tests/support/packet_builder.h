#ifndef SUPPORT_PACKET_BUILDER_H
#define SUPPORT_PACKET_BUILDER_H

#include "base/bytes.h"

/* Packets by recipe, for tests and fuzz seeds: "eth ip4 udp:4789 vxlan eth ip4 tcp" around a payload.  Every
 * header names what follows it and how long it is; checksums are zero, as of a card that fills them in. */

enum { PACKET_ROOM = 72 * 1024, PACKET_FRONT = 4096 };

struct packet {
    uint8_t bytes[PACKET_ROOM];
    size_t at; /* of the first octet */
    size_t end;
    size_t inner_len;   /* from the innermost IP header on */
    uint32_t ethertype; /* by which a header in front names what the packet begins with */
    uint8_t protocol;   /* the same, for an IP header */
};

/* The TCP segment of every recipe. */
enum {
    PACKET_SOURCE_PORT = 40000,
    PACKET_PORT = 25,
    PACKET_SEQ = 0x01020304,
    PACKET_ACK = 0x05060708,
    PACKET_WINDOW = 0x1122,
    PACKET_FLAGS = 0x18 /* PSH and ACK */
};

/* From 192.0.2.1 to 192.0.2.25, or 2001:db8::1 to 2001:db8::19.  Aborts on a word it does not know. */
void packet_build(struct packet *packet, const char *recipe, struct bytes payload);
/* One word more in front. */
void packet_wrap(struct packet *packet, const char *recipe);
/* The payload alone, to be wrapped as what IP protocol `protocol` says. */
void packet_start(struct packet *packet, uint8_t protocol, struct bytes payload);
/* Octets in front, as hexadecimal digits; blanks are skipped. */
void packet_push_hex(struct packet *packet, const char *hex);
/* `n` octets of zero in front, or behind. */
uint8_t *packet_push(struct packet *packet, size_t n);
void packet_pad(struct packet *packet, size_t n);
/* Borrowed, until the next change. */
struct bytes packet_bytes(const struct packet *packet);

/* A fragment header in front of a piece: `family` 4 or 6. */
void packet_fragment(struct packet *packet, int family, uint8_t protocol, uint32_t id, size_t offset,
                     bool has_more, struct bytes piece);

/* The first `len` octets on a heap block of that size, so that a read behind them is caught.  The caller
 * frees. */
uint8_t *packet_heap_copy(struct bytes bytes, size_t len);

#endif
