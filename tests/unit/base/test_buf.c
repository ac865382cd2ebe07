/* A buffer that grows up to its ceiling and not a byte further. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdio.h>

static void appends_add_up(void **state)
{
    (void)state;
    struct buf buf;

    buf_init(&buf, 4096);
    assert_true(buf_append(&buf, BYTES("a\0b")));
    assert_true(buf_append(&buf, (struct bytes){ NULL, 0 }));
    assert_true(buf_append_u8(&buf, 'c'));
    assert_true(buf_append_text(&buf, "de"));
    assert_true(buf_append_u64(&buf, 0));
    assert_true(buf_append_u64(&buf, UINT64_MAX));
    assert_true(buf_printf(&buf, "<%d>", -5));
    assert_true(bytes_equal(buf_bytes(&buf), BYTES("a\0bcde018446744073709551615<-5>")));
    buf_release(&buf);
    assert_int_equal(buf.len, 0);
    assert_true(buf_append_u8(&buf, 'x')); /* released is empty, and of use */
    buf_release(&buf);
}

/* On both sides of each length. */
static void numbers_of_every_length_are_written(void **state)
{
    (void)state;
    uint64_t power = 1;

    for (unsigned digits = 1; digits <= 20; digits++, power *= 10)
        for (unsigned below = 0; below < 3; below++) {
            uint64_t number = power - below % 2 + (below == 2 ? power / 7 : 0);
            char text[32];
            struct buf buf;
            buf_init(&buf, 20);
            int len = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
            assert_true(buf_append_u64(&buf, number));
            assert_true(bytes_equal(buf_bytes(&buf), (struct bytes){ (const uint8_t *)text, (size_t)len }));
            buf_release(&buf);
            buf_init(&buf, (size_t)len - 1); /* no room: nothing of it */
            assert_false(buf_append_u64(&buf, number));
            assert_int_equal(buf.len, 0);
            buf_release(&buf);
        }
}

static void long_formats_are_whole(void **state)
{
    (void)state;
    struct buf buf;

    buf_init(&buf, 100000);
    for (int width = 1020; width < 1030; width++) {
        buf_clear(&buf);
        assert_true(buf_printf(&buf, "%*d", width, 7));
        assert_int_equal(buf.len, width);
        assert_int_equal(buf.ptr[buf.len - 1], '7');
    }
    buf_release(&buf);
}

static void at_the_ceiling_nothing_more_is_taken_until_cleared(void **state)
{
    (void)state;
    struct buf buf;

    buf_init(&buf, 10);
    assert_true(buf_append_text(&buf, "12345678"));
    assert_false(buf_append_text(&buf, "9ab")); /* whole or not at all */
    assert_int_equal(buf.len, 8);
    assert_false(buf.ok);
    assert_false(buf_append_u8(&buf, '9'));
    assert_null(buf_reserve(&buf, 1));
    buf_clear(&buf);
    assert_true(buf_append_text(&buf, "0123456789"));
    assert_false(buf_append_u8(&buf, 'x'));
    assert_int_equal(buf.len, 10);
    buf_clear(&buf);
    assert_false(buf_printf(&buf, "%s", "0123456789a"));
    assert_int_equal(buf.len, 0);
    buf_release(&buf);
}

static void every_ceiling_can_be_filled_to_the_last_byte(void **state)
{
    (void)state;
    for (size_t max = 1; max < 2000; max += 37) {
        struct buf buf;
        buf_init(&buf, max);
        for (size_t i = 0; i < max; i++)
            assert_true(buf_append_u8(&buf, (uint8_t)i));
        assert_false(buf_append_u8(&buf, 0));
        assert_true(buf.cap <= (max < 256 ? 256 : max));
        for (size_t i = 0; i < max; i++)
            assert_int_equal(buf.ptr[i], (uint8_t)i);
        buf_release(&buf);
    }
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    struct buf buf;

    buf_init(&buf, SIZE_MAX);
    assert_true(buf_append_u8(&buf, 'x'));
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_false(buf.ok);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_add_up),
        cmocka_unit_test(numbers_of_every_length_are_written),
        cmocka_unit_test(long_formats_are_whole),
        cmocka_unit_test(at_the_ceiling_nothing_more_is_taken_until_cleared),
        cmocka_unit_test(every_ceiling_can_be_filled_to_the_last_byte),
        cmocka_unit_test(impossible_sizes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
