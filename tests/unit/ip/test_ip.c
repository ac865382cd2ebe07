/* The same TCP segment in every wrapping, whole, cut, padded and lying about itself. */
#include "ip/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "tests/support/packet_builder.h"

enum { DLT_ETHERNET = 1, DLT_RAW = 101 };

#define TEXT BYTES("EHLO client.example\r\n")

struct row {
    const char *recipe;
    int family; /* of the innermost addresses */
};

static const struct row rows[] = {
    { "eth ip4 tcp", 4 },
    { "eth ip6 tcp", 6 },
    { "eth ip4 tcp-options", 4 },
    { "eth ip6 tcp-options", 6 },
    { "eth ip4-options tcp", 4 },
    { "eth ip4-offload tcp", 4 },
    { "eth ip6-offload tcp-options", 6 },
    { "eth ip4 authentication tcp", 4 },
    { "eth ip6 hop-by-hop tcp", 6 },
    { "eth ip6 hop-by-hop destination routing atomic authentication destination mobility tcp", 6 },
    { "eth vlan ip4 tcp", 4 },
    { "eth qinq vlan ip6 tcp", 6 },
    { "eth qinq-older qinq-old vlan ip4 tcp", 4 },
    { "eth mpls mpls ip4 tcp", 4 },
    { "eth mpls control-word eth ip4 tcp", 4 },
    { "eth pppoe ip6 tcp", 6 },
    { "eth ip4 ip4 tcp", 4 },
    { "eth ip4 ip6 tcp", 6 },
    { "eth ip6 ip4 tcp", 4 },
    { "eth ip6 destination ip6 tcp", 6 },
    { "eth ip4 gre ip4 tcp", 4 },
    { "eth ip4 gre-key ip6 tcp", 6 },
    { "eth ip6 gre-all eth vlan ip4 tcp", 4 },
    { "eth ip4 gre mpls ip4 tcp", 4 },
    { "eth ip4 erspan1 eth ip4 tcp", 4 },
    { "eth ip4 erspan2 eth ip6 tcp", 6 },
    { "eth ip4 erspan3 eth ip4 tcp", 4 },
    { "eth ip4 erspan3-sub eth qinq vlan ip4 tcp", 4 },
    { "eth ip4 udp:4789 vxlan eth ip4 tcp", 4 },
    { "eth ip6 udp:4789 vxlan eth ip6 tcp-options", 6 },
    { "eth vlan ip4 udp:8472 vxlan eth vlan ip4 tcp", 4 },
    { "eth ip4 udp:4790 vxlan-gpe ip4 tcp", 4 },
    { "eth ip4 udp:4790 vxlan-gpe ip6 tcp", 6 },
    { "eth ip4 udp:4790 vxlan-gpe eth ip4 tcp", 4 },
    { "eth ip4 udp:6081 geneve eth ip4 tcp", 4 },
    { "eth ip4 udp:6081 geneve-options ip6 tcp", 6 },
    { "eth ip4 udp:4789 vxlan eth ip4 gre ip6 hop-by-hop ip4-offload tcp", 4 },
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static struct ip_decoder *new_decoder(void)
{
    struct ip_decoder *decoder = ip_decoder_new(NULL, NULL);

    assert_non_null(decoder);
    return decoder;
}

static enum ip_result decode_at(struct ip_decoder *decoder, struct bytes data, int dlt, struct segment *out)
{
    struct ip_frame frame = {
        .data = data, .wire_length = (uint32_t)data.len, .dlt = dlt, .input = 3, .number = 7, .time_ns = 11
    };

    return ip_decode(decoder, &frame, out);
}

static struct address address_of(int family, uint8_t last)
{
    struct address address = { .family = (uint8_t)family };
    uint8_t v4[4] = { 192, 0, 2, last }, v6[4] = { 0x20, 0x01, 0x0d, 0xb8 };

    memcpy(address.bytes, family == 4 ? v4 : v6, 4);
    if (family == 6)
        address.bytes[15] = last;
    return address;
}

static bool has_the_headers(const struct segment *segment, int family)
{
    struct address source = address_of(family, 1), destination = address_of(family, 25);

    return memcmp(&segment->source, &source, sizeof source) == 0
           && memcmp(&segment->destination, &destination, sizeof destination) == 0
           && segment->source_port == PACKET_SOURCE_PORT && segment->destination_port == PACKET_PORT
           && segment->seq == PACKET_SEQ && segment->ack == PACKET_ACK && segment->flags == PACKET_FLAGS
           && segment->window == PACKET_WINDOW;
}

static void every_wrapping_gives_the_same_segment(void **state)
{
    static struct packet packet;
    struct ip_decoder *decoder = new_decoder();

    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct segment segment;
        memset(&segment, 0xee, sizeof segment);
        packet_build(&packet, rows[i].recipe, TEXT);
        struct bytes frame = packet_bytes(&packet);
        if (decode_at(decoder, frame, DLT_ETHERNET, &segment) != IP_SEGMENT)
            fail_msg("%s: no segment", rows[i].recipe);
        if (!has_the_headers(&segment, rows[i].family) || !bytes_equal(segment.payload, TEXT)
            || segment.missing != 0)
            fail_msg("%s: another segment", rows[i].recipe);
        struct bytes inner = bytes_from(frame, frame.len - packet.inner_len);
        assert_ptr_equal(segment.ip_packet.ptr, inner.ptr);
        assert_int_equal(segment.ip_packet.len, inner.len);
        assert_int_equal(segment.input, 3);
        assert_int_equal(segment.number, 7);
        assert_int_equal(segment.time_ns, 11);
    }
    assert_int_equal(ip_decoder_counters(decoder)->packets[IP_SEGMENT], ROW_COUNT);
    ip_decoder_free(decoder);
}

