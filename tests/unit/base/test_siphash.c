/* SipHash-1-3 against values of another implementation (libcrypto's MAC "siphash", one and three rounds). */
#include "base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

static const uint64_t key[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };

static uint64_t hash_of(struct bytes bytes)
{
    struct siphash hash;

    siphash_start(&hash, key);
    siphash_add(&hash, bytes);
    return siphash_value(&hash);
}

static void known_values_come_out(void **state)
{
    static const uint8_t input[15] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

    (void)state;
    assert_true(hash_of((struct bytes){ NULL, 0 }) == UINT64_C(0xabac0158050fc4dc));
    assert_true(hash_of((struct bytes){ input, 1 }) == UINT64_C(0xc9f49bf37d57ca93));
    assert_true(hash_of((struct bytes){ input, 2 }) == UINT64_C(0x82cb9b024dc7d44d));
    assert_true(hash_of((struct bytes){ input, 15 }) == UINT64_C(0xd320d86d2a519956));
}

static void cuts_change_nothing(void **state)
{
    uint8_t input[41];
    struct siphash hash;

    (void)state;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)(i * 7 + 3);
    struct bytes whole = { input, sizeof input };
    for (size_t a = 0; a <= whole.len; a++)
        for (size_t b = a; b <= whole.len; b++) {
            siphash_start(&hash, key);
            siphash_add(&hash, bytes_slice(whole, 0, a));
            siphash_add(&hash, bytes_slice(whole, a, b - a));
            siphash_add(&hash, bytes_from(whole, b));
            assert_true(siphash_value(&hash) == hash_of(whole));
        }
}

static void numbers_are_eight_bytes(void **state)
{
    static const uint8_t input[] = { 'a', 'b', 8, 7, 6, 5, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1 };
    struct siphash hash;

    (void)state;
    siphash_start(&hash, key);
    siphash_add(&hash, BYTES("ab"));
    siphash_add_number(&hash, UINT64_C(0x0102030405060708));
    siphash_add_number(&hash, UINT64_C(0x0102030405060708));
    assert_true(siphash_value(&hash) == hash_of((struct bytes){ input, sizeof input }));
    siphash_start(&hash, key);
    siphash_add_number(&hash, UINT64_C(0x0102030405060708));
    assert_true(siphash_value(&hash) == hash_of((struct bytes){ input + 2, 8 }));
}

/* The length, the bytes, zeroes: at whatever place. */
static void parts_are_filled_up_with_zeroes(void **state)
{
    (void)state;
    for (size_t before = 0; before < 9; before++)
        for (size_t len = 0; len < 25; len++) {
            uint8_t input[64] = { 0 };
            struct siphash hash;
            memset(input, 7, before);
            input[before] = (uint8_t)len;
            memset(input + before + 8, 'x', len);
            siphash_start(&hash, key);
            siphash_add(&hash, (struct bytes){ input, before });
            siphash_add_part(&hash, (struct bytes){ input + before + 8, len });
            assert_true(siphash_value(&hash)
                        == hash_of((struct bytes){ input, before + 8 + (len + 7) / 8 * 8 }));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_come_out),
        cmocka_unit_test(cuts_change_nothing),
        cmocka_unit_test(numbers_are_eight_bytes),
        cmocka_unit_test(parts_are_filled_up_with_zeroes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
