/* Views, searches and the cursor that never reads past the end. */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdlib.h>

static void slices_are_cut_off_at_the_end(void **state)
{
    (void)state;
    struct bytes b = BYTES("abcdef");

    assert_int_equal(bytes_slice(b, 2, 3).len, 3);
    assert_memory_equal(bytes_slice(b, 2, 3).ptr, "cde", 3);
    assert_int_equal(bytes_slice(b, 4, 100).len, 2);
    assert_int_equal(bytes_slice(b, 6, 1).len, 0);
    assert_int_equal(bytes_slice(b, SIZE_MAX, SIZE_MAX).len, 0);
    assert_int_equal(bytes_slice((struct bytes){ NULL, 0 }, 0, 0).len, 0);
    assert_int_equal(bytes_from(b, 5).len, 1);
    assert_null(bytes_from(b, 6).ptr);
    assert_int_equal(bytes_of(NULL).len, 0);
}

static void bytes_are_found_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *in, *needle;
        size_t at;
    } rows[] = {
        { "abc", "", 0 },
        { "", "", 0 },
        { "", "a", SIZE_MAX },
        { "abc", "abcd", SIZE_MAX },
        { "xxAbCxx", "aBc", 2 },
        { "aab", "ab", 1 },
        { "aaab", "aab", 1 },
        { "abc", "c", 2 },
        { "[bracket", "{", SIZE_MAX },
        { "@A", "`a", SIZE_MAX },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(bytes_find_nocase(bytes_of(rows[i].in), bytes_of(rows[i].needle)), rows[i].at);
    assert_int_equal(bytes_find(BYTES("a\0b"), 0), 1);
    assert_int_equal(bytes_find((struct bytes){ NULL, 0 }, 0), SIZE_MAX);
}

static void case_is_ignored_for_letters_of_ascii_alone(void **state)
{
    (void)state;
    assert_true(bytes_equal_nocase(BYTES("MaIl"), BYTES("mAiL")));
    assert_false(bytes_equal_nocase(BYTES("a["), BYTES("a{")));
    assert_false(bytes_equal_nocase(BYTES("\xe4"), BYTES("\xc4")));
    assert_true(bytes_starts_nocase(BYTES("FROM:<>"), BYTES("from")));
    assert_false(bytes_starts_nocase(BYTES("FRO"), BYTES("from")));
    assert_true(bytes_equal((struct bytes){ NULL, 0 }, BYTES("")));
    for (unsigned c = 0; c < 256; c++)
        assert_int_equal(ascii_upper((uint8_t)c), c >= 'a' && c <= 'z' ? c - 32 : c);
}

static void blanks_around_are_trimmed(void **state)
{
    (void)state;
    assert_int_equal(bytes_trim(BYTES(" \t a b\t ")).len, 3);
    assert_int_equal(bytes_trim(BYTES(" \t ")).len, 0);
    assert_int_equal(bytes_trim(BYTES("")).len, 0);
    assert_int_equal(bytes_trim(BYTES("\r\n")).len, 2);
}

static void numbers_fill_their_view(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_number;
        uint64_t value;
    } rows[] = {
        { "0", true, 0 },
        { "0042", true, 42 },
        { "9999999999999999999", true, UINT64_C(9999999999999999999) },
        { "", false, 0 },
        { "-1", false, 0 },
        { "+1", false, 0 },
        { "1 ", false, 0 },
        { "12a", false, 0 },
        { "00000000000000000001", false, 0 }, /* 20 digits */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 77;
        assert_int_equal(bytes_to_u64(bytes_of(rows[i].text), &value), rows[i].is_number);
        assert_int_equal(value, rows[i].is_number ? rows[i].value : 77);
    }
}

/* Reads one of each from a heap copy of exact size: a sanitizer sees one byte too far. */
static bool reads_all(const uint8_t *from, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len)
        memcpy(copy, from, len);
    struct reader r = reader_over((struct bytes){ copy, len });
    uint8_t a = read_u8(&r);
    uint16_t b = read_be16(&r), c = read_le16(&r);
    uint32_t d = read_be32(&r), e = read_le32(&r);
    struct bytes f = read_bytes(&r, 2), g = read_rest(&r);
    bool ok = r.ok;
    if (ok) {
        assert_int_equal(a, 1);
        assert_int_equal(b, 0x0203);
        assert_int_equal(c, 0x0504);
        assert_int_equal(d, 0x06070809);
        assert_int_equal(e, 0x0d0c0b0a);
        assert_int_equal(f.len, 2);
        assert_int_equal(g.len, len - 15);
    }
    free(copy);
    return ok;
}

static void a_cursor_fails_at_every_truncation_and_stays_failed(void **state)
{
    (void)state;
    const uint8_t all[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

    for (size_t len = 0; len <= sizeof all; len++)
        assert_int_equal(reads_all(all, len), len >= 15);
    struct reader r = reader_over((struct bytes){ all, 2 });
    assert_int_equal(read_be32(&r), 0);
    assert_false(r.ok);
    assert_int_equal(read_u8(&r), 0); /* though there are two bytes */
    assert_int_equal(read_rest(&r).len, 0);
    r = reader_over((struct bytes){ all, 2 });
    assert_null(read_bytes(&r, SIZE_MAX).ptr);
    assert_false(r.ok);
    r = reader_over((struct bytes){ all, 2 });
    assert_null(read_bytes(&r, 3).ptr); /* one too many */
    assert_false(r.ok);
    assert_int_equal(r.at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_cut_off_at_the_end),
        cmocka_unit_test(bytes_are_found_or_not),
        cmocka_unit_test(case_is_ignored_for_letters_of_ascii_alone),
        cmocka_unit_test(blanks_around_are_trimmed),
        cmocka_unit_test(numbers_fill_their_view),
        cmocka_unit_test(a_cursor_fails_at_every_truncation_and_stays_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