static void a_cut_packet_gives_what_is_there_with_what_is_missing(void **state)
{
    static struct packet packet;
    struct ip_decoder *decoder = new_decoder();

    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        packet_build(&packet, rows[i].recipe, TEXT);
        struct bytes whole = packet_bytes(&packet);
        /* Of the TCP header, what is behind the window may be missing. */
        size_t head = whole.len - TEXT.len, shortest = head - (strstr(rows[i].recipe, "tcp-") ? 16 : 4);
        for (size_t len = 0; len < whole.len; len++) {
            uint8_t *copy = packet_heap_copy(whole, len);
            struct ip_frame frame = { .data = { copy, len },
                                      .wire_length = (uint32_t)whole.len,
                                      .dlt = DLT_ETHERNET };
            struct segment segment;
            bool ok = ip_decode(decoder, &frame, &segment) == IP_SEGMENT;
            if (ok != (len >= shortest))
                fail_msg("%s, cut at %zu: %s", rows[i].recipe, len, ok ? "a segment" : "no segment");
            size_t kept = len > head ? len - head : 0;
            if (ok
                && (!has_the_headers(&segment, rows[i].family)
                    || !bytes_equal(segment.payload, bytes_slice(TEXT, 0, kept))
                    || segment.missing != TEXT.len - kept))
                fail_msg("%s, cut at %zu: wrong payload", rows[i].recipe, len);
            free(copy);
        }
    }
    ip_decoder_free(decoder);
}

static void padding_behind_the_packet_is_no_data(void **state)
{
    static struct packet packet;
    struct ip_decoder *decoder = new_decoder();

    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strstr(rows[i].recipe, "offload")) /* says no length that could tell padding from data */
            continue;
        struct segment segment;
        packet_build(&packet, rows[i].recipe, BYTES(""));
        packet_pad(&packet, 6);
        assert_int_equal(decode_at(decoder, packet_bytes(&packet), DLT_ETHERNET, &segment), IP_SEGMENT);
        if (segment.payload.len != 0 || segment.missing != 0 || segment.ip_packet.len != packet.inner_len)
            fail_msg("%s: padding taken for data", rows[i].recipe);
    }
    ip_decoder_free(decoder);
}

static void a_packet_longer_than_its_length_field_can_say_is_taken_as_captured(void **state)
{
    static struct packet packet;
    static uint8_t large[66000];
    struct ip_decoder *decoder = new_decoder();
    const char *const recipes[] = { "eth ip4-offload tcp", "eth ip6-offload tcp",
                                    "eth ip6-offload hop-by-hop tcp" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct segment segment;
        packet_build(&packet, recipes[i], (struct bytes){ large, sizeof large });
        assert_int_equal(decode_at(decoder, packet_bytes(&packet), DLT_ETHERNET, &segment), IP_SEGMENT);
        assert_int_equal(segment.payload.len, sizeof large);
        assert_int_equal(segment.missing, 0);
    }
    ip_decoder_free(decoder);
}

/* One octet of a packet is changed. */
struct lie {
    const char *name;
    const char *recipe;
    size_t at;
    uint8_t octet;
    enum ip_result expect;
};

