/* What the server answered is the point: each finding where it is due, and its near misses. */
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
#define CHUNK { "BDAT 3", "250 ok", 0 }
#define LOGIN { "AUTH PLAIN AGEAYg==", "235 ok", 0 }
static const struct scenario scenarios[] = {
    /* 503 in order: exactly one of four */
    { "unexpected-503", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "503 5.5.1 need RCPT command", 0 }, RSET }, "4:unexpected-503" },
    { "503 to what is out of order", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, { "DATA", "503 no", 0 }, RSET },
      "3:data-without-rcpt" },
    { "503 to an unknown word", PROTOCOL_SMTP, { BANNER, EHLO, { "WHAT", "503 Bad sequence of commands", 0 } },
      "2:command-syntax" },
    { "503 to STARTTLS behind AUTH is explained", PROTOCOL_SMTP,
      { BANNER, EHLO, LOGIN, { "STARTTLS", "503 cannot starttls after authentication", 0 } },
      "2:cleartext-credential 3:starttls-after-auth" },
    { "503 at DATA to a client that never said EHLO is explained", PROTOCOL_SMTP,
      { BANNER, MAIL, RCPT, { "DATA", "503 5.5.1 Invisible customers are not welcome!", 0 }, RSET },
      "1:no-greeting 1:misorder-accepted" },
    { "but not what is no matter of EHLO", PROTOCOL_SMTP,
      { BANNER, MAIL, { "RCPT TO:<b@c>", "503 5.7.1 Refused by policy", 0 }, { "NOOP", "503 no", 0 }, RSET },
      "1:no-greeting 1:misorder-accepted 2:policy-as-503 3:always-legal-refused" },
    { "503 behind missing bytes", PROTOCOL_SMTP,
      { BANNER, EHLO, { "", NULL, STEP_GAP_CLIENT }, { "RCPT TO:<b@c>", "503 no", 0 } }, "0:capture-loss" },
    { "second-ehlo-refused", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, { "EHLO c", "503 already", 0 }, RSET },
      "3:second-ehlo-refused" },
    { "HELO behind EHLO is a second one too", PROTOCOL_SMTP, { BANNER, EHLO, { "HELO c", "503 already", 0 } },
      "2:second-ehlo-refused" },
    { "a second EHLO refused with another code", PROTOCOL_SMTP, { BANNER, EHLO, { "EHLO c", "501 no", 0 } }, "" },
    { "EHLO behind STARTTLS is a first one", PROTOCOL_SMTP, { BANNER, EHLO, TLS, { "EHLO c", "503 no", 0 } },
      "3:unexpected-503" },
    { "EHLO between chunks", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, CHUNK, { "EHLO c", "503 no", 0 }, RSET },
      "5:unexpected-503" },
    { "EHLO behind a refused chunk", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "BDAT 3", "451 no", 0 }, { "EHLO c", "503 no", 0 }, RSET },
      "4:command-refused 5:unexpected-503" },
    { "a client that had spoken before the refusal did not go on", PROTOCOL_SMTP,
      { { "EHLO c", NULL, STEP_EARLY }, { NULL, "421 You talk too soon", 0 } }, "0:service-refused 1:early-talker" },
    { "a server that does not know BDAT answers the lines of the chunk", PROTOCOL_SMTP,
      { BANNER, BARE, MAIL, RCPT, { "BDAT 3", "500 what", 0 }, { NULL, "500 what", 0 }, RSET }, "4:bdat-not-offered" },
    { "a server that knows BDAT has no second answer", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "BDAT 3", "250 ok", 0 }, { NULL, "500 what", 0 }, RSET }, "0:reply-desync" },
    { "EHLO behind a refused greeting", PROTOCOL_SMTP, { { NULL, "554 no", 0 }, { "EHLO c", "503 no", 0 }, QUIT },
      "0:service-refused 1:command-after-refusal" },
    { "always-legal-refused", PROTOCOL_SMTP,
      { BANNER, { "RSET", "503 no", 0 }, { "NOOP", "503 no", 0 }, { "HELP", "503 no", 0 }, { "VRFY b", "503 no", 0 },
        { "QUIT", "503 no", 0 } },
      "1:always-legal-refused 2:always-legal-refused 3:always-legal-refused 4:always-legal-refused "
      "5:always-legal-refused" },
    { "RSET is the way out of BDAT", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, CHUNK, { "RSET", "503 no", 0 } }, "5:always-legal-refused" },
    { "behind a refused greeting QUIT alone is legal", PROTOCOL_SMTP,
      { { NULL, "554 no", 0 }, { "NOOP", "503 no", 0 }, { "QUIT", "503 no", 0 } },
      "0:service-refused 1:command-after-refusal 2:always-legal-refused" },
    { "commands that are not there", PROTOCOL_SMTP,
      { BANNER, { "HELP", "502 no", 0 }, { "VRFY b", "502 no", 0 }, { "NOOP", "500 no", 0 } }, "" },
    { "policy-as-503: authentication", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 Error: need EHLO and AUTH first !", 0 } }, "2:policy-as-503" },
    { "policy-as-503: encryption", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 Must issue a STARTTLS command first", 0 } }, "2:policy-as-503" },
    { "policy-as-503: the sender", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 from and auth not the same (#5.5.1)", 0 } }, "2:policy-as-503" },
    { "policy-as-503: the client", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "503 5.7.1 Relay not allowed", 0 }, RSET, QUIT }, "3:policy-as-503 3:open-relay-attempt" },
    { "policy-as-503: a parameter", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b> X=1", "503 5.5.4 Unsupported option X", 0 } },
      "2:extension-not-offered 2:policy-as-503" },
    { "policy-as-503: errors before", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 too many errors", 0 } }, "2:policy-as-503 2:too-many-errors" },
    { "policy-as-503: a filter", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 5.5.3 Message rejected.", 0 } }, "2:policy-as-503" },
    { "policy-as-503 by its enhanced code alone", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 5.7.1 no", 0 } }, "2:policy-as-503" },
    { "a text about order is no policy", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "503 bad sequence of commands, not allowed here", 0 } }, "2:unexpected-503" },
    { "a policy with its own code", PROTOCOL_SMTP,
      { BANNER, EHLO, { "MAIL FROM:<a@b>", "530 5.7.0 Authentication required", 0 } }, "2:auth-required" },
    /* codes */
    { "wrong-code", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, { "MAIL FROM:<a@b>", "502 no", 0 }, RSET },
      "3:nested-mail 3:wrong-code" },
    { "codes that are right enough", PROTOCOL_SMTP,
      { BANNER, EHLO, { "RCPT TO:<b@c>", "421 bye", 0 }, { "RCPT TO:<b@c>", "530 log in", 0 } },
      "2:rcpt-without-mail 2:server-421 3:rcpt-without-mail 3:auth-required" },
    { "554 is right for DATA without recipients, 551 is not", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "DATA", "554 no", 0 }, { "DATA", "551 no", 0 }, RSET },
      "3:data-without-rcpt 4:data-without-rcpt 4:wrong-code" },
    { "500 and 502 are right for verbs that are not offered", PROTOCOL_SMTP,
      { BANNER, BARE, { "BDAT 3 LAST", "502 no", 0 }, MAIL, { "AUTH PLAIN AGEAYg==", "500 no", 0 }, RSET },
      "2:bdat-without-mail 2:bdat-not-offered 4:auth-in-transaction 4:auth-not-offered 4:cleartext-credential" },
    { "any code is right for STARTTLS inside TLS", PROTOCOL_SMTP,
      { BANNER, EHLO, TLS, EHLO, { "STARTTLS", "454 no", 0 } }, "4:starttls-twice" },
    { "misorder-accepted", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, RCPT, MAIL, RCPT, RSET },
      "4:nested-mail 4:misorder-accepted" },
    /* number and form of replies */
    { "reply-desync, one too many", PROTOCOL_SMTP, { BANNER, EHLO, MAIL, { NULL, "250 again", 0 }, RSET },
      "0:reply-desync" },
    { "reply-desync, one is missing", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, { "RCPT TO:<b@c>", "354 go", 0 } }, "3:reply-desync" },
    { "reply-desync, DATA gets what belongs to RCPT", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "250 ok", 0 } }, "4:reply-desync" },
    { "a reply behind missing bytes is no desync", PROTOCOL_SMTP,
      { BANNER, EHLO, { "", NULL, STEP_GAP_CLIENT }, { NULL, "250 what", 0 } }, "0:capture-loss" },
    { "malformed-reply", PROTOCOL_SMTP,
      { BANNER, EHLO, { "NOOP", "250-a\n251 b", 0 }, { "NOOP", "650 a", 0 }, { "NOOP", "250_a", 0 } },
      "2:malformed-reply 3:malformed-reply 4:malformed-reply" },
    { "a reply of several lines", PROTOCOL_SMTP, { BANNER, EHLO, { "NOOP", "250-a\n250-b\n250 c", 0 } }, "" },
    { "enhanced-code-mismatch", PROTOCOL_SMTP,
      { BANNER, EHLO, { "NOOP", "250 5.0.0 ok", 0 }, { "NOOP", "550 4.0.0 no", 0 } },
      "2:enhanced-code-mismatch 3:enhanced-code-mismatch" },
    { "enhanced codes where none is due", PROTOCOL_SMTP,
      { { NULL, "220 5.0.0 mx", 0 }, { "EHLO c", "250-5.0.0 mx\n250 PIPELINING", 0 }, MAIL, RCPT,
        { "DATA", "354 2.0.0 go", 0 }, { "x", "250 2.0.0 ok", 0 } }, "" },
    { "lmtp-reply-count, one is missing", PROTOCOL_LMTP,
      { BANNER, LHLO, MAIL, RCPT, RCPT, DATA, { "x", "250 one", 0 }, QUIT }, "5:lmtp-reply-count" },
    { "lmtp-reply-count, refused recipients get none", PROTOCOL_LMTP,
      { BANNER, LHLO, MAIL, RCPT, { "RCPT TO:<b@c>", "550 no", 0 }, DATA, { "x", "250 one", 0 }, QUIT },
      "4:command-refused" },
    { "lmtp-reply-count, the server closes", PROTOCOL_LMTP,
      { BANNER, LHLO, MAIL, RCPT, RCPT, DATA, { "x", "421 bye", 0 } }, "5:server-421 5:message-refused" },
    { "a line of a refused message may be answered before it ends", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "450 no", 0 }, { "hello", "500 what", STEP_BODY_LINE }, { NULL, "500 what", 0 } },
      "4:command-refused" },
    /* goodbyes */
    { "server-421 to a command, and unasked", PROTOCOL_SMTP,
      { BANNER, EHLO, { "NOOP", "421 4.3.2 shutting down", 0 }, { NULL, "421 bye", 0 } },
      "0:server-421 2:server-421" },
    { "unasked, and the client takes its leave as well", PROTOCOL_SMTP, { BANNER, EHLO, { NULL, "421 bye", 0 }, QUIT },
      "0:server-421" },
    { "unasked, when the client had taken its leave", PROTOCOL_SMTP,
      { BANNER, EHLO, { NULL, "421 bye", 0 }, { "QUIT", "221 bye", STEP_PIPELINED } }, "" },
    { "421 to QUIT is a farewell", PROTOCOL_SMTP, { BANNER, EHLO, { "QUIT", "421 bye", 0 } }, "" },
    { "too-many-errors", PROTOCOL_SMTP, { BANNER, EHLO, { "WHAT", "500 Too many unrecognized commands", 0 } },
      "2:too-many-errors 2:command-syntax" },
    { "too many of something else", PROTOCOL_SMTP, { BANNER, EHLO, { "WHAT", "500 too many words", 0 } },
      "2:command-syntax" },
    { "service-refused", PROTOCOL_SMTP, { { NULL, "421 4.3.2 not now", 0 } }, "0:service-refused" },
    { "service-refused for good", PROTOCOL_SMTP, { { NULL, "521 no mail here", 0 }, QUIT }, "0:service-refused" },
    { "message-retained", PROTOCOL_SMTP,
      { BANNER, EHLO, MAIL, RCPT, { "DATA", "451 4.3.0 no", 0 }, { "MAIL FROM:<a@b>", "503 nested", 0 }, RSET },
      "4:message-retained 4:command-refused 5:nested-mail<4 5:refusal-ignored<4" },
    { "tls-required", PROTOCOL_SMTP,
      { BANNER, EHLO, { "NOOP", "530 5.7.0 Must issue a STARTTLS command first", 0 } }, "2:tls-required" },
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

