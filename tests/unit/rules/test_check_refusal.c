/* Refusals in order: one finding each, the most telling one, and what it says about this very case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scenarios.h"

/* clang-format off */
#define LHLO { "LHLO c", "250-mx\n250 PIPELINING", 0 }
static const struct scenario scenarios[] = {
    { "recipient-unknown by its enhanced code", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 5.1.1 no", 0 }, RSET }, "3:recipient-unknown" },
    { "recipient-unknown by its text", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 No such user here", 0 }, RSET }, "3:recipient-unknown" },
    { "a bare 550 says nothing", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", 0 }, RSET }, "3:command-refused" },
    { "a disabled mailbox is no unknown one", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 5.2.1 The mailbox is disabled", 0 }, RSET }, "3:command-refused" },
    { "the address that is repeated is no text", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 <relay.denied@greylist.spamhaus.org>: no", 0 }, RSET },
      "3:command-refused" },
    { "a domain that is not found", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "450 4.1.2 <b@c>: Recipient address rejected: Domain not found", 0 },
        { "RCPT TO:<b@c>", "451 4.4.3 Temporary lookup failure: Host not found", 0 }, RSET },
      "3:recipient-unknown 4:command-refused" },
    { "an unknown user at MAIL is the sender", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 5.1.1 user unknown", 0 } }, "2:sender-refused" },
    { "mailbox-full", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "452 4.2.2 over quota", 0 }, RSET }, "3:mailbox-full" },
    { "mailbox-full when the message is there", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "552 5.2.2 Mailbox full", 0 } }, "4:mailbox-full" },
    { "storage of the server is no mailbox", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "452 4.3.1 Insufficient system storage", 0 }, RSET }, "3:command-refused" },
    { "greylisted", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "451 4.7.1 Greylisting in action, come back in 00:05:00", 0 }, RSET },
      "3:greylisted" },
    { "greylisted at DATA and behind the dot", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "450 4.7.1 greylisted", 0 }, RSET, MAIL, RCPT, DATA,
        { "x", "451 4.7.1 Greylisted, try again in 300 seconds", 0 } }, "4:greylisted 8:greylisted" },
    { "for good is no greylisting", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 not even greylisted any more", 0 }, RSET }, "3:command-refused" },
    { "a temporary refusal is no greylisting by itself", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "451 4.3.0 try again later", 0 }, RSET }, "3:command-refused" },
    { "rate-limited", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "450 4.7.1 Error: too much mail from 192.0.2.1", 0 } }, "2:rate-limited" },
    { "rate-limited beside the goodbye", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "421 4.7.28 rate limited", 0 } }, "2:server-421 2:rate-limited" },
    { "a goodbye without a reason", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "421 4.3.0 no such user", 0 } }, "2:server-421" },
    { "too many errors are no rate", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "421 4.7.0 Error: too many errors", 0 } }, "2:server-421 2:too-many-errors" },
    { "blocklisted", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org", 0 },
        RSET }, "3:blocklisted" },
    { "blocklisted for the client's name", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 5.7.25 Client host rejected: cannot find your reverse hostname", 0 },
        RSET }, "3:blocklisted" },
    { "blocklisted at EHLO", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "550 5.7.1 listed at dnsbl.sorbs.net", 0 } }, "1:blocklisted" },
    { "EHLO refused for its argument", PROTOCOL_SMTP,
      { BANNER, { "EHLO c", "501 5.5.2 <-c->: Helo command rejected: Invalid name", 0 } }, "1:command-refused" },
    { "EHLO refused, whoever says it", PROTOCOL_SMTP, { BANNER, { "EHLO c", "550 5.7.1 Access denied", 0 }, QUIT },
      "1:command-refused" },
    { "EHLO that the server does not know", PROTOCOL_SMTP, { BANNER, { "EHLO c", "502 what", 0 }, HELO, QUIT },
      "2:helo-fallback<1" },
    { "a second EHLO is none that is missing", PROTOCOL_SMTP, { BANNER, EHLO, { "EHLO c", "550 no", 0 }, QUIT }, "" },
    { "STARTTLS that was offered", PROTOCOL_SMTP,
      { BANNER, EHLO, { "STARTTLS", "454 4.7.0 TLS not available due to local problem", 0 }, QUIT }, "2:command-refused" },
    { "blocklisted in the greeting", PROTOCOL_SMTP,
      { { NULL, "554 5.7.1 Blocked - see https://www.spamhaus.org/query/ip/192.0.2.1", 0 }, QUIT },
      "0:service-refused 0:blocklisted" },
    { "rate-limited in the greeting", PROTOCOL_SMTP,
      { { NULL, "421 4.7.0 Error: too many connections from 192.0.2.1", 0 } }, "0:service-refused 0:rate-limited" },
    { "a greeting that gives no reason", PROTOCOL_SMTP,
      { { NULL, "554 No SMTP service here", 0 }, QUIT }, "0:service-refused" },
    { "relay-denied", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "554 5.7.1 <b@c>: Relay access denied", 0 }, RSET, QUIT }, "3:relay-denied 3:open-relay-attempt" },
    { "relay-denied that asks for authentication", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 not permitted to relay without authentication", 0 }, RSET, QUIT },
      "3:relay-denied 3:open-relay-attempt" },
    { "auth-required is asked with 530, whatever the text", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "530 5.7.1 relaying needs a login", 0 }, RSET }, "3:auth-required" },
    { "sender-refused", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "553 5.1.8 Domain of sender address a@b does not exist", 0 } },
      "2:sender-refused" },
    { "sender-refused at RCPT, as servers delay it", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "553 5.7.1 <a@b>: Sender address rejected: not owned by user x", 0 }, RSET },
      "3:sender-refused" },
    { "sender-refused by SPF", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 5.7.23 SPF validation failed", 0 }, RSET }, "3:sender-refused" },
    { "too-many-recipients", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "RCPT TO:<b@c>", "452 4.5.3 Error: too many recipients", 0 }, RSET },
      "4:too-many-recipients" },
    { "a bare 452 says nothing", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "RCPT TO:<b@c>", "452 no", 0 }, RSET }, "4:command-refused" },
    { "message-refused", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, DATA, { "x", "554 5.7.1 Message rejected as spam", 0 } }, "4:message-refused" },
    { "message-refused by BDAT LAST, command-refused by a chunk", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "BDAT 3", "552 5.3.4 message too big", 0 }, RSET, MAIL, RCPT,
        { "BDAT 3 LAST", "552 5.3.4 message too big", 0 } }, "4:command-refused 8:message-refused" },
    { "the argument of BDAT is refused, not a message", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "BDAT x LAST", "501 5.5.4 Syntax: BDAT count [LAST]", 0 }, RSET },
      "4:bdat-length-anomaly" },
    { "what the command itself shows is told once", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:", "501 5.5.4 Syntax: MAIL FROM:<address>", 0 },
        { "MAIL FROM:<a@b> SIZE=5000", "552 5.3.4 too big", 0 }, { "MAIL FROM:<a@b> RET=HDRS", "555 5.5.4 unknown", 0 } },
      "2:command-syntax 3:limits-exceeded 4:extension-not-offered" },
    { "another reason than what the command shows is told", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM: <a@b>", "550 5.7.0 not today", 0 }, { "MAIL FROM:<a@b> SIZE=5000", "501 5.5.4 no", 0 } },
      "2:command-refused 2:command-syntax 3:limits-exceeded 3:command-refused" },
    { "no slip is seen, and the server sees one", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "501 5.5.4 Syntax error", 0 } }, "2:command-refused" },
    { "a message to nobody is refused: no wonder", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 no", STEP_PIPELINED }, { "DATA", "354 go", STEP_PIPELINED },
        { "", "554 5.5.1 no valid recipients", 0 } },
      "3:command-refused 4:data-without-rcpt 4:misorder-accepted" },
    { "LMTP refuses for one recipient of two", PROTOCOL_LMTP,
      { BANNER, LHLO, MAIL, RCPT, RCPT, DATA, { "x", "250 2.0.0 ok\r552 5.2.2 over quota", 0 }, QUIT }, "5:mailbox-full" },
    { "LMTP refuses for both, each for its own reason", PROTOCOL_LMTP,
      { BANNER, LHLO, MAIL, RCPT, RCPT, DATA, { "x", "550 5.1.1 no\r550 5.7.1 spam", 0 }, QUIT },
      "5:message-refused 5:recipient-unknown" },
    { "tls-required by its enhanced code", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "550 5.7.10 no", 0 } }, "2:tls-required" },
    { "inside TLS encryption cannot be what is missing", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "MAIL FROM:<a@b>", "550 5.7.10 encryption required", 0 } }, "4:command-refused" },
    { "who is authenticated is not asked to log in", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "AUTH PLAIN AGEAYg==", "235 ok", 0 },
        { "MAIL FROM:<a@b>", "550 5.7.1 Authentication required for this sender", 0 } }, "5:command-refused" },
    { "out of order only what is asked for is said", PROTOCOL_SMTP,
      { BANNER, EHLO, { "RCPT TO:<b@c>", "530 5.7.0 Authentication required", 0 } },
      "2:rcpt-without-mail 2:auth-required" },
    { "out of order no reason is read from the text", PROTOCOL_SMTP,
      { BANNER, EHLO, { "RCPT TO:<b@c>", "503 5.1.1 user unknown", 0 } }, "2:rcpt-without-mail" },
    { "the text of the standard for a mailbox that is not there", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "550 5.5.0 Requested action not taken: mailbox unavailable", 0 },
        { "RCPT TO:<b@c>", "450 Requested mail action not taken: mailbox unavailable", 0 }, RSET },
      "3:recipient-unknown 4:command-refused" },
    { "verbs that carry no mail", PROTOCOL_SMTP,
      { BANNER, EHLO, { "VRFY b", "550 5.1.1 user unknown", 0 }, { "EXPN b", "554 5.7.1 Client host rejected", 0 } }, "" },
};