static const struct lie lies[] = {
    { "IPv4 that says version 6", "eth ip4 tcp", 14, 0x65, IP_MALFORMED },
    { "IPv4 header of 16 octets", "eth ip4 udp:53", 14, 0x44, IP_MALFORMED },
    { "IPv4 header longer than its total length", "eth ip4 tcp", 17, 19, IP_MALFORMED },
    { "IPv4 options that swallow the TCP header", "eth ip4 tcp", 14, 0x4f, IP_MALFORMED },
    { "IPv4 that ends within the TCP header", "eth ip4 tcp", 17, 39, IP_MALFORMED },
    { "IPv4 with ICMP", "eth ip4 tcp", 23, 1, IP_NONE },
    { "IPv4 with IPv6's hop-by-hop options", "eth ip4 tcp", 23, 0, IP_NONE },
    { "IPv6 that says version 4", "eth ip6 tcp", 14, 0x40, IP_MALFORMED },
    { "IPv6 that ends within the TCP header", "eth ip6 tcp", 19, 19, IP_MALFORMED },
    { "IPv6 without a next header", "eth ip6 tcp", 20, 59, IP_NONE },
    { "IPv6 extension beyond the end", "eth ip6 destination tcp", 55, 255, IP_MALFORMED },
    { "authentication header beyond the end", "eth ip4 authentication tcp", 35, 255, IP_MALFORMED },
    { "TCP header of 16 octets", "eth ip4 tcp", 46, 0x40, IP_MALFORMED },
    { "TCP options beyond the end", "eth ip4 tcp", 46, 0xf0, IP_MALFORMED },
    { "TCP header of 16 octets over IPv6", "eth ip6 tcp", 66, 0x40, IP_MALFORMED },
    { "GRE version 1", "eth ip4 gre ip4 tcp", 35, 1, IP_NONE },
    { "GRE with routing", "eth ip4 gre ip4 tcp", 34, 0x40, IP_NONE },
    { "GRE keepalive", "eth ip4 gre ip4 tcp", 36, 0, IP_NONE },
    { "VXLAN without an identifier", "eth ip4 udp:4789 vxlan eth ip4 tcp", 42, 0, IP_NONE },
    { "VXLAN-GPE with a network service header", "eth ip4 udp:4790 vxlan-gpe ip4 tcp", 45, 4, IP_NONE },
    { "GENEVE of a later version", "eth ip4 udp:6081 geneve ip4 tcp", 42, 0x40, IP_NONE },
    { "GENEVE options beyond the end", "eth ip4 udp:6081 geneve ip4 tcp", 42, 0x3f, IP_NONE },
    { "another UDP port", "eth ip4 udp:4789 vxlan eth ip4 tcp", 37, 0xff, IP_NONE },
    { "ARP", "eth ip4 tcp", 13, 6, IP_NONE },
};

static void headers_that_lie_are_told_from_those_of_others(void **state)
{
    static struct packet packet;
    struct ip_decoder *decoder = new_decoder();

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct segment segment;
        packet_build(&packet, lies[i].recipe, BYTES("EHLO"));
        packet.bytes[packet.at + lies[i].at] = lies[i].octet;
        struct bytes frame = packet_bytes(&packet);
        uint8_t *copy = packet_heap_copy(frame, frame.len);
        enum ip_result result = decode_at(decoder, (struct bytes){ copy, frame.len }, DLT_ETHERNET, &segment);
        if (result != lies[i].expect)
            fail_msg("%s: %d", lies[i].name, (int)result);
        free(copy);
    }
    ip_decoder_free(decoder);
}

static void an_extension_chain_has_a_ceiling(void **state)
{
    static struct packet packet;
    struct ip_decoder *decoder = new_decoder();
    struct segment segment;

    (void)state;
    packet_build(&packet, "tcp", TEXT);
    for (unsigned i = 0; i < 100; i++)
        packet_wrap(&packet, "destination");
    packet_wrap(&packet, "eth ip6");
    assert_int_equal(decode_at(decoder, packet_bytes(&packet), DLT_ETHERNET, &segment), IP_NONE);
    ip_decoder_free(decoder);
}

static void nesting_has_a_ceiling_and_is_counted(void **state)
{
    static struct packet packet;
    static const char *const layers[] = { "ip4", "ip6", "ip4 gre", "eth ip4 udp:4789 vxlan", "vlan" };
    struct ip_decoder *decoder = new_decoder();

    (void)state;
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        struct segment segment;
        packet_build(&packet, "ip4 tcp", TEXT);
        if (i == 3)
            packet_wrap(&packet, "eth");
        for (unsigned n = 0; n < 60; n++)
            packet_wrap(&packet, i == 3 && n == 0 ? "ip4 udp:4789 vxlan" : layers[i]);
        packet_wrap(&packet, i == 3 ? "eth ip4 udp:4789 vxlan" : "eth");
        assert_int_equal(decode_at(decoder, packet_bytes(&packet), DLT_ETHERNET, &segment), IP_NONE);
        assert_int_equal(ip_decoder_counters(decoder)->nested_too_deep, i + 1);
    }
    ip_decoder_free(decoder);
}

