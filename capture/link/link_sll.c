/* Linux cooked capture: v1 (16 octets, EtherType last) and v2 (20 octets, EtherType first). */
#include "link/link_rows.h"

enum {
    SLL_BEFORE_TYPE = 14,
    SLL2_BEHIND_TYPE = 18,
    PROTOCOL_802_2 = 4, /* in place of an EtherType: an LLC header follows */
};

static bool finish(struct reader *r, uint32_t ethertype, struct link_payload *out, struct err *err)
{
    bool has_type = ethertype != PROTOCOL_802_2 || link_read_snap(r, &ethertype);
    struct bytes payload = read_rest(r);

    if (!r->ok || !has_type)
        return err_set(err, ERR_INPUT, r->in.len, "SLL header cut short, or without SNAP");
    out->ethertype = ethertype;
    out->payload = payload;
    return true;
}

static bool sll_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    (void)read_bytes(&r, SLL_BEFORE_TYPE);
    uint16_t ethertype = read_be16(&r);
    return finish(&r, ethertype, out, err);
}

static bool sll2_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    uint16_t ethertype = read_be16(&r);
    (void)read_bytes(&r, SLL2_BEHIND_TYPE);
    return finish(&r, ethertype, out, err);
}

const struct link_type link_linux_sll = { .dlt = 113, .name = "linux-sll", .decode = sll_decode };
const struct link_type link_linux_sll2 = { .dlt = 276, .name = "linux-sll2", .decode = sll2_decode };
