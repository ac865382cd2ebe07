/* Every link layer around the same IP packet, whole and cut at each octet. */
#include "link/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "tests/support/packet_builder.h"

enum { VERSION_4 = 4, VERSION_6 = 6 };

struct row {
    const char *name;
    int dlt;
    const char *head; /* in hexadecimal, before the IP packet */
    int version;
    uint16_t vlan;
};

#define MACS      "020000000019 020000000001"
#define WLAN      "01 0000" MACS "020000000002 1000"
#define SNAP      "aaaa03 000000"
#define SLL       "0000 0001 0006 020000000001 0000"
#define SLL2_TAIL "0000 00000002 0001 00 06 0200000000010000"

static const struct row rows[] = {
    { "ethernet", 1, MACS "0800", VERSION_4, 0 },
    { "ethernet, IPv6", 1, MACS "86dd", VERSION_6, 0 },
    { "ethernet with a length", 1, MACS "0050" SNAP "0800", VERSION_4, 0 },
    { "802.1Q", 1, MACS "8100 a007 0800", VERSION_4, 7 },
    { "802.1ad", 1, MACS "88a8 0009 8100 0007 86dd", VERSION_6, 7 },
    { "stacked tags of old", 1, MACS "9100 0009 9200 0008 8100 0007 0800", VERSION_4, 7 },
    { "tag before a length", 1, MACS "8100 0007 0050" SNAP "0800", VERSION_4, 7 },
    { "MPLS", 1, MACS "8847 00010040 00011140", VERSION_4, 0 },
    { "MPLS multicast, IPv6", 1, MACS "8848 00011140", VERSION_6, 0 },
    { "pseudowire", 1, MACS "8847 00011140" MACS "0800", VERSION_4, 0 },
    { "pseudowire with a control word", 1, MACS "8847 00011140 00000000" MACS "0800", VERSION_4, 0 },
    { "pseudowire with a numbered, short frame", 1, MACS "8847 00011140 002a1234" MACS "86dd", VERSION_6, 0 },
    { "pseudowire to a card of 4c...", 1, MACS "8847 00011140 4c776d000019 020000000001 8100 0007 0800",
      VERSION_4, 7 },
    { "pseudowire to a card of 60...", 1, MACS "8847 00011140 60776d99ff19 020000000001 86dd", VERSION_6, 0 },
    { "pseudowire to a card of 00...", 1, MACS "8847 00011140 00005e000019 020000000001 0800", VERSION_4, 0 },
    { "PPPoE", 1, MACS "8864 1100 0001 0050 0021", VERSION_4, 0 },
    { "PPPoE behind a tag, IPv6", 1, MACS "8100 0007 8864 1100 0001 0050 0057", VERSION_6, 7 },
    { "PPPoE, MPLS in PPP", 1, MACS "8864 1100 0001 0050 0281 00011140", VERSION_4, 0 },
    { "linux cooked", 113, SLL "0800", VERSION_4, 0 },
    { "linux cooked, IPv6", 113, SLL "86dd", VERSION_6, 0 },
    { "linux cooked, tagged", 113, SLL "8100 0007 0800", VERSION_4, 7 },
    { "linux cooked, LLC", 113, SLL "0004" SNAP "0800", VERSION_4, 0 },
    { "linux cooked 2", 276, "0800" SLL2_TAIL, VERSION_4, 0 },
    { "linux cooked 2, IPv6", 276, "86dd" SLL2_TAIL, VERSION_6, 0 },
    { "null, little-endian", 0, "02000000", VERSION_4, 0 },
    { "null, big-endian", 0, "00000002", VERSION_4, 0 },
    { "null, Linux", 0, "0a000000", VERSION_6, 0 },
    { "null, Windows", 0, "17000000", VERSION_6, 0 },
    { "null, NetBSD", 0, "18000000", VERSION_6, 0 },
    { "null, FreeBSD", 0, "1c000000", VERSION_6, 0 },
    { "null, Darwin", 0, "1e000000", VERSION_6, 0 },
    { "null, Darwin on PowerPC", 0, "0000001e", VERSION_6, 0 },
    { "loop", 108, "00000002", VERSION_4, 0 },
    { "loop, IPv6", 108, "00000018", VERSION_6, 0 },
    { "enc", 109, "02000000 12345678 00000000", VERSION_4, 0 },
    { "raw", 101, "", VERSION_4, 0 },
    { "raw, IPv6", 101, "", VERSION_6, 0 },
    { "raw as BSD numbers it", 12, "", VERSION_4, 0 },
    { "raw as OpenBSD numbers it", 14, "", VERSION_6, 0 },
    { "ipv4", 228, "", VERSION_4, 0 },
    { "ipv6", 229, "", VERSION_6, 0 },
    { "PPP", 9, "0021", VERSION_4, 0 },
    { "PPP with address and control", 9, "ff03 0057", VERSION_6, 0 },
    { "PPP with a short protocol", 9, "21", VERSION_4, 0 },
    { "PPP over a serial line", 50, "ff03 0021", VERSION_4, 0 },
    { "PPP with direction", 204, "01 ff03 0021", VERSION_4, 0 },
    { "PPPoE alone", 51, "1100 0001 0050 0021", VERSION_4, 0 },
    { "Cisco HDLC", 104, "0f00 0800", VERSION_4, 0 },
    { "Cisco HDLC that is PPP", 104, "ff03 0057", VERSION_6, 0 },
    { "802.11, to the access point", 105, "08" WLAN SNAP "0800", VERSION_4, 0 },
    { "802.11, four addresses", 105, "0803 0000" MACS "020000000002 1000 020000000003" SNAP "0800", VERSION_4,
      0 },
    { "802.11, QoS", 105, "88" WLAN "0000" SNAP "86dd", VERSION_6, 0 },
    { "802.11, QoS with HT control", 105, "8881 0000" MACS "020000000002 1000 0000 00000000" SNAP "0800",
      VERSION_4, 0 },
    { "radiotap", 127,
      "0000 0900 00000000 00"
      "08" WLAN SNAP "0800",
      VERSION_4, 0 },
    { "radiotap with time, flags and padding", 127,
      "0000 1100 03000000 1122334455667788 20"
      "88" WLAN "0000 0000" SNAP "0800",
      VERSION_4, 0 },
    { "radiotap with two words of presence", 127,
      "0000 1900 03000080 00000000 00000000 1122334455667788 20"
      "88" WLAN "0000 0000" SNAP "0800",
      VERSION_4, 0 },
    { "Prism", 119,
      "44000000 0c000000 00000000"
      "08" WLAN SNAP "0800",
      VERSION_4, 0 },
    { "Prism, big-endian", 119,
      "00000044 0000000c 00000000"
      "08" WLAN SNAP "0800",
      VERSION_4, 0 },
    { "AVS in place of Prism", 119,
      "80211001 0000000c 00000000"
      "08" WLAN SNAP "0800",
      VERSION_4, 0 },
    { "AVS", 163,
      "80211001 0000000c 00000000"
      "08" WLAN SNAP "86dd",
      VERSION_6, 0 },
    { "pflog", 117,
      "3d 02"
      "0000 656d30000000000000000000000000000000 00000000000000000000000000000000"
      "0000000000000000000000000000000000000000000000000000",
      VERSION_4, 0 },
    { "nflog", 239, "02 00 0001 0800 0100 08000100 0500 0a00 00000000 4001 0900", VERSION_4, 0 },
    { "nflog, big-endian", 239, "0a 00 0001 0008 0001 08000100 0005 000a 00000000 0140 0009", VERSION_6, 0 },
};

