/* Packets are built back to front: payload first, then header before header. */
#include "tests/support/packet_builder.h"

#include <stdio.h>
#include <stdlib.h>

struct word {
    const char *name;
    void (*push)(struct packet *packet, unsigned argument);
    unsigned argument;
};

static void put16(uint8_t *p, size_t number)
{
    p[0] = (uint8_t)(number >> 8);
    p[1] = (uint8_t)number;
}

static void put32(uint8_t *p, uint32_t number)
{
    put16(p, number >> 16);
    put16(p + 2, number & 0xffff);
}

struct bytes packet_bytes(const struct packet *packet)
{
    return (struct bytes){ packet->bytes + packet->at, packet->end - packet->at };
}

uint8_t *packet_push(struct packet *packet, size_t n)
{
    if (n > packet->at)
        abort();
    packet->at -= n;
    memset(packet->bytes + packet->at, 0, n);
    return packet->bytes + packet->at;
}

void packet_pad(struct packet *packet, size_t n)
{
    if (n > PACKET_ROOM - packet->end)
        abort();
    memset(packet->bytes + packet->end, 0, n);
    packet->end += n;
}

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

void packet_push_hex(struct packet *packet, const char *hex)
{
    for (size_t i = strlen(hex); i > 0; i--) {
        if (hex[i - 1] == ' ')
            continue;
        *packet_push(packet, 1) = (uint8_t)(digit(hex[i - 2]) << 4 | digit(hex[i - 1]));
        i--;
    }
}

void packet_start(struct packet *packet, uint8_t protocol, struct bytes payload)
{
    packet->at = packet->end = PACKET_FRONT;
    packet->inner_len = 0;
    packet->protocol = protocol;
    packet->ethertype = 0;
    packet_pad(packet, payload.len);
    if (payload.len)
        memcpy(packet->bytes + packet->at, payload.ptr, payload.len);
}

static void push_tcp(struct packet *packet, unsigned options)
{
    uint8_t *p = packet_push(packet, 20 + options);

    put16(p, PACKET_SOURCE_PORT);
    put16(p + 2, PACKET_PORT);
    put32(p + 4, PACKET_SEQ);
    put32(p + 8, PACKET_ACK);
    p[12] = (uint8_t)((20 + options) / 4 << 4);
    p[13] = PACKET_FLAGS;
    put16(p + 14, PACKET_WINDOW);
    memset(p + 20, 1, options); /* no operation */
    packet->protocol = 6;
}

static void push_udp(struct packet *packet, unsigned port)
{
    uint8_t *p = packet_push(packet, 8);

    put16(p, 49152);
    put16(p + 2, port);
    put16(p + 4, packet_bytes(packet).len);
    packet->protocol = 17;
}

static void mark_ip(struct packet *packet, uint8_t protocol, uint32_t ethertype)
{
    packet->protocol = protocol;
    packet->ethertype = ethertype;
    if (packet->inner_len == 0)
        packet->inner_len = packet_bytes(packet).len;
}

enum { OFFLOADED = 0x100 };

/* `shape`: octets of options, and whether the length is left at 0. */
static void push_ipv4(struct packet *packet, unsigned shape)
{
    static const uint8_t addresses[8] = { 192, 0, 2, 1, 192, 0, 2, 25 };
    unsigned options = shape & 0xff;
    uint8_t *p = packet_push(packet, 20 + options);

    p[0] = (uint8_t)(0x40 | (20 + options) / 4);
    put16(p + 2, shape & OFFLOADED ? 0 : packet_bytes(packet).len);
    p[8] = 64;
    p[9] = packet->protocol;
    memcpy(p + 12, addresses, sizeof addresses);
    memset(p + 20, 1, options);
    mark_ip(packet, 4, 0x0800);
}

