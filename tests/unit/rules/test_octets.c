/* Rare octets, found at every place of a text. */
#include "rules/octets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* after the four above */
#include <cmocka.h>

enum { TEXT_MOST = 20 };

static unsigned expected_of(unsigned octet)
{
    unsigned low = octet & 0x7f;

    /* Of an octet above 127 only that it is one is sure: the others are a hint. */
    return (octet > 127 ? OCTETS_8BIT : 0u) | (low < ' ' || octet == 0x7f ? OCTETS_CONTROL : 0u)
           | (low >= '{' || low == '$' || low == '%' || low == ';' || low == '`' ? OCTETS_SHELL : 0u);
}

static void every_octet_is_told_at_every_place(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++)
        for (size_t len = 1; len <= TEXT_MOST; len++)
            for (size_t at = 0; at < len; at++) {
                uint8_t *text = malloc(len); /* of exact size */
                assert_non_null(text);
                memset(text, 'x', len);
                text[at] = (uint8_t)octet;
                assert_int_equal(octets_of((struct bytes){ text, len }), expected_of(octet));
                free(text);
            }
    assert_int_equal(octets_of((struct bytes){ NULL, 0 }), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_octet_is_told_at_every_place) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
