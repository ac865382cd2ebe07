/* Ethernet: destination and source (6 each), EtherType or length (2), IEEE 802.3. */
#include "link/link_rows.h"

enum { ADDRESSES = 12, LONGEST_LENGTH = 1500, LLC_SNAP = 0xaa };

/* LLC: DSAP, SSAP, control (1 each); SNAP: organisation (3), EtherType (2). */
bool link_read_snap(struct reader *r, uint32_t *ethertype)
{
    uint8_t dsap = read_u8(r);
    uint8_t ssap = read_u8(r);
    (void)read_bytes(r, 4);
    *ethertype = read_be16(r);
    return r->ok && dsap == LLC_SNAP && ssap == LLC_SNAP;
}

static bool ethernet_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    (void)read_bytes(&r, ADDRESSES);
    uint32_t ethertype = read_be16(&r);
    if (ethertype <= LONGEST_LENGTH && r.ok && !link_read_snap(&r, &ethertype))
        return err_set(err, ERR_INPUT, frame.len, "LLC frame without SNAP");
    struct bytes payload = read_rest(&r);
    if (!r.ok)
        return err_set(err, ERR_INPUT, frame.len, "Ethernet header cut short");
    out->ethertype = ethertype;
    out->payload = payload;
    return true;
}

const struct link_type link_ethernet = { .dlt = 1, .name = "ethernet", .decode = ethernet_decode };
