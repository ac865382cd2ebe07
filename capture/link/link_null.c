/* BSD loopback: an address family of four octets, in the byte order of the machine that captured (NULL), or
 * of the network (LOOP); and OpenBSD's ENC, the family before two more words. */
#include "link/link_rows.h"

uint32_t link_ethertype_of_family(uint32_t family)
{
    switch (family) {
    case 2:
        return LINK_ETHERTYPE_IPV4;
    case 10: /* Linux */
    case 23: /* Windows */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        return LINK_ETHERTYPE_IPV6;
    default:
        return 0;
    }
}

static bool family_decode(struct bytes frame, size_t skipped, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame), swapped = r;

    uint32_t ethertype = link_ethertype_of_family(read_be32(&r));
    if (ethertype == 0)
        ethertype = link_ethertype_of_family(read_le32(&swapped));
    (void)read_bytes(&r, skipped);
    struct bytes payload = read_rest(&r);
    if (!r.ok)
        return err_set(err, ERR_INPUT, frame.len, "loopback header cut short");
    out->ethertype = ethertype;
    out->payload = payload;
    return true;
}

static bool null_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    return family_decode(frame, 0, out, err);
}

static bool enc_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    return family_decode(frame, 8, out, err);
}

const struct link_type link_null = { .dlt = 0, .name = "null", .decode = null_decode };
const struct link_type link_loop = { .dlt = 108, .name = "loop", .decode = null_decode };
const struct link_type link_enc = { .dlt = 109, .name = "enc", .decode = enc_decode };