/* What the finding says about this very case. */
static const struct {
    const char *reply;
    enum rule_id rule;
    enum confidence confidence;
    const char *detail;
} details[] = {
    { "550 5.1.1 no", RULE_RECIPIENT_UNKNOWN, CONFIDENCE_CERTAIN,
      "RCPT was refused for good with 550 5.1.1: the recipient does not exist there." },
    { "450 unknown user", RULE_RECIPIENT_UNKNOWN, CONFIDENCE_LIKELY,
      "RCPT was refused for now with 450: the recipient does not exist there." },
    { "550 5.1.1 over quota", RULE_RECIPIENT_UNKNOWN, CONFIDENCE_POSSIBLE,
      "RCPT was refused for good with 550 5.1.1: the recipient does not exist there. The text speaks of something else: "
      "the mailbox is full." },
    { "554 5.7.1 blocked using bl.spamcop.net", RULE_BLOCKLISTED, CONFIDENCE_CERTAIN,
      "RCPT was refused for good with 554 5.7.1: the client is on a block list. The text names SpamCop." },
    { "451 4.7.1 greylisted for 5 minutes", RULE_GREYLISTED, CONFIDENCE_CERTAIN,
      "RCPT was refused for now with 451 4.7.1: the server greylists: it takes a message at its second try. The client is "
      "asked to wait 300 seconds." },
    { "550 no", RULE_COMMAND_REFUSED, CONFIDENCE_CERTAIN, "RCPT was refused for good with 550." },
    { "555 5.5.4 Unsupported option: X", RULE_COMMAND_REFUSED, CONFIDENCE_LIKELY,
      "RCPT was refused for good with 555 5.5.4: a parameter or the syntax. Mend the command; leave out what the EHLO reply "
      "does not offer." },
};
/* clang-format on */

