/* OpenBSD's packet filter log: length (1), address family (1), more; the header is padded to four octets. */
#include "link/link_rows.h"

static bool pflog_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    uint8_t length = read_u8(&r);
    uint8_t family = read_u8(&r);
    size_t whole = ((size_t)length + 3) & ~(size_t)3;
    if (!r.ok || whole < 8 || whole > frame.len)
        return err_set(err, ERR_INPUT, frame.len, "pflog header cut short");
    out->ethertype = link_ethertype_of_family(family);
    out->payload = bytes_from(frame, whole);
    return true;
}

const struct link_type link_pflog = { .dlt = 117, .name = "pflog", .decode = pflog_decode };
