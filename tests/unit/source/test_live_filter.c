#include "source/live.h"

#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const uint16_t ports[] = { 25, 587 };

/* The first choice that libpcap can compile for this link type. */
static void compile(const struct live_options *options, int link_type, struct bpf_program *program)
{
    pcap_t *dead = pcap_open_dead(link_type, 65535);
    struct buf text;
    bool ok = false;

    assert_non_null(dead);
    buf_init(&text, 65536);
    for (unsigned choice = 0; !ok && live_filter_expression(options, choice, &text); choice++) {
        assert_true(buf_append_u8(&text, '\0'));
        ok = pcap_compile(dead, program, (const char *)text.ptr, 1, PCAP_NETMASK_UNKNOWN) == 0;
        buf_clear(&text);
    }
    assert_true(ok);
    buf_release(&text);
    pcap_close(dead);
}

static bool passes(const struct live_options *options, int link_type, struct bytes frame)
{
    struct bpf_program program;
    struct pcap_pkthdr header = { .caplen = (bpf_u_int32)frame.len, .len = (bpf_u_int32)frame.len };

    compile(options, link_type, &program);
    bool ok = pcap_offline_filter(&program, &header, frame.ptr) != 0;
    pcap_freecode(&program);
    return ok;
}

#define MACS                   "\2\0\0\0\0\1\2\0\0\0\0\2"
#define IP(protocol, fragment) "\x45\0\0\x28\0\0" fragment "\x40" protocol "\0\0\xc0\0\2\1\xc0\0\2\2"
#define WHOLE                  "\0\0"
#define TCP(port)              "\x9c\x40" port "\0\0\0\1\0\0\0\0\x50\2\xff\xff\0\0\0\0"
#define UDP(port)              "\x9c\x40" port "\0\x14\0\0"

#define OCTETS(literal) literal, sizeof(literal) - 1

static const struct {
    const char *name;
    const char *octets;
    size_t len;
    bool passes;
} frames[] = {
    { "plain", OCTETS(MACS "\x08\0" IP("\6", WHOLE) TCP("\0\x19")), true },
    { "another port", OCTETS(MACS "\x08\0" IP("\6", WHOLE) TCP("\0\x50")), false },
    { "submission", OCTETS(MACS "\x08\0" IP("\6", WHOLE) TCP("\2\x4b")), true },
    { "one tag", OCTETS(MACS "\x81\0\0\5\x08\0" IP("\6", WHOLE) TCP("\0\x19")), true },
    { "one tag, another port", OCTETS(MACS "\x81\0\0\5\x08\0" IP("\6", WHOLE) TCP("\0\x50")), false },
    { "two tags", OCTETS(MACS "\x88\xa8\0\7\x81\0\0\5\x08\0" IP("\6", WHOLE) TCP("\0\x19")), true },
    { "MPLS", OCTETS(MACS "\x88\x47\0\1\1\x40" IP("\6", WHOLE) TCP("\0\x50")), true },
    { "PPPoE", OCTETS(MACS "\x88\x64\x11\0\0\1\0\x2a\0\x21" IP("\6", WHOLE) TCP("\0\x50")), true },
    { "GRE", OCTETS(MACS "\x08\0" IP("\x2f", WHOLE) "\0\0\x08\0" IP("\6", WHOLE) TCP("\0\x50")), true },
    { "IP in IP", OCTETS(MACS "\x08\0" IP("\4", WHOLE) IP("\6", WHOLE) TCP("\0\x50")), true },
    { "VXLAN", OCTETS(MACS "\x08\0" IP("\x11", WHOLE) UDP("\x12\xb5") "\x08\0\0\0\0\0\1\0" MACS "\x08\0"),
      true },
    { "DNS", OCTETS(MACS "\x08\0" IP("\x11", WHOLE) UDP("\0\x35") "abcdefghijkl"), false },
    { "a later fragment", OCTETS(MACS "\x08\0" IP("\6", "\0\x40") TCP("\0\x50")), true },
    { "ARP", OCTETS(MACS "\x08\6\0\1\x08\0\6\4\0\1aaaaaaaaaaaaaaaaaaaa"), false },
    { "IPv6",
      OCTETS(MACS "\x86\xdd\x60\0\0\0\0\x14\6\x40"
                  "0123456789abcdef0123456789abcdef" TCP("\0\x19")),
      true },
    { "IPv6, another port",
      OCTETS(MACS "\x86\xdd\x60\0\0\0\0\x14\6\x40"
                  "0123456789abcdef0123456789abcdef" TCP("\0\x50")),
      false },
    { "IPv6, extension header",
      OCTETS(MACS "\x86\xdd\x60\0\0\0\0\x1c\0\x40"
                  "0123456789abcdef0123456789abcdef"
                  "\6\0\1\4\0\0\0\0" TCP("\0\x19")),
      true },
};

static struct bytes frame_of(size_t index)
{
    return (struct bytes){ (const uint8_t *)frames[index].octets, frames[index].len };
}

static void what_may_carry_smtp_passes(void **state)
{
    const struct live_options options = { .ports = ports, .port_count = 2 };

    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        if (passes(&options, DLT_EN10MB, frame_of(i)) != frames[i].passes)
            fail_msg("%s", frames[i].name);
}

static void the_users_filter_narrows_and_its_ports_take_the_place_of_ours(void **state)
{
    struct live_options options = { .ports = ports, .port_count = 2, .filter = "host 192.0.2.1" };

    (void)state;
    assert_true(passes(&options, DLT_EN10MB, frame_of(0)));
    assert_false(passes(&options, DLT_EN10MB, frame_of(1)));
    assert_true(passes(&options, DLT_EN10MB, frame_of(3)));
    options.filter = "host 192.0.2.77";
    assert_false(passes(&options, DLT_EN10MB, frame_of(0)));
    assert_false(passes(&options, DLT_EN10MB, frame_of(3)));
    options.filter = "tcp port 80";
    assert_false(passes(&options, DLT_EN10MB, frame_of(0)));
    assert_true(passes(&options, DLT_EN10MB, frame_of(1)));
    assert_true(passes(&options, DLT_EN10MB, frame_of(4)));
    options.filter = "vlan 5 and tcp port 80";
    assert_true(passes(&options, DLT_EN10MB, frame_of(4)));
    assert_false(passes(&options, DLT_EN10MB, frame_of(1)));
}

static void all_ports_are_all_tcp(void **state)
{
    const struct live_options options = { .port_count = 0 };

    (void)state;
    assert_true(passes(&options, DLT_EN10MB, frame_of(1)));
    assert_true(passes(&options, DLT_EN10MB, frame_of(4)));
    assert_false(passes(&options, DLT_EN10MB, frame_of(11)));
}

static void every_kind_of_device_has_a_filter(void **state)
{
    static const int link_types[] = { DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW, DLT_NULL, DLT_PPP };
    const struct live_options options = { .ports = ports, .port_count = 2 };
    struct bpf_program program;

    (void)state;
    for (size_t i = 0; i < sizeof link_types / sizeof link_types[0]; i++) {
        compile(&options, link_types[i], &program);
        pcap_freecode(&program);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_carry_smtp_passes),
        cmocka_unit_test(the_users_filter_narrows_and_its_ports_take_the_place_of_ours),
        cmocka_unit_test(all_ports_are_all_tcp),
        cmocka_unit_test(every_kind_of_device_has_a_filter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
