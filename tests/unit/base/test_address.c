/* Addresses, endpoints and networks as text. */
#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

static void addresses_go_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
        int family;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1", 4 },
        { "0.0.0.0", "0.0.0.0", 4 },
        { "255.255.255.255", "255.255.255.255", 4 },
        { "2001:DB8::1", "2001:db8::1", 6 },
        { "[2001:db8::1]", "2001:db8::1", 6 },
        { "::", "::", 6 },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1", 6 },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 6 },
        { "", NULL, 0 },
        { "192.0.2", NULL, 0 },
        { "192.0.2.256", NULL, 0 },
        { "192.0.2.1 ", NULL, 0 },
        { "mx.example", NULL, 0 },
        { "2001:db8::1%eth0", NULL, 0 },
        { "1:2:3:4:5:6:7:8:9", NULL, 0 },
        { "[", NULL, 0 },
        { "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address address = { .family = 9 };
        char text[ADDRESS_TEXT];
        assert_int_equal(address_parse(bytes_of(rows[i].text), &address), rows[i].canonical != NULL);
        assert_int_equal(address.family, rows[i].canonical ? rows[i].family : 9);
        if (!rows[i].canonical)
            continue;
        assert_int_equal(address_format(&address, text), strlen(rows[i].canonical));
        assert_string_equal(text, rows[i].canonical);
    }
    struct address untouched;
    assert_false(address_parse(BYTES("192.0.2.1\0"), &untouched));
}

static void endpoints_have_brackets_around_ipv6(void **state)
{
    (void)state;
    struct endpoint end = { .port = 65535 };
    char text[ENDPOINT_TEXT];

    assert_true(address_parse(BYTES("192.0.2.1"), &end.address));
    assert_int_equal(endpoint_format(&end, text), 15);
    assert_string_equal(text, "192.0.2.1:65535");
    assert_true(address_parse(BYTES("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), &end.address));
    assert_int_equal(endpoint_format(&end, text), 46);
    assert_string_equal(text, "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    end = (struct endpoint){ .port = 0 };
    (void)endpoint_format(&end, text);
    assert_string_equal(text, "unknown:0");
}

static void networks_hold_their_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *network, *address;
        bool is_network, holds;
    } rows[] = {
        { "192.0.2.0/24", "192.0.2.255", true, true },
        { "192.0.2.0/24", "192.0.3.0", true, false },
        { "192.0.2.1", "192.0.2.1", true, true },
        { "192.0.2.1", "192.0.2.2", true, false },
        { "0.0.0.0/0", "203.0.113.9", true, true },
        { "0.0.0.0/0", "::1", true, false },
        { "192.0.2.128/25", "192.0.2.127", true, false },
        { "192.0.2.77/25", "192.0.2.1", true, true },
        { "2001:db8::/33", "2001:db8:7fff::1", true, true },
        { "2001:db8::/33", "2001:db8:8000::1", true, false },
        { "::/0", "2001:db8::1", true, true },
        { "2001:db8::1/128", "2001:db8::1", true, true },
        { "192.0.2.0/33", "", false, false },
        { "192.0.2.0/", "", false, false },
        { "192.0.2.0/-1", "", false, false },
        { "2001:db8::/129", "", false, false },
        { "/24", "", false, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address_prefix prefix;
        struct address address;
        assert_int_equal(address_prefix_parse(bytes_of(rows[i].network), &prefix), rows[i].is_network);
        if (!rows[i].is_network)
            continue;
        assert_true(address_parse(bytes_of(rows[i].address), &address));
        assert_int_equal(address_prefix_holds(&prefix, &address), rows[i].holds);
    }
}

static void equality_minds_the_family(void **state)
{
    (void)state;
    struct address a = { .family = 4 }, b = { .family = 6 };

    assert_false(address_equal(&a, &b));
    b.family = 4;
    assert_true(address_equal(&a, &b));
    b.bytes[3] = 1;
    assert_false(address_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_go_both_ways),
        cmocka_unit_test(endpoints_have_brackets_around_ipv6),
        cmocka_unit_test(networks_hold_their_addresses),
        cmocka_unit_test(equality_minds_the_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
