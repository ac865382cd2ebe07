/* UTF-16 into UTF-8. */
#include "exchanges.h"

#include <stdlib.h>

#include "sasl/sasl_utf16.h"

static const struct {
    const char *name;
    struct {
        const char *octets;
        size_t len;
    } in;
    const char *out;
} rows[] = {
    { "letters", { "a\0b\0", 4 }, "ab" },
    { "nothing", { "", 0 }, "" },
    { "two octets", { "\xfc\0", 2 }, "\xc3\xbc" },
    { "three octets", { "\xac\x20", 2 }, "\xe2\x82\xac" },
    { "a pair", { "\x3d\xd8\x00\xde", 4 }, "\xf0\x9f\x98\x80" },
    { "the first half alone",
      { "\x3d\xd8"
        "a\0",
        4 },
      "\xef\xbf\xbd"
      "a" },
    { "the first half at the end", { "a\0\x3d\xd8", 4 }, "a\xef\xbf\xbd" },
    { "the second half alone",
      { "\x00\xde"
        "a\0",
        4 },
      "\xef\xbf\xbd"
      "a" },
    { "an odd octet behind", { "a\0b", 3 }, "a" },
    { "half a unit", { "a", 1 }, "" },
};

static void text_becomes_utf_8(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena;
        uint8_t *exact = malloc(rows[i].in.len + !rows[i].in.len);
        assert_non_null(exact);
        memcpy(exact, rows[i].in.octets, rows[i].in.len);
        arena_init(&arena, NULL, 65536);
        print_message("%s\n", rows[i].name);
        assert_bytes(utf16_to_utf8(&arena, (struct bytes){ exact, rows[i].in.len }), rows[i].out);
        arena_release(&arena);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(text_becomes_utf_8) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
