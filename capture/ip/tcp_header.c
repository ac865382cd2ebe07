/* The TCP header (RFC 9293 3.1): ports, sequence and acknowledgment numbers, data offset, flags, window,
 * checksum, urgent pointer, options. */
#include "ip/datagram.h"

bool tcp_header_decode(struct bytes tcp, size_t cut, struct segment *out)
{
    struct reader r = reader_over(tcp);

    out->source_port = read_be16(&r);
    out->destination_port = read_be16(&r);
    out->seq = read_be32(&r);
    out->ack = read_be32(&r);
    size_t header = (size_t)(read_u8(&r) >> 4) * 4;
    out->flags = read_u8(&r) & 0x3f;
    out->window = read_be16(&r);
    if (!r.ok || header < 20)
        return false;
    if (header > tcp.len) { /* options cut off: with them, all payload */
        if (header > tcp.len + cut)
            return false;
        cut -= header - tcp.len;
    }
    out->payload = bytes_from(tcp, header);
    out->missing = (uint32_t)cut;
    return true;
}
