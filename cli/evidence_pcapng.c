/* pcapng (draft-ietf-opsawg-pcapng), in the byte order of this machine. */
#include <pcap/pcap.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/evidence_parts.h"

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    OPTION_COMMENT = 1,
    OPTION_RESOLUTION = 9,
    LINKTYPE_RAW = 101, /* DLT_RAW has another number in memory than in files */
};

static void put_u16(struct buf *out, uint16_t value)
{
    (void)buf_append(out, (struct bytes){ (const uint8_t *)&value, sizeof value });
}

static void put_u32(struct buf *out, uint32_t value)
{
    (void)buf_append(out, (struct bytes){ (const uint8_t *)&value, sizeof value });
}

static void put_padded(struct buf *out, struct bytes bytes)
{
    static const uint8_t zeros[4];

    (void)buf_append(out, bytes);
    (void)buf_append(out, (struct bytes){ zeros, (4 - bytes.len % 4) % 4 });
}

static void put_option(struct buf *out, uint16_t code, struct bytes value)
{
    put_u16(out, code);
    put_u16(out, (uint16_t)value.len);
    put_padded(out, value);
}

/* Type, length, body, length. */
static void put_block(struct buf *out, uint32_t type, const struct buf *body)
{
    uint32_t length = (uint32_t)body->len + 12;

    put_u32(out, type);
    put_u32(out, length);
    (void)buf_append(out, buf_bytes(body));
    put_u32(out, length);
}

static void put_interface(int link_type, struct buf *out)
{
    static const uint8_t nanoseconds = 9;
    struct buf body;

    buf_init(&body, KIB);
    put_u16(&body, (uint16_t)(link_type == DLT_RAW ? LINKTYPE_RAW : link_type));
    put_u16(&body, 0);
    put_u32(&body, LIMIT_SNAPLEN);
    put_option(&body, OPTION_RESOLUTION, (struct bytes){ &nanoseconds, 1 });
    put_u32(&body, 0); /* end of options */
    put_block(out, BLOCK_INTERFACE, &body);
    buf_release(&body);
}

void pcapng_head(const int *link_types, size_t count, struct buf *out)
{
    struct buf body;

    buf_init(&body, KIB);
    put_u32(&body, 0x1a2b3c4d); /* the byte order */
    put_u16(&body, 1);
    put_u16(&body, 0);
    put_u32(&body, UINT32_MAX); /* of unknown length */
    put_u32(&body, UINT32_MAX);
    put_block(out, BLOCK_SECTION, &body);
    buf_release(&body);
    for (size_t i = 0; i < count; i++)
        put_interface(link_types[i], out);
}

void pcapng_packet(const struct kept *kept, const int *link_types, size_t count, struct buf *out)
{
    char comment[64];
    struct buf body;
    uint32_t interface = 0;

    while (interface + 1 < count && link_types[interface] != kept->dlt)
        interface++;
    int len =
        snprintf(comment, sizeof comment, "packet %llu of the device", (unsigned long long)kept->captured);
    buf_init(&body, LIMIT_SNAPLEN + KIB);
    put_u32(&body, interface);
    put_u32(&body, (uint32_t)(kept->time_ns >> 32));
    put_u32(&body, (uint32_t)kept->time_ns);
    put_u32(&body, kept->len);
    put_u32(&body, kept->wire_length);
    put_padded(&body, (struct bytes){ kept->data, kept->len });
    put_option(&body, OPTION_COMMENT, (struct bytes){ (const uint8_t *)comment, (size_t)len });
    put_u32(&body, 0);
    put_block(out, BLOCK_PACKET, &body);
    buf_release(&body);
}
