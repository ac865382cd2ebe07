/* Enhanced status codes (RFC 3463). */
#include "smtp/reply_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdlib.h>

static const struct {
    const char *text;
    unsigned class, subject, detail;
} rows[] = {
    { "2.1.0 Ok", 2, 1, 0 },
    { "5.7.139 Authentication unsuccessful", 5, 7, 139 },
    { "4.7.0", 4, 7, 0 },
    { "5.5.1 Error: nested MAIL command", 5, 5, 1 },
    { "5.999.999 x", 5, 999, 999 },
    { "5.1.1: unknown", 5, 1, 1 },
    { "sorry, no mailbox here by that name. (#5.1.1)", 5, 1, 1 },
    { "MAIL first (#5.5.1)", 5, 5, 1 },
    { "<a@b.example> 5.1.1 unknown", 0, 0, 0 },
    { "1.1.1 x", 0, 0, 0 },
    { "3.1.1 x", 0, 0, 0 },
    { "5.1 x", 0, 0, 0 },
    { "5.1.", 0, 0, 0 },
    { "5.1.1.1 an address", 0, 0, 0 },
    { "5.1.1beta", 0, 0, 0 },
    { "5.1000.1 x", 0, 0, 0 },
    { "5..1 x", 0, 0, 0 },
    { "", 0, 0, 0 },
    { "#", 0, 0, 0 },
    { "error #5", 0, 0, 0 },
    { "ticket #4711", 0, 0, 0 },
};

static void codes_are_found_where_servers_put_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].text);
        for (size_t cut = 0; cut <= len; cut++) { /* every truncation, of exact size; the whole one judged */
            uint8_t *copy = malloc(cut ? cut : 1);
            assert_non_null(copy);
            memcpy(copy, rows[i].text, cut);
            struct enhanced_code out = { .class = 9 };
            bool is_code = enhanced_code_parse((struct bytes){ copy, cut }, &out);
            assert_true(is_code || out.class == 9);
            if (cut == len) {
                print_message("'%s'\n", rows[i].text);
                assert_int_equal(is_code, rows[i].class != 0);
            }
            if (cut == len && is_code) {
                assert_int_equal(out.class, rows[i].class);
                assert_int_equal(out.subject, rows[i].subject);
                assert_int_equal(out.detail, rows[i].detail);
            }
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_found_where_servers_put_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
