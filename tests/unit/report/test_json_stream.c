/* What is written as it comes, against what Jansson reads, and writes itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "report/json_parts.h"
#include "report/json_stream.h"

enum { ROUNDS = 20000, TEXT_MOST = 40 };

static uint32_t seed = 1;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)(seed >> 8) * limit) >> 24);
}

static size_t random_text(uint8_t text[TEXT_MOST])
{
    static const char *const pieces[] = {
        "a",        "MAIL FROM:<x@y>",  "\"",   "\\",   "/", "\n",          "\x1f", "\x7f",
        "\xc3\xa9", "\xf0\x9f\x93\xa7", "\xff", "\xc3", " ", "250 2.1.0 Ok"
    };
    size_t len = 0, most = random_below(6);

    for (size_t i = 0; i < most; i++) {
        const char *piece = pieces[random_below(sizeof pieces / sizeof pieces[0])];
        if (len + strlen(piece) > TEXT_MOST)
            break;
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    if (random_below(20) == 0 && len < TEXT_MOST)
        text[len++] = '\0';
    return len;
}

static void assert_says(struct buf *out, const char *expected)
{
    assert_true(out->ok);
    assert_int_equal(out->len, strlen(expected));
    assert_memory_equal(out->ptr, expected, out->len);
    buf_clear(out);
}

static void a_string_is_as_jansson_writes_it(void **state)
{
    uint8_t text[TEXT_MOST];
    struct buf out;

    (void)state;
    buf_init(&out, LIMIT_LINE);
    for (int round = 0; round < ROUNDS; round++) {
        struct bytes bytes = { text, random_text(text) };
        json_t *value = json_of_bytes(bytes);
        char *expected = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        json_write_bytes(NULL, bytes, &out);
        assert_says(&out, expected);
        free(expected);
        json_decref(value);
    }
    buf_release(&out);
}

static void values_and_their_commas(void **state)
{
    json_t *members = json_pack("{s:i, s:[]}", "inside", 1, "empty");
    struct buf out;

    (void)state;
    buf_init(&out, LIMIT_LINE);
    json_write_begin(NULL, '{', &out);
    json_write_text("text", "with \"quotes\"", &out);
    json_write_text("none", NULL, &out);
    json_write_begin("list", '[', &out);
    json_write_number(NULL, UINT64_MAX, &out);
    json_write_bool(NULL, false, &out);
    json_write_begin(NULL, '[', &out);
    json_write_end(']', &out);
    json_write_begin(NULL, '{', &out);
    json_write_end('}', &out);
    json_write_text(NULL, "[", &out);
    json_write_bytes_or_null(NULL, (struct bytes){ NULL, 0 }, &out);
    json_write_end(']', &out);
    json_write_members(members, &out);
    json_write_number_or_null("zero", 0, &out);
    json_write_value("real", json_real(0.5), &out);
    json_write_bool("last", true, &out);
    json_write_end('}', &out);
    assert_says(
        &out, "{\"text\":\"with \\\"quotes\\\"\",\"none\":null,\"list\":[18446744073709551615,false,[],{},\"["
              "\",null],\"inside\":1,\"empty\":[],\"zero\":null,\"real\":0.5,\"last\":true}");
    buf_release(&out);
}

static void a_ceiling_is_told(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 8);
    json_write_text(NULL, "longer than that", &out);
    assert_false(out.ok);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_is_as_jansson_writes_it),
        cmocka_unit_test(values_and_their_commas),
        cmocka_unit_test(a_ceiling_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
