/* Linux netfilter log: address family (1), version 0 (1), group (2); then attributes, each with its own
 * length (2, header counted) and type (2) in the byte order of the machine that captured, padded to four
 * octets. */
#include "link/link_rows.h"

enum { HEADER = 4, ATTRIBUTE_HEADER = 4, ATTRIBUTE_PAYLOAD = 9 };

/* The attribute that holds the packet; the empty view if there is none. */
static struct bytes find_payload(struct bytes attributes, bool is_big_endian)
{
    struct reader r = reader_over(attributes);

    while (reader_left(&r) >= ATTRIBUTE_HEADER) {
        size_t length = is_big_endian ? read_be16(&r) : read_le16(&r);
        uint16_t type = is_big_endian ? read_be16(&r) : read_le16(&r);
        if (length < ATTRIBUTE_HEADER)
            break;
        length -= ATTRIBUTE_HEADER;
        if (type == ATTRIBUTE_PAYLOAD) /* the last one, so that the snap length may have cut it */
            return bytes_slice(attributes, r.at, length);
        (void)read_bytes(&r, (length + 3) & ~(size_t)3);
        if (!r.ok)
            break;
    }
    return (struct bytes){ NULL, 0 };
}

static bool nflog_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct bytes attributes = bytes_from(frame, HEADER);
    struct bytes payload = find_payload(attributes, false);

    if (payload.len == 0)
        payload = find_payload(attributes, true);
    if (payload.len == 0)
        return err_set(err, ERR_INPUT, frame.len, "nflog frame without a packet");
    out->ethertype = LINK_ETHERTYPE_RAW;
    out->payload = payload;
    return true;
}

const struct link_type link_nflog = { .dlt = 239, .name = "nflog", .decode = nflog_decode };
