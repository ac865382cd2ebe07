/* The same for the same bytes, however they are cut, and another for others. */
#include "base/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

static uint64_t value_of(struct bytes a, struct bytes b, struct bytes c)
{
    struct fingerprint print;

    fingerprint_start(&print);
    fingerprint_add(&print, a);
    fingerprint_add(&print, b);
    fingerprint_add(&print, c);
    return fingerprint_value(&print);
}

static void cuts_change_nothing(void **state)
{
    const struct bytes none = { NULL, 0 };
    uint8_t input[41];

    (void)state;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)(i * 7 + 3);
    struct bytes whole = { input, sizeof input };
    uint64_t expected = value_of(whole, none, none);
    for (size_t a = 0; a <= whole.len; a++)
        for (size_t b = a; b <= whole.len; b++)
            assert_true(value_of(bytes_slice(whole, 0, a), bytes_slice(whole, a, b - a), bytes_from(whole, b))
                        == expected);
}

static void every_bit_counts(void **state)
{
    const struct bytes none = { NULL, 0 };
    uint8_t input[24] = { 0 };
    struct bytes whole = { input, sizeof input };
    uint64_t expected = value_of(whole, none, none);

    (void)state;
    for (unsigned bit = 0; bit < 8 * sizeof input; bit++) {
        input[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(value_of(whole, none, none) != expected);
        input[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(value_of(bytes_slice(whole, 0, 23), none, none) != expected); /* zeroes at the end, too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_change_nothing),
        cmocka_unit_test(every_bit_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
