/* From a captured frame to a TCP segment: the plain cases straight, the others layer by layer. */
#include "ip/ip.h"

#include "base/limits.h"
#include "ip/datagram.h"

#include <stdlib.h>

enum { DLT_OF_ETHERNET = 1 };

struct ip_decoder {
    struct budget *budget;
    struct fragments *fragments; /* made when the first fragment comes */
    const struct link_type *type;
    int dlt;
    struct ip_counters counters;
};

struct ip_decoder *ip_decoder_new(struct budget *budget, struct err *err)
{
    struct ip_decoder *decoder = calloc(1, sizeof *decoder);

    if (!decoder) {
        (void)err_set(err, ERR_NOMEM, 0, "no memory for the IP decoder");
        return NULL;
    }
    decoder->budget = budget;
    decoder->dlt = -1;
    return decoder;
}

void ip_decoder_free(struct ip_decoder *decoder)
{
    if (!decoder)
        return;
    fragments_free(decoder->fragments);
    free(decoder);
}

const struct ip_counters *ip_decoder_counters(const struct ip_decoder *decoder)
{
    return &decoder->counters;
}

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The TCP header at `tcp` of a packet that ends at `end`; both lie in the captured frame. */
static bool plain_tcp(const uint8_t *tcp, const uint8_t *end, struct segment *out)
{
    if (end - tcp < 20)
        return false;
    size_t header = (size_t)(tcp[12] >> 4) * 4;
    if (header < 20 || header > (size_t)(end - tcp))
        return false;
    out->source_port = be16(tcp);
    out->destination_port = be16(tcp + 2);
    out->seq = be32(tcp + 4);
    out->ack = be32(tcp + 8);
    out->flags = tcp[13] & 0x3f;
    out->window = be16(tcp + 14);
    out->payload = (struct bytes){ tcp + header, (size_t)(end - tcp) - header };
    out->missing = 0;
    return true;
}

/* Written in the pieces in which it is read again at once: otherwise the processor waits for its own writes.
 */
static void put_ipv4(struct address *address, const uint8_t *octets)
{
    uint64_t words[2] = { 0, 0 };

    memcpy(words, octets, 4);
    address->family = 4;
    memcpy(address->bytes, words, sizeof words);
}

/* Nearly every packet: Ethernet, IP without options, TCP, wholly captured.  Only offsets that were checked
 * are read.  False says nothing: the general way has the word. */
static bool plain_frame(struct bytes frame, struct segment *out)
{
    if (frame.len < 54)
        return false;
    const uint8_t *p = frame.ptr, *ip = p + 14;
    if (p[12] == 0x08 && p[13] == 0x00) {
        size_t total = be16(ip + 2);
        if (ip[0] != 0x45 || ip[9] != IP_PROTOCOL_TCP || (be16(ip + 6) & 0x3fff) || total < 40
            || total > frame.len - 14)
            return false;
        put_ipv4(&out->source, ip + 12);
        put_ipv4(&out->destination, ip + 16);
        out->ip_packet = (struct bytes){ ip, total };
        return plain_tcp(ip + 20, ip + total, out);
    }
    if (p[12] == 0x86 && p[13] == 0xdd && frame.len >= 74) {
        size_t length = be16(ip + 4);
        if (ip[0] >> 4 != 6 || ip[6] != IP_PROTOCOL_TCP || length < 20 || length > frame.len - 54)
            return false;
        out->source.family = 6;
        out->destination.family = 6;
        memcpy(out->source.bytes, ip + 8, 16);
        memcpy(out->destination.bytes, ip + 24, 16);
        out->ip_packet = (struct bytes){ ip, 40 + length };
        return plain_tcp(ip + 40, ip + 40 + length, out);
    }
    return false;
}

/* What may hold TCP, seen through its fragments: other datagrams are not worth the room. */
static bool may_hold_tcp(const struct datagram *datagram)
{
    enum { ICMP = 1, IGMP = 2, ESP = 50, ICMPV6 = 58, NO_NEXT_HEADER = 59, OSPF = 89, SCTP = 132 };

    switch (datagram->protocol) {
    case ICMP:
    case IGMP:
    case ESP:
    case ICMPV6:
    case NO_NEXT_HEADER:
    case OSPF:
    case SCTP:
        return false;
    default:
        return true;
    }
}

