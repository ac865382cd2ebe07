/* No link layer at all: IP from the first octet.  RAW has three numbers, for history's sake. */
#include "link/link_rows.h"

static bool raw_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    (void)err;
    out->ethertype = LINK_ETHERTYPE_RAW;
    out->payload = frame;
    return true;
}

const struct link_type link_raw = { .dlt = 101, .name = "raw", .decode = raw_decode };
const struct link_type link_raw_12 = { .dlt = 12, .name = "raw", .decode = raw_decode };
const struct link_type link_raw_14 = { .dlt = 14, .name = "raw", .decode = raw_decode };
const struct link_type link_ipv4 = { .dlt = 228, .name = "ipv4", .decode = raw_decode };
const struct link_type link_ipv6 = { .dlt = 229, .name = "ipv6", .decode = raw_decode };
