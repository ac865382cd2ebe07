#ifndef LINK_LINK_ROWS_H
#define LINK_LINK_ROWS_H

#include "link/link.h"

/* The rows of link.c, and what several link layers share. */
extern const struct link_type link_ethernet;
extern const struct link_type link_linux_sll;
extern const struct link_type link_linux_sll2;
extern const struct link_type link_null;
extern const struct link_type link_loop;
extern const struct link_type link_enc;
extern const struct link_type link_raw;
extern const struct link_type link_raw_12;
extern const struct link_type link_raw_14;
extern const struct link_type link_ipv4;
extern const struct link_type link_ipv6;
extern const struct link_type link_ppp;
extern const struct link_type link_ppp_serial;
extern const struct link_type link_ppp_with_dir;
extern const struct link_type link_80211;
extern const struct link_type link_radiotap;
extern const struct link_type link_prism;
extern const struct link_type link_avs;
extern const struct link_type link_pflog;
extern const struct link_type link_nflog;
extern const struct link_type link_pppoe;
extern const struct link_type link_chdlc;

/* EtherTypes of what link_peel takes off, where a link layer begins with it. */
enum { LINK_ETHERTYPE_MPLS = 0x8847, LINK_ETHERTYPE_PPPOE_SESSION = 0x8864 };

/* EtherType of a PPP protocol number (RFC 1661, RFC 1332, RFC 5072, RFC 3032), 0 for one without IP. */
uint32_t link_ethertype_of_ppp(uint16_t protocol);
/* EtherType of an address family as BSD systems number it, 0 for one without IP. */
uint32_t link_ethertype_of_family(uint32_t family);
/* An LLC header with SNAP (IEEE 802.2), as Ethernet length frames and 802.11 carry it. */
bool link_read_snap(struct reader *r, uint32_t *ethertype);

#endif