/* False: the datagram is not whole yet. */
static bool defragment(struct ip_decoder *decoder, struct datagram *datagram, uint64_t time_ns)
{
    if (!decoder->fragments)
        decoder->fragments = fragments_new(decoder->budget);
    if (!decoder->fragments) {
        decoder->counters.fragments_dropped++;
        return false;
    }
    return fragments_add(decoder->fragments, datagram, time_ns, datagram,
                         &decoder->counters.fragments_dropped);
}

/* One IP header with its extensions; a datagram whose last fragment this is comes out whole.  IP_SEGMENT only
 * says to go on. */
static enum ip_result read_datagram(struct ip_decoder *decoder, const struct link_payload *layer, size_t cut,
                                    uint64_t time_ns, struct datagram *out)
{
    bool ok = layer->ethertype == LINK_ETHERTYPE_IPV4
                  ? ipv4_decode(layer->payload, cut, out) && ip_skip_extensions(out)
                  : ipv6_decode(layer->payload, cut, out);

    if (!ok)
        return IP_MALFORMED;
    if (!out->is_fragment)
        return IP_SEGMENT;
    if (!may_hold_tcp(out))
        return IP_NONE;
    if (!defragment(decoder, out, time_ns))
        return IP_FRAGMENT;
    return ip_skip_extensions(out) ? IP_SEGMENT : IP_MALFORMED;
}

static enum ip_result finish_tcp(const struct datagram *datagram, struct segment *out)
{
    out->source = datagram->source;
    out->destination = datagram->destination;
    out->ip_packet = datagram->packet;
    return tcp_header_decode(datagram->payload, datagram->cut, out) ? IP_SEGMENT : IP_MALFORMED;
}

/* Not IP inside, or headers without end. */
static enum ip_result give_up(struct ip_decoder *decoder, const struct link_payload *layer)
{
    decoder->counters.nested_too_deep += layer->layers > LIMIT_LINK_NESTING;
    return IP_NONE;
}

/* Layer by layer, until TCP or something that carries none. */
static enum ip_result walk(struct ip_decoder *decoder, const struct ip_frame *frame,
                           struct link_payload layer, struct segment *out)
{
    size_t cut = frame->wire_length > frame->data.len ? frame->wire_length - frame->data.len : 0;

    for (;;) {
        struct datagram datagram;
        enum ip_result result = read_datagram(decoder, &layer, cut, frame->time_ns, &datagram);
        if (result != IP_SEGMENT)
            return result;
        if (datagram.protocol == IP_PROTOCOL_TCP)
            return finish_tcp(&datagram, out);
        if (!tunnel_open(&datagram, &layer))
            return IP_NONE;
        cut = datagram.cut;
        if (++layer.layers > LIMIT_LINK_NESTING || !link_peel(&layer, NULL))
            return give_up(decoder, &layer);
    }
}

static enum ip_result decode(struct ip_decoder *decoder, const struct ip_frame *frame, struct segment *out)
{
    struct link_payload layer;

    if (frame->dlt == DLT_OF_ETHERNET && plain_frame(frame->data, out))
        return IP_SEGMENT;
    if (frame->dlt != decoder->dlt) {
        decoder->dlt = frame->dlt;
        decoder->type = link_find(frame->dlt);
    }
    if (!decoder->type) {
        decoder->counters.unknown_link++;
        decoder->counters.unknown_dlt = frame->dlt;
        return IP_NONE;
    }
    if (!link_decode(decoder->type, frame->data, &layer, NULL))
        return give_up(decoder, &layer);
    return walk(decoder, frame, layer, out);
}

enum ip_result ip_decode(struct ip_decoder *decoder, const struct ip_frame *frame, struct segment *out)
{
    enum ip_result result = decode(decoder, frame, out);

    out->time_ns = frame->time_ns;
    out->input = frame->input;
    out->number = frame->number;
    decoder->counters.packets[result]++;
    return result;
}