static void a_moderate_nesting_is_read(void **state)
{
    static struct packet packet;
    struct ip_decoder *decoder = new_decoder();
    struct segment segment;

    (void)state;
    packet_build(&packet, "ip4 tcp", TEXT);
    for (unsigned n = 0; n < 10; n++)
        packet_wrap(&packet, "ip4");
    packet_wrap(&packet, "eth vlan");
    assert_int_equal(decode_at(decoder, packet_bytes(&packet), DLT_ETHERNET, &segment), IP_SEGMENT);
    assert_true(bytes_equal(segment.payload, TEXT));
    assert_int_equal(ip_decoder_counters(decoder)->nested_too_deep, 0);
    ip_decoder_free(decoder);
}

static void an_unknown_link_type_is_counted_with_its_number(void **state)
{
    struct ip_decoder *decoder = new_decoder();
    struct segment segment;

    (void)state;
    assert_int_equal(decode_at(decoder, BYTES("\x45\x00"), 147, &segment), IP_NONE);
    assert_int_equal(decode_at(decoder, BYTES(""), 195, &segment), IP_NONE);
    assert_int_equal(ip_decoder_counters(decoder)->unknown_link, 2);
    assert_int_equal(ip_decoder_counters(decoder)->unknown_dlt, 195);
    assert_int_equal(decode_at(decoder, BYTES("\x45\x00"), DLT_RAW, &segment), IP_MALFORMED);
    assert_int_equal(ip_decoder_counters(decoder)->unknown_link, 2);
    ip_decoder_free(decoder);
}

static bool same_segment(const struct segment *a, const struct segment *b)
{
    return memcmp(&a->source, &b->source, sizeof a->source) == 0
           && memcmp(&a->destination, &b->destination, sizeof a->destination) == 0
           && a->source_port == b->source_port && a->destination_port == b->destination_port
           && a->seq == b->seq && a->ack == b->ack && a->flags == b->flags && a->window == b->window
           && bytes_equal(a->payload, b->payload) && a->missing == b->missing
           && bytes_equal(a->ip_packet, b->ip_packet);
}

/* The short way for plain Ethernet and the general one have to agree: the same IP packet is decoded behind
 * an Ethernet header and as a raw packet, with octets of its headers changed at random. */
static void the_short_way_and_the_general_one_agree(void **state)
{
    static struct packet packet;
    static const char *const recipes[] = { "eth ip4 tcp", "eth ip6 tcp", "eth ip4 tcp-options",
                                           "eth ip6 tcp-options" };
    struct ip_decoder *decoder = new_decoder(), *other = new_decoder();
    uint32_t seed = 1;
    unsigned segments = 0;

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        struct segment a, b;
        packet_build(&packet, recipes[round % 4], TEXT);
        packet_pad(&packet, round / 4 % 3 * 4);
        size_t headers = packet_bytes(&packet).len - TEXT.len - 14;
        for (unsigned n = round / 16 % 4; n > 0; n--) {
            seed = seed * 1664525u + 1013904223u;
            size_t at = (seed >> 8) % headers;
            uint8_t octet = (uint8_t)(seed >> 24);
            if (at > 0) /* the version, which a raw packet is known by, stays */
                packet.bytes[packet.at + 14 + at] = round & 64 ? octet : octet & 3;
        }
        struct bytes frame = packet_bytes(&packet);
        enum ip_result first = decode_at(decoder, frame, DLT_ETHERNET, &a);
        assert_int_equal(decode_at(other, bytes_from(frame, 14), DLT_RAW, &b), first);
        if (first == IP_SEGMENT)
            assert_true(same_segment(&a, &b));
        segments += first == IP_SEGMENT;
    }
    assert_in_range(segments, 50000, 199999);
    ip_decoder_free(decoder);
    ip_decoder_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrapping_gives_the_same_segment),
        cmocka_unit_test(a_cut_packet_gives_what_is_there_with_what_is_missing),
        cmocka_unit_test(padding_behind_the_packet_is_no_data),
        cmocka_unit_test(a_packet_longer_than_its_length_field_can_say_is_taken_as_captured),
        cmocka_unit_test(headers_that_lie_are_told_from_those_of_others),
        cmocka_unit_test(an_extension_chain_has_a_ceiling),
        cmocka_unit_test(nesting_has_a_ceiling_and_is_counted),
        cmocka_unit_test(a_moderate_nesting_is_read),
        cmocka_unit_test(an_unknown_link_type_is_counted_with_its_number),
        cmocka_unit_test(the_short_way_and_the_general_one_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
