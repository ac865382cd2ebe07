/* Lines of replies (RFC 5321 4.2), and what only looks like one. */
#include "smtp/reply_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdlib.h>

static const struct {
    const char *line;
    uint16_t code; /* 0: no reply line */
    bool is_last, is_odd;
    const char *text;
} rows[] = {
    { "250 ok", 250, true, false, "ok" },
    { "250-PIPELINING", 250, false, false, "PIPELINING" },
    { "250", 250, true, false, "" },
    { "250 ", 250, true, false, "" },
    { "250-", 250, false, false, "" },
    { "334 ", 334, true, false, "" },
    { "220  two", 220, true, false, " two" },
    { "250\ttab", 250, true, true, "tab" },
    { "250=x", 250, true, true, "x" },
    { "250_x", 250, true, true, "x" },
    { "150 early", 150, true, false, "early" },
    { "699 late", 699, true, false, "late" },
    { "599-x", 599, false, false, "x" },
    { "099 x", 0, false, false, "" },
    { "700 x", 0, false, false, "" },
    { "2500 x", 0, false, false, "" },
    { "250abc", 0, false, false, "" },
    { "25", 0, false, false, "" },
    { "", 0, false, false, "" },
    { "2a0 x", 0, false, false, "" },
    { " 250 x", 0, false, false, "" },
    { "-250 x", 0, false, false, "" },
    { "HTTP/1.1 200 OK", 0, false, false, "" },
    { "+OK POP3", 0, false, false, "" },
};

static void lines_are_replies_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].line);
        uint8_t *copy = malloc(len ? len : 1); /* of exact size */
        assert_non_null(copy);
        memcpy(copy, rows[i].line, len);
        struct reply_line out = { .code = 77 };
        print_message("'%s'\n", rows[i].line);
        assert_int_equal(reply_line_parse((struct bytes){ copy, len }, &out), rows[i].code != 0);
        if (rows[i].code) {
            assert_int_equal(out.code, rows[i].code);
            assert_int_equal(out.is_last, rows[i].is_last);
            assert_int_equal(out.is_odd, rows[i].is_odd);
            assert_true(bytes_equal(out.text, bytes_of(rows[i].text)));
        } else {
            assert_int_equal(out.code, 77);
        }
        free(copy);
    }
}

static void every_code_of_three_digits_is_read_as_sent(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 1000; code++) {
        uint8_t line[4] = { (uint8_t)('0' + code / 100), (uint8_t)('0' + code / 10 % 10),
                            (uint8_t)('0' + code % 10), ' ' };
        struct reply_line out;
        assert_int_equal(reply_line_parse((struct bytes){ line, 4 }, &out), code >= 100 && code < 700);
        if (code >= 100 && code < 700)
            assert_int_equal(out.code, code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_replies_or_not),
        cmocka_unit_test(every_code_of_three_digits_is_read_as_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
