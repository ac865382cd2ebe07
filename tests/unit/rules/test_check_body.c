/* What is told of the octets of a message, and near misses. */
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
#define TEN "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LINE_998 HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED \
                 TEN TEN TEN TEN TEN TEN TEN TEN TEN "abcdefgh"
#define LINE LINE_998 "i"
static const struct talk talks[] = {
    { "a plain message",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "Subject: x\r\n\r\n..stuffed\r\n...\r\nend\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "bare LF",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\nb\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf" },
    { "bare CR",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\rb\r\r\nc\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-cr" },
    { "a lone dot between bare LF",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\nb\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf" },
    { "a quoted session",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "> DATA\n> .\n> MAIL FROM:<a@b.example>\n> .\nend\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf" },
    { "dots that were not stuffed",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { ".profile\r\nx\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:dot-stuffing" },
    { "a line too long",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "" LINE "\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:line-too-long" },
    { "the longest line allowed",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "" LINE_998 "\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "8-bit content",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "\303\251\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:8bit-undeclared" },
    { "8-bit content with BODY=8BITMIME",
      { T_HELLO, { "MAIL FROM:<a@example.org> BODY=8BITMIME\r\n", "250 ok\r\n" }, T_RCPT, T_DATA, { "\303\251\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "8-bit content with SMTPUTF8",
      { T_HELLO, { "MAIL FROM:<a@example.org> SMTPUTF8\r\n", "250 ok\r\n" }, T_RCPT, T_DATA, { "\303\251\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "far larger than declared",
      { T_HELLO, { "MAIL FROM:<a@example.org> SIZE=100\r\n", "250 ok\r\n" }, T_RCPT, T_DATA, { "" LINE_998 "\r\n" LINE_998 "\r\n" LINE_998 "\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:size-mismatch" },
    { "larger than declared, as an estimate may be",
      { T_HELLO, { "MAIL FROM:<a@example.org> SIZE=1000\r\n", "250 ok\r\n" }, T_RCPT, T_DATA, { "" LINE_998 "\r\n" LINE_998 "\r\n" LINE_998 "\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "larger than announced",
      { { "", "220 mx.example ESMTP\r\n" }, { "EHLO c.example\r\n", "250-mx.example\r\n250 SIZE 500\r\n" }, T_MAIL, T_RCPT, T_DATA, { "" LINE_998 "\r\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "2:limits-exceeded 4:size-mismatch" },
    { "8-bit content by BDAT, line ends not counted",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 7 LAST\r\na\nb\rc\303\251", "250 ok\r\n" }, T_QUIT },
      "4:8bit-undeclared" },
    { "a chunk shorter than its size",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 100 LAST\r\nSubject: x\r\n\r\nx\r\n", "" }, { "QUIT\r\n", "" } },
      "0:connection-lost 4:bdat-length-anomaly" },
    { "a chunk cut short",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 100 LAST\r\nSubject: x\r\n\r\nx\r\n", "" }, { "QUITE so\r\n", "" } },
      "0:connection-lost" },
    { "a whole chunk that ends in a command",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 9 LAST\r\nx\r\nNOOP\r\n", "250 ok\r\n" }, T_QUIT }, "" },
    { "a dot that nobody takes for the end",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r\r\n", "" } },
      "0:connection-lost 4:bare-cr 4:dot-stuffing" },
    { "a last dot without CR that the server took",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bare-lf 4:dot-stuffing" },
    { "bare LF throughout",
      { { "", "220 mx.example\r\n" }, { "HELO c.example\n", "250 mx\r\n" }, { "MAIL FROM:<a@example.org>\n", "250 ok\r\n" }, { "RCPT TO:<b@example.net>\n", "250 ok\r\n" }, { "DATA\n", "354 go\r\n" }, { "a\n.\n", "250 ok\r\n" }, { "QUIT\n", "221 bye\r\n" } },
      "1:bare-lf 4:bare-lf" },
    { "a dot without a line end: both wait",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.", "" }, { T_LATE, "421 4.4.2 timeout exceeded\r\n" }, T_LEFT },
      "0:server-421 0:timeout 4:dot-stuffing" },
    { "a dot with half a line end",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.\r", "" }, { T_LATE, "421 4.4.2 timeout exceeded\r\n" }, T_LEFT },
      "0:server-421 0:timeout 4:dot-stuffing" },
    { "a dot at which the client leaves", { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\n.", "" } }, "0:connection-lost" },
    { "a server that does not take bare LF for the end waits for more",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\n", "" }, { T_LATE, "421 4.4.2 timeout exceeded\r\n" }, T_LEFT },
      "0:server-421 0:timeout 4:bare-lf 4:dot-stuffing" },
    { "a chunk that is too short: both wait",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 9 LAST\r\nabc", "" }, { T_LATE, "421 4.4.2 timeout exceeded\r\n" }, T_LEFT },
      "4:server-421 4:bdat-length-anomaly 4:timeout 4:slow-reply" },
    { "a chunk that is broken off", { T_HELLO, T_MAIL, T_RCPT, { "BDAT 9 LAST\r\nabc", "" } }, "0:connection-lost" },
    { "one that takes it may be busy",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\n.\n", "421 4.3.2 too busy\r\n" }, T_LEFT },
      "4:server-421 4:message-refused 4:bare-lf" },
    { "a content cut in the middle",
      { T_HELLO, T_MAIL, T_RCPT, T_DATA, { "a\r\nb\r", "" } },
      "0:connection-lost" },
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
