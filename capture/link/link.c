/* The table of link layers. */
#include "link/link.h"

#include "link/link_rows.h"

static const struct link_type *const rows[] = {
    &link_ethernet,     &link_linux_sll, &link_linux_sll2, &link_null,  &link_loop,  &link_raw,
    &link_raw_12,       &link_raw_14,    &link_ipv4,       &link_ipv6,  &link_ppp,   &link_ppp_serial,
    &link_ppp_with_dir, &link_80211,     &link_radiotap,   &link_enc,   &link_pflog, &link_prism,
    &link_avs,          &link_nflog,     &link_pppoe,      &link_chdlc, NULL,
};

const struct link_type *const *link_types(void)
{
    return rows;
}

const struct link_type *link_find(int dlt)
{
    for (size_t i = 0; rows[i]; i++)
        if (rows[i]->dlt == dlt)
            return rows[i];
    return NULL;
}

bool link_decode(const struct link_type *type, struct bytes frame, struct link_payload *out, struct err *err)
{
    *out = (struct link_payload){ .layers = 1 };
    return type->decode(frame, out, err) && link_peel(out, err);
}
