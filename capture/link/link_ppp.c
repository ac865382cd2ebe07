/* PPP (RFC 1661), with or without the HDLC address and control octets FF 03 (RFC 1662), and with a direction.
 */
#include "link/link_rows.h"

uint32_t link_ethertype_of_ppp(uint16_t protocol)
{
    switch (protocol) {
    case 0x0021:
        return LINK_ETHERTYPE_IPV4;
    case 0x0057:
        return LINK_ETHERTYPE_IPV6;
    case 0x0281:
    case 0x0283:
        return LINK_ETHERTYPE_MPLS;
    default:
        return 0;
    }
}

static bool ppp_decode_at(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    if (frame.len >= 2 && frame.ptr[0] == 0xff && frame.ptr[1] == 0x03)
        (void)read_bytes(&r, 2);
    uint16_t protocol = read_u8(&r);
    if (!(protocol & 1)) /* an odd octet ends the number: protocol field compression, RFC 1661 6.5 */
        protocol = (uint16_t)(protocol << 8 | read_u8(&r));
    struct bytes payload = read_rest(&r);
    if (!r.ok)
        return err_set(err, ERR_INPUT, frame.len, "PPP header cut short");
    out->ethertype = link_ethertype_of_ppp(protocol);
    out->payload = payload;
    return true;
}

static bool ppp_with_dir_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    return ppp_decode_at(bytes_from(frame, 1), out, err);
}

/* PPPoE from its first octet on, as captured on the device of the session. */
static bool pppoe_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    (void)err;
    out->ethertype = LINK_ETHERTYPE_PPPOE_SESSION;
    out->payload = frame;
    return true;
}

/* Cisco HDLC: address (0F unicast, 8F multicast), control (00), EtherType. */
static bool chdlc_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    uint8_t address = read_u8(&r);
    (void)read_u8(&r);
    uint16_t ethertype = read_be16(&r);
    struct bytes payload = read_rest(&r);
    if (r.ok && address == 0xff) /* the line is PPP in HDLC framing after all, RFC 1662 */
        return ppp_decode_at(frame, out, err);
    if (!r.ok)
        return err_set(err, ERR_INPUT, frame.len, "HDLC header cut short");
    out->ethertype = ethertype;
    out->payload = payload;
    return true;
}

const struct link_type link_ppp = { .dlt = 9, .name = "ppp", .decode = ppp_decode_at };
const struct link_type link_ppp_serial = { .dlt = 50, .name = "ppp-serial", .decode = ppp_decode_at };
const struct link_type link_ppp_with_dir = { .dlt = 204,
                                             .name = "ppp-with-dir",
                                             .decode = ppp_with_dir_decode };
const struct link_type link_pppoe = { .dlt = 51, .name = "ppp-ether", .decode = pppoe_decode };
const struct link_type link_chdlc = { .dlt = 104, .name = "c-hdlc", .decode = chdlc_decode };
