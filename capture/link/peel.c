/* What may lie between a link layer and IP: tags, labels, sessions, frames in frames. */
#include "link/link.h"

#include "base/limits.h"
#include "link/link_rows.h"

enum {
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_QINQ_OLD = 0x9100,
    ETHERTYPE_QINQ_OLDER = 0x9200,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    MPLS_BOTTOM = 0x100,  /* bottom of stack, RFC 3032 2.1 */
    CONTROL_WORD = 4,     /* of a pseudowire, RFC 4448 4.6: first nibble 0 */
    FRAME_ADDRESSES = 12, /* before the EtherType */
    SHORTEST_IP = 20,
};

/* IEEE 802.1Q: tag control information, then the EtherType that the tag displaced. */
static bool peel_tag(struct reader *r, struct link_payload *payload)
{
    uint16_t control = read_be16(r);

    payload->ethertype = read_be16(r);
    payload->vlan = control & 0xfff;
    if (payload->ethertype < 0x600) { /* a length: LLC behind the tag */
        return link_read_snap(r, &payload->ethertype);
    }
    return r->ok;
}

/* Whether an Ethernet frame with an EtherType that leads to IP begins at `at`. */
static bool looks_like_frame(struct bytes b, size_t at)
{
    struct reader r = reader_over(bytes_from(b, at));

    (void)read_bytes(&r, FRAME_ADDRESSES);
    switch (read_be16(&r)) {
    case LINK_ETHERTYPE_IPV4:
    case LINK_ETHERTYPE_IPV6:
    case LINK_ETHERTYPE_MPLS:
    case LINK_ETHERTYPE_PPPOE_SESSION:
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
    case ETHERTYPE_QINQ_OLDER:
        return true;
    default:
        return false;
    }
}

/* The EtherType of an IP packet whose length fits, or that cannot be a frame; 0 for none.  A frame to a card
 * whose address begins with the digit 4 or 6 would pass for IP by that alone (RFC 8469). */
static uint32_t guess_ip(struct bytes b)
{
    struct reader r = reader_over(b);
    uint32_t first = read_be32(&r);
    uint16_t second = read_be16(&r);
    size_t length = first >> 28 == 4 ? first & 0xffff : second + (size_t)40;

    if (b.len < SHORTEST_IP || (first >> 28 != 4 && first >> 28 != 6)
        || (length > b.len && looks_like_frame(b, 0)))
        return 0;
    return first >> 28 == 4 ? LINK_ETHERTYPE_IPV4 : LINK_ETHERTYPE_IPV6;
}

/* RFC 3032: one label entry.  Behind the last one nothing says what follows: IP by its version, or a
 * pseudowire's Ethernet frame, with or without a control word. */
static bool peel_label(struct reader *r, struct link_payload *payload)
{
    uint32_t entry = read_be32(r);

    if (!r->ok || !(entry & MPLS_BOTTOM))
        return r->ok;
    struct bytes rest = bytes_from(r->in, r->at);
    payload->ethertype = guess_ip(rest);
    if (payload->ethertype == 0) {
        payload->ethertype = LINK_ETHERTYPE_TEB;
        if (!looks_like_frame(rest, 0) && looks_like_frame(rest, CONTROL_WORD) && rest.ptr[0] >> 4 == 0)
            (void)read_bytes(r, CONTROL_WORD);
    }
    return true;
}

/* RFC 2516 4: version and type, code (0 for session data), session, length; then the PPP protocol. */
static bool peel_pppoe(struct reader *r, struct link_payload *payload)
{
    (void)read_u8(r);
    uint8_t code = read_u8(r);
    (void)read_be32(r);
    payload->ethertype = link_ethertype_of_ppp(read_be16(r));
    return r->ok && code == 0 && payload->ethertype != 0;
}

static bool peel_frame(struct reader *r, struct link_payload *payload)
{
    struct link_payload inner = { 0 };

    if (!link_ethernet.decode(bytes_from(r->in, r->at), &inner, NULL))
        return false;
    payload->ethertype = inner.ethertype;
    payload->payload = inner.payload;
    return true;
}

/* One layer.  False: not IP, or cut short. */
static bool peel_one(struct link_payload *payload, struct err *err)
{
    struct reader r = reader_over(payload->payload);
    bool ok = false;

    switch (payload->ethertype) {
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
    case ETHERTYPE_QINQ_OLDER:
        ok = peel_tag(&r, payload);
        break;
    case LINK_ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
        ok = peel_label(&r, payload);
        break;
    case LINK_ETHERTYPE_PPPOE_SESSION:
        ok = peel_pppoe(&r, payload);
        break;
    case LINK_ETHERTYPE_TEB:
        return peel_frame(&r, payload) || err_set(err, ERR_INPUT, 0, "Ethernet frame in a tunnel cut short");
    case LINK_ETHERTYPE_RAW: {
        unsigned version = payload->payload.len ? payload->payload.ptr[0] >> 4 : 0;
        payload->ethertype = version == 4 ? LINK_ETHERTYPE_IPV4 : LINK_ETHERTYPE_IPV6;
        return version == 4 || version == 6 || err_set(err, ERR_INPUT, 0, "neither IPv4 nor IPv6");
    }
    default:
        return err_set(err, ERR_INPUT, 0, "EtherType 0x%04x is not IP", (unsigned)payload->ethertype);
    }
    if (!ok)
        return err_set(err, ERR_INPUT, payload->payload.len, "header behind the link layer cut short");
    payload->payload = read_rest(&r);
    return true;
}

bool link_peel(struct link_payload *payload, struct err *err)
{
    while (payload->ethertype != LINK_ETHERTYPE_IPV4 && payload->ethertype != LINK_ETHERTYPE_IPV6) {
        if (++payload->layers > LIMIT_LINK_NESTING)
            return err_set(err, ERR_LIMIT, payload->layers, "more than %d nested headers",
                           LIMIT_LINK_NESTING);
        if (!peel_one(payload, err))
            return false;
    }
    return true;
}
