/* Texts wait in memory and in a file, and come out as they went in, in any order. */
#include "cli/text_pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXTS = 3000, TEXT_LARGEST = 3000, LARGE_PAGE = 200 * 1024, LIMIT = 256 * 1024 };

/* The same octets for the same number. */
static size_t make_text(unsigned number, uint8_t *out)
{
    size_t len = number % 500 == 7 ? LARGE_PAGE : number * 2654435761u % TEXT_LARGEST;

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(number + i * 31);
    return len;
}

static void expect_text(struct text_pages *pages, const struct text_place *place, unsigned number)
{
    static uint8_t expected[LARGE_PAGE];
    size_t len = make_text(number, expected);
    struct bytes text;

    assert_true(text_pages_get(pages, place, &text));
    assert_int_equal(text.len, len);
    assert_memory_equal(text.ptr, expected, len);
    text_pages_drop(pages, place);
}

static void play(unsigned step)
{
    static struct text_place places[TEXTS];
    static uint8_t text[LARGE_PAGE];
    struct text_pages *pages = text_pages_new(LIMIT);

    assert_non_null(pages);
    for (unsigned round = 0; round < 2; round++) { /* the second in what the first has left */
        for (unsigned i = 0; i < TEXTS; i++) {
            size_t len = make_text(i, text);
            assert_true(text_pages_put(pages, (struct bytes){ text, len }, &places[i]));
        }
        for (unsigned i = 0; i < TEXTS; i++)
            expect_text(pages, &places[i * step % TEXTS], i * step % TEXTS);
    }
    text_pages_free(pages);
}

static void test_in_order(void **state)
{
    (void)state;
    play(1);
}

static void test_in_any_order(void **state)
{
    (void)state;
    play(1709); /* prime to TEXTS: every text once, each from another page */
}

static void test_dropped_unread(void **state)
{
    uint8_t text[100] = "never read";
    struct text_place places[2];
    struct text_pages *pages = text_pages_new(0);

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        assert_true(text_pages_put(pages, (struct bytes){ text, sizeof text }, &places[i]));
    text_pages_drop(pages, &places[1]);
    text_pages_drop(pages, &places[0]);
    text_pages_free(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_in_any_order),
        cmocka_unit_test(test_dropped_unread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
