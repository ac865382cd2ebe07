/* Linux cooked capture: v1 (16 octets, EtherType last) and v2 (20 octets, EtherType first). */
#include "link/link_rows.h"

enum { SLL_BEFORE_TYPE = 14, SLL2_BEHIND_TYPE = 18 };

static bool sll_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    (void)read_bytes(&r, SLL_BEFORE_TYPE);
    uint16_t ethertype = read_be16(&r);
    struct bytes payload = read_rest(&r);
    if (!r.ok)
        return err_set(err, ERR_INPUT, frame.len, "SLL header cut short");
    out->ethertype = ethertype;
    out->payload = payload;
    return true;
}

static bool sll2_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    uint16_t ethertype = read_be16(&r);
    (void)read_bytes(&r, SLL2_BEHIND_TYPE);
    struct bytes payload = read_rest(&r);
    if (!r.ok)
        return err_set(err, ERR_INPUT, frame.len, "SLL2 header cut short");
    out->ethertype = ethertype;
    out->payload = payload;
    return true;
}

const struct link_type link_linux_sll = { .dlt = 113, .name = "linux-sll", .decode = sll_decode };
const struct link_type link_linux_sll2 = { .dlt = 276, .name = "linux-sll2", .decode = sll2_decode };
