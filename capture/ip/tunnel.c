/* Tunnels over IP: IP in IP, GRE with ERSPAN, VXLAN, GENEVE.  Mirrored traffic of clouds arrives so. */
#include "ip/datagram.h"

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_VERSION = 0x0007,
    ETHERTYPE_ERSPAN = 0x88be, /* types I and II */
    ETHERTYPE_ERSPAN_III = 0x22eb,
    ERSPAN_II_HEADER = 8,
    ERSPAN_III_HEADER = 12,
    ERSPAN_III_PLATFORM = 8, /* sub-header, if its O bit is set */
    PORT_VXLAN = 4789,
    PORT_VXLAN_LINUX = 8472, /* Linux before the port was assigned */
    PORT_VXLAN_GPE = 4790,
    PORT_GENEVE = 6081,
};

/* RFC 2784, RFC 2890: flags and version (2), protocol (2), then checksum, key and sequence number if flagged.
 */
static bool open_gre(struct reader *r, struct link_payload *out)
{
    uint16_t flags = read_be16(r);
    out->ethertype = read_be16(r);

    if (!r->ok || (flags & (GRE_VERSION | GRE_ROUTING)))
        return false;
    if (flags & GRE_CHECKSUM)
        (void)read_be32(r);
    if (flags & GRE_KEY)
        (void)read_be32(r);
    if (flags & GRE_SEQUENCE)
        (void)read_be32(r);
    if (out->ethertype == ETHERTYPE_ERSPAN) {
        if (flags & GRE_SEQUENCE) /* type I has neither sequence number nor header */
            (void)read_bytes(r, ERSPAN_II_HEADER);
        out->ethertype = LINK_ETHERTYPE_TEB;
    } else if (out->ethertype == ETHERTYPE_ERSPAN_III) {
        (void)read_bytes(r, ERSPAN_III_HEADER - 1);
        if (read_u8(r) & 1)
            (void)read_bytes(r, ERSPAN_III_PLATFORM);
        out->ethertype = LINK_ETHERTYPE_TEB;
    }
    return r->ok;
}

/* RFC 7348: flags (1, bit 3 says that the identifier is valid), reserved (3), identifier (3), reserved (1).
 */
static bool open_vxlan(struct reader *r, struct link_payload *out)
{
    uint32_t flags = read_be32(r);
    (void)read_be32(r);
    out->ethertype = LINK_ETHERTYPE_TEB;
    return r->ok && (flags & 0x08000000u);
}

/* VXLAN-GPE: as VXLAN, the last octet of the first word names the next protocol. */
static bool open_vxlan_gpe(struct reader *r, struct link_payload *out)
{
    static const uint32_t next[] = { LINK_ETHERTYPE_TEB, LINK_ETHERTYPE_IPV4, LINK_ETHERTYPE_IPV6,
                                     LINK_ETHERTYPE_TEB };
    uint32_t flags = read_be32(r);
    (void)read_be32(r);
    uint32_t kind = flags & 0xff;

    if (!r->ok || kind >= sizeof next / sizeof next[0])
        return false;
    out->ethertype = next[kind];
    return true;
}

/* RFC 8926: version and length of options in words (1), flags (1), protocol (2), identifier and reserved (4).
 */
static bool open_geneve(struct reader *r, struct link_payload *out)
{
    uint8_t first = read_u8(r);
    (void)read_u8(r);
    out->ethertype = read_be16(r);
    (void)read_be32(r);
    (void)read_bytes(r, (size_t)(first & 0x3f) * 4);
    return r->ok && first >> 6 == 0;
}

static bool open_udp(struct reader *r, struct link_payload *out)
{
    (void)read_be16(r);
    uint16_t port = read_be16(r);
    (void)read_be32(r);

    switch (port) {
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
        return open_vxlan(r, out);
    case PORT_VXLAN_GPE:
        return open_vxlan_gpe(r, out);
    case PORT_GENEVE:
        return open_geneve(r, out);
    default:
        return false;
    }
}

bool tunnel_open(const struct datagram *datagram, struct link_payload *out)
{
    struct reader r = reader_over(datagram->payload);
    bool ok = true;

    switch (datagram->protocol) {
    case IP_PROTOCOL_IPV4:
        out->ethertype = LINK_ETHERTYPE_IPV4;
        break;
    case IP_PROTOCOL_IPV6:
        out->ethertype = LINK_ETHERTYPE_IPV6;
        break;
    case IP_PROTOCOL_GRE:
        ok = open_gre(&r, out);
        break;
    case IP_PROTOCOL_UDP:
        ok = open_udp(&r, out);
        break;
    default:
        return false;
    }
    out->payload = read_rest(&r);
    return ok && r.ok;
}
