/* IPv6 (RFC 8200): version, class and label (4), payload length (2), next header (1), hop limit (1), source
 * and destination (16 each); then extension headers. */
#include "ip/datagram.h"

#include "base/limits.h"

enum {
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_DESTINATION = 60,
    NEXT_MOBILITY = 135,
    NEXT_HIP = 139,
    NEXT_SHIM6 = 140,
};

static struct address read_address(struct reader *r)
{
    struct address address = { .family = 6 };
    const uint8_t *bytes = reader_take(r, 16);

    if (bytes)
        memcpy(address.bytes, bytes, 16);
    return address;
}

/* Next header (1), reserved (1), offset and M flag (2), identification (4): RFC 8200 4.5. */
static void read_fragment(struct reader *r, struct datagram *out)
{
    (void)read_u8(r);
    uint16_t field = read_be16(r);
    out->id = read_be32(r);
    out->offset = field & 0xfff8u;
    out->has_more = field & 1;
    out->is_fragment = out->has_more || out->offset != 0; /* an atomic fragment is whole, RFC 6946 */
}

/* One extension header; the number of what follows goes to out->protocol.  False: it is none. */
static bool read_extension(struct reader *r, struct datagram *out)
{
    uint8_t kind = out->protocol;
    bool is_ipv6 = out->source.family == 6;

    switch (kind) {
    case NEXT_FRAGMENT:
        if (!is_ipv6)
            return false;
        out->protocol = read_u8(r);
        read_fragment(r, out);
        return true;
    case IP_PROTOCOL_AUTHENTICATION: /* RFC 4302 2.2: words of four octets, less two; in IPv4 too */
        out->protocol = read_u8(r);
        (void)read_bytes(r, ((size_t)read_u8(r) + 2) * 4 - 2);
        return true;
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_DESTINATION:
    case NEXT_MOBILITY:
    case NEXT_HIP:
    case NEXT_SHIM6: /* RFC 8200 4.2: words of eight octets, less one */
        if (!is_ipv6)
            return false;
        out->protocol = read_u8(r);
        (void)read_bytes(r, ((size_t)read_u8(r) + 1) * 8 - 2);
        return true;
    default:
        return false;
    }
}

bool ip_skip_extensions(struct datagram *datagram)
{
    struct reader r = reader_over(datagram->payload);

    for (unsigned n = 0; r.ok && n < LIMIT_LINK_NESTING && !datagram->is_fragment; n++)
        if (!read_extension(&r, datagram))
            break;
    datagram->payload = read_rest(&r);
    return r.ok;
}

bool ipv6_decode(struct bytes packet, size_t cut, struct datagram *out)
{
    struct reader r = reader_over(packet);
    uint32_t first = read_be32(&r);
    uint16_t length = read_be16(&r);
    struct datagram datagram = { .protocol = read_u8(&r) };
    (void)read_u8(&r);
    datagram.source = read_address(&r);
    datagram.destination = read_address(&r);

    if (!r.ok || first >> 28 != 6)
        return false;
    if (length != 0) { /* 0: a jumbogram, or a segment that the card would have cut */
        size_t total = (size_t)IPV6_HEADER + length;
        cut = total > packet.len ? total - packet.len : 0;
        packet = bytes_slice(packet, 0, total);
    }
    datagram.packet = packet;
    datagram.payload = bytes_from(packet, IPV6_HEADER);
    datagram.cut = cut;
    if (!ip_skip_extensions(&datagram))
        return false;
    *out = datagram;
    return true;
}

void ipv6_write_header(const struct datagram *datagram, uint8_t out[IPV6_HEADER])
{
    memset(out, 0, IPV6_HEADER);
    out[0] = 0x60;
    out[4] = (uint8_t)(datagram->payload.len >> 8);
    out[5] = (uint8_t)datagram->payload.len;
    out[6] = datagram->protocol;
    out[7] = 64;
    memcpy(out + 8, datagram->source.bytes, 16);
    memcpy(out + 24, datagram->destination.bytes, 16);
}
