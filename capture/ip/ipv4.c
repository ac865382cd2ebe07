/* IPv4 (RFC 791 3.1): version and header length, service, total length, identification, flags and offset,
 * time to live, protocol, checksum, source, destination, options. */
#include "ip/datagram.h"

enum { MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff };

static struct address read_address(struct reader *r)
{
    struct address address = { .family = 4 };
    const uint8_t *bytes = reader_take(r, 4);

    if (bytes)
        memcpy(address.bytes, bytes, 4);
    return address;
}

bool ipv4_decode(struct bytes packet, size_t cut, struct datagram *out)
{
    struct reader r = reader_over(packet);
    uint8_t first = read_u8(&r);
    (void)read_u8(&r);
    uint16_t total = read_be16(&r);
    uint16_t id = read_be16(&r);
    uint16_t flags = read_be16(&r);
    (void)read_u8(&r);
    uint8_t protocol = read_u8(&r);
    (void)read_be16(&r);
    struct address source = read_address(&r);
    struct address destination = read_address(&r);
    size_t header = (size_t)(first & 15) * 4;

    if (!r.ok || first >> 4 != 4 || header < 20 || header > packet.len || (total != 0 && total < header))
        return false;
    if (total != 0) { /* 0: the segment was too large for the field, and the card would have cut it */
        cut = total > packet.len ? total - packet.len : 0;
        packet = bytes_slice(packet, 0, total);
    }
    *out = (struct datagram){
        .source = source,
        .destination = destination,
        .protocol = protocol,
        .packet = packet,
        .payload = bytes_from(packet, header),
        .cut = cut,
        .is_fragment = (flags & (MORE_FRAGMENTS | OFFSET_MASK)) != 0,
        .has_more = flags & MORE_FRAGMENTS,
        .id = id,
        .offset = (uint32_t)(flags & OFFSET_MASK) * 8,
    };
    return true;
}

void ipv4_write_header(const struct datagram *datagram, uint8_t out[IPV4_HEADER])
{
    size_t total = IPV4_HEADER + datagram->payload.len;

    if (total > UINT16_MAX) /* fragments may add up to more than one packet can say */
        total = 0;
    memset(out, 0, IPV4_HEADER);
    out[0] = 0x45;
    out[2] = (uint8_t)(total >> 8);
    out[3] = (uint8_t)total;
    out[8] = 64;
    out[9] = datagram->protocol;
    memcpy(out + 12, datagram->source.bytes, 4);
    memcpy(out + 16, datagram->destination.bytes, 4);
}