static void push_ipv6(struct packet *packet, unsigned shape)
{
    size_t length = packet_bytes(packet).len;
    uint8_t *p = packet_push(packet, 40);

    p[0] = 0x60;
    put16(p + 4, shape & OFFLOADED ? 0 : length);
    p[6] = packet->protocol;
    p[7] = 64;
    put32(p + 8, 0x20010db8);
    p[23] = 1;
    put32(p + 24, 0x20010db8);
    p[39] = 25;
    mark_ip(packet, 41, 0x86dd);
}

/* An extension header of 16 octets, two words of eight. */
static void push_extension(struct packet *packet, unsigned kind)
{
    uint8_t *p = packet_push(packet, 16);

    p[0] = packet->protocol;
    p[1] = 1;
    packet->protocol = (uint8_t)kind;
}

static void push_authentication(struct packet *packet, unsigned unused)
{
    uint8_t *p = packet_push(packet, 24);

    (void)unused;
    p[0] = packet->protocol;
    p[1] = 4;
    packet->protocol = 51;
}

static void push_atomic(struct packet *packet, unsigned unused)
{
    uint8_t *p = packet_push(packet, 8);

    (void)unused;
    p[0] = packet->protocol;
    packet->protocol = 44;
}

static void push_ethernet(struct packet *packet, unsigned unused)
{
    (void)unused;
    put16(packet_push(packet, 2), packet->ethertype);
    packet_push_hex(packet, "020000000019 020000000001");
    packet->ethertype = 0x6558;
}

static void push_tag(struct packet *packet, unsigned ethertype)
{
    uint8_t *p = packet_push(packet, 4);

    put16(p, 0x2000 | (ethertype == 0x8100 ? 7 : 9));
    put16(p + 2, packet->ethertype);
    packet->ethertype = ethertype;
}

static void push_label(struct packet *packet, unsigned unused)
{
    (void)unused;
    put32(packet_push(packet, 4), packet->ethertype == 0x8847 ? 0x00010040 : 0x00010140);
    packet->ethertype = 0x8847;
}

static void push_control_word(struct packet *packet, unsigned unused)
{
    (void)unused;
    put32(packet_push(packet, 4), 0x0000002a);
}

static void push_pppoe(struct packet *packet, unsigned unused)
{
    (void)unused;
    put16(packet_push(packet, 2), packet->ethertype == 0x0800 ? 0x0021 : 0x0057);
    size_t len = packet_bytes(packet).len;
    uint8_t *p = packet_push(packet, 6);
    p[0] = 0x11;
    p[3] = 1;
    put16(p + 4, len);
    packet->ethertype = 0x8864;
}

static void push_gre(struct packet *packet, unsigned flags)
{
    if (flags & 0x1000)
        put32(packet_push(packet, 4), 77);
    if (flags & 0x2000)
        put32(packet_push(packet, 4), 0xdeadbeef);
    if (flags & 0x8000)
        put32(packet_push(packet, 4), 0x12340000);
    uint8_t *p = packet_push(packet, 4);
    put16(p, flags);
    put16(p + 2, packet->ethertype);
    packet->protocol = 47;
}

static void push_erspan(struct packet *packet, unsigned type)
{
    static const uint8_t lengths[] = { 0, 0, 8, 12, 20 }; /* 4: type III with its sub-header */
    uint8_t *p = packet_push(packet, lengths[type]);

    if (type >= 2)
        p[0] = (uint8_t)((type == 2 ? 1 : 2) << 4);
    if (type == 4)
        p[11] = 1;
    packet->ethertype = type >= 3 ? 0x22eb : 0x88be;
    push_gre(packet, type == 1 ? 0 : 0x1000);
}

static void push_vxlan(struct packet *packet, unsigned unused)
{
    (void)unused;
    put32(packet_push(packet, 4), 42u << 8);
    put32(packet_push(packet, 4), 0x08000000);
}

