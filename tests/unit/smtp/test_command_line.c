/* Command lines taken apart, and the argument of BDAT. */
#include "smtp/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#include <stdlib.h>

static const struct {
    const char *line;
    enum verb verb;
    const char *word, *argument;
} rows[] = {
    { "EHLO client.example", VERB_EHLO, "EHLO", "client.example" },
    { "mail FROM:<a@b.example> SIZE=1", VERB_MAIL, "mail", "FROM:<a@b.example> SIZE=1" },
    { "DATA", VERB_DATA, "DATA", "" },
    { "  QUIT\t ", VERB_QUIT, "QUIT", "" },
    { "RCPT\tTO:<a@b.example>", VERB_RCPT, "RCPT", "TO:<a@b.example>" },
    { "RCPT  \t TO:<a b@c.example>  ", VERB_RCPT, "RCPT", "TO:<a b@c.example>" },
    { "MAILFROM:<a@b.example>", VERB_UNKNOWN, "MAILFROM:<a@b.example>", "" },
    { "AUTH=PLAIN x", VERB_UNKNOWN, "AUTH=PLAIN", "x" },
    { "DATA\r", VERB_UNKNOWN, "DATA\r", "" },
    { "", VERB_UNKNOWN, "", "" },
    { " \t ", VERB_UNKNOWN, "", "" },
    { "\xff\xfe", VERB_UNKNOWN, "\xff\xfe", "" },
};

static void lines_are_taken_apart_as_servers_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].line);
        uint8_t *copy = malloc(len ? len : 1); /* of exact size */
        assert_non_null(copy);
        memcpy(copy, rows[i].line, len);
        struct command_line line = command_line_parse((struct bytes){ copy, len });
        assert_int_equal(line.verb, rows[i].verb);
        assert_true(bytes_equal(line.word, bytes_of(rows[i].word)));
        assert_true(bytes_equal(line.argument, bytes_of(rows[i].argument)));
        free(copy);
    }
    struct command_line nul = command_line_parse(BYTES("DATA\0"));
    assert_int_equal(nul.verb, VERB_UNKNOWN);
    assert_int_equal(nul.word.len, 5);
}

static const struct {
    const char *argument;
    bool is_size, is_last, is_odd;
    uint64_t size;
} chunks[] = {
    { "0", true, false, false, 0 },
    { "86 LAST", true, true, false, 86 },
    { "86 last", true, true, false, 86 },
    { "86\t LAST", true, true, false, 86 },
    { "2147483647", true, false, false, 2147483647 },
    { "2147483648", true, false, true, 2147483648 }, /* a signed int overflows */
    { "9999999999999999999", true, false, true, UINT64_C(9999999999999999999) },
    { "00000000000000000000000007", true, false, true, 7 },
    { "10000000000000000000", false, false, false, 0 }, /* 20 digits */
    { "", false, false, false, 0 },
    { "LAST", false, false, false, 0 },
    { "-1", false, false, false, 0 },
    { "+1", false, false, false, 0 },
    { "86LAST", false, false, false, 0 },
    { "86 LASTS", false, false, false, 0 },
    { "86 FIRST", false, false, false, 0 },
    { "0x10", false, false, false, 0 },
    { "1.5", false, false, false, 0 },
};

static void chunk_sizes_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        struct bdat_argument out = { .size = 77 };
        print_message("'%s'\n", chunks[i].argument);
        assert_int_equal(bdat_argument_parse(bytes_of(chunks[i].argument), &out), chunks[i].is_size);
        assert_int_equal(out.size, chunks[i].is_size ? chunks[i].size : 77);
        assert_int_equal(out.is_last, chunks[i].is_last);
        assert_int_equal(out.is_odd, chunks[i].is_odd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_taken_apart_as_servers_do),
        cmocka_unit_test(chunk_sizes_are_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
