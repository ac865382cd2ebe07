/* The form of commands, and near misses. */
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
#define LONG HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED TEN
static const struct talk talks[] = {
    { "plain commands",
      { T_HELLO, T_MAIL, T_RCPT, { "NOOP\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "lower case, and parameters",
      { T_HELLO, { "mail from:<a@example.org> size=3\r\n", "250 ok\r\n" }, { "rcpt to:<b@example.net> notify=never\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "spaces around the colon, each told once",
      { T_HELLO, { "MAIL FROM: <a@example.org>\r\n", "250 ok\r\n" }, { "RCPT TO : <b@example.net>\r\n", "250 ok\r\n" }, { "RCPT TO: <c@example.net>\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax 3:command-syntax" },
    { "two addresses",
      { T_HELLO, T_MAIL, { "RCPT TO:<b@example.net>,<c@example.net>\r\n", "501 5.1.3 bad syntax\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "3:command-syntax" },
    { "a bracket in quotes",
      { T_HELLO, { "MAIL FROM:<\"a>b\"@example.org> SIZE=3\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "a byte order mark",
      { { "", "220 mx.example\r\n" }, { "\xef\xbb\xbf" "EHLO c.example\r\n", "502 what\r\n" }, T_QUIT }, "1:command-syntax" },
    { "no brackets",
      { T_HELLO, { "MAIL FROM:a@example.org\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "brackets that do not close",
      { T_HELLO, { "MAIL FROM:<a@example.org\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "the null path, a quoted one, one of VERP",
      { T_HELLO, { "MAIL FROM:<>\r\n", "250 ok\r\n" }, { "RCPT TO:<\"a>b c\"@example.net>\r\n", "250 ok\r\n" }, { "RCPT TO:<prvs=1+b=c.d@example.net>\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "no FROM",
      { T_HELLO, { "MAIL <a@example.org>\r\n", "501 what\r\n" }, T_QUIT },
      "2:command-syntax" },
    { "an argument where there is none",
      { T_HELLO, T_MAIL, { "RSET now\r\n", "501 what\r\n" }, { "RSET \r\n", "250 ok\r\n" }, T_QUIT },
      "3:command-syntax" },
    { "a BDAT without its size",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT\r\n", "501 what\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "4:command-syntax" },
    { "bare LF in commands, told once",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\n", "250 mx\r\n" }, { "NOOP\n", "250 ok\r\n" }, { "QUIT\n", "221 bye\r\n" } },
      "1:bare-lf" },
    { "bare LF of a server",
      { { "", "220 mx.example\n" }, { "EHLO c.example\r\n", "250 mx\n" }, T_QUIT },
      "0:bare-lf" },
    { "a CR inside of a command, and one too many",
      { T_HELLO, { "NOOP a\rb\r\n", "250 ok\r\n" }, { "NOOP\r\r\n", "250 ok\r\n" }, T_QUIT },
      "2:bare-cr" },
    { "a control character",
      { T_HELLO, { "NOOP a\bb\r\n", "250 ok\r\n" }, { "NOOP a\177b\r\n", "250 ok\r\n" }, T_QUIT },
      "2:nul-byte" },
    { "a tab is a blank",
      { T_HELLO, { "NOOP\ta\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "letters beyond ASCII",
      { T_HELLO, { "MAIL FROM:<\303\251@example.org>\r\n", "553 5.6.7 no\r\n" }, T_QUIT },
      "2:non-ascii-without-smtputf8" },
    { "letters beyond ASCII with SMTPUTF8",
      { T_HELLO, { "MAIL FROM:<\303\251@example.org> SMTPUTF8\r\n", "250 ok\r\n" }, { "RCPT TO:<\303\251@example.net>\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, { "VRFY \303\251 SMTPUTF8\r\n", "252 perhaps\r\n" }, T_QUIT },
      "" },
    { "a recipient beyond ASCII without SMTPUTF8",
      { T_HELLO, T_MAIL, { "RCPT TO:<\303\251@example.net>\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "3:non-ascii-without-smtputf8" },
    { "an address without brackets",
      { { "", "220 mx.example ESMTP\r\n" }, { "EHLO 192.0.2.1\r\n", "250 mx.example\r\n" }, T_QUIT },
      "1:helo-anomaly" },
    { "an IPv6 address without brackets",
      { { "", "220 mx.example ESMTP\r\n" }, { "EHLO 2001:db8::1\r\n", "250 mx.example\r\n" }, T_QUIT },
      "1:helo-anomaly" },
    { "localhost",
      { { "", "220 mx.example ESMTP\r\n" }, { "EHLO localhost\r\n", "250 mx.example\r\n" }, T_QUIT },
      "1:helo-anomaly" },
    { "the server's own name",
      { { "", "220 mx.example ESMTP\r\n" }, { "EHLO MX.example\r\n", "250 mx.example\r\n" }, T_QUIT },
      "1:helo-anomaly" },
    { "no name",
      { { "", "220 mx.example ESMTP\r\n" }, { "EHLO\r\n", "501 who\r\n" }, { "HELO\r\n", "501 who\r\n" }, T_QUIT },
      "1:helo-anomaly" },
    { "names that are right",
      { { "", "220 mx.example ESMTP\r\n" }, { "EHLO [192.0.2.1]\r\n", "250 mx.example\r\n" }, { "EHLO [IPv6:2001:db8::1]\r\n", "250 mx.example\r\n" }, { "EHLO 3com.example\r\n", "250 mx.example\r\n" }, { "EHLO my_pc\r\n", "250 mx.example\r\n" }, T_QUIT },
      "" },
    { "a chunk size with a sign",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT -5\r\n", "501 what\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bdat-length-anomaly" },
    { "a chunk size in hexadecimal",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 0x10\r\n", "501 what\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bdat-length-anomaly" },
    { "a chunk size and more",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 5 LAST LAST\r\n", "501 what\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bdat-length-anomaly" },
    { "a chunk size of too many digits",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 99999999999999999999\r\n", "501 what\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "4:bdat-length-anomaly" },
    { "plain chunk sizes",
      { T_HELLO, T_MAIL, T_RCPT, { "BDAT 003\r\nabc", "250 ok\r\n" }, { "BDAT 0 last\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "a command line too long",
      { T_HELLO, { "NOOP " LONG "\r\n", "500 too long\r\n" }, T_QUIT },
      "2:line-too-long" },
    { "a line of MAIL that extensions allow",
      { T_HELLO, { "MAIL FROM:<a@example.org> ENVID=" LONG "\r\n", "250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "" },
    { "a line without its end: both wait",
      { T_HELLO, { "MAIL FROM:<a@example.org>", "" }, { T_LATE, "421 4.4.2 timeout exceeded\r\n" }, T_LEFT },
      "0:server-421 0:timeout 0:command-syntax" },
    { "one that ends in CR alone",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\r", "" }, { T_LATE, "421 4.4.2 timeout exceeded\r\n" }, T_LEFT },
      "0:server-421 0:timeout 0:command-syntax" },
    { "one that is answered as far as it goes",
      { T_HELLO, { "NOOP", "250 ok\r\n" } }, "0:connection-lost 0:command-syntax" },
    { "line ends turned around",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\n\r", "250 mx.example\r\n" }, { "NOOP\n\r", "250 ok\r\n" }, { "QUIT\n\r", "221 bye\r\n" } },
      "1:bare-lf 2:bare-cr" },
    { "a response without its end is told of its exchange",
      { { "", "220 mx.example\r\n" }, { "EHLO c.example\r\n", "250-mx.example\r\n250 AUTH LOGIN\r\n" }, { "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n" },
        { "Ym9i", "" }, { T_LATE, "421 4.4.2 timeout exceeded\r\n" }, T_LEFT },
      "0:server-421 0:timeout 2:auth-abandoned" },
    { "one that was broken off at once",
      { T_HELLO, { "MAIL FROM:<a@ex", "" } }, "0:connection-lost" },
    { "a credential is no matter of form",
      { T_HELLO, { "AUTH PLAIN " LONG "\r\n", "500 too long\r\n" }, T_QUIT },
      "2:auth-not-offered 2:auth-bad-base64 2:cleartext-credential" },
};
/* clang-format on */

static void every_talk_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    talks_hold(talks, sizeof talks / sizeof talks[0]);
}

/* How the line ends, and no octet of what may be a credential. */
static void what_lacks_is_named(void **state)
{
    static const struct {
        const char *line, *says;
        enum verb verb;
    } lines[] = {
        { "MAIL FROM:<a@example.org>", "MAIL has no CR LF behind it: for 20 seconds", VERB_MAIL },
        { "NOOP\r", "NOOP ends in CR without LF", VERB_NOOP },
        { "NOOP\\r\\n", "NOOP ends in the characters \\r\\n in place", VERB_NOOP },
        { "NOOP\rAUTH PLAIN AGEAYg==\r", "NOOP ends in CR without LF", VERB_NOOP },
        { "NOOP\\r\\nAUTH PLAIN AGEAYg==\\r\\n", "NOOP ends in the characters", VERB_NOOP },
        { "c2VjcmV0", "The last line of the client has no CR LF", VERB_UNKNOWN },
        { "AUTH PLAIN AGEAYg==", "The last line of the client has no CR LF", VERB_UNKNOWN },
    };
    struct analyzer *analyzer = analyzer_new(NULL, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct talk talk = {
            "", { T_HELLO, { lines[i].line, "" }, { T_LATE, "421 4.4.2 timeout exceeded\r\n" }, T_LEFT }, ""
        };
        struct analysis *analysis = talk_analyze(analyzer, &talk);
        const struct unended_line *unended = &analysis->session->unended;
        assert_int_equal(unended->length, strlen(lines[i].line));
        assert_int_equal(unended->verb, lines[i].verb);
        bool is_said = false;
        for (size_t f = 0; f < analysis->finding_count; f++)
            is_said = is_said
                      || bytes_find_nocase(analysis->findings[f].detail, bytes_of(lines[i].says)) != SIZE_MAX;
        assert_true(is_said);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
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
        cmocka_unit_test(what_lacks_is_named),
        cmocka_unit_test(a_hole_adds_no_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