static void every_scenario_raises_its_findings_and_no_others(void **state)
{
    (void)state;
    scenarios_hold(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

static void a_hole_adds_no_finding(void **state)
{
    (void)state;
    scenarios_hold_with_holes(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

static void the_detail_tells_code_reason_and_list(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        struct analysis *analysis =
            analysis_new(analyzer, SESSION_OF(BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", details[i].reply, 0 }));
        const struct finding *finding = find_finding(analysis, details[i].rule);
        if (!finding || !bytes_equal(finding->detail, bytes_of(details[i].detail)))
            fail_msg("%s: %.*s", details[i].reply, finding ? (int)finding->detail.len : 0,
                     finding ? (const char *)finding->detail.ptr : "");
        assert_int_equal(finding->confidence, details[i].confidence);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static struct analysis *refused(struct analyzer *analyzer, const char *banner, struct step step)
{
    struct step at_mail[] = { { NULL, banner, 0 }, EHLO, step };
    struct step at_rcpt[] = { { NULL, banner, 0 }, EHLO, MAIL, step };

    return analysis_new(analyzer, step.send[0] == 'R' ? session_build(at_rcpt, 4, PROTOCOL_SMTP)
                                                      : session_build(at_mail, 3, PROTOCOL_SMTP));
}

static void what_the_server_blames_on_the_client_is_his(void **state)
{
    static const struct {
        const char *reply;
        enum fault fault;
        const char *says;
    } rows[] = {
        { "501 5.5.4 Syntax error", FAULT_CLIENT, "the syntax" },
        { "501 5.5.4 Invalid FROM: Invalid character in localpart", FAULT_CLIENT, "syntax of the address" },
        { "550 5.6.7 no", FAULT_CLIENT, "syntax of the address" },
        { "550 5.7.0 not today", FAULT_POLICY, "policy" },
        { "552 5.3.4 too big", FAULT_POLICY, "size" },
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis =
            refused(analyzer, "220 mx ESMTP", (struct step){ "MAIL FROM:<a@b>", rows[i].reply, 0 });
        const struct finding *finding = find_finding(analysis, RULE_COMMAND_REFUSED);
        assert_non_null(finding);
        assert_int_equal(finding->fault, rows[i].fault);
        assert_true(bytes_find_nocase(finding->detail, bytes_of(rows[i].says)) != SIZE_MAX);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* OpenSMTPD has one text for a recipient that is not there, and for one that it does not relay to. */
static void an_invalid_recipient_of_opensmtpd_may_be_relaying(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (unsigned is_other = 0; is_other < 2; is_other++) {
        struct analysis *analysis =
            refused(analyzer, is_other ? "220 mx ESMTP Postfix" : "220 mx ESMTP OpenSMTPD",
                    (struct step){ "RCPT TO:<b@c>", "550 Invalid recipient: <b@c>", 0 });
        const struct finding *finding = find_finding(analysis, RULE_RECIPIENT_UNKNOWN);
        assert_non_null(finding);
        assert_int_equal(finding->confidence, is_other ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void a_recipient_of_lmtp_is_named(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    static const struct step steps[] = { BANNER,
                                         LHLO,
                                         MAIL,
                                         RCPT,
                                         { "RCPT TO:<b@c>", "550 no", 0 },
                                         RCPT,
                                         DATA,
                                         { "x", "250 ok\r450 4.2.2 full", 0 } };
    struct analysis *analysis =
        analysis_new(analyzer, session_build(steps, sizeof steps / sizeof steps[0], PROTOCOL_LMTP));
    const struct finding *finding = find_finding(analysis, RULE_MAILBOX_FULL);

    (void)state;
    assert_non_null(finding);
    assert_true(
        bytes_equal(finding->detail, BYTES("The message for recipient 3 (command 5) was refused for now with "
                                           "450 4.2.2: the mailbox is full.")));
    assert_int_equal(finding->reply_code, 450);
    analysis_free(analysis);
    analyzer_free(analyzer);
}

/* Postfix on its submission port. */
static void a_client_that_is_not_welcome_at_submission_must_log_in(void **state)
{
    static const struct {
        uint16_t port;
        const char *ehlo;
        enum rule_id rule;
        enum confidence confidence;
    } ports[] = {
        { 587, "250-mx\n250 AUTH PLAIN", RULE_AUTH_REQUIRED, CONFIDENCE_LIKELY },
        { 2525, "250-mx\n250 AUTH PLAIN", RULE_AUTH_REQUIRED, CONFIDENCE_POSSIBLE },
        { 25, "250-mx\n250 AUTH PLAIN", RULE_BLOCKLISTED, CONFIDENCE_CERTAIN },
        { 587, "250 mx", RULE_BLOCKLISTED, CONFIDENCE_CERTAIN },
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        struct session *session = SESSION_OF(
            { NULL, "220 mx ESMTP Postfix", 0 }, { "EHLO c", ports[i].ehlo, 0 }, MAIL,
            { "RCPT TO:<b@c>", "554 5.7.1 <x[192.0.2.1]>: Client host rejected: Access denied", 0 });
        session->server.port = ports[i].port;
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *finding = find_finding(analysis, ports[i].rule);
        assert_non_null(finding);
        assert_int_equal(finding->confidence, ports[i].confidence);
        assert_true(bytes_find_nocase(finding->detail, BYTES("On a submission port")) != SIZE_MAX);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* RFC 5321 4.5.3.1.8 and 10. */
static void a_bare_452_behind_a_hundred_recipients_is_a_limit(void **state)
{
    enum { COUNT = 105 };
    struct step steps[COUNT] = { BANNER, EHLO, MAIL };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t last = COUNT - 2; last < COUNT; last++) {
        for (size_t i = 3; i < last; i++)
            steps[i] = (struct step)RCPT;
        steps[last] = (struct step){ "RCPT TO:<b@c>", "452 no", 0 };
        struct analysis *analysis = analysis_new(analyzer, session_build(steps, last + 1, PROTOCOL_SMTP));
        const struct finding *finding = find_finding(analysis, RULE_TOO_MANY_RECIPIENTS);
        bool is_due = last - 3 >= 100;
        assert_int_equal(finding != NULL, is_due);
        assert_int_equal(find_finding(analysis, RULE_COMMAND_REFUSED) != NULL, !is_due);
        if (finding)
            assert_int_equal(finding->confidence, CONFIDENCE_POSSIBLE);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(the_detail_tells_code_reason_and_list),
        cmocka_unit_test(what_the_server_blames_on_the_client_is_his),
        cmocka_unit_test(an_invalid_recipient_of_opensmtpd_may_be_relaying),
        cmocka_unit_test(a_recipient_of_lmtp_is_named),
        cmocka_unit_test(a_client_that_is_not_welcome_at_submission_must_log_in),
        cmocka_unit_test(a_bare_452_behind_a_hundred_recipients_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