/* What a 503 in order tells about the state that the server takes the session to be in. */
static void a_lost_state_is_named(void **state)
{
    static const struct {
        const char *reply, *detail;
    } rows[] = {
        { "503 need MAIL command", "The text says that no message is open, but MAIL was accepted: a filter "
                                   "or a proxy may have reset it." },
        { "503 need RCPT command", "The text says that there is no recipient, but one was accepted: a filter "
                                   "may have taken it back." },
        { "503 send HELO/EHLO first",
          "The text asks for EHLO, which the server had accepted: it has lost its "
          "state, or a proxy answered the EHLO in its place." },
        { "503 no", "" },
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis =
            analysis_new(analyzer, SESSION_OF(BANNER, EHLO, MAIL, RCPT, { "DATA", rows[i].reply, 0 }));
        const struct finding *finding = find_finding(analysis, RULE_UNEXPECTED_503);
        assert_non_null(finding);
        assert_true(bytes_equal(finding->detail, bytes_of(rows[i].detail)));
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* MAIL, RCPT, MAIL, DATA: the second message has the recipients of the first. */
static void kept_recipients_are_told(void **state)
{
    static const struct {
        struct step third, fourth;
        bool is_told;
    } rows[] = {
        { MAIL, DATA, true },
        { MAIL, RCPT, false },
        { MAIL, { "DATA", "554 no", 0 }, false },
        { MAIL, { "", NULL, STEP_GAP_CLIENT }, false },
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis =
            analysis_new(analyzer, SESSION_OF(BANNER, EHLO, MAIL, RCPT, rows[i].third, rows[i].fourth));
        const struct finding *finding = find_finding(analysis, RULE_MISORDER_ACCEPTED);
        assert_non_null(finding);
        assert_int_equal(bytes_find_nocase(finding->detail, BYTES("It kept the recipients")) != SIZE_MAX,
                         rows[i].is_told);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void a_policy_is_named(void **state)
{
    static const struct {
        const char *reply, *detail;
    } rows[] = {
        { "503 You must authenticate first.", "It is about this: authentication is required first." },
        { "503 5.7.10 no", "It is about this: encryption is required first." },
        { "503 sender denied", "It is about this: the sender's address is not accepted." },
        { "503 5.7.1 no", "It is about this: policy." },
        { "503 too many errors", "It is about this: too many errors before." },
        { "503 wrong syntax", "It is about this: a parameter or the syntax." },
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct analysis *analysis =
            analysis_new(analyzer, SESSION_OF(BANNER, EHLO, { "MAIL FROM:<a@b>", rows[i].reply, 0 }));
        const struct finding *finding = find_finding(analysis, RULE_POLICY_AS_503);
        assert_non_null(finding);
        assert_true(bytes_equal(finding->detail, bytes_of(rows[i].detail)));
        assert_int_equal(finding->confidence, CONFIDENCE_LIKELY);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* What it says to a client that has gone, or that made too many errors, is not its own doing. */
static void who_made_the_server_close_is_told(void **state)
{
    static const struct {
        const char *reply;
        bool is_gone;
        enum fault fault;
        enum severity severity;
    } rows[] = {
        { "421 lost input connection", true, FAULT_CLIENT, SEVERITY_INFO },
        { "421 lost input connection", false, FAULT_UNDECIDED, SEVERITY_WARNING },
        { "421 4.7.0 too many errors", false, FAULT_CLIENT, SEVERITY_WARNING },
    };
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session *session = SESSION_OF(BANNER, EHLO, { NULL, rows[i].reply, 0 });
        session->side[SIDE_CLIENT].fin_ns = rows[i].is_gone ? session->items[2].at.time_ns - 1 : 0;
        struct analysis *analysis = analysis_new(analyzer, session);
        const struct finding *finding = find_finding(analysis, RULE_SERVER_421);
        assert_non_null(finding);
        assert_int_equal(finding->fault, rows[i].fault);
        assert_int_equal(finding->severity, rows[i].severity);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

static void a_reply_to_a_client_that_has_gone_shifts_nothing(void **state)
{
    struct analyzer *analyzer = new_analyzer();

    (void)state;
    for (unsigned is_gone = 0; is_gone < 2; is_gone++) {
        struct session *session = SESSION_OF(BANNER, EHLO, { NULL, "500 what", 0 });
        session->side[SIDE_CLIENT].fin_ns = is_gone ? session->items[2].at.time_ns - 1 : 0;
        struct analysis *analysis = analysis_new(analyzer, session);
        assert_int_equal(find_finding(analysis, RULE_REPLY_DESYNC) != NULL, !is_gone);
        analysis_free(analysis);
    }
    analyzer_free(analyzer);
}

/* Packets that come late: what the client had seen was said before it closed. */
static void a_reply_that_the_client_had_seen_is_one_too_many(void **state)
{
    struct analyzer *analyzer = new_analyzer();
    struct session *session = SESSION_OF(BANNER, EHLO, { NULL, "500 what", 0 }, QUIT);

    (void)state;
    session->side[SIDE_CLIENT].fin_ns = session->items[2].at.time_ns - 1;
    struct analysis *analysis = analysis_new(analyzer, session);
    assert_non_null(find_finding(analysis, RULE_REPLY_DESYNC));
    analysis_free(analysis);
    analyzer_free(analyzer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_raises_its_findings_and_no_others),
        cmocka_unit_test(a_hole_adds_no_finding),
        cmocka_unit_test(a_lost_state_is_named),
        cmocka_unit_test(kept_recipients_are_told),
        cmocka_unit_test(a_policy_is_named),
        cmocka_unit_test(who_made_the_server_close_is_told),
        cmocka_unit_test(a_reply_to_a_client_that_has_gone_shifts_nothing),
        cmocka_unit_test(a_reply_that_the_client_had_seen_is_one_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
