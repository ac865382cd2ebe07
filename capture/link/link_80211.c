/* IEEE 802.11 data frames, bare or behind a radiotap, Prism or AVS header: frame control, duration, three or
 * four addresses, sequence, QoS control, HT control; then LLC with SNAP.  Encrypted frames carry nothing to
 * read.
 */
#include "link/link_rows.h"

#define AVS_MAGIC      0x80211000u
#define AVS_MAGIC_MASK 0xfffff000u

enum {
    TYPE_MASK = 0x0c,
    TYPE_DATA = 0x08,
    SUBTYPE_NO_DATA = 0x40,
    SUBTYPE_QOS = 0x80,
    TO_DS = 0x01,
    FROM_DS = 0x02,
    PROTECTED = 0x40,
    ORDER = 0x80,
    COMMON_HEADER = 22, /* duration, three addresses, sequence control */
};

static bool data_decode(struct bytes frame, bool is_padded, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);
    uint8_t kind = read_u8(&r);
    uint8_t flags = read_u8(&r);

    if (!r.ok || (kind & TYPE_MASK) != TYPE_DATA || (kind & SUBTYPE_NO_DATA) || (flags & PROTECTED))
        return err_set(err, ERR_INPUT, 0, "no readable 802.11 data frame");
    (void)read_bytes(&r, COMMON_HEADER);
    if ((flags & TO_DS) && (flags & FROM_DS))
        (void)read_bytes(&r, 6);
    if (kind & SUBTYPE_QOS) {
        (void)read_bytes(&r, 2);
        if (flags & ORDER)
            (void)read_bytes(&r, 4);
    }
    if (is_padded)
        (void)read_bytes(&r, (size_t)(-r.at & 3));
    uint32_t ethertype = 0;
    bool has_snap = link_read_snap(&r, &ethertype);
    struct bytes payload = read_rest(&r);
    if (!r.ok || !has_snap)
        return err_set(err, ERR_INPUT, frame.len, "802.11 frame cut short, or without SNAP");
    out->ethertype = ethertype;
    out->payload = payload;
    return true;
}

static bool wlan_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    return data_decode(frame, false, out, err);
}

/* Radiotap: version, pad, length (little-endian), presence words.  The flags field, if present, tells of
 * padding between header and body (0x20) and of a check sequence at the end (0x10), which IP's own length
 * cuts off. */
static bool radiotap_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    (void)read_bytes(&r, 2);
    uint16_t length = read_le16(&r);
    uint32_t present = read_le32(&r), word = present;
    while (r.ok && (word & 0x80000000u))
        word = read_le32(&r);
    if (present & 1) { /* TSFT, aligned to eight */
        (void)read_bytes(&r, (size_t)(-r.at & 7));
        (void)read_bytes(&r, 8);
    }
    uint8_t flags = present & 2 ? read_u8(&r) : 0;
    if (!r.ok || length > frame.len || length < 8)
        return err_set(err, ERR_INPUT, frame.len, "radiotap header cut short");
    return data_decode(bytes_from(frame, length), flags & 0x20, out, err);
}

/* AVS: a magic number with the version (4), the length of the header (4), all of it in network order. */
static bool avs_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame);

    (void)read_be32(&r);
    uint32_t length = read_be32(&r);
    if (!r.ok || length < r.at || length > frame.len)
        return err_set(err, ERR_INPUT, frame.len, "AVS header cut short");
    return data_decode(bytes_from(frame, length), false, out, err);
}

/* Prism: message code (4), length of the header (4), in the byte order of the machine that captured.  Some
 * drivers put an AVS header in its place. */
static bool prism_decode(struct bytes frame, struct link_payload *out, struct err *err)
{
    struct reader r = reader_over(frame), swapped;

    if ((read_be32(&r) & AVS_MAGIC_MASK) == AVS_MAGIC)
        return avs_decode(frame, out, err);
    swapped = r;
    uint32_t length = read_le32(&r);
    if (length > frame.len)
        length = read_be32(&swapped);
    if (!r.ok || length < r.at || length > frame.len)
        return err_set(err, ERR_INPUT, frame.len, "Prism header cut short");
    return data_decode(bytes_from(frame, length), false, out, err);
}

const struct link_type link_prism = { .dlt = 119, .name = "prism", .decode = prism_decode };
const struct link_type link_avs = { .dlt = 163, .name = "ieee802_11-avs", .decode = avs_decode };
const struct link_type link_80211 = { .dlt = 105, .name = "ieee802_11", .decode = wlan_decode };
const struct link_type link_radiotap = { .dlt = 127,
                                         .name = "ieee802_11-radiotap",
                                         .decode = radiotap_decode };
