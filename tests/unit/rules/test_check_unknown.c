/* Lines that no server knows, and what they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/talks.h"

/* clang-format off */
static const struct talk talks[] = {
    { "an unknown command, told once",
      { T_HELLO, { "WHAT\r\n", "500 what\r\n" }, { "EVER\r\n", "500 what\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "an unknown command that the server knows",
      { T_HELLO, { "XNEW a\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "a verb that was offered",
      { { "", "220 mx\r\n" }, { "EHLO c.example\r\n", "250-mx\r\n250 XEXCH50\r\n" }, { "XEXCH50 1 2\r\n", "504 no\r\n" }, T_QUIT },
      "" },
    { "a verb that a device has masked",
      { T_HELLO, { "XXXX c.example\r\n", "500 what\r\n" }, T_QUIT },
      "2:middlebox-masking" },
    { "another protocol",
      { { "", "220 mx.example\r\n" }, { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "500 what\r\n500 what\r\n500 what\r\n" } },
      "0:connection-lost 1:not-smtp" },
    { "an empty line",
      { T_HELLO, { "\r\n", "500 what\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "a lone dot in the text",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r\nb\r\nc\r\n.\r\n", "250 ok\r\n500 what\r\n500 what\r\n500 what\r\n" }, T_QUIT },
      "4:dot-stuffing" },
    { "a lone dot in the text, and no other",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r\nb\r\nc\r\nhelp me\r\nd\r\n", "250 ok\r\n500 what\r\n500 what\r\n502 no\r\n500 what\r\n" }, T_QUIT },
      "4:dot-stuffing" },
    { "one unknown command behind a message",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r\nWHAT\r\n", "250 ok\r\n500 what\r\n" }, T_QUIT },
      "5:command-syntax" },
    { "a line end too many",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r\n\r\n", "250 ok\r\n500 what\r\n" }, T_QUIT },
      "5:command-syntax" },
    { "the next message in one group",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r\nMAIL FROM:<a@example.org>\r\nRSET\r\n", "250 ok\r\n250 ok\r\n250 ok\r\n" }, T_QUIT },
      "" },
    { "the body of a refused DATA is told otherwise",
      { T_HELLO, T_MAIL, T_RCPT, { "DATA\r\n", "451 no\r\n" }, { "a\r\n\r\nb\r\n.\r\n", "500 what\r\n500 what\r\n500 what\r\n500 what\r\n" }, T_QUIT },
      "4:command-refused 5:data-without-354 9:quit-in-transaction" },
};
/* clang-format on */

static void every_talk_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    talks_hold(talks, sizeof talks / sizeof talks[0]);
}

static void a_hole_adds_no_finding(void **state)
{
    (void)state;
    talks_hold_with_holes(talks, sizeof talks / sizeof talks[0]);
}

/* clang-format off */
static const struct talk answered_too_often[] = {
    { "a chunk longer than its size",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 3 LAST\r\na\r\nb\r\nc\r\nd\r\n", "250 ok\r\n500 what\r\n500 what\r\n500 what\r\n" }, T_QUIT },
      "4:bdat-length-anomaly" },
};
/* clang-format on */

/* Without holes: a reply more or less is another story. */
static void more_replies_than_questions_are_told(void **state)
{
    (void)state;
    talks_hold(answered_too_often, sizeof answered_too_often / sizeof answered_too_often[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_talk_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(more_replies_than_questions_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
