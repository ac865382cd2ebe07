/* Which logs were cut off or folded at a width, and which only look like it. */
#include "log/log_width.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Seventy-six, sixty-one and sixty characters. */
#define W76 "250-0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 012345"
#define V76 "RCPT TO:<a0123456789.0123456789.0123456789.0123456789.0123456789.0123456789"
#define W61 "250-0123456789 0123456789 0123456789 0123456789 0123456789 01"
#define V61 "MAIL FROM:<a0123456789.0123456789.0123456789.0123456789.01234"
#define U61 "AUTH PLAIN AGFsaWNlAHdyb25nLXBhc3N3b3JkAGFsaWNlAHdyb25nLXBhc3"

static const struct width_case {
    const char *name, *head;
    size_t columns;
    bool is_folded;
} cases[] = {
    { "nothing", "", 0, false },
    { "short lines", "220 mx\nEHLO c\n250 ok\n", 0, false },
    { "one line of a usual width", "220 mx\n" W76 "\nEHLO c\n250 ok\n", 76, false },
    { "one line of another", "220 mx\n" W61 "\nEHLO c\n250 ok\n", 0, false },
    { "two of another", W61 "\n" V61 "\n250 ok\n", 0, false },
    { "three of another", W61 "\n" V61 "\n250 ok\n" U61 "\n535 no\n", 61, false },
    { "three that are like each other", V61 "\n250 ok\n" V61 "\n250 ok\n" V61 "\n250 ok\n", 0, false },
    { "a line of quotes",
      "send: 'x'\nsend: '0123456789012345678901234567890123456789012345678901234567890123'\n", 0, false },
    { "folded within a word", "220 mx\nEHLO c\n" W76 "\nof this line\n250 ok\n" V76 "\nsample>\n250 ok\n", 76,
      true },
    { "folded at blanks",
      "220 mx\nEHLO c\n250-0123456789 0123456789 0123456789 0123456789 0123456789 01234\nPIPELINING0 and "
      "more\n"
      "250-9876543210 9876543210 9876543210 9876543210 abcdefghij\nPIPELINING9\n250 ok\n",
      64, true },
    { "a program that writes its records on two lines",
      "Tue 2026-11-24 04:06:20.123456 UTC [s=4a;i=0;b=9c;m=2;t=3;x=4]\n    _HOSTNAME=mx\n"
      "Tue 2026-11-24 04:06:21.123456 UTC [s=4a;i=1;b=9c;m=2;t=3;x=4]\n    _HOSTNAME=mx\n"
      "Tue 2026-11-24 04:06:22.123456 UTC [s=4a;i=2;b=9c;m=2;t=3;x=4]\n    _HOSTNAME=mx\n",
      0, false },
    { "a table",
      "| 220 mx                                                            |\n"
      "| EHLO c                                                            |\n"
      "| 250 ok, it is                                                     |\n",
      0, false },
    { "a mail in quoted-printable, whose program folds at that width itself",
      "550 5.1.1 <nosuch@lab.example>: Recipient address rejected: unknown (in rep=\n"
      "ly to RCPT TO command)\n"
      "550 5.1.1 <nobody@lab.example>: Recipient address rejected: unknown (in rep=\n"
      "ly to RCPT TO command)\n",
      0, false },
    { "lines filled up with blanks",
      "220 mx                                                             \n"
      "EHLO c                                                             \n"
      "250 ok, it is                                                      \n",
      0, false },
};

static void a_width_is_told_from_lines_that_happen_to_be_long(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct log_width width;

        log_width_learn(&width, bytes_of(cases[i].head));
        if (width.columns != cases[i].columns || width.is_folded != cases[i].is_folded)
            fail_msg("%s: %zu columns, folded %d", cases[i].name, width.columns, width.is_folded);
    }
}

/* What was folded, joined again. */
static const struct join_case {
    const char *line, *next, *joined;
    struct log_width width;
} joins[] = {
    { "250-AUTH PLA", "IN LOGIN", "250-AUTH PLAIN LOGIN", { .columns = 12, .is_folded = true } },
    { "250-AUTH PLA\r",
      "    IN LOGIN\r",
      "250-AUTH PLAIN LOGIN\r",
      { .columns = 12, .is_folded = true, .indent = 4 } },
    { "250-AUTH ", "PLAIN LOGIN", "250-AUTH PLAIN LOGIN", { .columns = 9, .is_folded = true } },
    { "250-AUTH",
      "  PLAIN",
      "250-AUTH PLAIN",
      { .columns = 12, .is_folded = true, .is_soft = true, .indent = 2 } },
    { "334 abcdefgh",
      "ijklmnopqrst",
      "334 abcdefghijklmnopqrst",
      { .columns = 12, .is_folded = true, .is_soft = true } },
    { "250 as it is", "so", "250 as it is so", { .columns = 12, .is_folded = true, .is_soft = true } },
};

static void what_was_folded_is_joined(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof joins / sizeof joins[0]; i++) {
        struct buf line;

        buf_init(&line, 256);
        assert_true(buf_append(&line, bytes_of(joins[i].line)));
        log_width_join(&joins[i].width, &line, bytes_of(joins[i].line), bytes_of(joins[i].next));
        if (!bytes_equal(buf_bytes(&line), bytes_of(joins[i].joined)))
            fail_msg("%s: %.*s", joins[i].joined, (int)line.len, (const char *)line.ptr);
        buf_release(&line);
    }
}

static void what_begins_as_lines_do_goes_on_with_none(void **state)
{
    struct log_width width;

    (void)state;
    log_width_learn(&width,
                    bytes_of("220 mx\nEHLO c\n" W76 "\nof this line\n250 ok\n" V76 "\nsample>\n250 ok\n"));
    assert_true(log_width_goes_on(&width, bytes_of(W76), bytes_of("of this line")));
    assert_false(log_width_goes_on(&width, bytes_of(W76), bytes_of("250 ok")));
    assert_false(log_width_goes_on(&width, bytes_of(W76), bytes_of("QUIT")));
    assert_false(log_width_goes_on(&width, bytes_of(W76), bytes_of("")));
    assert_false(log_width_goes_on(&width, bytes_of(W76), bytes_of(".")));
    assert_false(log_width_goes_on(&width, bytes_of("250 ok"), bytes_of("of this line")));
    assert_true(log_width_is_cut(&width, bytes_of(W76)));
    assert_false(log_width_is_cut(&width, bytes_of("250 ok")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_width_is_told_from_lines_that_happen_to_be_long),
        cmocka_unit_test(what_was_folded_is_joined),
        cmocka_unit_test(what_begins_as_lines_do_goes_on_with_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