static const struct row none[] = {
    { "ARP", 1, MACS "0806", VERSION_4, 0 },
    { "LLC without SNAP", 1, MACS "0050 424203 000000 0800", VERSION_4, 0 },
    { "a length beyond 1500 and below 1536", 1, MACS "05e0" SNAP "0800", VERSION_4, 0 },
    { "tag before LLC without SNAP", 1, MACS "8100 0007 0050 424203 000000 0800", VERSION_4, 0 },
    { "PPPoE discovery", 1, MACS "8864 1109 0001 0050 0021", VERSION_4, 0 },
    { "PPPoE, LCP", 1, MACS "8864 1100 0001 0050 c021", VERSION_4, 0 },
    { "PPP, LCP", 9, "ff03 c021", VERSION_4, 0 },
    { "null, AppleTalk", 0, "10000000", VERSION_4, 0 },
    { "raw, version 5", 101, "50", VERSION_4, 0 },
    { "802.11 beacon", 105, "80" WLAN SNAP "0800", VERSION_4, 0 },
    { "802.11 without data", 105, "48" WLAN SNAP "0800", VERSION_4, 0 },
    { "802.11, encrypted", 105, "0841 0000" MACS "020000000002 1000" SNAP "0800", VERSION_4, 0 },
    { "radiotap longer than the frame", 127,
      "0000 ffff 00000000 00"
      "08" WLAN SNAP "0800",
      VERSION_4, 0 },
    { "radiotap shorter than itself", 127,
      "0000 0700 00000000 00"
      "08" WLAN SNAP "0800",
      VERSION_4, 0 },
    { "radiotap whose words never end", 127, "0000 0800 ffffffff ffffffff ffffffff", VERSION_4, 0 },
    { "Prism longer than the frame", 119,
      "44000000 ffffffff"
      "08" WLAN SNAP "0800",
      VERSION_4, 0 },
    { "AVS shorter than itself", 163,
      "80211001 00000007"
      "08" WLAN SNAP "0800",
      VERSION_4, 0 },
    { "pflog shorter than itself", 117, "04 02 0000", VERSION_4, 0 },
    { "nflog attribute shorter than itself", 239, "02 00 0001 0300 0900", VERSION_4, 0 },
    { "nflog without a packet", 239, "02 00 0001 0800 0100 08000100 0800 0b00", VERSION_4, 0 },
    { "MPLS without a bottom", 1, MACS "8847 00010040 00010040", VERSION_4, 0 },
};

