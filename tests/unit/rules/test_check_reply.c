/* How many replies belong to a content of LMTP (RFC 2033 4.2), and who speaks LMTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/session_builder.h"
#include "tests/support/talks.h"

/* clang-format off */
#define T_LHLO { "LHLO c.example\r\n", "250-mx.example\r\n250 PIPELINING\r\n" }
#define T_LMTP { "", "220 mx.example LMTP\r\n" }, T_LHLO
#define T_BOTH { "", "220 mx.example ESMTP\r\n" }
#define T_EHLO { "EHLO c.example\r\n", "250-mx.example\r\n250 PIPELINING\r\n" }
#define T_TWO_RCPT T_RCPT, { "RCPT TO:<d@example.net>\r\n", "250 ok\r\n" }
#define T_REFUSED_MAIL { "MAIL FROM:<x@example.org>\r\n", "553 5.1.8 bad sender\r\n" }
static const struct talk talks[] = {
    { "a reply of two lines for each recipient, and a client that waits",
      { T_LMTP, T_MAIL, T_TWO_RCPT, T_DATA,
        { "a\r\n.\r\n", "250-b\r\n250 kept\r\n250-d\r\n250 kept\r\n" }, T_REFUSED_MAIL, T_QUIT },
      "6:sender-refused" },
    { "and a client that does not wait",
      { T_LMTP, T_MAIL, T_TWO_RCPT, T_DATA, { "a\r\n.\r\nMAIL FROM:<x@example.org>\r\nQUIT\r\n",
        "250-b\r\n250 kept\r\n250-d\r\n250 kept\r\n553 5.1.8 bad sender\r\n221 bye\r\n" } },
      "6:sender-refused" },
    { "a slow server, which the client does not wait for, answers both",
      { T_BOTH, T_EHLO, T_MAIL, { "RCPT TO:<c@example.net>\r\n", "" },
        { T_LATE "RSET\r\n", "" }, { T_LATE, "450 4.3.0 not now\r\n250 ok\r\n" }, T_QUIT },
      "3:command-refused 3:slow-reply" },
    { "a server that is woken by what comes next answers in turn",
      { T_BOTH, { "EHLO c.example\r\n", "250-mx.example\r\n250 AUTH LOGIN\r\n" },
        { "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n" }, { "Ym9i\r\n", "334 UGFzc3dvcmQ6\r\n" }, { "eA==\r\n", "" },
        { T_LATE "QUIT\r\n", "235 ok\r\n221 bye\r\n" } },
      "2:cleartext-credential 2:slow-reply" },
    { "and so does one that let a group lie",
      { T_BOTH, T_EHLO, { "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n", "" },
        { T_LATE "NOOP\r\n", "250 ok\r\n450 4.3.0 not now\r\n250 ok\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:slow-reply 3:command-refused" },
    { "a server of both, whose greeting names the other: amavisd",
      { T_BOTH, T_LHLO, T_MAIL, T_TWO_RCPT, T_DATA, { "a\r\n.\r\n", "250 b\r\n250 d\r\n" }, T_LHLO, T_QUIT }, "" },
    { "and the other first", { T_BOTH, T_EHLO, T_MAIL, T_TWO_RCPT, T_DATA, { "a\r\n.\r\n", "250 b\r\n" }, T_QUIT }, "" },
    { "a reply that the server breaks off",
      { T_BOTH, T_EHLO, { "MAIL FROM:<a@example.org>\r\n", "550 5.7.1 no" }, T_LEFT },
      "0:connection-lost 2:malformed-reply 2:command-refused" },
    { "one of several lines", { T_BOTH, T_EHLO, { "NOOP\r\n", "250-a\r\n250-b\r\n" }, T_LEFT },
      "0:connection-lost 2:malformed-reply" },
    { "a greeting that the server breaks off", { { "", "554 go away" }, T_LEFT }, "0:malformed-reply 0:service-refused" },
};
static const struct talk too_few[] = {
    { "a line for each recipient in one reply, and the client goes on",
      { T_LMTP, T_MAIL, T_TWO_RCPT, T_DATA, { "a\r\n.\r\n", "250-one\r\n250 two\r\n" }, T_REFUSED_MAIL, T_QUIT },
      "5:lmtp-reply-count 6:sender-refused" },
    { "two of one name, in one reply",
      { T_LMTP, T_MAIL, T_RCPT, T_RCPT, T_DATA, { "a\r\n.\r\n", "250 kept\r\n" },
        { T_LATE "MAIL FROM:<x@example.org>\r\n", "553 5.1.8 bad sender\r\n" }, T_QUIT },
      "5:lmtp-reply-count 6:sender-refused" },
    { "a command that is never answered, after which the client goes on",
      { T_BOTH, T_EHLO, T_MAIL, { "RCPT TO:<c@example.net>\r\n", "" },
        { T_LATE "RCPT TO:<b@example.net>\r\n", "250 ok\r\n" }, T_DATA, { "a\r\n.\r\n", "250 queued\r\n" }, T_QUIT },
      "3:reply-desync" },
    { "DATA that is never answered",
      { T_BOTH, T_EHLO, T_MAIL, T_RCPT, { "DATA\r\n", "" }, { T_LATE "RSET\r\n", "250 ok\r\n" }, T_MAIL,
        { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "4:reply-desync" },
    { "a cancelled login that is never answered: qpsmtpd",
      { T_BOTH, { "EHLO c.example\r\n", "250-mx.example\r\n250 AUTH LOGIN\r\n" },
        { "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n" }, { "*\r\n", "" }, { T_LATE "DATA\r\n", "503 MAIL first\r\n" },
        T_MAIL, { "AUTH LOGIN\r\n", "503 no\r\n" }, { "RSET\r\n", "250 ok\r\n" }, T_QUIT },
      "2:reply-desync 2:auth-cancelled 3:data-without-mail 5:auth-in-transaction" },
    { "one protocol, then the other",
      { T_BOTH, T_LHLO, T_EHLO, T_LHLO, T_QUIT }, "2:lmtp-greeting-mismatch 2:misorder-accepted" },
    { "the other, then the one",
      { T_BOTH, T_EHLO, T_LHLO, T_QUIT }, "2:lmtp-greeting-mismatch 2:misorder-accepted" },
};
/* clang-format on */

static void every_talk_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    talks_hold(talks, sizeof talks / sizeof talks[0]);
    talks_hold(too_few, sizeof too_few / sizeof too_few[0]);
}

/* Of too few replies none is spared: what is missing may be any of them. */
static void a_hole_adds_no_finding(void **state)
{
    (void)state;
    talks_hold_with_holes(talks, sizeof talks / sizeof talks[0]);
}

/* A client that leaves first does not hear the rest: postscreen holds back its last line on purpose. */
static void a_client_that_leaves_breaks_off_nothing(void **state)
{
    struct analyzer *analyzer = analyzer_new(NULL, NULL);

    (void)state;
    for (unsigned is_first = 0; is_first < 2; is_first++) {
        struct session *session = SESSION_OF({ NULL, "220-mx", 0 });
        session->items[0].reply->is_complete = false;
        session->side[SIDE_SERVER].fin_ns = session->end_ns;
        session->side[SIDE_CLIENT].fin_ns = is_first ? session->end_ns - 1 : session->end_ns + 1;
        struct analysis *analysis = analysis_new(analyzer, session);
        bool is_told = false;
        for (size_t i = 0; i < analysis->finding_count; i++)
            is_told = is_told || analysis->findings[i].rule == RULE_MALFORMED_REPLY;
        assert_int_equal(is_told, !is_first);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_talk_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(a_client_that_leaves_breaks_off_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
