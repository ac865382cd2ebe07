/* Base64, strict and loose: the vectors of RFC 4648 section 10, and every way to get it wrong. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdlib.h>

static const struct {
    const char *plain, *encoded;
} vectors[] = {
    /* RFC 4648 10 */
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
};

static void the_vectors_of_rfc_4648_go_both_ways(void **state)
{
    (void)state;
    struct buf out;

    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        buf_clear(&out);
        assert_true(base64_encode(bytes_of(vectors[i].plain), &out));
        assert_true(bytes_equal(buf_bytes(&out), bytes_of(vectors[i].encoded)));
        buf_clear(&out);
        assert_int_equal(base64_decode(bytes_of(vectors[i].encoded), &out, NULL), BASE64_FINE);
        assert_true(bytes_equal(buf_bytes(&out), bytes_of(vectors[i].plain)));
        buf_clear(&out);
        assert_true(base64_decode_loose(bytes_of(vectors[i].encoded), &out));
        assert_true(bytes_equal(buf_bytes(&out), bytes_of(vectors[i].plain)));
    }
    buf_release(&out);
}

static const struct {
    const char *text;
    enum base64_problem problem;
    size_t at;
    const char *decoded; /* up to the problem */
    const char *meant;   /* NULL: nothing */
} rows[] = {
    { "Zm9v!", BASE64_BAD_BYTE, 4, "foo", NULL },
    { "!", BASE64_BAD_BYTE, 0, "", NULL },
    { "Zm9vYg", BASE64_BAD_LENGTH, 6, "foob", "foob" },
    { "Zm9vYg=", BASE64_BAD_LENGTH, 7, "foob", "foob" },
    { "Zm9vY", BASE64_BAD_LENGTH, 5, "foo", NULL },
    { "Zm9vY===", BASE64_BAD_LENGTH, 8, "foo", NULL },
    { "Zm9vYg===", BASE64_PAD_INSIDE, 9, "foob", "foob" },
    { "Zm9v=", BASE64_PAD_INSIDE, 5, "foo", "foo" },
    { "=", BASE64_PAD_INSIDE, 1, "", "" },
    { "====", BASE64_PAD_INSIDE, 4, "", "" },
    { "Zg==Zg==", BASE64_PAD_INSIDE, 4, "", "f\x06\x60" },
    { "Zh==", BASE64_LOOSE_BITS, 4, "f", "f" },
    { "Zm9=", BASE64_LOOSE_BITS, 4, "fo", "fo" },
    { "-_-_", BASE64_URL_ALPHABET, 0, "", "\xfb\xff\xbf" },
    { "Zm9v Zm9v", BASE64_BLANK, 4, "foo", "foofoo" },
    { "Zm9v\r\n", BASE64_BLANK, 4, "foo", "foo" },
    { "Zm9v\t", BASE64_BLANK, 4, "foo", "foo" },
    { "*", BASE64_BAD_BYTE, 0, "", NULL },
};

static void every_problem_is_named_with_its_place(void **state)
{
    (void)state;
    struct buf out;

    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t at = 99, len = strlen(rows[i].text);
        uint8_t *copy = malloc(len); /* of exact size */
        assert_non_null(copy);
        memcpy(copy, rows[i].text, len);
        print_message("%s\n", rows[i].text);
        buf_clear(&out);
        assert_int_equal(base64_decode((struct bytes){ copy, len }, &out, &at), rows[i].problem);
        assert_int_equal(at, rows[i].at);
        assert_true(bytes_equal(buf_bytes(&out), bytes_of(rows[i].decoded)));
        buf_clear(&out);
        assert_int_equal(base64_decode_loose((struct bytes){ copy, len }, &out), rows[i].meant != NULL);
        if (rows[i].meant)
            assert_true(bytes_equal(buf_bytes(&out), bytes_of(rows[i].meant)));
        free(copy);
    }
    buf_release(&out);
}

static void what_is_encoded_decodes_for_every_length(void **state)
{
    (void)state;
    uint8_t plain[260];
    struct buf text, out;

    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 167 + 13);
    buf_init(&text, 1000);
    buf_init(&out, 1000);
    for (size_t len = 0; len <= sizeof plain; len++) {
        buf_clear(&text);
        buf_clear(&out);
        assert_true(base64_encode((struct bytes){ plain, len }, &text));
        assert_int_equal(text.len, (len + 2) / 3 * 4);
        assert_int_equal(base64_decode(buf_bytes(&text), &out, NULL), BASE64_FINE);
        assert_true(bytes_equal(buf_bytes(&out), (struct bytes){ plain, len }));
    }
    buf_release(&text);
    buf_release(&out);
}

static void every_byte_outside_the_alphabet_is_found(void **state)
{
    (void)state;
    struct buf out;

    buf_init(&out, 100);
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[4] = { 'Z', (uint8_t)c, '9', 'v' };
        bool is_digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+'
                        || c == '/';
        buf_clear(&out);
        assert_int_equal(base64_decode((struct bytes){ text, 4 }, &out, NULL) == BASE64_FINE, is_digit);
    }
    buf_release(&out);
}

static void a_full_buffer_is_told_by_the_buffer(void **state)
{
    (void)state;
    struct buf out;

    buf_init(&out, 4);
    (void)base64_decode(BYTES("Zm9vYmFy"), &out, NULL);
    assert_false(out.ok);
    buf_clear(&out);
    assert_false(base64_decode_loose(BYTES("Zm9vYmFy"), &out));
    buf_clear(&out);
    assert_false(base64_encode(BYTES("foobar"), &out));
    buf_release(&out);
}

static void every_problem_has_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BASE64_PROBLEM_COUNT; i++) {
        assert_non_null(base64_problem_name((enum base64_problem)i));
        assert_string_not_equal(base64_problem_name((enum base64_problem)i), "unknown");
    }
    assert_string_equal(base64_problem_name(BASE64_PROBLEM_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_go_both_ways),
        cmocka_unit_test(every_problem_is_named_with_its_place),
        cmocka_unit_test(what_is_encoded_decodes_for_every_length),
        cmocka_unit_test(every_byte_outside_the_alphabet_is_found),
        cmocka_unit_test(a_full_buffer_is_told_by_the_buffer),
        cmocka_unit_test(every_problem_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
