/* What all lines of a log begin with, and what is of the lines themselves. */
#include "log/log_prefix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Six lines, each behind "a" or "b" by turns. */
#define SIX(a, b) a "220 mx\n" b "EHLO c\n" a "250 ok\n" b "QUIT\n" a "221 bye\n" b "(closed)\n"

static const struct prefix_case {
    const char *name, *head, *line, *stripped; /* NULL: it is not taken off */
} cases[] = {
    { "none", SIX("", ""), "EHLO c", NULL },
    { "marks of a program", "C: a\nS: b\nC: c\nS: d\nC: e\nS: f\n", "C: EHLO c", NULL },
    { "times and levels", SIX("2026-11-24 04:06:21,5 DEBUG smtp: ", "2026-11-24 04:06:22,123 INFO  smtp: "),
      "2026-11-25 14:06:21,77 ERROR smtp: 250 ok", "250 ok" },
    { "another logger", SIX("DEBUG:smtp:", "INFO:smtp:"), "DEBUG:imap:250 ok", NULL },
    { "numbers", SIX("   9  ", "  10  "), " 100   -> EHLO c", " -> EHLO c" },
    { "too few lines", "> 220 mx\n> EHLO c\n> 250 ok\n", "> QUIT", NULL },
    { "lines in between", SIX("# ", "# ") "once more:\n" SIX("# ", "# "), "# QUIT", "QUIT" },
    { "too many of them", SIX("# ", "# ") "once\nmore\n", "# QUIT", NULL },
    { "quotes", "1,\"220 a\"\n2,\"EHLO\"\n3,\"250 b\"\n4,\"QUIT\"\n5,\"221 c\"\n6,\"NOOP\"\n",
      "7,\"say \"\"ok\"\"\"", "say \"ok\"" },
    { "quotes that do not end", SIX("1,\"", "2,\""), "7,\"QUIT", NULL },
    { "quotes where there are blanks",
      "msg=\"220 a\"\nmsg=EHLO\nmsg=\"250 b\"\nmsg=QUIT\nmsg=\"221 c\"\nmsg=x\n", "msg=\"a\\tb\\\\c\"",
      "a\tb\\c" },
    { "a name", SIX("Net::SMTP>>> ", "Net::SMTP<<< "), "Net::SMTP>>> QUIT", NULL },
    { "several sessions", SIX("[a1b2] ", "[c3d4] "), "[a1b2] QUIT", NULL },
    { "blanks", SIX("    ", "  "), "    QUIT", NULL },
};

static void what_all_lines_share_is_taken_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct log_prefix prefix;
        struct buf scratch;
        struct bytes line = bytes_of(cases[i].line);

        buf_init(&scratch, 256);
        log_prefix_learn(&prefix, bytes_of(cases[i].head));
        bool is_stripped = log_prefix_strip(&prefix, &line, &scratch);
        if (is_stripped != (cases[i].stripped != NULL)
            || !bytes_equal(line, bytes_of(cases[i].stripped ? cases[i].stripped : cases[i].line)))
            fail_msg("%s: %d \"%.*s\" by \"%.*s\"", cases[i].name, is_stripped, (int)line.len,
                     (const char *)line.ptr, (int)prefix.len, (const char *)prefix.text);
        buf_release(&scratch);
    }
}

static const struct suffix_case {
    const char *name, *head, *line, *stripped;
} ends[] = {
    { "none", SIX("", ""), "EHLO c", "EHLO c" },
    { "of a logger", "a [] []\nb [] []\nc [] []\nd [] []\ne [] []\nf [] []\n", "EHLO c [] []\r", "EHLO c" },
    { "not of this line", "a [] []\nb [] []\nc [] []\nd [] []\ne [] []\nf [] []\n", "EHLO c []",
      "EHLO c []" },
    { "of too few lines", "a [] []\nb [] []\nc\nd\ne [] []\nf [] []\n", "EHLO c [] []", "EHLO c [] []" },
    { "of JSON",
      "{\"a\": 1, \"b\": 2}\n{\"a\": 3, \"b\": 2}\n{\"a\": 4, \"b\": 2}\n{\"a\": 5, \"b\": 2}\n"
      "{\"a\": 6, \"b\": 2}\n{\"a\": 7, \"b\": 2}\n",
      "{\"a\": 8, \"b\": 2}", "{\"a\": 8, \"b\": 2}" },
    { "all there is", "a [] []\nb [] []\nc [] []\nd [] []\ne [] []\nf [] []\n", " [] []", " [] []" },
};

static void what_all_lines_end_in_is_taken_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct log_suffix suffix;

        log_suffix_learn(&suffix, bytes_of(ends[i].head));
        struct bytes line = log_suffix_strip(&suffix, bytes_of(ends[i].line));
        if (!bytes_equal(line, bytes_of(ends[i].stripped)))
            fail_msg("%s: \"%.*s\"", ends[i].name, (int)line.len, (const char *)line.ptr);
    }
}

static void every_piece_of_a_line_is_looked_at_in_peace(void **state)
{
    struct log_prefix prefix;
    struct buf scratch;

    (void)state;
    buf_init(&scratch, 256);
    log_prefix_learn(&prefix,
                     bytes_of("1,\"220 a\"\n2,\"EHLO\"\n3,\"250 b\"\n4,\"QUIT\"\n5,\"221 c\"\n6,\"NOOP\"\n"));
    for (size_t len = 0; len < sizeof "7,\"QUIT\""; len++) {
        uint8_t *copy = malloc(len ? len : 1); /* of its exact size: a sanitizer sees one octet too far */
        assert_non_null(copy);
        if (len)
            memcpy(copy, "7,\"QUIT\"", len);
        struct bytes line = { copy, len };
        assert_int_equal(log_prefix_strip(&prefix, &line, &scratch), len == sizeof "7,\"QUIT\"" - 1);
        free(copy);
    }
    buf_release(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_all_lines_share_is_taken_off),
        cmocka_unit_test(what_all_lines_end_in_is_taken_off),
        cmocka_unit_test(every_piece_of_a_line_is_looked_at_in_peace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
