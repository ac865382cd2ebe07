/* What terminals must never see. */
#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdlib.h>

static const struct {
    const char *in, *out;
    bool is_utf8;
} rows[] = {
    { "plain text, 100% \\ same", "plain text, 100% \\ same", true },
    { "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", true },
    { "a\r\n\tb", "a\\r\\n\\tb", true },
    { "\x07\x08\x7f", "\\x07\\x08\\x7f", true },
    { "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", true },
    { "\xe2\x82\xac \xf0\x9f\x93\xa7", "\xe2\x82\xac \xf0\x9f\x93\xa7", true },
    { "\xc2\x9b"
      "31m",
      "\\u{9b}31m", true }, /* CSI of C1 */
    { "a\xe2\x80\xae"
      "b",
      "a\\u{202e}b", true }, /* right-to-left override */
    { "a\xe2\x81\xa6"
      "b",
      "a\\u{2066}b", true }, /* isolate */
    { "a\xe2\x80\x8b"
      "b",
      "a\\u{200b}b", true }, /* zero width space */
    { "\xef\xbb\xbf"
      "b",
      "\\u{feff}b", true },                     /* byte order mark */
    { "\xe2\x80\xa8", "\\u{2028}", true },      /* line separator */
    { "\xf3\xa0\x80\xa1", "\\u{e0021}", true }, /* tag */
    { "\xfc"
      "bung",
      "\\xfcbung", false },                                /* Latin-1 */
    { "\xc0\x80", "\\xc0\\x80", false },                   /* overlong NUL */
    { "\xe0\x80\xaf", "\\xe0\\x80\\xaf", false },          /* overlong slash */
    { "\xed\xa0\x80", "\\xed\\xa0\\x80", false },          /* surrogate */
    { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", false }, /* beyond U+10FFFF */
    { "\xf0\x9f\x93", "\\xf0\\x9f\\x93", false },          /* cut short */
    { "\x80", "\\x80", false },
    { "\xff\xfe", "\\xff\\xfe", false },
};

static void hostile_text_becomes_harmless(void **state)
{
    (void)state;
    struct buf out;

    buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].in);
        uint8_t *copy = malloc(len); /* of exact size */
        assert_non_null(copy);
        memcpy(copy, rows[i].in, len);
        buf_clear(&out);
        assert_true(escape_text((struct bytes){ copy, len }, &out));
        assert_true(bytes_equal(buf_bytes(&out), bytes_of(rows[i].out)));
        assert_int_equal(escape_is_utf8((struct bytes){ copy, len }), rows[i].is_utf8);
        free(copy);
    }
    buf_clear(&out);
    assert_true(escape_text(BYTES("a\0b"), &out));
    assert_true(bytes_equal(buf_bytes(&out), BYTES("a\\0b")));
    assert_true(escape_is_utf8(BYTES("a\0b")));
    assert_true(escape_is_utf8(BYTES("")));
    buf_release(&out);
}

/* Whatever comes in, what goes out is UTF-8 without controls. */
static void nothing_that_goes_out_controls_anything(void **state)
{
    (void)state;
    struct buf out;
    uint32_t random = 1;

    buf_init(&out, 1000);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t in[6];
        size_t len = round % 7;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            in[i] = random >> 31 ? (uint8_t)(0x80 | random >> 24) : (uint8_t)(random >> 16);
        }
        buf_clear(&out);
        assert_true(escape_text((struct bytes){ in, len }, &out));
        assert_true(escape_is_utf8(buf_bytes(&out)));
        for (size_t i = 0; i < out.len; i++) {
            assert_true(out.ptr[i] >= 0x20 && out.ptr[i] != 0x7f);
            assert_false(out.ptr[i] == 0xc2 && i + 1 < out.len && out.ptr[i + 1] < 0xa0);
        }
    }
    buf_release(&out);
}

static void hexadecimal_is_lower_case(void **state)
{
    (void)state;
    struct buf out;

    buf_init(&out, 8);
    assert_true(escape_hex(BYTES("\x00\xab\xff"), &out));
    assert_true(bytes_equal(buf_bytes(&out), BYTES("00abff")));
    assert_false(escape_hex(BYTES("ab"), &out)); /* full */
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_becomes_harmless),
        cmocka_unit_test(nothing_that_goes_out_controls_anything),
        cmocka_unit_test(hexadecimal_is_lower_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
