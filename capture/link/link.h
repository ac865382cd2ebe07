#ifndef LINK_LINK_H
#define LINK_LINK_H

#include "base/bytes.h"
#include "base/err.h"

/* Link layers (DLT_*), and what may lie between a link layer and IP: VLAN tags, MPLS, PPPoE, PPP. */

/* What a link layer carries.  `ethertype` is that of IEEE 802; PPP protocols and address families are
 * mapped to it; 0x0800 IPv4, 0x86dd IPv6.  LINK_ETHERTYPE_RAW: look at the IP version nibble. */
enum {
    LINK_ETHERTYPE_IPV4 = 0x0800,
    LINK_ETHERTYPE_IPV6 = 0x86dd,
    LINK_ETHERTYPE_RAW = 0x10000,
    LINK_ETHERTYPE_TEB = 0x6558 /* transparent Ethernet bridging: an Ethernet frame */
};

struct link_payload {
    uint32_t ethertype;
    struct bytes payload;
    uint16_t vlan;   /* the innermost 802.1Q tag's id, 0 none */
    unsigned layers; /* headers peeled so far; LIMIT_LINK_NESTING is the ceiling */
};

struct link_type {
    int dlt;
    const char *name; /* as libpcap has it, lower case: "ethernet", "linux-sll" */
    bool (*decode)(struct bytes frame, struct link_payload *out, struct err *err);
};

/* NULL if the link type is not known. */
const struct link_type *link_find(int dlt);
/* The table, for --list-link-types; NULL-terminated. */
const struct link_type *const *link_types(void);

/* Decodes a frame down to its network layer: the row's decoder, then tags, MPLS, PPPoE.  False for a frame
 * cut short, nested too deep, or without IP inside; `out` then says how far it came.  `err` may be NULL. */
bool link_decode(const struct link_type *type, struct bytes frame, struct link_payload *out,
                 struct err *err) NODISCARD;
/* The same from an ethertype on, for tunnels that carry frames or ethertypes (GRE, GENEVE, VXLAN). */
bool link_peel(struct link_payload *payload, struct err *err) NODISCARD;

#endif
