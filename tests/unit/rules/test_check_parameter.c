/* Parameters of MAIL and RCPT, and limits on recipients. */
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
    { "parameters as they should be",
      { T_HELLO, { "MAIL FROM:<a@example.org> SIZE=3 BODY=8BITMIME RET=FULL ENVID=x+2By SMTPUTF8\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "a value that is not allowed",
      { T_HELLO, { "MAIL FROM:<a@example.org> SIZE=3k\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "a value that is missing",
      { T_HELLO, { "MAIL FROM:<a@example.org> BODY\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "a value too much",
      { T_HELLO, { "MAIL FROM:<a@example.org> SMTPUTF8=1\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "one twice",
      { T_HELLO, { "MAIL FROM:<a@example.org> SIZE=3 SIZE=4\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "of the other command",
      { T_HELLO, { "MAIL FROM:<a@example.org> NOTIFY=NEVER\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "an unknown one",
      { T_HELLO, { "MAIL FROM:<a@example.org> X-NEW=1\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:extension-not-offered" },
    { "behind an address in brackets",
      { T_HELLO, { "MAIL FROM:<a@example.org> AUTH=<>\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:extension-not-offered" },
    { "a blank in a quoted local part",
      { T_HELLO, { "MAIL FROM:<\"a b\"@example.org>\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "a line end in AUTH",
      { T_HELLO, { "MAIL FROM:<a@example.org> AUTH=a+0Ab\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:extension-not-offered 2:exploit-attempt" },
    { "an unknown one where something unknown is offered",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\r\n", "250-mx.example\r\n250 X-NEW\r\n" }, { "MAIL FROM:<a@example.org> X-NEW=1\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "an unknown one that is refused all the same",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\r\n", "250-mx.example\r\n250 X-OTHER\r\n" }, { "MAIL FROM:<a@example.org> X-NEW=1\r\n", "555 no\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:extension-not-offered" },
    { "an unknown one behind HELO",
      { { "", "220 mx.example\r\n" }, { "HELO c.example\r\n", "250 mx.example\r\n" }, { "MAIL FROM:<a@example.org> X-NEW=1\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:extension-not-offered" },
    { "text behind an address without brackets",
      { T_HELLO, { "MAIL FROM:a@example.org X-NEW=1\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "domains beyond LIMITS, told once",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\r\n", "250-mx.example\r\n250 LIMITS RCPTDOMAINMAX=2\r\n" }, T_MAIL, { "RCPT TO:<a@one.example>\r\n", "250 ok\r\n" }, { "RCPT TO:<b@ONE.example>\r\n", "250 ok\r\n" }, { "RCPT TO:<a@two.example>\r\n", "250 ok\r\n" }, { "RCPT TO:<a@three.example>\r\n", "250 ok\r\n" }, { "RCPT TO:<a@four.example>\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "6:limits-exceeded" },
    { "domains within LIMITS",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\r\n", "250-mx.example\r\n250 LIMITS RCPTDOMAINMAX=2\r\n" }, T_MAIL, { "RCPT TO:<a@one.example>\r\n", "250 ok\r\n" }, { "RCPT TO:<b@ONE.example>\r\n", "250 ok\r\n" }, { "RCPT TO:<a@two.example>\r\n", "250 ok\r\n" }, { "RCPT TO:<postmaster>\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_talk_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