static void build(struct packet *packet, const struct row *row)
{
    packet_build(packet, row->version == VERSION_4 ? "ip4 tcp" : "ip6 tcp", BYTES("EHLO client.example\r\n"));
    packet_push_hex(packet, row->head);
}

/* Decodes the first `len` octets of the packet, and compares what comes out. */
static bool decode_cut(const struct row *row, const struct packet *packet, size_t len)
{
    uint8_t *copy = packet_heap_copy(packet_bytes(packet), len);
    struct link_payload out;
    bool ok = link_decode(link_find(row->dlt), (struct bytes){ copy, len }, &out, NULL);

    if (ok) {
        size_t head = packet_bytes(packet).len - packet->inner_len;
        struct bytes rest = { copy + head, len - head };
        if (len < head || !bytes_equal(out.payload, rest) || out.vlan != row->vlan
            || out.ethertype != (row->version == VERSION_4 ? 0x0800 : 0x86dd)) {
            print_error("%s, cut at %zu: wrong payload\n", row->name, len);
            fail();
        }
    }
    free(copy);
    return ok;
}

static void every_link_layer_gives_the_packet_inside(void **state)
{
    static struct packet packet;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build(&packet, &rows[i]);
        if (!decode_cut(&rows[i], &packet, packet_bytes(&packet).len))
            fail_msg("%s: not decoded", rows[i].name);
    }
}

static void a_frame_cut_anywhere_gives_a_part_of_the_packet_or_nothing(void **state)
{
    static struct packet packet;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        build(&packet, &rows[i]);
        size_t whole = packet_bytes(&packet).len, head = whole - packet.inner_len;
        for (size_t len = 0; len < whole; len++) {
            bool ok = decode_cut(&rows[i], &packet, len);
            if (ok && len < head)
                fail_msg("%s: decoded without its header, cut at %zu", rows[i].name, len);
            if (!ok && len >= head + 20)
                fail_msg("%s: not decoded, cut at %zu", rows[i].name, len);
        }
    }
}