static void push_vxlan_gpe(struct packet *packet, unsigned unused)
{
    (void)unused;
    put32(packet_push(packet, 4), 42u << 8);
    put32(packet_push(packet, 4), 0x0c000000
                                      | (packet->ethertype == 0x0800   ? 1
                                         : packet->ethertype == 0x86dd ? 2
                                                                       : 3));
}

static void push_geneve(struct packet *packet, unsigned options)
{
    uint8_t *p = packet_push(packet, 8 + options);

    p[0] = (uint8_t)(options / 4);
    put16(p + 2, packet->ethertype);
    p[6] = 42;
}

static const struct word words[] = {
    { "tcp", push_tcp, 0 },
    { "tcp-options", push_tcp, 12 },
    { "ip4", push_ipv4, 0 },
    { "ip4-options", push_ipv4, 8 },
    { "ip4-offload", push_ipv4, OFFLOADED },
    { "ip6", push_ipv6, 0 },
    { "ip6-offload", push_ipv6, OFFLOADED },
    { "hop-by-hop", push_extension, 0 },
    { "routing", push_extension, 43 },
    { "destination", push_extension, 60 },
    { "mobility", push_extension, 135 },
    { "authentication", push_authentication, 0 },
    { "atomic", push_atomic, 0 },
    { "eth", push_ethernet, 0 },
    { "vlan", push_tag, 0x8100 },
    { "qinq", push_tag, 0x88a8 },
    { "qinq-old", push_tag, 0x9100 },
    { "qinq-older", push_tag, 0x9200 },
    { "mpls", push_label, 0 },
    { "control-word", push_control_word, 0 },
    { "pppoe", push_pppoe, 0 },
    { "gre", push_gre, 0 },
    { "gre-all", push_gre, 0xb000 },
    { "gre-key", push_gre, 0x2000 },
    { "erspan1", push_erspan, 1 },
    { "erspan2", push_erspan, 2 },
    { "erspan3", push_erspan, 3 },
    { "erspan3-sub", push_erspan, 4 },
    { "vxlan", push_vxlan, 0 },
    { "vxlan-gpe", push_vxlan_gpe, 0 },
    { "geneve", push_geneve, 0 },
    { "geneve-options", push_geneve, 12 },
};

static void push_word(struct packet *packet, const char *name, size_t len)
{
    if (len > 4 && memcmp(name, "udp:", 4) == 0) {
        push_udp(packet, (unsigned)strtoul(name + 4, NULL, 10));
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].name) == len && memcmp(words[i].name, name, len) == 0) {
            words[i].push(packet, words[i].argument);
            return;
        }
    }
    (void)fprintf(stderr, "no such header: %.*s\n", (int)len, name);
    abort();
}

void packet_wrap(struct packet *packet, const char *recipe)
{
    size_t end = strlen(recipe);

    while (end > 0) {
        size_t start = end;
        while (start > 0 && recipe[start - 1] != ' ')
            start--;
        push_word(packet, recipe + start, end - start);
        end = start > 0 ? start - 1 : 0;
    }
}

void packet_build(struct packet *packet, const char *recipe, struct bytes payload)
{
    packet_start(packet, 0, payload);
    packet_wrap(packet, recipe);
}

void packet_fragment(struct packet *packet, int family, uint8_t protocol, uint32_t id, size_t offset,
                     bool has_more, struct bytes piece)
{
    packet_start(packet, protocol, piece);
    if (family == 4) {
        push_ipv4(packet, 0);
        uint8_t *p = packet->bytes + packet->at;
        put16(p + 4, id & 0xffff);
        put16(p + 6, offset / 8 | (has_more ? 0x2000u : 0));
        return;
    }
    push_atomic(packet, 0);
    uint8_t *p = packet->bytes + packet->at;
    put16(p + 2, offset | has_more);
    put32(p + 4, id);
    push_ipv6(packet, 0);
}

uint8_t *packet_heap_copy(struct bytes bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    if (len)
        memcpy(copy, bytes.ptr, len);
    return copy;
}
