/* Secrets in a packet, overwritten so that all else stays as it was: as many octets, base64 still base64, and
 * the checksum as right or wrong as before. */
#include "cli/evidence_parts.h"

enum { WORDS_LEAST = 5, WORDS_MOST = 15, CHECKSUM_AT = 16, LENGTH_AT = 12 };

/* The TCP header stands right before the payload; its own length says where it begins.  0 if none fits. */
static uint32_t tcp_at(const struct kept *kept)
{
    for (uint32_t words = WORDS_LEAST; words <= WORDS_MOST && words * 4 <= kept->payload_at; words++) {
        uint32_t at = kept->payload_at - words * 4;
        struct reader r = reader_over((struct bytes){ kept->data + at, words * 4 });
        uint16_t from = read_be16(&r), to = read_be16(&r);
        if (kept->data[at + LENGTH_AT] >> 4 == words && from == kept->from.port && to == kept->to.port
            && read_be32(&r) == kept->seq)
            return at;
    }
    return 0;
}

/* RFC 1624 3: HC' = ~(~HC + ~m + m'), for the word of 16 bits in which the octet stands. */
static void mend(struct kept *kept, uint32_t tcp, uint32_t at, uint8_t new)
{
    uint8_t *sum = kept->data + tcp + CHECKSUM_AT;
    unsigned shift = (at - tcp) % 2 ? 0 : 8;
    uint32_t total = (uint16_t) ~((unsigned)sum[0] << 8 | sum[1]);

    total += (uint16_t) ~((unsigned)kept->data[at] << shift);
    total += (unsigned)new << shift;
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    total = ~total & 0xffff;
    sum[0] = (uint8_t)(total >> 8);
    sum[1] = (uint8_t)total;
}

static bool stays(uint8_t c)
{
    return c == '\r' || c == '\n' || c == '=' || c == ' ' || c == '-';
}

static void overwrite(struct kept *kept, uint32_t from, uint32_t to)
{
    uint32_t tcp = tcp_at(kept);

    for (uint32_t i = from; i < to && i < kept->payload_len; i++) {
        uint32_t at = kept->payload_at + i;
        if (stays(kept->data[at]))
            continue;
        if (tcp)
            mend(kept, tcp, at, 'x');
        kept->data[at] = 'x';
    }
}

void evidence_mask_whole(struct kept *kept)
{
    overwrite(kept, 0, kept->payload_len);
}

static bool is_of_server(const struct kept *kept, const struct tracked *owner)
{
    return kept->from.port == owner->server.port && address_equal(&kept->from.address, &owner->server.address)
           && !(kept->from.port == owner->client.port
                && address_equal(&kept->from.address, &owner->client.address));
}

void evidence_mask(struct kept *kept, const struct tracked *owner)
{
    bool is_server = is_of_server(kept, owner);

    if (owner->masks_all[is_server])
        evidence_mask_whole(kept);
    for (unsigned i = 0; i < owner->mask_count; i++) {
        const struct mask *mask = &owner->masks[i];
        if (mask->is_server != is_server)
            continue;
        int32_t from = (int32_t)(mask->seq - kept->seq); /* sequence numbers wrap: RFC 9293 3.4 */
        int64_t to = (int64_t)from + mask->len;
        if (to > 0 && from < (int64_t)kept->payload_len)
            overwrite(kept, from > 0 ? (uint32_t)from : 0, to > UINT32_MAX ? UINT32_MAX : (uint32_t)to);
    }
}