static void what_is_not_ip_is_refused(void **state)
{
    static struct packet packet;

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        build(&packet, &none[i]);
        struct bytes frame = packet_bytes(&packet);
        for (size_t len = 0; len <= frame.len; len++) {
            uint8_t *copy = packet_heap_copy(frame, len);
            struct link_payload out;
            if (link_decode(link_find(none[i].dlt), (struct bytes){ copy, len }, &out, NULL))
                fail_msg("%s: decoded, cut at %zu", none[i].name, len);
            free(copy);
        }
    }
}

static void an_empty_frame_holds_nothing_on_any_link(void **state)
{
    (void)state;
    for (const struct link_type *const *type = link_types(); *type; type++) {
        struct link_payload out;
        assert_false(link_decode(*type, (struct bytes){ NULL, 0 }, &out, NULL));
    }
}

static void what_follows_the_packet_in_nflog_is_no_part_of_it(void **state)
{
    struct bytes frame = BYTES("\x02\x00\x00\x01\x09\x00\x09\x00\x45xyzw\x00\x00\x00\x08\x00\x0a\x00zzzz");
    struct link_payload out;

    (void)state;
    assert_true(link_decode(link_find(239), frame, &out, NULL));
    assert_true(bytes_equal(out.payload, BYTES("\x45xyzw")));
}

static void a_stack_of_tags_has_a_ceiling(void **state)
{
    static struct packet packet;

    (void)state;
    for (unsigned tags = 1; tags <= 200; tags++) {
        packet_build(&packet, "ip4 tcp", BYTES("x"));
        for (unsigned i = 0; i < tags; i++)
            packet_wrap(&packet, "vlan");
        packet_wrap(&packet, "eth");
        struct link_payload out;
        struct err err = { .code = ERR_NONE };
        bool ok = link_decode(link_find(1), packet_bytes(&packet), &out, &err);
        assert_int_equal(ok, tags < LIMIT_LINK_NESTING);
        assert_int_equal(err.code, ok ? ERR_NONE : ERR_LIMIT);
        assert_int_equal(out.layers, tags < LIMIT_LINK_NESTING ? tags + 1 : LIMIT_LINK_NESTING + 1);
    }
}

static void frames_in_frames_have_a_ceiling(void **state)
{
    static struct packet packet;

    (void)state;
    packet_build(&packet, "ip4 tcp", BYTES("x"));
    for (unsigned i = 0; i < 100; i++)
        packet_wrap(&packet, "mpls eth");
    packet_wrap(&packet, "eth");
    struct link_payload out;
    struct err err;
    assert_false(link_decode(link_find(1), packet_bytes(&packet), &out, &err));
    assert_int_equal(err.code, ERR_LIMIT);
}

static void every_number_has_one_row_with_a_name(void **state)
{
    (void)state;
    for (const struct link_type *const *type = link_types(); *type; type++) {
        assert_ptr_equal(link_find((*type)->dlt), *type);
        assert_non_null((*type)->name);
        assert_non_null((*type)->decode);
    }
    assert_null(link_find(-1));
    assert_null(link_find(147));
}

static void every_row_of_the_table_is_tested_here(void **state)
{
    (void)state;
    for (const struct link_type *const *type = link_types(); *type; type++) {
        bool is_tested = false;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            is_tested |= rows[i].dlt == (*type)->dlt;
        if (!is_tested)
            fail_msg("%s (%d) has no row here", (*type)->name, (*type)->dlt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_link_layer_gives_the_packet_inside),
        cmocka_unit_test(a_frame_cut_anywhere_gives_a_part_of_the_packet_or_nothing),
        cmocka_unit_test(what_is_not_ip_is_refused),
        cmocka_unit_test(an_empty_frame_holds_nothing_on_any_link),
        cmocka_unit_test(what_follows_the_packet_in_nflog_is_no_part_of_it),
        cmocka_unit_test(a_stack_of_tags_has_a_ceiling),
        cmocka_unit_test(frames_in_frames_have_a_ceiling),
        cmocka_unit_test(every_number_has_one_row_with_a_name),
        cmocka_unit_test(every_row_of_the_table_is_tested_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
