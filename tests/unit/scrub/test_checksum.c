/* Checksums: followed and computed anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scrub/checksum.h"

/* IPv4, 192.0.2.1 to 198.51.100.25, TCP 40000 to 25, five octets of data; checksums zero. */
static const uint8_t packet[45] = {
    0x45, 0, 0, 45, 0, 1, 0, 0, 64, 6,    0,    0,    192,  0, 2, 1, 198, 51,  100, 25,  0x9c, 0x40, 0,
    25,   0, 0, 0,  1, 0, 0, 0, 1,  0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0,   'Q', 'U', 'I', 'T',  '!'
};

static void following_a_change_is_computing_anew(void **state)
{
    uint8_t a[45], b[45];
    const uint8_t before[2] = { 'Q', 'U' }, after[2] = { 'x', 0 };

    (void)state;
    memcpy(a, packet, sizeof a);
    checksum_renew(a, sizeof a);
    assert_int_not_equal(a[10] << 8 | a[11], 0);
    assert_int_not_equal(a[36] << 8 | a[37], 0);
    memcpy(b, a, sizeof b);
    memcpy(b + 40, after, 2);
    checksum_follow(b + 36, before, after, 2);
    memcpy(a + 40, after, 2);
    checksum_renew(a, sizeof a);
    assert_memory_equal(a, b, sizeof a);
}

static void what_is_cut_short_stays_as_it_is(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof packet; len++) {
        uint8_t *copy = malloc(len ? len : 1); /* of exact size, so that one octet too far is seen */
        memcpy(copy, packet, len);
        checksum_renew(copy, len);
        if (len > 38)
            assert_int_equal(copy[36] << 8 | copy[37], 0);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(following_a_change_is_computing_anew),
        cmocka_unit_test(what_is_cut_short_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
